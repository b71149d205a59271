"""Figures of films and of the kernels' steps: what the drawing functions put on the axes."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgba

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from otlec import transport_1d
from otlec.drawing import plot, stepwise


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_a_film_is_shown_with_time_to_the_right_and_space_up(ax):
    rho = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    shown = plot.space_time(rho, ax).get_array()
    np.testing.assert_array_equal(shown, rho.T)


def test_ways_have_a_source_and_a_target_dot_at_their_ends(ax):
    lines = plot.trajectories([0, 0.5, 1], np.array([[0, 1], [2, 2], [3, 4]]), ax)
    assert len(lines) == 2
    starts, ends = (dots.get_offsets() for dots in ax.collections)
    np.testing.assert_array_equal(starts, [[0, 0], [0, 1]])
    np.testing.assert_array_equal(ends, [[1, 3], [1, 4]])


def test_tracks_put_a_dot_every_few_times(ax):
    film = np.zeros((9, 2, 2))
    film[..., 0] = np.arange(9)[:, None]
    assert len(plot.tracks(film, ax, every=4)) == 2
    places = [dots.get_offsets()[0, 0] for dots in ax.collections]
    assert places == [0, 4, 8]


def test_snapshots_run_from_the_source_colour_to_the_target_colour(ax):
    film = np.zeros((3, 4, 5))
    film[:, 2, 1] = 1.0
    images = plot.snapshots(film, ax, obstacles=np.eye(4, 5, dtype=bool))
    assert len(images) == 4
    np.testing.assert_allclose(images[0].get_array()[1, 2], to_rgba(plot.SOURCE), atol=1e-6)
    np.testing.assert_allclose(images[2].get_array()[1, 2], to_rgba(plot.TARGET), atol=1e-6)
    assert images[0].get_array()[0, 0, 3] == 0


def test_arrows_stand_only_where_there_is_mass(ax):
    rho = np.zeros((8, 8))
    rho[:4] = 1.0
    v = np.stack([np.ones((8, 8)), np.zeros((8, 8))])
    _, arrows = plot.velocity(rho, v, ax, every=1)
    assert arrows.N == 32
    assert (arrows.get_offsets()[:, 0] < 0.5).all()


def test_a_round_shows_the_reduced_costs_with_its_assigned_pairs_in_green(ax):
    cost = np.array([[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]])
    step = list(stepwise.augmentations(cost))[-1]
    figure, axes = plt.subplots(1, 2)
    plot.hungarian_round(cost, step, axes)
    shown = {text.get_position(): text.get_text() for text in axes[0].texts}
    reduced = cost - step.phi[:, None] - step.psi
    for i in range(3):
        for j in range(3):
            assert shown[j, i] == f"{reduced[i, j]:g}"
    green = [p for p in axes[0].patches if p.get_facecolor() == to_rgba(plot.PLAN)]
    assert {(p.get_y() + 0.5, p.get_x() + 0.5) for p in green} == set(enumerate(step.after))
    plt.close(figure)


def test_the_merge_has_a_bar_for_each_atom_and_each_entry(ax):
    plan = transport_1d([0.0, 1.0], [2.0, 3.0, 4.0], [0.5, 0.5], [0.25, 0.5, 0.25])
    plot.merge_bars(plan, ax)
    assert len(ax.patches) == 2 + 3 + plan.mass.size
    squares, line = plot.staircase(plan, ax)
    np.testing.assert_array_equal(squares.get_offsets(), np.c_[plan.cols, plan.rows])
    assert (np.abs(np.diff(line.get_xydata(), axis=0)).sum(axis=1) >= 1).all()


def test_a_tree_shows_the_entering_pair_dashed_and_the_root_only_while_it_holds_mass():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, (4, 2)), rng.uniform(0, 1, (3, 2))
    cost = ((x[:, None] - y) ** 2).sum(axis=2)
    visited = stepwise.trees(np.full(4, 0.25), np.array([0.3, 0.3, 0.4]), cost)
    for state in (visited[0], visited[-1]):
        figure, ax = plt.subplots()
        plot.tree(state, x, y, ax)
        purple = [line for line in ax.lines if line.get_color() == plot.POTENTIAL]
        assert len(purple) == (state.entering is not None)
        assert len(ax.collections) == (3 if state is visited[0] else 2)
        plt.close(figure)


def test_the_staggered_cell_has_its_unknowns_on_faces_and_centres(ax):
    plot.staggered_cell(ax)
    offsets = np.concatenate([dots.get_offsets() for dots in ax.collections])
    assert offsets.shape == (12 + 12 + 9, 2)
    halves = (offsets % 1 == 0.5).sum(axis=1)
    assert (np.bincount(halves) == [0, 24, 9]).all()
