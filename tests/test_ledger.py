"""No row of the ledger is blank, and nothing that it names is missing."""

import re

import lecture
from conftest import ROOT
from directives import ledger

import otlec
from otlec.classroom.exercises import REGISTRY

ITEMS = [item.item for item in lecture.items()]


def labels_of_the_book() -> set[str]:
    text = "\n".join(page.read_text() for page in (ROOT / "book").glob("*.md"))
    anchors = re.findall(r"^\(([\w.-]+)\)=", text, flags=re.M)
    return set(anchors) | set(re.findall(r"^:label: ([\w-]+)", text, flags=re.M))


def test_every_statement_of_the_lecture_has_its_row():
    assert [row["item"] for row in ledger.rows()] == ITEMS


def test_no_row_is_blank():
    for row in ledger.rows():
        for key in ("name", "label", "functions", "counterexample", "anchor", "slide"):
            assert row[key], f"{row['item']}: {key}"
        assert ledger.exercises(row), f"{row['item']}: exercises"


def test_every_function_of_the_ledger_is_public():
    for row in ledger.rows():
        for name in row["functions"]:
            assert name in otlec.__all__, f"{row['item']}: {name}"


def test_every_label_of_the_ledger_stands_in_the_book():
    labels = labels_of_the_book()
    for row in ledger.rows():
        assert row["label"] in labels, f"{row['item']}: {row['label']}"
        assert row["anchor"] in labels, f"{row['item']}: {row['anchor']}"


def test_every_exercise_of_the_ledger_exists_and_every_exercise_stands_in_its_row():
    labels = labels_of_the_book()
    for row in ledger.rows():
        for name in ledger.exercises(row):
            assert REGISTRY[name].item == row["item"], name
            assert f"x-{name.replace('.', '-')}" in labels, name
    named = {name for row in ledger.rows() for name in ledger.exercises(row)}
    assert named == {name for name, task in REGISTRY.items() if task.item in ITEMS}


def test_every_statement_is_tested_and_every_mark_is_a_statement():
    tests = ledger.tests_by_statement()
    assert set(tests) == {item.item for c in lecture.all_chapters() for item in c.items}
    for item in ITEMS:
        assert len(tests[item]) >= 2, f"{item}: a closed form and a property are needed"
