"""Tests that every lecture keeps: exercises that judge, a whole ledger, its pages, its deck.

``tests/test_lecture.py`` of a lecture says ``from lecture_rules import *``; ``make test`` there
puts the scripts and the extensions of the engine on the path.
"""

import importlib
import re

import exercise_notebooks
import lecture
import notebooks
import numpy as np
import pytest
from bs4 import BeautifulSoup
from directives import ledger

import otlec

REGISTRY = lecture.registry()
ITEMS = [item.item for item in lecture.items()]
EXERCISES = [
    name for page in exercise_notebooks.sources()
    for name in exercise_notebooks.names_of(notebooks.read_source(page))
]  # fmt: skip


def solutions() -> dict[str, str]:
    """The answer to each exercise, from its page."""
    found, code = {}, ""
    for page in exercise_notebooks.sources():
        for cell in notebooks.read_source(page).cells:
            if cell.cell_type == "code" and exercise_notebooks.MARKED.search(cell.source):
                code = cell.source
            elif check := exercise_notebooks.CHECK.search(cell.source):
                found[check.group(1)] = code
    return found


def answer(name: str, code: str):
    """The function that the code of an answer defines."""
    package = lecture.about()["package"]
    space = {"__name__": "__main__", "np": np, "otlec": otlec}
    space[package] = importlib.import_module(package)
    exec(code, space)
    return space[REGISTRY[name].answer]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes_and_the_blank_does_not(name):
    code = solutions()[name]
    verdict = otlec.check(name, answer(name, code))
    assert verdict, verdict
    assert otlec.check(name, answer(name, exercise_notebooks.blank(code))).status == "blank"


@pytest.mark.parametrize("name", EXERCISES)
def test_each_known_mistake_gets_its_hint(name):
    for mistake in REGISTRY[name].mistakes:
        for like in mistake.makers:
            verdict = otlec.check(name, like)
            assert not verdict
            assert verdict.mistake == mistake.name, verdict


def test_every_statement_has_a_row_exercises_and_two_tests():
    assert [row["item"] for row in ledger.rows()] == ITEMS
    tests = ledger.tests_by_statement()
    assert set(tests) == set(ITEMS)
    for row in ledger.rows():
        assert len(tests[row["item"]]) >= 2, row["item"]
    assert {name for row in ledger.rows() for name in ledger.exercises(row)} == set(EXERCISES)


def page(folder: str, name: str) -> BeautifulSoup:
    """A built page, or a skipped test where nothing is built."""
    file = lecture.ROOT / "_build" / folder / f"{name}.html"
    if not file.exists():
        pytest.skip(f"{file} is not built: run 'make book slides' first")
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("chapter", lecture.chapters(), ids=lambda chapter: chapter.page)
def test_the_page_has_its_statements_with_their_numbers(chapter):
    boxes = page("html", chapter.page).select("div.proof[id]:not([id^=proof-])")
    titles = [re.match(r"\w+ [\d.]+", box.p.get_text().strip())[0] for box in boxes]
    assert titles == [item.name for item in chapter.items]


@pytest.mark.parametrize("chapter", lecture.chapters(), ids=lambda chapter: chapter.page)
def test_the_deck_has_each_statement_and_its_figure(chapter):
    deck = page("slides", chapter.page)
    rows = {row["item"]: row for row in ledger.rows()}
    for item in chapter.items:
        for name in (item.label, rows[item.item]["slide"]):
            assert deck.find(id=name), f"{name} is on no slide"
    assert [h2.get_text() for h2 in deck.select("section > .frame > h2")][1] == "Outline"


def pytest_configure(config):
    """For ``tests/conftest.py``: the mark that the ledger counts."""
    config.addinivalue_line("markers", "statement(number): the statement that this test checks")
