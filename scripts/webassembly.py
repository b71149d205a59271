"""Compile kernels of otlec to WebAssembly, so that they run in the pages of the book.

usage: webassembly.py [--force] [--python] OUT.js

Numba makes LLVM code of a kernel on its way to machine code, and LLVM knows the machine that every
browser has. So the code is taken halfway, given the layout of that machine, optimised, and written
as one module in one script. The Python source stays the only source. The output depends on nothing
but the sources and the versions of numba and llvmlite: the same bytes in any folder.

This runs in a process of its own, because the settings below must stand before numba is imported:
no optimisation yet, and nothing that only this processor has. It touches parts of numba that are
not public, hence the check of each step; where one fails, so does the build of the book.
Emscripten would need a toolchain that pip does not install, Pyodide 10 MB in each page.
"""

import argparse
import base64
import gc
import hashlib
import importlib
import importlib.metadata
import json
import multiprocessing
import os
import sys
import types
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1]
ROOT, PACKAGE = ENGINE, "otlec"
if os.environ.get("LECTURE"):  # another lecture, with kernels of its own
    import yaml

    ROOT = Path(os.environ["LECTURE"]).resolve()
    _said = (ROOT / "book" / "lecture.yml").read_text(encoding="utf-8")
    PACKAGE = yaml.safe_load(_said)["lecture"]["package"]

