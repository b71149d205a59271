"""The compiled kernels of the pages give the same bits as Numba, in Chromium."""

import base64
import importlib
import importlib.util
import inspect
import json
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from chromium import firefox, visit

from otlec import cost
from otlec.dynamics import line
from otlec.solvers import hungarian, network_simplex, quantile

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "webassembly.py"
LOADER = ROOT / "book" / "_live" / "loader.js"
MODULES = {
    module.__name__.removeprefix("otlec."): module
    for module in (cost, line, hungarian, network_simplex, quantile)
}

_spec = importlib.util.spec_from_file_location("webassembly", SCRIPT)
webassembly = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(webassembly)


def compile_to(out: Path, script: Path = SCRIPT, *options) -> subprocess.CompletedProcess:
    command = [sys.executable, str(script), *options, str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Path:
    """What the book loads, if it is current; compiled now, if not."""
    built = ROOT / "_build" / "live" / "kernels.js"
    if webassembly.is_current(built):
        return built
    out = tmp_path_factory.mktemp("live") / "kernels.js"
    done = compile_to(out)
    assert done.returncode == 0, done.stderr
    return out


RUN = """
async (calls) => {
  const kernels = await (window.loaded ??= otlecKernels.load(otlecCompiled));
  const kinds = {float64: Float64Array, int64: BigInt64Array};
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const text = (value) => {
    const data = value.data ?? value;
    if (typeof data === "number") return data;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    let out = "";
    for (let k = 0; k < raw.length; k += 8192)
      out += String.fromCharCode(...raw.subarray(k, k + 8192));
    return btoa(out);
  };
  return calls.map(([name, given]) => {
    const values = given.map((v) => {
      if (typeof v !== "object" || v === null) return v;
      const data = new kinds[v.kind](bytes(v.bytes));
      return v.shape.length === 1 ? data : {data, shape: v.shape};
    });
    const returned = kernels[name](...values);
    return [returned.map(text), values.filter((v) => typeof v === "object" && v).map(text)];
  });
}
"""


class Pages:
    """A page that has loaded the kernels and nothing else."""

    def __init__(self, page, compiled):
        self.page = page
        self.page.add_script_tag(path=str(compiled))
        self.page.add_script_tag(path=str(LOADER))

    def run(self, name: str, calls: list[tuple]) -> list:
        """Call a kernel in the page; what it returns, and its arrays afterwards."""
        packed = [[name, [_packed(value) for value in _flat(call)]] for call in calls]
        return self.page.evaluate(RUN, packed)


def _flat(call: tuple) -> list:
    """The arguments one after the other: a page knows no tuples."""
    return [part for v in call for part in (_flat(v) if isinstance(v, tuple) else [v])]


def _copied(value):
    if isinstance(value, tuple):
        return tuple(map(_copied, value))
    if isinstance(value, np.ndarray):  # a page widens integers of 32 bits
        return value.astype(np.int64 if value.dtype == np.int32 else value.dtype)
    return value


def _packed(value):
    if not isinstance(value, np.ndarray):
        return value.item() if isinstance(value, np.generic) else value
    content = base64.b64encode(value.tobytes()).decode()
    return {"kind": str(value.dtype), "shape": value.shape, "bytes": content}


def _bytes(value):
    return value if not isinstance(value, str) else base64.b64decode(value)


@pytest.fixture(scope="module")
def pages(browser, compiled):
    page, complaints = visit(browser, "about:blank")
    yield Pages(page, compiled)
    assert not complaints


def by_numba(kernel, call: tuple) -> list:
    """What a kernel returns, and its arrays afterwards, as bytes."""
    values = _copied(call)
    returned = kernel(*values)
    returned = () if returned is None else returned if isinstance(returned, tuple) else (returned,)
    changed = [v for v in _flat(values) if isinstance(v, np.ndarray)]
    return [
        [v.tobytes() if isinstance(v, np.ndarray) else float(v) for v in group]
        for group in (returned, changed)
    ]


def differing(pages, name: str, calls: list[tuple], kernel=None, settled=None) -> list[int]:
    """The numbers of the instances on which the page and Numba differ in a bit."""
    module, _, function = name.rpartition(".")
    kernel = kernel or getattr(importlib.import_module(f"otlec.{module}"), function)
    found = pages.run(name, calls)
    wanted = [by_numba(kernel, call) for call in calls]
    found = [[[_bytes(v) for v in group] for group in page] for page in found]
    if settled:
        found, wanted = (
            [[settled(back), after] for back, after in all_] for all_ in (found, wanted)
        )
    return [k for k, (page, numba) in enumerate(zip(found, wanted, strict=True)) if page != numba]


# ---- instances: 200 random ones of each kernel, and the edge cases ------------------------------


def _sizes(rng, count=200, most=40):
    return [1, 2, *rng.integers(1, most, count).tolist()]


def _costs(rng, n, m, k):
    """Random costs; every fourth matrix has ties, every seventh forbidden pairs."""
    matrix = rng.random((n, m))
    if k % 4 == 0:
        matrix = np.round(matrix * 4) / 4
    if k % 7 == 0 and n == m:
        forbidden = rng.random((n, m)) < 0.3
        np.fill_diagonal(forbidden, False)
        matrix[forbidden] = np.inf
    return matrix


def distance_powers(rng):
    calls = []
    for k, n in enumerate(_sizes(rng)):
        m, d = int(rng.integers(1, 30)), int(rng.integers(1, 4))
        calls.append((rng.random((n, d)), rng.random((m, d)), (1.0, 2.0)[k % 2]))
    return [*calls, (rng.random((200, 2)), rng.random((200, 2)), 2.0)]


def _started(matrix):
    row_of, col_of, phi, psi = hungarian._start(matrix)
    return matrix, phi, psi, row_of, col_of


def augment_all(rng):
    sizes = [*_sizes(rng), 200]
    calls = [_started(_costs(rng, n, n, k + 1)) for k, n in enumerate(sizes)]
    return [*calls, _started(np.full((9, 9), 0.5)), _started(np.zeros((1, 1)))]


def _rounds(rng):
    """A state in the middle of the Hungarian method: the arguments of its three steps."""
    for k, n in enumerate(_sizes(rng, most=30)):
        matrix, phi, psi, row_of, col_of = _started(_costs(rng, n, n, 4 * (k % 3)))
        barred, row = psi.copy(), n - 1 - k % 2 * (n > 1)
        work = [np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)]
        for start in range(row + 1):
            before = [matrix, phi, barred, row_of, start, *work]
            search = tuple(v.copy() if isinstance(v, np.ndarray) else v for v in before)
            sink, length, count = hungarian._search(*before)
            if sink < 0:
                break
            update = phi, psi, barred, row_of, start, length, work[2][:count], work[3]
            updated = tuple(v.copy() if isinstance(v, np.ndarray) else v for v in update)
            hungarian._update(*update)
            flip = row_of.copy(), col_of.copy(), work[1].copy(), start, sink
            hungarian._flip(row_of, col_of, work[1], start, sink)
        if sink >= 0:
            yield search, updated, flip


