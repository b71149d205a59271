"""Pictures that move under a slider, from arrays that a kernel has computed.

A `Picture` is a row of small panels. Each holds a few layers: curves, areas, points, segments,
bars or cells, each either still or with one frame a value of the slider. In a notebook it shows one
frame as SVG. In the book, ``_static/otlec-moving.js`` finds the data beside the SVG and moves it.
The two draw alike, and neither knows where the data come from.

matplotlib's own animations hold every frame as a picture, ten times as heavy, and know no keyboard.
"""

import html
import json
import math
import re
from dataclasses import dataclass, field

import numpy as np

from .. import _validate
from .palette import PALETTE

_SUBSCRIPTS = str.maketrans("0123456789p", "₀₁₂₃₄₅₆₇₈₉ₚ")
WIDTH, HEIGHT = 320, 230  # of a panel, in CSS pixels
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 40
BARE = 10  # a margin where nothing is written


@dataclass
class Layer:
    """One drawing of a panel: its kind, its static options, and its arrays by name."""

    kind: str
    color: str
    arrays: dict[str, np.ndarray]
    moving: dict[str, bool]
    options: dict = field(default_factory=dict)


@dataclass
class Panel:
    """One pair of axes; made by `Picture.panel`."""

    picture: "Picture"
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    xlabel: str = ""
    ylabel: str = ""
    title: str = ""
    ticks: bool = True
    equal: bool = False
    names: tuple = ()
    layers: list[Layer] = field(default_factory=list)

    def line(self, x, y, color: str = "plan", *, width: float = 2, dash: bool = False) -> None:
        """A curve through (x, y): each of shape (n,), or (frames, n) if it moves."""
        self._add("line", color, {"x": (x, 1), "y": (y, 1)}, width=width, dash=dash)

    def area(self, x, y, color: str = "source") -> None:
        """The area between a curve of shape (n,) or (frames, n) and 0."""
        self._add("area", color, {"x": (x, 1), "y": (y, 1)})

    def points(self, xy, color: str = "source", *, size: float = 3, opacity: float = 1) -> None:
        """Points of shape (n, 2), or (frames, n, 2) if they move; ``size`` is a radius in px."""
        faint = {"opacity": opacity} if opacity < 1 else {}
        self._add("points", color, {"xy": (xy, 2)}, size=size, **faint)

    def segments(self, ends, color: str = "plan", *, width: float = 1, heads: bool = False) -> None:
        """Segments (x0, y0, x1, y1) of shape (n, 4), or (frames, n, 4) if they move.

        With ``heads`` they are arrows to (x1, y1).
        """
        arrows = {"heads": True} if heads else {}
        self._add("segments", color, {"ends": (ends, 2)}, width=width, **arrows)

    def bars(self, x, heights, color: str = "source", *, width: float = 0.8) -> None:
        """Bars of a width in units of x, at x of shape (n,), of heights (n,) or (frames, n)."""
        self._add("bars", color, {"x": (x, 1), "y": (heights, 1)}, width=width)

    def cells(self, values, color: str = "plan") -> None:
        """A matrix of cells that fills the axes, of shape (rows, cols) or (frames, rows, cols).

        The values are opacities in [0, 1]; row 0 lies at the bottom.
        """
        self._add("cells", color, {"z": (values, 2)})

    def _add(self, kind: str, color: str, arrays: dict, **options) -> None:
        if color not in PALETTE and color != "time":
            raise ValueError(f"color must be one of {[*PALETTE, 'time']}, but it is {color!r}")
        frames = len(self.picture.values)
        kept, moving = {}, {}
        for name, (value, ndim) in arrays.items():
            array = _validate.finite(_validate.real_array(value, name), name)
            if array.ndim not in (ndim, ndim + 1):
                raise ValueError(
                    f"{name} must have {ndim} axes, or {ndim + 1} with the frames first, "
                    f"but its shape is {array.shape}"
                )
            moving[name] = array.ndim == ndim + 1
            if moving[name] and array.shape[0] != frames:
                raise ValueError(
                    f"{name} has {array.shape[0]} frames, but the slider has {frames} values"
                )
            kept[name] = array
        self.layers.append(Layer(kind, color, kept, moving, options))


