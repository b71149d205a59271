"""The ledger: for each statement, what computes it, tests it, and breaks it.

``book/ledger.yml`` names the functions and the anchors; the tests are found in ``tests/`` by their
mark ``@pytest.mark.statement("2.3")``; the numbers come from the book's own counter. The directive
``{ledger}`` puts the table together when the book is built, so that nothing of it is typed, and
``tests/test_ledger.py`` fails where a row is blank or names what does not exist. No library knows
where a book's statements are tested.
"""

import ast
import sys
from pathlib import Path

import yaml
from docutils import nodes
from sources.dependencies import note_files
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture


def rows() -> list[dict]:
    """The rows of ``book/ledger.yml`` about the chapters that the book shows, in their order."""
    found = yaml.safe_load((lecture.BOOK / "ledger.yml").read_text(encoding="utf-8"))
    shown = {item.item for item in lecture.items()}
    return [row for row in found if row["item"] in shown]


def exercises(row: dict) -> list[str]:
    """The exercises on the statement of a row: their judges say which it is."""
    item = str(row["item"])
    return [name for name, task in lecture.registry().items() if task.item == item]


def _marks(decorators) -> list[str]:
    """The arguments of ``@pytest.mark.statement(...)`` among the decorators of a test."""
    found = []
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(
            "mark.statement"
        ):
            found += [argument.value for argument in decorator.args]
    return found


def tests_by_statement() -> dict[str, list[tuple[str, str]]]:
    """The tests that carry each mark, as (file, function)."""
    found = {}
    for file in sorted((lecture.ROOT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for item in _marks(node.decorator_list):
                    found.setdefault(item, []).append((file.name, node.name))
    return found


class Ledger(SphinxDirective):
    """``{ledger}``: the table of all statements."""

    HEADS = (
        "Statement",
        "Computed by",
        "Without a hypothesis",
        "On its slide",
        "Exercises",
        "Tested by",
    )

    def run(self) -> list[nodes.Node]:
        """Build the table as MyST, so that its links are those of any page."""
        note_files(self.env, "book/ledger.yml", "tests/test_*.py", "otlec/classroom/exercises/*.py")
        tests = tests_by_statement()
        lines = ["| " + " | ".join(self.HEADS) + " |", "|" + "---|" * len(self.HEADS)]
        for row in rows():
            found = tests.get(str(row["item"]), [])
            files = sorted({file for file, _ in found})
            names = " ".join(map(_function, row["functions"]))
            count = f"{len(found)} test" + ("s" if len(found) != 1 else "")
            where = ", ".join(
                f"`{file.removeprefix('test_').removesuffix('.py')}`" for file in files
            )
            asked = ", ".join(
                f"{{ref}}`{name} <x-{name.replace('.', '-')}>`" for name in exercises(row)
            )
            lines.append(
                f"| {_link(row)} | {names} | {{ref}}`{row['counterexample']} "
                f"<{row['anchor']}>` | {{numref}}`{row['slide']}` | {asked} | "
                f"{count}: {where} |"
            )
        return self.parse_text_to_nodes("\n".join(lines))


def _function(name: str) -> str:
    """A link to the reference of a function, where the book has one."""
    package = lecture.about().get("package")
    return f"`{package}.{name}`" if package else f"{{py:obj}}`{name} <otlec.{name}>`"


def _link(row: dict) -> str:
    kind = row.get("kind", "ref")
    if kind == "ref":
        return f"{{ref}}`{row['name']} <{row['label']}>`"
    link = f"{{{kind}}}`{row['label']}`"
    return f"{link}: {row['name']}"


def setup(app):
    """Register the directive."""
    app.add_directive("ledger", Ledger)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