def search(rng):
    return [calls[0] for calls in _rounds(rng)]


def update(rng):
    return [calls[1] for calls in _rounds(rng)]


def flip(rng):
    return [calls[2] for calls in _rounds(rng)]


def _masses(rng, n, k):
    a = rng.random(n)
    if k % 3 == 0:
        a[rng.random(n) < 0.4] = 0.0
        a[rng.integers(n)] = 1.0
    return a / a.sum()


def merge(rng):
    calls = []
    for k, n in enumerate([*_sizes(rng), 500]):
        m = int(rng.integers(1, 40))
        x, y = rng.normal(size=n), rng.normal(size=m)
        if k % 5 == 0:
            x, y = np.round(x), np.round(y)
        p = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)[k % 6]
        orders = np.argsort(x), np.argsort(y)
        calls.append((x, y, _masses(rng, n, k), _masses(rng, m, k), *orders, p))
    return calls


def _watched(name, rng, most=600):
    """The arguments with which `transport` calls one of its steps, over many problems."""
    kernel, calls = getattr(network_simplex, name), []

    def watched(*arguments):
        calls.append(_copied(arguments))
        return kernel(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_simplex, name, watched)
        for k, n in enumerate([1, 2, 70, *rng.integers(1, 14, 200).tolist()]):
            m = int(rng.integers(1, 14)) if n != 70 else 80
            a, b = _masses(rng, n, k), _masses(rng, m, k)
            network_simplex.transport(a, b, _costs(rng, n, m, 4 if k % 2 else 1))
    return calls[:most]


