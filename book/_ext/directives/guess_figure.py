"""Small figures of a guess: two axes, what is given, and in the fold what is right.

They are drawn while the book is built, so that they stand without scripts and on paper. Their
colours are those of the palette.
"""

import html

WIDTH, HEIGHT, MARGIN = 360, 240, 34


def points(text: str) -> list[list[float]]:
    """Read '0 0, 0.5 1' as two points."""
    found = [[float(part) for part in pair.split()] for pair in text.split(",") if pair.strip()]
    if any(len(point) != 2 for point in found):
        raise ValueError("points are written as '0 0, 0.5 1'")
    return found


def _ticks(low: float, high: float) -> list[float]:
    whole = [float(n) for n in range(-20, 21) if low <= n <= high]
    return whole if len(whole) > 1 else [low, high]


class _Canvas:
    """From the numbers of the axes to pixels."""

    def __init__(self, axes):
        self.left, self.right, self.low, self.high = axes
        # Lengths across and up are alike where the axes are equally long.
        equal = abs((self.right - self.left) - (self.high - self.low)) < 1e-9
        self.height = WIDTH if equal else HEIGHT

    def x(self, value: float) -> float:
        part = (value - self.left) / (self.right - self.left)
        return round(MARGIN + part * (WIDTH - 2 * MARGIN), 1)

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return round(self.height - MARGIN - part * (self.height - 2 * MARGIN), 1)

    def path(self, line) -> str:
        return "M" + "L".join(f"{self.x(x)} {self.y(y)}" for x, y in line)


def _frame(canvas, options) -> list[str]:
    bottom, left = canvas.y(canvas.low), canvas.x(canvas.left)
    parts = [f'<path class="otlec-axis" d="M{left} {canvas.y(canvas.high)}V{bottom}'
             f'H{canvas.x(canvas.right)}"/>']  # fmt: skip
    for value in _ticks(canvas.left, canvas.right):
        parts.append(
            f'<text x="{canvas.x(value)}" y="{bottom + 15}" class="middle">{value:g}</text>'
        )
    for value in _ticks(canvas.low, canvas.high):
        parts.append(f'<text x="{left - 6}" y="{canvas.y(value) + 4}" class="end">{value:g}</text>')
    if "xlabel" in options:
        parts.append(f'<text x="{WIDTH - MARGIN + 6}" y="{bottom + 4}">'
                     f'{html.escape(options["xlabel"])}</text>')  # fmt: skip
    if "ylabel" in options:
        parts.append(f'<text x="{left}" y="{MARGIN - 14}" class="middle">'
                     f'{html.escape(options["ylabel"])}</text>')  # fmt: skip
    return parts


def drawing(options: dict, *, answer: bool, marks: list[str] = ()) -> str:
    """Return the figure as SVG, with the right places or the true curve in it or not."""
    canvas = _Canvas(options["axes"])
    parts = _frame(canvas, options)
    for line in options.get("line", "").split(";"):
        if line.strip():
            parts.append(f'<path class="otlec-given" d="{canvas.path(points(line))}"/>')
    for kind in ("source", "target"):
        for x, y in options.get(kind, []):
            parts.append(
                f'<circle class="otlec-{kind}" cx="{canvas.x(x)}" cy="{canvas.y(y)}" r="7"/>'
            )
    if answer and "draw" in options:
        parts.append(f'<path class="otlec-truth" d="{canvas.path(options["draw"])}"/>')
    for mark in marks if answer else ():
        if mark.startswith("x") and len(where := mark.split()[1:]) == 2:
            x, y = map(float, where)
            parts.append(
                f'<circle class="otlec-truth" cx="{canvas.x(x)}" cy="{canvas.y(y)}" r="10"/>'
            )
    said = html.escape(options["alt"]) + (" What is right is drawn in it." if answer else "")
    return (
        f'<svg class="otlec-guess-figure otlec-panel" viewBox="0 0 {WIDTH} {canvas.height}" '
        f'role="img" aria-label="{said}">{"".join(parts)}</svg>'
    )
