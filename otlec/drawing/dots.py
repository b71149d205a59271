"""A film of dots that walk along a plan, each from its place to its partner's at a steady pace.

Places are linear in time, so a film is two places and two colours a dot, whatever the number of its
frames. In the book, ``_static/otlec-dots.js`` plays it; without scripts one frame stands still.
"""

import base64
import html
import json

import numpy as np

from ..plan import Plan

_FINEST = 4095  # places are whole numbers up to this
_TINTS = 6  # steps a channel, of the colours of the still frame


class Dots:
    """The geodesic of a plan between two pictures, as dots with colours.

    Parameters
    ----------
    plan : Plan
        From the dots of one picture to those of another, in the plane.
    colours, goals : arrays of shape (n, 3) and (m, 3), in [0, 1]
        The colours of the dots of both pictures.
    alt : str
        What is to be seen, for those who do not see it.
    size : float
        The radius of a dot as a share of the width.
    """

    def __init__(self, plan: Plan, colours, goals, *, alt: str, size: float = 0.006) -> None:
        if len(alt.split()) < 8:
            raise ValueError("alt must say in eight words or more what is to be seen")
        ends = plan.source.points[plan.rows], plan.target.points[plan.cols]
        if ends[0].ndim != 2 or ends[0].shape[1] != 2:
            raise ValueError("the dots must stand in the plane: points of shape (n, 2)")
        low = np.min([end.min(axis=0) for end in ends], axis=0)
        span = np.max([end.max(axis=0) for end in ends], axis=0) - low
        self.alt, self.size = alt, size
        self.aspect = float(span[1] / span[0])
        # from the top down, as pages count
        self.places = [
            np.round((end - low) / span * [1, -1] * _FINEST + [0, _FINEST]).astype("<u2")
            for end in ends
        ]
        tints = np.asarray(colours)[plan.rows], np.asarray(goals)[plan.cols]
        self.colours = [np.round(255 * np.clip(tint, 0, 1)).astype("u1") for tint in tints]

    def __repr__(self) -> str:
        return f"Dots({len(self.places[0])} dots)"

    def _repr_html_(self) -> str:
        packed = b"".join(array.tobytes() for array in (*self.places, *self.colours))
        data = {
            "n": len(self.places[0]),
            "aspect": round(self.aspect, 4),
            "size": self.size,
            "packed": base64.b64encode(packed).decode(),
        }
        return (
            f'<div class="otlec-dots" role="group" aria-label="{html.escape(self.alt)}">'
            f"{self._still()}"
            f'<script type="application/json" class="otlec-data">{json.dumps(data)}</script></div>'
        )

    def _still(self) -> str:
        """Half way, in few colours."""
        width, height = 1000, round(1000 * self.aspect)
        x, y = (np.mean(self.places, axis=0) / _FINEST * [width, height]).round().astype(int).T
        tints = (np.mean(self.colours, axis=0) / 255 * (_TINTS - 1)).round().astype(int)
        paths = []
        for tint in np.unique(tints, axis=0):
            here = (tints == tint).all(axis=1)
            dots = "".join(f"M{u} {v}h0" for u, v in zip(x[here], y[here], strict=True))
            shade = " ".join(map(str, (tint * 255 / (_TINTS - 1)).astype(int)))
            paths.append(f'<path d="{dots}" stroke="rgb({shade})"/>')
        wide = 2000 * self.size
        margin = round(wide)
        return (
            f'<svg viewBox="{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}" '
            f'fill="none" stroke-width="{wide:g}" stroke-linecap="round">{"".join(paths)}</svg>'
        )
