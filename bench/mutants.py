"""Mutants: small errors put into the exact solvers, each of which a test has to notice.

`python bench/mutants.py` applies the mutants made by hand; `--sample 40 --seed 1` draws more from
the comparisons and signs of the modules below. A mutant lives if its module's tests pass. The
status says whether any of those made by hand do.

Each mutant is imported in a process of its own, forked from one that holds the libraries; no file
is changed. Kernels run as plain Python: compiling them anew for each mutant would take minutes.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
from pathlib import Path

os.environ["NUMBA_DISABLE_JIT"] = "1"  # before numba is imported

import hypothesis  # noqa: F401
import numba  # noqa: F401
import numpy  # noqa: F401
import ot  # noqa: F401
import pytest
import scipy.optimize
import scipy.sparse  # noqa: F401

# two minutes without the JIT; its smaller brother stays
SLOW = "tests/test_exact.py::test_heavy_tails_are_assigned_as_scipy_does[360]"
PATIENCE = 3  # times what the tests take without a mutant: then it runs in circles, and is dead
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "otlec"

# file, what it says, what the mutant says
# fmt: off
BY_HAND = (
    ("measure.py", "- 1.0).max() <= 1e-12", "- 1.0).max() <= 1e-3"),
    ("solvers/monge.py", "_SLACK = 1e-14", "_SLACK = 1e-6"),
    ("solvers/network_simplex.py", "j >= n and flow[j] <= amount", "j >= n and flow[j] < amount"),
    (
        "solvers/network_simplex.py",
        "if i < n and flow[i] < amount",
        "if i < n and flow[i] <= amount",
    ),
    ("solvers/exact.py", "flow[down] <= amount", "flow[down] < amount"),
    ("solvers/exact.py", "_ENOUGH = 1e-9", "_ENOUGH = 1e9"),
    ("solvers/exact.py", "term if up < n else -term", "term"),
    ("continued.py", "CLAIM = 1e-12", "CLAIM = 1e-8"),
    ("certificate.py", "_WORTHLESS = 1e-4", "_WORTHLESS = 1e1"),
    ("certificate.py", "np.maximum(row_scale[read.i], col_scale[read.j])", "value_scale"),
    ("certificate.py", "if earned_too_much > 0", "if earned_too_much > 1"),
    (
        "certificate.py",
        "errors = self.marginals_relative, self.violation_relative",
        "errors = self.violation_relative",
    ),
    (
        "solvers/hungarian.py",
        "max(cost_row[j] - barred[j] - phi_row, 0.0)",
        "cost_row[j] - barred[j] - phi_row",
    ),
    ("duality.py", "np.nanmax(steep, initial=0.0)", "np.nanmin(steep, initial=0.0)"),
    ("solvers/quantile.py", "if abs(rest) <= _CRUMB * passed and", "if abs(rest) <= 0.0 and"),
    ("solvers/rational.py", "phi[atom] += reached - at", "phi[atom] += at"),
    ("certificate.py", "np.unique(block_rows), np.unique(block_cols)", "block_rows, block_cols"),
    ("solvers/fixed_support.py", "float(least.min())", "0.0"),
    ("dynamics/otto.py", "psi += factor.solve(b - (matrix @ psi))", "psi += 0.0"),
    ("certificate.py", "abs(shift_phi) + PREC", "np.maximum(shift_phi, 0.0) + PREC"),
    ("continued.py", "if in_doubt and", "if False and"),
    ("continued.py", "_LAYERS = 8", "_LAYERS = 1"),
    ("gaussian.py", "maps -= off / weights.sum()", "maps -= 0.0"),
    ("gluing.py", "difference.max() > 1e-9", "difference.max() > 1e-3"),
    ("gluing.py", "np.bincount(q, mass, mass1.size) - mass1", "0 * mass1"),
)
# fmt: on

# quick ones first: what fails first ends the run of a mutant
TESTS = {
    "measure.py": ("test_measure", "test_distance"),
    "certificate.py": ("test_certificate", "test_every_result"),
    "continued.py": ("test_certificate", "test_every_result"),
    "evidence.py": ("test_certificate", "test_every_result"),
    "parts.py": ("test_parts", "test_certificate", "test_every_result", "test_differentiability"),
    "duality.py": ("test_duality", "test_certificate", "test_every_result"),
    "barycenters.py": ("test_barycenters", "test_law", "test_certificate", "test_every_result"),
    "differentiability.py": ("test_differentiability", "test_every_result"),
    "gaussian.py": ("test_gaussian", "test_every_result"),
    "gluing.py": ("test_gluing", "test_certificate"),
    "solvers/monge.py": ("test_monge",),
    "solvers/hungarian.py": ("test_hungarian", "test_exact"),
    "solvers/network_simplex.py": ("test_network_simplex", "test_exact"),
    "solvers/quantile.py": ("test_quantile", "test_distance"),
    "solvers/fixed_support.py": ("test_barycenters",),
    "dynamics/otto.py": ("test_otto",),
    "solvers/rational.py": ("test_rational",),
    "solvers/exact.py": ("test_exact", "test_network_simplex"),
    "solvers/clear.py": ("test_exact",),
    "solvers/units.py": ("test_network_simplex", "test_exact"),
    "solvers/bottleneck.py": ("test_bottleneck", "test_certificate"),
}

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
SYMBOLS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Add: "+", ast.Sub: "-",
}  # fmt: skip


def candidates(path: Path):
    """All mutants of a file: (line number, line, changed line)."""
    text = path.read_text()
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right, operator = node.left, node.comparators[0], type(node.ops[0])
            other = COMPARISONS.get(SYMBOLS.get(operator, ""))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            left, right, operator = node.left, node.right, type(node.op)
            other = "-" if operator is ast.Add else "+"
        else:
            continue
        if other is None or left.end_lineno != right.lineno:
            continue
        line = lines[right.lineno - 1]
        between = line[left.end_col_offset : right.col_offset]
        changed = between.replace(SYMBOLS[operator], other, 1)
        if changed != between:
            new = line[: left.end_col_offset] + changed + line[right.col_offset :]
            yield right.lineno - 1, line, new


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """What imports one module of the package from a changed text; the file stays as it is."""

    def __init__(self, module: str, text: str):
        self.path, self.text = str(PACKAGE / module), text
        self.name = "otlec." + module.removesuffix(".py").replace("/", ".")

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def get_filename(self, name):
        return self.path

    def get_data(self, path):
        return self.text.encode() if path == self.path else Path(path).read_bytes()

    def path_stats(self, path):
        raise OSError  # so that nothing is cached


def survives(module: str, text: str, tests=None, seconds: float = 600) -> bool:
    """Whether the module's tests pass with this text in its place, in a process of their own.

    They have so many seconds of the processor.
    """
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.meta_path.insert(0, _Mutated(module, text))
        names = [f"tests/{name}.py" for name in tests or TESTS[module]]
        options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "--deselect", SLOW]
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        os._exit(int(pytest.main([*options, *names])))
    _, status = os.waitpid(child, 0)
    return status == 0


def main() -> int:
    """Try the mutants, and say which survive; the status counts those made by hand."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=0, help="mutants drawn besides")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the name of the module")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    survivors = 0
    modules = [module for module in TESTS if arguments.only in module]
    took = {}
    for name in sorted({name for module in modules for name in TESTS[module]}):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        if not survives(modules[0], (PACKAGE / modules[0]).read_text(), [name]):
            sys.exit(f"{name} fails without a mutant")
        took[name] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    limits = {m: 10 + PATIENCE * sum(took[name] for name in TESTS[m]) for m in modules}
    for module, old, new in BY_HAND:
        if arguments.only not in module:
            continue
        text = (PACKAGE / module).read_text()
        if old not in text:
            sys.exit(f"{module} does not say {old!r} any more: mend bench/mutants.py")
        alive = survives(module, text.replace(old, new, 1), seconds=limits[module])
        survivors += alive
        print("SURVIVES" if alive else "killed  ", f"{module}: {old}  ->  {new}", flush=True)
    drawn = [(module, mutant) for module in modules for mutant in candidates(PACKAGE / module)]
    drawn = random.Random(arguments.seed).sample(drawn, min(arguments.sample, len(drawn)))
    killed = 0
    for module, (number, old, new) in drawn:
        lines = (PACKAGE / module).read_text().splitlines(keepends=True)
        lines[number] = new + "\n"
        alive = survives(module, "".join(lines), seconds=limits[module])
        killed += not alive
        word = "SURVIVES" if alive else "killed  "
        print(word, f"{module}:{number + 1}: {old.strip()}  ->  {new.strip()}", flush=True)
    if drawn:
        print(f"{killed} of {len(drawn)} drawn mutants are killed")
    return survivors


if __name__ == "__main__":
    sys.exit(min(main(), 1))
