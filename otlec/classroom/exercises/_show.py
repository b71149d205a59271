"""What a check says, as text in a terminal and as a small page in a notebook."""

import sys
from dataclasses import dataclass, field
from html import escape

import numpy as np

from ...drawing.palette import PALETTE, RIGHT, WRONG
from ...measure import Measure
from ._values import Score

_HEADS = {
    "right": "right",
    "wrong": "not yet",
    "blank": "write me",
    "error": "it stops with an error",
    "time": "it takes too long",
    "refused": "this cannot be judged",
}
_SOURCE, _TARGET = PALETTE["source"], PALETTE["target"]

# Not how many: a slow machine may stop before the last of them, and notebooks are compared.
_TRIED = "Tried on fixed inputs and on random ones."


# What a console may not be able to write, as a pipe of Windows in cp1252.
_PLAIN = {"✓": "[ok]", "✗": "[no]", "δ": "delta"}


def writable(text: str) -> str:
    """The text in characters that the standard output can write."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for sign, words in _PLAIN.items():
            text = text.replace(sign, words)
        text = text.encode(encoding, "replace").decode(encoding)
    except LookupError:  # an encoding that Python does not know
        pass
    return text


@dataclass(eq=False, repr=False)
class Verdict:
    """What `otlec.check` says. It counts as True if the answer is right.

    Attributes
    ----------
    status : str
        ``"right"``, ``"wrong"``, ``"blank"``, ``"error"``, ``"time"`` or ``"refused"``.
    reason : str
        The property that fails, or what is right.
    example : list of (name, value)
        The input on which it fails.
    mistake, advice : str
        The mistake that the answer makes, if there is a name for it, and what to do about it.
    known : bool
        Whether that mistake stands in the catalogue of the exercise.
    hints : tuple of str
        Those that were asked for.
    parts : dict
        Where an answer has parts and not all are right: which of them are, by their names.
    score : Score or None
        What an open question has reached; ``results`` are all values of this session.
    """

    name: str
    title: str
    kind: str
    hints: tuple[str, ...]
    hints_left: int
    call: str
    status: str = "right"
    reason: str = ""
    example: list = field(default_factory=list)
    mistake: str | None = None
    advice: str = ""
    known: bool = False
    inputs: int = 0
    printed: bool = False
    score: Score | None = None
    results: tuple[float, ...] = ()  # of an open question, in this session
    parts: dict[str, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.status == "right"

    def fail(self, status: str, reason: str) -> None:
        """Set what is wrong."""
        self.status, self.reason = status, reason

    def succeed(self, reason: str, inputs: int = 0) -> None:
        """Set what is right, and on how many inputs it was tried."""
        self.status, self.reason, self.inputs = "right", reason, inputs

    def show(self, names, values) -> None:
        """Keep the input that shows the failure."""
        self.example = list(zip(names, values, strict=True))

    @property
    def head(self) -> str:
        """The first line."""
        sign = "✓" if self else "✗"
        return f"{sign} {self.name} {self.title}: {_HEADS[self.status]}"

    @property
    def share(self) -> float:
        """How much of it is right: 1 for a right answer, the share of its parts for a wrong one."""
        return float(bool(self)) or sum(self.parts.values()) / max(len(self.parts), 1)

    def _notes(self) -> list[tuple[str, str]]:
        notes = []
        if self.share not in (0.0, 1.0):
            right = ", ".join(name for name, good in self.parts.items() if good)
            notes.append(
                (f"Right already ({sum(self.parts.values())} of {len(self.parts)})", right)
            )
        if self.advice:
            head = "This looks like a known mistake" if self.known else "Note"
            notes.append((head, self.advice))
        if not self:
            notes += [(f"Hint {k}", hint) for k, hint in enumerate(self.hints, 1)]
            if self.hints_left and self.status != "refused":
                step = len(self.hints) + 1
                notes.append(
                    (
                        f"{self.hints_left} more hint" + "s" * (self.hints_left > 1),
                        f'otlec.check("{self.name}", {self.call}, hint={step})',
                    )
                )
        if self.printed:
            notes.append(("Not shown", "what your function prints"))
        return notes

    def _table(self) -> list[tuple[str, str]]:
        """The results of this session, and the best known: names and numbers."""
        if self.score is None:
            return []
        best = (min if self.score.less else max)(self.results)
        rows = [
            (f"try {k}" + (", your best" if value == best else ""), f"{value:.4f}")
            for k, value in enumerate(self.results, 1)
        ]
        return [*rows[-5:], ("best known", f"{self.score.best:.4f}")]

    def __repr__(self) -> str:
        return writable(self._lines())

    def _lines(self) -> str:
        lines = [self.head, *(f"  {line}" for line in self.reason.splitlines())]
        if self.inputs:
            lines.append(f"  {_TRIED}")
        if self.score:
            way = "less" if self.score.less else "more"
            lines.append(f"  Open question: {self.score.what}; {way} is better.")
            lines += [f"    {name}: {value}" for name, value in self._table()]
        if self.example:
            lines.append("  The input:")
            for name, value in self.example:
                first, *rest = text(value).splitlines()
                lines.append(f"    {name} = {first}")
                lines += [" " * (7 + len(name)) + line for line in rest]
        lines += [f"  {head}: {note}" for head, note in self._notes()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = RIGHT if self else WRONG
        out = [
            f'<div style="border-left: 3px solid {colour}; padding: 0.2em 0 0.2em 1em">',
            f"<p><strong>{escape(self.head)}</strong></p>",
            "<p>" + "<br>".join(map(escape, self.reason.splitlines())) + "</p>",
        ]
        if self.inputs:
            out.append(f"<p>{_TRIED}</p>")
        if self.score:
            way = "less" if self.score.less else "more"
            rows = "".join(f"<tr><td>{n}</td><td>{v}</td></tr>" for n, v in self._table())
            out.append(f"<p>Open question: {escape(self.score.what)}; {way} is better.</p>")
            out.append(f'<table style="margin: 0.2em 1em">{rows}</table>')
        if self.example:
            out.append("<p>The input:</p>")
            out += [f"<div>{escape(name)} = {html(value)}</div>" for name, value in self.example]
            out.append(picture([v for _, v in self.example if isinstance(v, Measure)]))
        out += [f"<p><em>{escape(h)}:</em> {escape(note)}</p>" for h, note in self._notes()]
        return "".join([*out, "</div>"])


def _number(value: float) -> str:
    return f"{float(value):.6g}"


def text(value) -> str:
    """An input in few characters: a measure as a sum of Dirac masses, an array row by row."""
    if isinstance(value, Measure):
        points = value.points.reshape(value.size, -1)
        terms = []
        for a, x in zip(value.weights, points, strict=True):
            place = _number(x[0]) if x.size == 1 else "(" + ", ".join(map(_number, x)) + ")"
            terms.append(f"{_number(a)} δ[{place}]")
        return " + ".join(terms)
    if isinstance(value, np.ndarray):
        with np.printoptions(precision=6, suppress=True, threshold=60):
            return str(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(text(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if callable(value):
        return getattr(value, "__doc__", None) or "a function"
    if isinstance(value, float | np.floating):
        return _number(value)
    return str(value)


def html(value) -> str:
    """The same for a notebook: a matrix as a table."""
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.size <= 60:
        rows = "".join(
            "<tr>" + "".join(f"<td>{_number(v)}</td>" for v in row) + "</tr>" for row in value
        )
        return f'<table style="margin: 0.2em 1em">{rows}</table>'
    return f"<code>{escape(text(value)).replace(chr(10), '<br>')}</code>"


def picture(measures: list[Measure]) -> str:
    """Two measures on the line as stems: the first points up, the second down."""
    if len(measures) != 2 or any(mu.dim != 1 for mu in measures):
        return ""
    points = [mu.points.reshape(-1) for mu in measures]
    low, high = min(x.min() for x in points), max(x.max() for x in points)
    scale = 260 / (high - low) if high > low else 0.0
    out = [
        '<svg viewBox="0 0 300 120" width="300" role="img" aria-label="The two measures: the '
        'first upwards in blue, the second downwards in orange">',
        '<line x1="10" x2="290" y1="60" y2="60" stroke="#888"/>',
    ]
    for mu, x, colour, way in zip(measures, points, (_SOURCE, _TARGET), (-1, 1), strict=True):
        for a, at in zip(mu.weights, x, strict=True):
            place = 20 + scale * (at - low)
            out.append(
                f'<line x1="{place:.1f}" x2="{place:.1f}" y1="60" y2="{60 + 50 * way * a:.1f}"'
                f' stroke="{colour}" stroke-width="4"/>'
            )
    return "".join([*out, "</svg>"])