class Picture:
    """A row of panels under one slider.

    Parameters
    ----------
    slider : str
        The name of what the slider changes, as the reader sees it ("t", "n").
    values : array of shape (frames,), or (frames, 3)
        The value of the slider in each frame. Three columns are weights that sum to 1: the control
        is then a triangle, whose corners carry the three names in ``slider``, split at commas.
    alt : str
        What is to be seen, for those who do not see it.
    start : int, optional
        The frame that is shown first, and alone where nothing moves; the middle one if left out.
    digits : int
        Decimals of the value in the label.
    """

    def __init__(
        self, *, slider: str, values, alt: str, start: int | None = None, digits: int = 2
    ) -> None:
        self.slider = slider
        self.values = _validate.finite(_validate.real_array(values, "values"), "values")
        if self.values.ndim not in (1, 2) or self.values.shape[0] < 2:
            raise ValueError("values must have shape (frames,) or (frames, 3), two frames or more")
        if self.values.ndim == 2 and self.values.shape[1] != 3:
            raise ValueError(f"weights have three columns, but values has {self.values.shape[1]}")
        if len(alt.split()) < 8:
            raise ValueError("alt must say in eight words or more what is to be seen")
        self.alt = alt
        self.start = len(self.values) // 2 if start is None else start
        if not 0 <= self.start < len(self.values):
            raise ValueError(f"start must be a frame, 0 to {len(self.values) - 1}, not {start}")
        self.digits = digits
        self.panels: list[Panel] = []
        self.readouts: list[str] = [""] * len(self.values)

    def panel(
        self, xlim, ylim, xlabel: str = "", ylabel: str = "", title: str = "", *,
        ticks: bool = True, equal: bool = False, names: tuple = (),
    ) -> Panel:  # fmt: skip
        """Add a panel with these limits; ``equal`` keeps the units of x and y the same.

        ``names`` are two lists of pairs (name, color), of the unit steps along x and along y.
        """
        panel = Panel(self, tuple(xlim), tuple(ylim), xlabel, ylabel, title, ticks, equal, names)
        self.panels.append(panel)
        return panel

    def readout(self, text: str, *values) -> None:
        """Say numbers in each frame: a format string, and arrays of one value a frame."""
        self.readouts = [
            text.format(*(np.asarray(v)[k] for v in values)) for k in range(len(self.values))
        ]

    def __repr__(self) -> str:
        return f"Picture({self.slider!r}, {len(self.values)} frames, {len(self.panels)} panels)"

    def _repr_html_(self) -> str:
        panels = "".join(_panel_svg(panel, self.start) for panel in self.panels)
        label = html.escape(_label(self, self.start))
        data = json.dumps(_data(self), separators=(",", ":")).replace("</", "<\\/")
        return (
            f'<div class="otlec-moving" role="group" aria-label="{html.escape(self.alt)}">'
            f'<div class="otlec-panels">{panels}</div>'
            f'<p class="otlec-label"><output>{label}</output></p>'
            f'<script type="application/json" class="otlec-data">{data}</script></div>'
        )


def _label(picture: Picture, k: int) -> str:
    value = picture.values[k]
    names = [name.strip() for name in picture.slider.split(",")]
    parts = [
        f"{name} = {v:.{picture.digits}f}"
        for name, v in zip(names, np.atleast_1d(value), strict=False)
    ]
    text = ", ".join(parts)
    return _typeset(f"{text}: {picture.readouts[k]}" if picture.readouts[k] else text)


def _typeset(text: str) -> str:
    """Set W_2, rho_0 and <= as mathematics, in the characters that plain text has for them."""
    text = text.replace("rho_", "ρ_").replace("<=", "≤")
    return re.sub(
        r"\b(log|W|ρ|x)_?(10|[0-9p])\b", lambda m: m[1] + m[2].translate(_SUBSCRIPTS), text
    )


def _data(picture: Picture) -> dict:
    """All that the script needs, in data coordinates, rounded to a quarter of a pixel."""
    return {
        "labels": [_label(picture, k) for k in range(len(picture.values))],
        "name": picture.slider,
        "start": picture.start,
        "weights": picture.values.round(4).tolist() if picture.values.ndim == 2 else None,
        "panels": [
            {
                "box": _box(panel),
                "xlim": panel.xlim,
                "ylim": panel.ylim,
                "layers": [
                    {
                        "kind": layer.kind,
                        "color": layer.color,
                        "moving": [name for name, moves in layer.moving.items() if moves],
                        **layer.options,
                        **{n: _rounded(a, n, layer, panel) for n, a in layer.arrays.items()},
                    }
                    for layer in panel.layers
                ],
            }
            for panel in picture.panels
        ],
    }


