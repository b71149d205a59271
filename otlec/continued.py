"""Potentials continued along the entries of a plan, where their stored digits do not suffice.

In a part of a plan the equalities phi_i + psi_j = c_ij along the entries determine all potentials
from one. What the stored ones lack is computed to twice their digits. Reduced costs that are still
in doubt are summed exactly; if these do not prove the plan, all is computed in rational numbers.

Source: Ogita, Rump and Oishi (2005) for sums without error.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .evidence import Evidence
from .parts import edges_of_atoms, join, shifts

CLAIM = 1e-12  # no certificate claims more
PRECISION = 2.0**-52
_DOUBLE_DOUBLE = 2.0**-98  # of the terms: what is below may be rounding of a reduced cost
_NOTHING = 1e-2  # of the claim: what is too little to matter
_LAYERS = 8  # shifts of a part on top of each other, each with digits of its own
_ROUNDS = 1000  # of shortest paths between the parts


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts that a plan joins its atoms to."""

    count: int
    row: np.ndarray  # the part of each row
    col: np.ndarray
    mean: np.ndarray  # cost of a unit of mass, in each part
    largest: np.ndarray  # potential, in absolute value
    fine: np.ndarray  # whether the rounding of the stored potentials is far below that
    exact: bool  # whether the stored potentials are tight to the last bit, or fine everywhere
    delta_phi: np.ndarray  # what the stored potentials lack, in parts that are not fine
    delta_psi: np.ndarray


def parts_of(rows, cols, mass, costs, phi, psi) -> Parts:
    """The parts of a plan with these entries, and how far their potentials can be trusted."""
    rest = residual(costs, phi[rows], psi[cols])
    count, row, col, delta_phi, delta_psi = join(rows, cols, rest, phi.size, psi.size)
    weight = np.bincount(row[rows], mass, count)
    own = np.bincount(row[rows], mass * np.abs(costs), count)
    total = float(weight.sum())
    mean = np.full(count, float(own.sum()) / total if total > 0 else 0.0)
    np.divide(own, weight, out=mean, where=weight > 0)
    largest = np.zeros(count)
    np.maximum.at(largest, row, np.abs(phi))
    np.maximum.at(largest, col, np.abs(psi))
    fine = 4 * PRECISION * largest <= CLAIM / 10 * mean
    if not fine.all():  # atoms without mass are shifted as far as any of their neighbours
        fine &= weight > 0
        largest[weight == 0] = largest.max()
    exact = bool(fine.all() or (rest == 0).all())
    return Parts(
        count, row, col, mean, largest, fine, exact,
        np.where(fine[row], 0.0, delta_phi), np.where(fine[col], 0.0, delta_psi),
    )  # fmt: skip


def continued(parts: Parts, read: Evidence, phi, psi):
    """Reduced costs of the entries and of the listed pairs, with the potentials continued.

    Also by how much the potentials are changed. Reduced costs that rounding may have made count
    as 0 where they are nothing beside the scale of their parts; elsewhere they are summed exactly.
    """
    slack = residual(read.costs, phi[read.rows], psi[read.cols])
    slack -= parts.delta_phi[read.rows] + parts.delta_psi[read.cols]
    pairs = residual(read.near, phi[read.i], psi[read.j])
    pairs -= parts.delta_phi[read.i] + parts.delta_psi[read.j]
    above, below = parts.row[read.i], parts.col[read.j]
    scale = np.maximum(parts.mean[above], parts.mean[below])
    shift = _shifts(parts, above, below, pairs, scale)
    pairs = pairs - (shift[above] - shift[below])
    own = parts.mean[parts.row[read.rows]]
    terms = (
        np.stack([phi, parts.delta_phi, shift[parts.row]]),
        np.stack([psi, parts.delta_psi, -shift[parts.col]]),
    )
    in_doubt = _decide(pairs, read.near, terms, read.i, read.j, scale)
    in_doubt |= _decide(slack, read.costs, terms, read.rows, read.cols, own)
    room = 0.05 * CLAIM
    if in_doubt and ((pairs < -room * scale).any() or (np.abs(slack) > room * own).any()):
        return _continued_exactly(parts, read, phi, psi, scale)
    return (
        slack, pairs, parts.delta_phi + shift[parts.row], parts.delta_psi - shift[parts.col]
    )  # fmt: skip


