"""Tables of measured figures, from result files that the benchmarks commit.

The directive ``{measured} NAME`` shows ``bench/results/NAME.json``: the tables, and the machine
they were measured on. Building the book measures nothing, so a page never changes with the machine
that builds it. A CSV directive would show one plain table, and not say where it comes from.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parents[3] / "bench" / "results"


class Measured(SphinxDirective):
    """``{measured} NAME``: the tables of one result file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the tables as MyST, then say which machine and versions they come from."""
        file = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(file))
        if not file.exists():
            raise self.error(f"{file.name} is not in bench/results; run 'make bench'")
        result = json.loads(file.read_text(encoding="utf-8"))
        lines = []
        for table in result["tables"]:
            lines += ["", f"**{table['title']}**", ""] if table.get("title") else [""]
            lines.append("| " + " | ".join(table["columns"]) + " |")
            lines.append(
                "|"
                + "|".join("---" if i == 0 else "---:" for i in range(len(table["columns"])))
                + "|"
            )
            lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in table["rows"]]
            if table.get("note"):
                lines += ["", table["note"]]
        machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
        lines += ["", f"*Measured with `{result['command']}` on: {machine}.*"]
        return self.parse_text_to_nodes("\n".join(lines))


def _cell(value) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "" if value is None else str(value)


def setup(app):
    """Register the directive."""
    app.add_directive("measured", Measured)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