def _rounded(array: np.ndarray, name: str, layer: Layer, panel: Panel) -> list:
    if layer.kind == "cells":
        digits = 2
    else:
        spans = {"x": [panel.xlim], "y": [panel.ylim]}.get(name, [panel.xlim, panel.ylim])
        span = min(abs(high - low) for low, high in spans)
        digits = max(0, math.ceil(-math.log10(span / (4 * WIDTH))))
    rounded = np.round(array, digits)
    if digits == 0:
        return rounded.astype(int).tolist()
    return (rounded + 0.0).tolist()  # + 0.0: no minus sign on a zero


def _box(panel: Panel) -> list[float]:
    """Left, top, right and bottom of the axes in px; smaller where the units must be equal."""
    below, beside = panel.names or ((), ())
    left = LEFT if panel.ticks or panel.ylabel or beside else BARE
    top, right = TOP if panel.title else BARE, WIDTH - RIGHT
    bottom = HEIGHT - (BOTTOM if panel.ticks else BARE + 20 * bool(below) + 16 * bool(panel.xlabel))
    if panel.equal:
        spans = abs(panel.xlim[1] - panel.xlim[0]), abs(panel.ylim[1] - panel.ylim[0])
        unit = min((right - left) / spans[0], (bottom - top) / spans[1])
        middle = (left + right) / 2, (top + bottom) / 2
        left, right = (middle[0] + s * unit * spans[0] / 2 for s in (-1, 1))
        top, bottom = (middle[1] + s * unit * spans[1] / 2 for s in (-1, 1))
    return [round(v, 1) for v in (left, top, right, bottom)]


class _Scale:
    """From data to pixels, as the script does it."""

    def __init__(self, panel: Panel) -> None:
        self.left, self.top, self.right, self.bottom = _box(panel)
        self.xlim, self.ylim = panel.xlim, panel.ylim

    def x(self, value) -> np.ndarray:
        low, high = self.xlim
        return self.left + (np.asarray(value) - low) / (high - low) * (self.right - self.left)

    def y(self, value) -> np.ndarray:
        low, high = self.ylim
        return self.bottom - (np.asarray(value) - low) / (high - low) * (self.bottom - self.top)


def _css(color: str, part: float) -> str:
    if color == "time":
        source, target = _css("source", 0), _css("target", 0)
        return f"color-mix(in oklab, {target} {100 * part:.0f}%, {source})"
    return f"var(--otlec-{color}, {PALETTE[color]})"


def _path(commands: str, style: str) -> str:
    return f'<path d="{commands}" style="{style}"/>'


def _joined(xs, ys) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))


def _shape(layer: Layer, panel: Panel, k: int, frames: int) -> str:
    """The SVG of one layer in frame k. The script's ``shapes`` do the same in the browser."""
    s = _Scale(panel)
    a = {name: v[k] if layer.moving[name] else v for name, v in layer.arrays.items()}
    color = _css(layer.color, k / (frames - 1))
    width = layer.options.get("width", 1)
    stroke = f"fill:none;stroke:{color};stroke-width:{width:g};stroke-linejoin:round"
    if layer.kind == "line":
        dash = ";stroke-dasharray:5 4" if layer.options["dash"] else ""
        return _path(_joined(s.x(a["x"]), s.y(a["y"])), stroke + dash)
    if layer.kind == "area":
        x, y, zero = s.x(a["x"]), s.y(a["y"]), float(s.y(0.0))
        outline = f"{_joined(x, y)}L{x[-1]:.1f} {zero:.1f}L{x[0]:.1f} {zero:.1f}Z"
        return _path(outline, f"fill:{color};fill-opacity:.45;stroke:{color};stroke-width:1.5")
    if layer.kind == "points":
        dots = "".join(
            f"M{x:.1f} {y:.1f}h0"
            for x, y in zip(s.x(a["xy"][:, 0]), s.y(a["xy"][:, 1]), strict=True)
        )
        size, opacity = 2 * layer.options["size"], layer.options.get("opacity", 1)
        faint = f";stroke-opacity:{opacity:g}" if opacity < 1 else ""
        return _path(dots, f"stroke:{color};stroke-width:{size:g};stroke-linecap:round{faint}")
    if layer.kind == "segments":
        e = a["ends"]
        ends = zip(s.x(e[:, 0]), s.y(e[:, 1]), s.x(e[:, 2]), s.y(e[:, 3]), strict=True)
        head = _head if layer.options.get("heads") else lambda *end: ""
        lines = (f"M{p:.1f} {q:.1f}L{u:.1f} {v:.1f}{head(p, q, u, v)}" for p, q, u, v in ends)
        return _path("".join(lines), stroke)
    if layer.kind == "bars":
        left, right = s.x(a["x"] - width / 2), s.x(a["x"] + width / 2)
        top, zero = s.y(a["y"]), float(s.y(0.0))
        edges = zip(left, right, top, strict=True)
        bars = "".join(f"M{p:.1f} {zero:.1f}V{v:.1f}H{q:.1f}V{zero:.1f}Z" for p, q, v in edges)
        return _path(bars, f"fill:{color};fill-opacity:.75")
    z = a["z"].clip(0, 1)
    height, width = (s.bottom - s.top) / z.shape[0], (s.right - s.left) / z.shape[1]
    return "".join(
        f'<rect x="{s.left + j * width:.1f}" y="{s.bottom - (i + 1) * height:.1f}" '
        f'width="{width + 0.2:.1f}" height="{height + 0.2:.1f}" '
        f'style="fill:{color};fill-opacity:{z[i, j]:.2f}"/>'
        for i in range(z.shape[0])
        for j in range(z.shape[1])
        if z[i, j] >= 0.005
    )


