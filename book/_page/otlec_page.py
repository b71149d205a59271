"""Lends the kernels that the book has compiled to WebAssembly to otlec's plain Python.

``otlec/_kernel.py`` asks `KERNELS` by the name of a kernel and the types of its arguments. The
kernel's memory is another than Python's: arrays go there as their addresses and shapes, and are
copied, and copied back where it writes to them (``lend`` in ``book/_live/loader.js``).
"""

import js
import numpy as np
from pyodide.ffi import JsException


def _address(array):
    return array.__array_interface__["data"][0]


OUT = np.empty(100)  # where kernels put what they return
OUT_ADDRESS = _address(OUT)


def _lent(name, returned, written):
    function, copy = getattr(js.otlecCompiledKernels, name), js.otlecCompiledKernels.copy
    returned = [(int(kind[0]) if kind[0].isdigit() else 0, kind) for kind in returned]
    size = sum(1 + axes for axes, _ in returned)

    def call(*arguments):
        numbers, widened = [], []
        for k, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                if argument.itemsize == 4:  # int32
                    wide = argument.astype(np.int64)
                    widened.append((argument, wide, k in written))
                    argument = wide
                numbers += _address(argument), *argument.shape
            else:
                numbers.append(
                    float(argument) if isinstance(argument, float) else int(argument or 0)
                )
        try:
            function(OUT_ADDRESS, *numbers)
        except JsException:  # it raises, or needs too much memory: plain Python says what is wrong
            return NotImplemented
        CALLED.add(name)
        for array, wide, is_written in widened:
            if is_written:
                array[...] = wide
        values, out = [], iter(OUT[:size].tolist())
        for axes, kind in returned:
            value = next(out)
            if axes:
                array = np.empty([int(next(out)) for _ in range(axes)], kind[1:])
                copy(int(value), _address(array), array.nbytes)
                values.append(array)
            else:
                values.append(value if kind == "float64" else int(value))
        return values[0] if len(values) == 1 else tuple(values) or None

    return call


KERNELS = {}
CALLED = set()  # those that have served
for _entry in js.otlecCompiledTypes.to_py().items():
    _name, (_returned, _taken, _written) = _entry
    KERNELS[_name] = {tuple(_taken): _lent(_name, _returned, set(_written))}
