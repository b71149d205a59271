"""Exercises that answer back: `otlec.check("2.3", glue)` says why an answer is wrong.

One file for each chapter holds its exercises: the judge, the hints, and the catalogue of wrong
answers. The texts and the solutions stand in ``book/x*-exercises.md``.

How far this is guarded. While a student's function runs, the public functions that would give the
answer raise an error, whatever name they were imported by; functions of otlec itself are refused as
answers. Nothing stops a student from copying the source of otlec, from calling one of its private
functions or another library, or from reading the judges: the checks serve people who want to learn.
"""

from importlib import import_module

from ..._extras import optional

optional("hypothesis", "exercises")  # makes the random inputs

from ._machine import KINDS, REGISTRY, Exercise, Mistake, exercise, find, judge  # noqa: E402
from ._show import Verdict  # noqa: E402
from ._values import array, number, require, same  # noqa: E402

# In the order of the lecture, which is that of the registry: as book/lecture.yml names them. A test
# compares; the package is installed without the book.
_FILES = (
    "reminders",
    "programs",
    "market",
    "distances",
    "gluing",
    "triples",
    "composition",
    "comparisons",
    "convergence",
    "maps",
    "geodesics",
    "encounters",
    "maps_by_hand",
    "curves",
    "barycenters",
    "shapes",
    "differentiability",
    "potentials",
    "shops",
    "continuity",
    "dynamic",
    "films",
    "riemannian",
    "rooms",
)
for _file in _FILES:
    import_module(f"{__name__}.{_file}")

__all__ = [
    "KINDS",
    "REGISTRY",
    "Exercise",
    "Mistake",
    "Verdict",
    "array",
    "exercise",
    "find",
    "judge",
    "number",
    "require",
    "same",
]