MATRIX, VECTOR, INDICES, GRID = "f8[:,::1]", "f8[::1]", "i8[::1]", "f8[:,:,::1]"
# three of a kind: the page passes them one after the other
GRIDS, MATRICES, SCALARS = (f"UniTuple({kind}, 3)" for kind in (GRID, MATRIX, "f8"))
ENDS, FIELDS = f"UniTuple({MATRIX}, 2)", f"UniTuple({GRID}, 4)"
WRAPS = "UniTuple(i8, 2)"
# Each kernel that the pages call, with the types of its arguments.
KERNELS = {
    "cost._distance_powers": [MATRIX, MATRIX, "f8"],
    "solvers.hungarian._augment_all": [MATRIX, *2 * [VECTOR], *2 * [INDICES]],
    "solvers.hungarian._search": [
        MATRIX,
        *2 * [VECTOR],
        INDICES,
        "i8",
        VECTOR,
        *2 * [INDICES],
        VECTOR,
    ],
    "solvers.hungarian._update": [*3 * [VECTOR], INDICES, "i8", "f8", INDICES, VECTOR],
    "solvers.hungarian._flip": [*3 * [INDICES], *2 * ["i8"]],
    "solvers.quantile._merge": [*4 * [VECTOR], *2 * [INDICES], "f8"],
    "solvers.network_simplex._drive": [MATRIX, INDICES, VECTOR, *2 * ["f8"], *3 * ["i8"]],
    "solvers.network_simplex._entries": [*4 * [INDICES], "i8"],
    "dynamics.line.prepare": [VECTOR, SCALARS, *2 * [GRID]],
    "dynamics.line.iterate": [*3 * [GRIDS], *3 * [GRID], SCALARS, *3 * ["f8"], MATRICES],
    "dynamics.line.bound": [GRIDS, ENDS, MATRIX, *3 * [GRID], SCALARS, "f8", FIELDS],
}
# What the loader (book/_live/loader.js) gives to the module.
IMPORTS = {
    *("pow", "exp", "log", "memset", "memcpy", "memmove", "__multi3", "NRT_MemInfo_alloc_aligned"),
}
# What Python in the page asks for too (scripts/page_python.py): live figures need not carry it.
COSTS = f"Tuple(({MATRIX}, none))"  # a matrix, and no cloud of points
FOR_PYTHON = {
    "cost.costs_of_pairs": [*2 * [MATRIX], "f8", *2 * [INDICES]],
    "solvers.auction.bid": [
        *[f"Tuple(({COSTS}, none))", f"UniTuple({VECTOR}, 2)", f"UniTuple({INDICES}, 2)"],
        *["f8", "UniTuple(i8, 2)", f"Tuple((i8[:,::1], {MATRIX}, {INDICES}, {VECTOR}))"],
    ],
    "solvers.clear._doubts": [MATRIX, INDICES, *2 * [VECTOR], "f8"],
    "solvers.exact._hang": [*2 * [INDICES], *2 * ["i8"]],
    "solvers.exact._peel": [*3 * [INDICES], VECTOR, "i8"],
    "solvers.quantile._value": [*4 * [VECTOR], *2 * ["f8"]],
    "solvers.assignment_routes._lowest_prices": [COSTS, VECTOR, *2 * [INDICES]],
    "solvers.assignment_routes._bid_on_rows": [MATRIX, *2 * [VECTOR], *2 * [INDICES], "i8"],
    "evidence._near": [MATRIX, *4 * [VECTOR], "boolean"],
    "parts._walk": [*2 * [INDICES], VECTOR, *2 * ["i8"]],
    "parts._handed_on": [*2 * [INDICES], VECTOR, INDICES, "i8"],
    "solvers.network_simplex._sweep": [
        *[MATRIX, VECTOR, VECTOR, "f8", "i8[:,::1]", MATRIX, INDICES, INDICES]
    ],
    "solvers.network_simplex._measure": [MATRIX, VECTOR, INDICES, INDICES, VECTOR],
    "solvers.network_simplex._pivot": [
        *["i8[:,::1]", MATRIX, INDICES, "f8", *6 * [INDICES], VECTOR, "i8"]
    ],
    "dynamics.primal._divergence_of_spread": [GRIDS, SCALARS, GRID, "i8", "i8"],
    "dynamics.primal._primal_step": [*3 * [GRIDS], GRID, "f8", SCALARS, "f8", "i8", "i8"],
    "dynamics.proximal._dual_step": [*2 * [GRIDS], *3 * ["f8"], MATRICES, "i8", "i8"],
    "dynamics.proximal._dual_step_quadratic": [*2 * [GRIDS], *5 * ["f8"], MATRICES, "i8", "i8"],
    "dynamics.corners._carry_to_corners": [*[GRID, ENDS, MATRIX, SCALARS, WRAPS, "f8", FIELDS]],
    "dynamics.corners._certify": [FIELDS, ENDS, MATRIX, SCALARS, "f8"],
    "dynamics.corners._lower_in_time": [FIELDS, MATRIX, SCALARS, WRAPS, "f8"],
    "dynamics.primal._solve_in_time": [*2 * [GRID], *2 * ["i8"]],
}
if ROOT != ENGINE:
    _types = {"matrix": MATRIX, "vector": VECTOR, "indices": INDICES, "number": "f8"}
    _read = yaml.safe_load((ROOT / "book" / "_live" / "kernels.yml").read_text(encoding="utf-8"))
    KERNELS = {name: [_types[word] for word in words] for name, words in _read.items()}
    FOR_PYTHON = {}
# These are called once in a hundred frames: the fewer bytes the better.
SELDOM = {"dynamics.line.prepare", "dynamics.line.bound"}
SELDOM |= {name for name in FOR_PYTHON if name.startswith("dynamics.corners.")}
SETTINGS = {
    "NUMBA_OPT": "0",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_DISABLE_JIT": "0",
    "NUMBA_BOUNDSCHECK": "0",
    "NUMBA_DEBUGINFO": "0",
}
FEATURES = "+simd128,+bulk-memory"  # in every browser since 2023
# LLVM thinks that two numbers at a time do not pay here; measured, they save a third of the time.
VECTORS = ["-force-vector-width=2", "-force-vector-interleave=4"]


def _file(name: str) -> Path:
    """The source file of a kernel, as ``solvers.hungarian._flip``."""
    return ROOT.joinpath(PACKAGE, *name.split(".")[:-1]).with_suffix(".py")