def sweep(rng):
    return _watched("_sweep", rng)


def measure(rng):
    return _watched("_measure", rng)


def pivot(rng):
    return _watched("_pivot", rng)


def drive(rng):
    return _watched("_drive", rng)


def entries(rng):
    return _watched("_entries", rng)


def _grids(rng):
    for k in range(202):
        steps, n, m = (int(v) for v in rng.integers(2, 8, 3))
        if k % 2 == 0:
            n = 1
        if k == 0:
            steps, m = 32, 64
        yield k, steps, n, m


def _fields(rng, steps, n, m):
    faces = [(steps + 1, n, m), (steps, n + 1, m), (steps, n, m + 1)]
    dual = tuple(rng.normal(size=(steps, n, m)) for _ in range(3))
    return tuple(rng.normal(size=s) for s in faces), dual


def divergence_of_spread(rng):
    calls = []
    for _, steps, n, m in _grids(rng):
        _, dual = _fields(rng, steps, n, m)
        calls.append((dual, tuple(rng.random(3).tolist()), np.zeros((steps, n, m)), 0, steps))
    return calls


def primal_step(rng):
    calls = []
    for _, steps, n, m in _grids(rng):
        faces, dual = _fields(rng, steps, n, m)
        bars = tuple(np.zeros_like(u) for u in faces)
        potential = rng.normal(size=(steps, n, m))
        step, *scales, relax = rng.random(5).tolist()
        calls.append((faces, bars, dual, potential, step, tuple(scales), relax, 0, steps))
    return calls


def _dual_calls(rng, exponents):
    calls = []
    for k, steps, n, m in _grids(rng):
        faces, dual = _fields(rng, steps, n, m)
        if k % 5 == 0:
            faces[1][:], faces[2][:], dual[1][:], dual[2][:] = 0.0, 0.0, 0.0, 0.0
        sums = tuple(np.zeros((steps, m)) for _ in range(3))
        calls.append((faces, dual, 0.3, 1.8, exponents[k % len(exponents)], sums, 0, steps))
    return calls


def dual_step(rng):
    return _dual_calls(rng, [1.0])


