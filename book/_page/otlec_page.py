"""Lends the kernels that the book has compiled to WebAssembly to otlec's plain Python.

``otlec/_kernel.py`` asks `KERNELS` by the name of a kernel and the types of its arguments. Arrays
are copied into the kernel's memory, and back where it writes to them (``book/_live/loader.js``).
"""

import js
import numpy as np
from pyodide.ffi import JsException, to_js


def _to_js(array):
    if array.dtype == np.int32:
        array = array.astype(np.int64)
    flat = to_js(array.ravel())  # a typed array, copied
    if array.ndim == 1:
        return flat, flat
    shape = js.Array.new(*map(int, array.shape)) if array.ndim > 1 else None
    return js.Object.fromEntries(to_js([["data", flat], ["shape", shape]])), flat


def _from_js(value, kind):
    if kind[0].isdigit():
        if kind[0] == "1":
            return np.array(value.to_py(), dtype=kind[1:])
        return np.array(value.data.to_py(), dtype=kind[1:]).reshape(value.shape.to_py())
    return float(value) if kind == "float64" else int(value)


def _lent(name, returned, written):
    function = getattr(js.otlecCompiledKernels, name)

    def call(*arguments):
        lent, back = [], []
        for k, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                value, flat = _to_js(argument)
                lent.append(value)
                if k in written:
                    back.append((argument, flat))
            else:
                lent.append(float(argument) if isinstance(argument, float) else int(argument or 0))
        try:
            out = function(*lent)
        except JsException:  # it raises, or needs too much memory: plain Python says what is wrong
            return NotImplemented
        CALLED.add(name)
        for array, flat in back:
            array.reshape(-1)[:] = np.asarray(flat.to_py())
        values = [_from_js(value, kind) for value, kind in zip(out, returned, strict=True)]
        return values[0] if len(values) == 1 else tuple(values) or None

    return call


KERNELS = {}
CALLED = set()  # those that have served
for _entry in js.otlecCompiledTypes.to_py().items():
    _name, (_returned, _taken, _written) = _entry
    KERNELS[_name] = {tuple(_taken): _lent(_name, _returned, set(_written))}