def modules() -> list[Path]:
    """The source files that the kernels come from."""
    return sorted({_file(name) for name in [*KERNELS, *FOR_PYTHON]})


def fingerprint() -> str:
    """A digest of all that the output depends on."""
    digest = hashlib.sha256()
    for package in ("numba", "llvmlite"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    sources = sorted((ROOT / PACKAGE).rglob("*.py"))  # a kernel may call those of other modules
    for file in (Path(__file__), *sources):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def header() -> str:
    """The first lines of the output: where it comes from."""
    lines = [f"/* Kernels of {PACKAGE} as WebAssembly, made by scripts/webassembly.py from"]
    for file in modules():
        digest = hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        lines.append(f"   {file.relative_to(ROOT).as_posix()} (sha256 {digest[:16]})")
    lines.append(f"   with numba {importlib.metadata.version('numba')}. Do not edit.")
    return "\n".join([*lines, f"   fingerprint {fingerprint()} */"])


def is_current(file: Path) -> bool:
    """Whether the file was made from the sources as they are now."""
    return file.exists() and file.read_text(encoding="utf-8").startswith(header())


def prepare() -> None:
    """Settings, and an ``otlec`` whose kernels are compiled for other kernels, not for Python."""
    os.environ.update(SETTINGS)
    gc.disable()  # this process is short
    sys.modules["scipy"] = None  # where numba looks for a BLAS, which no page has
    for name, root in {PACKAGE: ROOT, "otlec": ENGINE}.items():
        package = types.ModuleType(name)  # its modules without __init__, which imports them all
        package.__path__ = [str(root / name)]
        sys.modules[name] = package
    import numba
    from numba.core.codegen import JITCodeLibrary
    from numba.core.pythonapi import PythonAPI
    from numba.core.runtime.context import NRTContext

    # No kernel runs here: it needs no machine code. And the page frees the arrays of a call all at
    # once, so that nobody has to count who uses them.
    JITCodeLibrary._finalize_specific = lambda self: None
    NRTContext.incref = NRTContext.decref = lambda *_: None
    # A page knows that a kernel has failed, and asks no further: the pickled error would carry the
    # folders of this machine.
    serialized = PythonAPI.serialize_object
    PythonAPI.serialize_object = lambda self, _: serialized(self, None)
    # as in otlec/_kernel.py, but nothing is kept on disk
    _kernel = importlib.import_module("otlec._kernel")
    _kernel.kernel = _kernel.driver = numba.njit(
        error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )


def lower(names_and_types, machine):
    """Numba's LLVM code of all kernels in one module, and the types that they take and return."""
    import llvmlite.binding as llvm
    from numba.core import sigutils

    whole, signatures = None, {}
    for name, argument_types in names_and_types.items():
        module_name, _, kernel_name = name.rpartition(".")
        kernel = getattr(importlib.import_module(f"{PACKAGE}.{module_name}"), kernel_name)
        arguments, _ = sigutils.normalize_signature(f"({', '.join(argument_types)},)")
        kernel.compile(arguments)
        result = kernel.overloads[arguments]
        # Numba forbids inlining, for its own bookkeeping; no kernel unwinds anything. The machine
        # takes square roots itself.
        code = result.library.get_llvm_str().replace("noinline", "nounwind")
        code = code.replace("@sqrt(", "@llvm.sqrt.f64(")
        part = llvm.parse_assembly(code)
        part.triple, part.data_layout = machine.triple, str(machine.target_data)
        for thing in part.functions:
            if not thing.is_declaration:
                thing.linkage = "linkonce_odr"  # what two kernels call is kept once
        for thing in part.global_variables:
            if not thing.is_declaration:
                thing.linkage = "internal"
        for function in part.functions if name in SELDOM else ():
            function.add_function_attribute("minsize")
        entry = part.get_function(result.fndesc.llvm_func_name)
        entry.linkage = "external"
        entry.name = name
        if whole is None:
            whole = part
        else:
            whole.link_in(part)
        returned = [t for t in _parts(result.signature.return_type) if str(t) != "none"]
        taken = [part for argument in arguments for part in _parts(argument)]
        signatures[name] = [[_type_name(t) for t in group] for group in (returned, taken)]
    for function in whole.functions:
        if not function.is_declaration and function.name not in names_and_types:
            function.linkage = "internal"
    return whole, signatures


def _written(function, argument_types: list[str]) -> list[int]:
    """The numbers of the arrays that a kernel may write to, which are copied back."""
    arguments, found = list(function.arguments)[2:], []  # after the result and the exception
    for k, name in enumerate(argument_types):
        words = 5 + 2 * int(name[0]) if name[0].isdigit() else 1
        data = {str(a, "utf-8") for a in arguments[4].attributes} if words > 1 else {"readonly"}
        if not data & {"readonly", "readnone"}:
            found.append(k)
        arguments = arguments[words:]
    return found


def _parts(numba_type) -> list:
    """The types of a tuple, which comes in parts, as do tuples in it; else the type itself."""
    if not hasattr(numba_type, "types"):
        return [numba_type]
    return [part for inner in numba_type.types for part in _parts(inner)]


def _type_name(numba_type) -> str:
    """``float64``, ``int64``, or with the number of axes first, ``2float64``."""
    dimensions = getattr(numba_type, "ndim", "")
    name = str(getattr(numba_type, "dtype", numba_type))
    if name not in ("float64", "int64") and (dimensions or name not in ("bool", "none")):
        raise TypeError(f"the loader knows float64 and int64, and not {numba_type}")
    return f"{dimensions}{name}"


def target():
    """The machine of every browser."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return llvm.Target.from_triple("wasm32-unknown-unknown").create_target_machine(
        cpu="mvp", features=FEATURES, opt=3, reloc="static", codemodel="default"
    )


def optimised(kernels: dict[str, list[str]]) -> tuple[str, dict]:
    """The LLVM code of some kernels, and the types of each: returned, taken, and what it writes."""
    import llvmlite.binding as llvm

    machine = target()
    for option in VECTORS:
        llvm.set_option("webassembly", option)
    whole, signatures = lower(kernels, machine)
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(whole, passes)
    for name, types_ in signatures.items():
        types_.append(_written(whole.get_function(name), types_[1]))
    return str(whole), signatures


def compile_all(kernels: dict[str, list[str]]) -> tuple[bytes, dict]:
    """The module as bytes, and the types of each kernel.

    Nearly all of the time is spent in numba, so two processes share the modules, longest first.
    """
    import llvmlite.binding as llvm

    shares = {}
    for name, types_ in kernels.items():
        shares.setdefault(_file(name), {})[name] = types_
    longest = sorted(shares, key=lambda file: -file.stat().st_size)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(2, len(shares)), context, initializer=prepare) as pool:
        waiting = {name: pool.submit(optimised, shares[name]) for name in longest}
        parts = [waiting[name].result() for name in shares]
    machine = target()
    whole, *others = (llvm.parse_assembly(code) for code, _ in parts)
    for other in others:
        whole.link_in(other)
    signatures = {name: types_ for _, part in parts for name, types_ in part.items()}
    signatures = {name: signatures[name] for name in kernels}
    return export(machine.emit_object(whole), list(kernels)), signatures


def export(unlinked: bytes, names: list[str]) -> bytes:
    """Turn LLVM's object file into a module that a browser loads.

    The indices in the object are final already. It lacks only the section of its exports, which
    is put together from the table of symbols; the sections for a linker are dropped.
    """
    sections, symbols, at = [], {}, 8
    while at < len(unlinked):
        kind = unlinked[at]
        size, at = _number(unlinked, at + 1)
        body = unlinked[at : at + size]
        at += size
        if kind != 0:
            sections.append((kind, body))
            continue
        length, start = _number(body, 0)
        if body[start : start + length] == b"linking":
            symbols = _symbols(body, start + length)
    missing = _imports(sections) - IMPORTS
    if missing:
        raise RuntimeError(f"the kernels call {sorted(missing)}, which no page can give them")
    entries = b"".join(_text(name) + b"\0" + _encoded(symbols[name]) for name in names)
    place = next(k for k, (kind, _) in enumerate(sections) if kind >= 8)
    sections.insert(place, (7, _encoded(len(names)) + entries))
    return unlinked[:8] + b"".join(
        bytes([kind]) + _encoded(len(body)) + body for kind, body in sections
    )


def _imports(sections: list[tuple[int, bytes]]) -> set[str]:
    """The names of the functions that the module asks for."""
    names = set()
    body = next(body for kind, body in sections if kind == 2)
    count, at = _number(body, 0)
    for _ in range(count):
        length, at = _number(body, at)
        length, at = _number(body, at + length)
        name = body[at : at + length].decode()
        at += length
        kind = body[at]
        if kind == 0:
            names.add(name)
            _, at = _number(body, at + 1)
        elif kind in (1, 2):  # a table has a type before its limits, a memory has not
            flags, at = _number(body, at + 3 - kind)
            for _ in range(1 + (flags & 1)):
                _, at = _number(body, at)
        else:  # a global: its type, and whether it changes
            at += 3
    return names


def _symbols(body: bytes, at: int) -> dict[str, int]:
    """The index of each function that the object defines, by its name.

    The format is that of the WebAssembly object file linking convention, version 2.
    """
    version, at = _number(body, at)
    if version != 2:
        raise RuntimeError(f"LLVM's linking section has version {version}, and not 2")
    found = {}
    while at < len(body):
        section = body[at]
        size, at = _number(body, at + 1)
        end = at + size
        if section == 8:
            count, at = _number(body, at)
            for _ in range(count):
                at = _symbol(body, at, found)
        at = end
    return found


def _symbol(body: bytes, at: int, found: dict[str, int]) -> int:
    function, data, table_of_sections = 0, 1, 3
    undefined, named = 0x10, 0x40
    kind = body[at]
    flags, at = _number(body, at + 1)
    index = None
    if kind != data:
        index, at = _number(body, at)
        if kind == table_of_sections or (flags & undefined and not flags & named):
            return at
    length, at = _number(body, at)
    name = body[at : at + length].decode()
    at += length
    if kind == function and not flags & undefined:
        found[name] = index
    if kind == data and not flags & undefined:
        for _ in range(3):
            _, at = _number(body, at)
    return at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number, seven bits a byte; return it and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        shift += 7
        at += 1
        if byte < 128:
            return value, at


def _encoded(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _text(name: str) -> bytes:
    return _encoded(len(name.encode())) + name.encode()


def script(kernels: dict[str, list[str]]) -> str:
    """The text of the output."""
    wasm, signatures = compile_all(kernels)
    packed = base64.b64encode(zlib.compress(wasm, 9)).decode()
    data = {"types": signatures, "size": len(wasm), "packed": packed}
    text = json.dumps(data, separators=(",", ":"))
    return f"{header()}\nconst otlecCompiled = {text};\n"


def main() -> int:
    """Write the script if it is not current."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="the script file to write")
    parser.add_argument("--force", action="store_true", help="even if it is current")
    parser.add_argument("--python", action="store_true", help="with those for Python in the page")
    options = parser.parse_args()
    out = options.out
    if is_current(out) and not options.force:
        return 0
    text = script(KERNELS | FOR_PYTHON if options.python else KERNELS)
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_suffix(f".{os.getpid()}")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(out)  # at once: another build may be reading
    return 0


if __name__ == "__main__":
    sys.exit(main())