def _corner_calls(rng):
    for k, steps, n, m in _grids(rng):
        ends = tuple(rng.random((2, n, m)))
        free = (rng.random((n, m)) < 0.8).astype(float) if k % 3 == 0 else np.ones((n, m))
        scales, wraps = tuple((1 + 9 * rng.random(3)).tolist()), (k % 2, k // 2 % 2)
        yield ends, free, scales, wraps, (2.0, 1.0)[k % 7 == 0], rng.normal(size=(4, steps, n, m))


def carry_to_corners(rng):
    return [
        (0.1 * fields[0], ends, free, scales, wraps, p, tuple(np.zeros_like(fields)))
        for ends, free, scales, wraps, p, fields in _corner_calls(rng)
    ]


def certify(rng):
    return [
        (tuple(fields.copy()), ends, free, scales, p)
        for ends, free, scales, _, p, fields in _corner_calls(rng)
    ]


def dual_step_quadratic(rng):
    return [(*call[:4], 0.5, 1.0, 1e-13, *call[5:]) for call in _dual_calls(rng, [2.0])]


def prepare(rng):
    calls = []
    for _, steps, _, half in _grids(rng):
        n, scales = 2 * half, tuple((1 + 9 * rng.random(3)).tolist())
        cosines = np.cos(0.5 * np.pi * np.arange(4 * n) / n)
        calls.append((cosines, scales, np.zeros((4, half, half)), np.zeros((steps, 1, n))))
    return calls


def _levels(rng):
    """Random fields on the line, and what solves Poisson's equation there."""
    for call in prepare(rng):
        line.prepare(*call)
        _, scales, tables, pivots = call
        steps, _, n = pivots.shape
        yield (*_fields(rng, steps, 1, n), (np.zeros(pivots.shape), tables, pivots), scales)


def iterate(rng):
    calls = []
    for k, (faces, dual, solver, scales) in enumerate(_levels(rng)):
        bar = tuple(rng.normal(size=u.shape) for u in faces)
        sums = tuple(np.zeros((len(dual[0]), dual[0].shape[2])) for _ in range(3))
        calls.append((faces, bar, dual, *solver, scales, 0.3, 1.8, (1.0, 2.0)[k % 2], sums))
    return calls


def bound(rng):
    calls = []
    for k, (_, dual, solver, scales) in enumerate(_levels(rng)):
        dual = tuple(0.1 * v for v in dual)
        n = dual[0].shape[2]
        ends, fields = tuple(rng.random((2, 1, n))), tuple(np.zeros((4, *dual[0].shape)))
        calls.append((dual, ends, np.ones((1, n)), *solver, scales, (1.0, 2.0)[k % 2], fields))
    return calls


INSTANCES = {
    "cost._distance_powers": distance_powers,
    "solvers.hungarian._augment_all": augment_all,
    "solvers.hungarian._search": search,
    "solvers.hungarian._update": update,
    "solvers.hungarian._flip": flip,
    "solvers.quantile._merge": merge,
    "solvers.network_simplex._drive": drive,
    "solvers.network_simplex._entries": entries,
    "dynamics.line.prepare": prepare,
    "dynamics.line.iterate": iterate,
    "dynamics.line.bound": bound,
    # what Python in the page calls: tests/test_webassembly_python.py
    "solvers.network_simplex._sweep": sweep,
    "solvers.network_simplex._measure": measure,
    "solvers.network_simplex._pivot": pivot,
    "dynamics.primal._divergence_of_spread": divergence_of_spread,
    "dynamics.primal._primal_step": primal_step,
    "dynamics.proximal._dual_step": dual_step,
    "dynamics.proximal._dual_step_quadratic": dual_step_quadratic,
    "dynamics.corners._carry_to_corners": carry_to_corners,
    "dynamics.corners._certify": certify,
}


# The page adds two numbers at a time, so that sums over all cells differ in their last digits.
SETTLED = {"dynamics.line.iterate": lambda returned: [f"{v:.10g}" for v in returned]}


@pytest.mark.browser
@pytest.mark.needs_jit
@pytest.mark.parametrize("name", webassembly.KERNELS)
def test_the_page_computes_the_same_bits_as_numba(pages, name):
    calls = INSTANCES[name](np.random.default_rng(6))
    assert len(calls) >= 200
    assert differing(pages, name, calls, settled=SETTLED.get(name)) == []


@pytest.mark.browser
@pytest.mark.needs_jit
def test_firefox_computes_the_same_bits_where_one_is_found(compiled, tmp_path):
    with firefox(tmp_path) as page:
        pages = Pages(page, compiled)
        for name in webassembly.KERNELS:
            calls = INSTANCES[name](np.random.default_rng(6))
            assert differing(pages, name, calls, settled=SETTLED.get(name)) == []


@pytest.mark.browser
@pytest.mark.needs_jit
def test_other_powers_agree_to_rounding(pages):
    rng = np.random.default_rng(7)
    calls = [(rng.random((9, 2)), rng.random((8, 2)), p) for p in (1.3, 3.0, 4.0, 7.7)]
    for (returned, _), call in zip(pages.run("cost._distance_powers", calls), calls, strict=True):
        found = np.frombuffer(base64.b64decode(returned[0]))
        np.testing.assert_allclose(found, cost._distance_powers(*call).ravel(), rtol=1e-14)
    calls = [(*call[:-2], 1.5 + k % 2, call[-1]) for k, call in enumerate(iterate(rng))]
    for (_, changed), call in zip(pages.run("dynamics.line.iterate", calls), calls, strict=True):
        line.iterate(*call)
        for k, wanted in enumerate([v for v in _flat(call) if isinstance(v, np.ndarray)]):
            found = np.frombuffer(base64.b64decode(changed[k]))
            np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-9, atol=1e-11)