def _decide(values, costs, terms, i, j, scale) -> bool:
    """Replace reduced costs that may be rounding, by 0 or, where they matter, by exact sums.

    Returns whether some matter. Where costs are whole numbers, nothing has been rounded.
    """
    (phi, *more_phi), (psi, *more_psi) = (
        side[:, at] for side, at in zip(terms, (i, j), strict=True)
    )
    more = np.array([*more_phi, *more_psi])
    noise = _DOUBLE_DOUBLE * (np.abs(phi) + np.abs(psi)) + 2 * PRECISION * np.abs(more).sum(axis=0)
    total = phi + psi
    rounded = (total - phi != psi) | (total - psi != phi) | more.any(axis=0)
    drowned = rounded & (np.abs(values) <= noise)
    values[drowned] = 0.0
    matter = np.flatnonzero(drowned & (noise > _NOTHING * CLAIM * scale))
    if matter.size > 0:
        summands = np.stack([costs, -phi, -psi, *-more], axis=1)
        values[matter] = list(map(math.fsum, summands[matter].tolist()))
    return matter.size > 0


def _shifts(parts: Parts, above, below, pairs, scale) -> np.ndarray:
    """Shifts of the parts that mend pairs of negative reduced cost, if there are some."""
    if not (pairs < 0).any():
        return np.zeros(parts.count)
    # costs are rounded themselves: no plan can be better to the last bit
    return shifts(above, below, pairs + 0.05 * CLAIM * scale, parts.count, _ROUNDS)


def _continued_exactly(parts: Parts, read: Evidence, phi, psi, scale):
    """As `continued`, in rational numbers, where doubles have not enough digits.

    A part gets several shifts on top of each other, each with digits of its own.
    """
    n = phi.size
    potential = _rational_potentials(parts, read, phi, psi)

    def reduced(*pairs):
        costs, i, j = (array.tolist() for array in pairs)
        return [
            Fraction(c) - potential[row] - potential[n + col]
            for c, row, col in zip(costs, i, j, strict=True)
        ]

    slack, exact = reduced(read.costs, read.rows, read.cols), reduced(read.near, read.i, read.j)
    above, below = parts.row[read.i], parts.col[read.j]
    whole = [Fraction(0)] * parts.count
    pairs = np.array(list(map(float, exact)))
    for _ in range(_LAYERS):
        shift = _shifts(parts, above, below, pairs, scale)
        if not shift.any():
            break
        whole = [old + Fraction(new) for old, new in zip(whole, shift.tolist(), strict=True)]
        apart = zip(exact, above.tolist(), below.tolist(), strict=True)
        pairs = np.array([float(value - whole[a] + whole[b]) for value, a, b in apart])
    part = [*parts.row.tolist(), *parts.col.tolist()]
    stored = [*phi.tolist(), *psi.tolist()]
    change = np.array([
        float(potential[k] - Fraction(stored[k]) + (whole[part[k]] if k < n else -whole[part[k]]))
        for k in range(len(stored))
    ])  # fmt: skip
    return np.array(list(map(float, slack))), pairs, change[:n], change[n:]


def _rational_potentials(parts: Parts, read: Evidence, phi, psi) -> list[Fraction]:
    """Stored potentials, continued from the first atom of each part that is not fine."""
    n = phi.size
    out = [Fraction(value) for value in [*phi.tolist(), *psi.tolist()]]
    fine = [*parts.fine[parts.row].tolist(), *parts.fine[parts.col].tolist()]
    first, edges = edges_of_atoms(read.rows, read.cols, n, psi.size)
    known = [False] * len(out)
    for start in range(len(out)):
        stack = [] if known[start] or fine[start] else [start]
        while stack:
            atom = stack.pop()
            known[atom] = True
            for q in edges[first[atom] : first[atom + 1]].tolist():
                other = n + int(read.cols[q]) if atom < n else int(read.rows[q])
                if not known[other]:
                    out[other] = Fraction(float(read.costs[q])) - out[atom]
                    known[other] = True
                    stack.append(other)
    return out


def residual(costs, phi, psi):
    """Reduced costs, to the last bit or nearly: two sums without error (Knuth)."""
    total = phi + psi
    part = total - phi
    lost = (phi - (total - part)) + (psi - part)
    rest = costs - total
    part = rest - costs
    lost = ((costs - (rest - part)) - (total + part)) - lost
    return np.where(np.isfinite(lost), rest + lost, rest)