def _head(p: float, q: float, u: float, v: float) -> str:
    """Two strokes at the end (u, v) of an arrow from (p, q), in pixels."""
    length = math.hypot(u - p, v - q)
    part = min(5.0, 0.5 * length) / max(length, 1e-9)
    back, side = (u - part * (u - p), v - part * (v - q)), (part * (v - q) / 2, part * (u - p) / 2)
    return (
        f"M{back[0] + side[0]:.1f} {back[1] - side[1]:.1f}L{u:.1f} {v:.1f}"
        f"L{back[0] - side[0]:.1f} {back[1] + side[1]:.1f}"
    )


def _ticks(limits: tuple[float, float]) -> list[float]:
    """Three to six round numbers within the limits."""
    low, high = limits
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda v: abs(v - raw))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _panel_svg(panel: Panel, k: int) -> str:
    s = _Scale(panel)
    frames = len(panel.picture.values)
    out = [
        f'<svg class="otlec-panel" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(panel.title or panel.ylabel or panel.picture.alt)}">'
    ]
    for index, layer in enumerate(panel.layers):
        out.append(f'<g data-layer="{index}">{_shape(layer, panel, k, frames)}</g>')
    out.append(_axes_svg(panel, s))
    out.append("</svg>")
    return "".join(out)


def _name_svg(panel: Panel, s: _Scale, axis: int, k: int, name: str, color: str) -> str:
    """The name of a step along an axis, and a frame that a script shows around what it names."""
    x, y = [float(s.x(k)), s.left][axis], [s.top, float(s.y(k + 1))][axis]
    width = [float(s.x(k + 1)) - x, s.right - s.left][axis]
    height = [s.bottom - s.top, float(s.y(k)) - y][axis]
    u, v, anchor = [
        (x + width / 2, s.bottom + 17, "middle"), (s.left - 6, y + height / 2 + 4, "end")
    ][axis]  # fmt: skip
    return (
        f'<g data-name="{html.escape(name)}"><rect class="otlec-strip" x="{x:.1f}" y="{y:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" fill="none"/><text x="{u:.1f}" y="{v:.1f}" '
        f'text-anchor="{anchor}" style="fill:{_css(color, 0)}">{html.escape(name)}</text></g>'
    )


def _axes_svg(panel: Panel, s: _Scale) -> str:
    out, middle = [], (s.left + s.right) / 2
    if panel.ticks:
        out.append(_path(f"M{s.left} {s.bottom}H{s.right}", "fill:none;stroke:currentColor"))
        out += [
            f'<text x="{s.x(v):.1f}" y="{s.bottom + 15:.1f}" text-anchor="middle">{v:g}</text>'
            for v in _ticks(panel.xlim)
        ]
        out += [
            f'<text x="{s.left - 5:.1f}" y="{s.y(v) + 4:.1f}" text-anchor="end">{v:g}</text>'
            for v in _ticks(panel.ylim)
        ]
    for axis, names in enumerate(panel.names):
        out += [_name_svg(panel, s, axis, k, *name) for k, name in enumerate(names)]
    for text, y, weight in ((panel.xlabel, HEIGHT - 8, 400), (panel.title, 15, 600)):
        if text:
            out.append(
                f'<text x="{middle:.1f}" y="{y}" text-anchor="middle" '
                f'font-weight="{weight}">{html.escape(_typeset(text))}</text>'
            )
    if panel.ylabel:
        x, y = s.left - 33, (s.top + s.bottom) / 2
        out.append(
            f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle">'
            f"{html.escape(_typeset(panel.ylabel))}</text>"
        )
    return f'<g class="otlec-axes">{"".join(out)}</g>'