@pytest.mark.browser
@pytest.mark.needs_jit
def test_one_changed_instruction_is_noticed(pages, tmp_path):
    text = Path(hungarian.__file__).read_text()
    changed = text.replace("psi[j] -= slack", "psi[j] += slack")
    assert changed != text
    file = tmp_path / "changed.py"
    file.write_text(changed)
    spec = importlib.util.spec_from_file_location("otlec.solvers.changed", file)
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    calls = update(np.random.default_rng(6))
    assert len(differing(pages, "solvers.hungarian._update", calls, other._update)) > 50


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Two copies of the sources in other folders."""
    folders = [tmp_path_factory.mktemp(name) for name in ("here", "a folder elsewhere")]
    for folder in folders:
        shutil.copytree(ROOT / "otlec", folder / "otlec", ignore=lambda *_: ["__pycache__"])
        (folder / "scripts").mkdir()
        shutil.copy(SCRIPT, folder / "scripts")
    return folders


@pytest.mark.parametrize("name", webassembly.KERNELS | webassembly.FOR_PYTHON)
def test_each_kernel_is_there_and_takes_so_many_arguments(name):
    module, _, function = name.rpartition(".")
    kernel = getattr(importlib.import_module(f"otlec.{module}"), function)
    types = (webassembly.KERNELS | webassembly.FOR_PYTHON)[name]
    assert len(inspect.signature(getattr(kernel, "py_func", kernel)).parameters) == len(types)


@pytest.mark.needs_jit
def test_the_output_is_the_same_in_any_folder_and_small(copies, compiled):
    out = copies[1] / "kernels.js"
    done = compile_to(out, copies[1] / "scripts" / "webassembly.py")
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == compiled.read_bytes()
    assert out.stat().st_size <= 40_000
    assert len(webassembly.KERNELS) >= 6


@pytest.mark.needs_jit
def test_no_error_of_a_kernel_carries_the_folder_it_was_compiled_in(copies):
    out = copies[1] / "kernels-for-python.js"
    done = compile_to(out, copies[1] / "scripts" / "webassembly.py", "--python")
    assert done.returncode == 0, done.stderr
    packed = re.search('"packed":"([^"]+)"', out.read_text())[1]
    module = zlib.decompress(base64.b64decode(packed))
    assert b"parts._walk" in module
    assert b".py" not in module


@pytest.mark.needs_jit
def test_a_change_of_a_source_makes_the_output_stale(copies):
    folder = copies[0]
    script = folder / "scripts" / "webassembly.py"
    spec = importlib.util.spec_from_file_location("webassembly_copy", script)
    copied = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copied)
    out = folder / "kernels.js"
    out.write_text(copied.header() + "\nthe rest")
    assert copied.is_current(out)
    compile_to(out, script)
    assert out.read_text().endswith("the rest")  # it was left alone
    source = folder / "otlec" / "solvers" / "hungarian.py"
    source.write_text(source.read_text().replace("psi[j] -= slack", "psi[j] += slack"))
    assert not copied.is_current(out)


@pytest.mark.needs_jit
@pytest.mark.parametrize(
    ("body", "reason"),
    [("np.random.random() * x[0]", "no page can give"), ("x.no_such_thing", "no_such_thing")],
)
def test_a_kernel_that_cannot_be_compiled_fails_with_its_reason(copies, body, reason):
    folder = copies[1]
    source = folder / "otlec" / "unfit.py"
    source.write_text(
        "import numpy as np\nfrom ._kernel import kernel\n\n\n"
        f"@kernel\ndef _unfit(x):\n    return {body}\n"
    )
    script = folder / "scripts" / "unfit.py"
    text = SCRIPT.read_text()
    start, end = text.index("KERNELS = {"), text.index("# What the loader")
    script.write_text(text[:start] + 'KERNELS = {"unfit._unfit": [VECTOR]}\n' + text[end:])
    out = folder / "unfit.js"
    done = compile_to(out, script)
    assert done.returncode != 0
    assert reason in done.stderr
    assert not out.exists()


@pytest.mark.browser
def test_the_loader_refuses_what_does_not_fit_and_says_why(pages):
    def fails(code):
        return pages.page.evaluate(
            f"""async () => {{
              const k = await (window.loaded ??= otlecKernels.load(otlecCompiled));
              try {{ {code}; return "" }} catch (error) {{ return error.message }}
            }}"""
        )

    matrix = "{data: new Float64Array(%s), shape: [%s, 1]}"
    powers = 'k["cost._distance_powers"]'
    small, large = matrix % (2, 2), matrix % (5000, 5000)
    assert fails(f"{powers}({small}, {small}, 2)") == ""
    assert "too large for a page" in fails(f"{powers}({large}, {large}, 2)")
    assert fails(f"{powers}({small}, {small}, 2)") == ""
    assert "takes 3 arguments" in fails(f"{powers}({small})")
    assert "takes an array 2float64" in fails(f"{powers}(new Float64Array(2), {small}, 2)")
    assert "takes an array 1int64" in fails(
        f'k["solvers.hungarian._flip"]({", ".join(["new Float64Array(1)"] * 3)}, 0, 0)'
    )


@pytest.mark.browser
@pytest.mark.needs_jit
def test_lasting_arrays_are_written_where_they_lie_and_outlast_a_growing_memory(pages):
    cosines, scales, tables, pivots = prepare(np.random.default_rng(8))[0]
    found = pages.page.evaluate(
        """async ([cosines, scales, most, cells]) => {
          const k = await (window.loaded ??= otlecKernels.load(otlecCompiled));
          k.forget();
          const tables = k.lasting(...most), pivots = k.lasting(...cells);
          const run = () => {
            tables.data.fill(0);
            k["dynamics.line.prepare"](Float64Array.from(cosines), ...scales, tables, pivots);
            return [...tables.data, ...pivots.data];
          };
          const first = run(), size = k.memory.buffer.byteLength;
          const many = {data: new Float64Array(1500), shape: [1500, 1]};
          k["cost._distance_powers"](many, many, 2);
          const grown = k.memory.buffer.byteLength > size, second = run();
          k.forget();
          return [first, second, grown];
        }""",
        [cosines.tolist(), scales, tables.shape, pivots.shape],
    )
    line.prepare(cosines, scales, tables, pivots)
    wanted = [*tables.ravel().tolist(), *pivots.ravel().tolist()]
    assert found == [wanted, wanted, True]


@pytest.mark.needs_jit
def test_the_header_names_every_source(compiled):
    head, _, rest = compiled.read_text().partition("*/")
    for module in MODULES:
        assert f"otlec/{module.replace('.', '/')}.py" in head
    types = json.loads(rest.partition("=")[2].strip().rstrip(";"))["types"]
    assert set(types) == set(webassembly.KERNELS)
