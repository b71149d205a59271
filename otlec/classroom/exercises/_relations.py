"""What a wrong result has to do with the right one: a sign, a factor, a power, an order.

What is said here is true of every input that was tried, whatever the exercise is.
"""

from collections.abc import Iterator

import numpy as np

_TRIED = "On every input that was tried"
_LEAST = 3  # so many inputs have to tell something


def _array(value) -> np.ndarray | None:
    """The value as an array of finite numbers, or None."""
    try:
        out = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    if out.dtype.kind not in "biuf" or not np.isfinite(out).all():
        return None
    return out.astype(float)


def _quantities(names, args) -> Iterator[tuple[str, float]]:
    """Numbers that a formula may hold: the arguments, and the lengths of those that are arrays."""
    for name, value in zip(names, args, strict=True):
        if isinstance(value, int | float | np.number):
            yield name, float(value)
        elif isinstance(value, np.ndarray):
            for axis, length in enumerate(value.shape):
                text = f"len({name})" if value.ndim == 1 else f"{name}.shape[{axis}]"
                yield text, float(length)
                yield f"({text} - 1)", length - 1.0


def _powers(names, args) -> dict[str, float]:
    """The same, with their squares and roots, and one over all of these."""
    out = {}
    for name, value in _quantities(names, args):
        if value > 0:
            out |= {name: value, f"{name}^2": value**2, f"sqrt({name})": value**0.5}
    return out | {f"1/{name}": 1 / value for name, value in out.items()}


def _always(values, wanted) -> bool:
    return all(np.allclose(v, w, rtol=1e-6, atol=1e-9) for v, w in zip(values, wanted, strict=True))


def _factor(found, right, quantities) -> tuple[str, str] | None:
    """A number by which all results are multiplied, the same one or one that the inputs hold."""
    ratios = [float((f * e).sum() / (e * e).sum()) for f, e in zip(found, right, strict=True)]
    if not np.isfinite(ratios).all():
        return None
    if not _always(found, [c * e for c, e in zip(ratios, right, strict=True)]):
        return None
    if np.allclose(ratios, -1.0, rtol=1e-6):
        return "another sign", f"{_TRIED} only the sign is wrong."
    named = None
    for name in quantities[0]:
        held = [q.get(name, np.nan) for q in quantities]
        if np.ptp(held) > 0 and np.allclose(ratios, held, rtol=1e-6):
            named = named or name
    if named is None and np.allclose(ratios, ratios[0], rtol=1e-6) and ratios[0]:
        named = f"{ratios[0]:.4g}"
    if named is None:
        return None
    return "a factor", f"{_TRIED} the result is {named} times what it should be."


def _power(found, right, quantities) -> tuple[str, str] | None:
    """A power to which all results are raised: a root is missing, or one too many."""
    if any((e < 0).any() or (f < 0).any() for f, e in zip(found, right, strict=True)):
        return None
    if all(np.allclose(e, e.round()) and e.max() <= 1 for e in right):
        return None  # 0 and 1 are all their powers
    for exponent, text in ((2.0, "the square of"), (0.5, "the root of"), (-1.0, "one over")):
        defined = exponent > 0 or all((e > 0).all() for e in right)
        if defined and _always(found, [e**exponent for e in right]):
            return "a power", f"{_TRIED} the result is {text} what it should be."
    for name in quantities[0]:
        held = [q.get(name, np.nan) for q in quantities]
        if np.isfinite(held).all() and _always(
            found, [e**a for e, a in zip(right, held, strict=True)]
        ):
            return "a power", f"{_TRIED} the result is what it should be to the power {name}."
    return None


def _order(found, right) -> tuple[str, str] | None:
    """The same numbers in another order."""
    if _always(found, [e[::-1] for e in right]):
        return "another order", f"{_TRIED} the result is right, read from its end."
    if all(e.ndim == 2 and e.shape[0] == e.shape[1] for e in right) and _always(
        found, [e.T for e in right]
    ):
        return "another order", f"{_TRIED} the result is right, but transposed."
    if _always([np.sort(f.ravel()) for f in found], [np.sort(e.ravel()) for e in right]):
        return "another order", f"{_TRIED} the numbers are right, but not their order."
    return None


def relation(found, right, names, inputs) -> tuple[str, str] | None:
    """What all results have in common with what they should be: a name and a sentence, or None."""
    rows = []
    for f, e, args in zip(found, right, inputs, strict=True):
        f, e = _array(f), _array(e)
        if f is None or e is None or f.shape != e.shape:
            return None
        if e.any():
            rows.append((f, e, _powers(names, args)))
        elif f.any():
            return None
    if len(rows) < _LEAST:
        return None
    found, right, quantities = (list(column) for column in zip(*rows, strict=True))
    if _always(found, right):
        return None
    with np.errstate(all="ignore"):
        return _named(found, right, quantities)


def _named(found, right, quantities) -> tuple[str, str] | None:
    if known := _factor(found, right, quantities) or _power(found, right, quantities):
        return known
    if _always([np.abs(f) for f in found], [np.abs(e) for e in right]):
        return (
            "another sign",
            f"{_TRIED} the result has the right size, and sometimes another sign.",
        )
    return _order(found, right) if all(e.ndim and e.size > 1 for e in right) else None
