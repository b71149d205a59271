"""The house: which folder may import which, what a name gives, how long things may be.

Arrows point one way: classroom -> drawing, dynamics, lecture -> solvers -> plan ->
certificate, measure, cost.
"""

import ast
import importlib
from functools import reduce

import pytest
from conftest import ROOT

PACKAGE = ROOT / "otlec"
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}
GROUND = ("measure", "cost", "evidence", "parts", "continued", "certificate", "projection", "plan")
# Whom each part may import besides itself; everybody may import `_validate` and its like.
MAY = {
    "ground": set(),
    "solvers": {"ground"},
    "lecture": {"ground", "solvers"},
    "dynamics": {"ground", "solvers", "lecture"},
    "drawing": {"ground", "solvers", "lecture"},
    "classroom": {"ground", "solvers", "lecture", "dynamics", "drawing"},
}
# Imported inside of a function, and why.
LATE = {("otlec.plan", "otlec.solvers.network_simplex"): "Plan.from_matrix asks it for the prices"}
MOST_LINES, LONGEST, MOST_ARGUMENTS = 500, 60, 10
REASON = "# long: "


def part(module: str) -> str | None:
    """The part of the house that a module belongs to; None for the package and its helpers."""
    names = module.split(".")[1:]
    if not names or names[0].startswith("_"):
        return None
    if names[0] in MAY:
        return names[0]
    return "ground" if names[0] in GROUND else "lecture"


def imported(module: str) -> list[tuple[str, bool]]:
    """The modules of the package that a module imports, and whether as soon as it is imported."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        for inner in ast.walk(node)
    }
    is_folder = FILES[module].name == "__init__.py"
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_folder]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            while name and name not in FILES:  # a name inside of a module, or another package
                name = name.rpartition(".")[0]
            if name:
                found.append((name, id(node) not in late))
    return found


@pytest.mark.parametrize("module", [name for name in FILES if part(name)])
def test_imports_follow_the_arrows(module):
    own = part(module)
    for name, at_once in imported(module):
        other = part(name)
        if other in (None, own):
            assert name != "otlec" or own == "classroom", f"{module} imports the whole package"
        elif other == "drawing" and not at_once:
            continue  # a method that draws itself
        elif (module, name) in LATE:
            assert not at_once
        else:
            assert other in MAY[own], f"{module} imports {name}"


def functions(file) -> list[tuple[str, int, int, bool]]:
    """Of each function: its place, its lines without the docstring, arguments, whether excused.

    The reason for a long one stands beside it: on the line above, or on those of its head.
    """
    text = file.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node) is not None:
            length -= node.body[0].end_lineno - node.body[0].lineno + 1
        given = node.args
        arguments = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
        arguments += bool(given.vararg) + bool(given.kwarg)
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        head = lines[max(first - 2, 0) : node.body[0].lineno - 1]
        excused = any(line.partition(REASON)[2].strip() for line in head)
        found.append((f"{file.name}:{node.lineno} {node.name}", length, arguments, excused))
    return found


@pytest.mark.parametrize("module", FILES)
def test_no_module_is_long_and_no_function_without_a_reason(module):
    text = FILES[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for place, length, arguments, excused in functions(FILES[module]):
        is_long = length > LONGEST or arguments > MOST_ARGUMENTS
        assert is_long == excused, f"{place}: {length} lines, {arguments} arguments"


def test_the_imports_are_read_at_all():
    assert ("otlec.solvers.hungarian", True) in imported("otlec.solvers.points")
    assert ("otlec.drawing.plot", False) in imported("otlec.plan")
    assert {part(name) for name in FILES} == {None, *MAY}


@pytest.mark.parametrize("module", [name for name in FILES if part(name) != "drawing"])
def test_only_the_folder_of_drawings_imports_matplotlib(module):
    text = FILES[module].read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("optional"):
            names = [ast.literal_eval(argument) for argument in node.args[:1]]
        else:
            continue
        assert not [name for name in names if name.startswith("matplotlib")]


def test_nothing_but_the_palette_of_the_drawings_is_imported_with_the_package():
    reached, waiting = set(), ["otlec"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [other for other, at_once in imported(name) if at_once]
    drawn = {name for name in reached if part(name) == "drawing"}
    assert drawn <= {"otlec.drawing", "otlec.drawing.palette"}


@pytest.mark.parametrize("module", FILES)
def test_the_name_of_a_module_gives_the_module(module):
    """What ``import otlec.dynamics.flow as f`` looks up, name by name."""
    if part(module) == "drawing":
        pytest.importorskip("matplotlib")
    loaded = importlib.import_module(module)
    assert reduce(getattr, module.split(".")[1:], importlib.import_module("otlec")) is loaded


@pytest.mark.parametrize("file", sorted((ROOT / "tests").glob("*.py")), ids=lambda file: file.stem)
def test_no_test_reaches_through_the_table_of_modules(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "sys.modules":
            assert "otlec" not in ast.unparse(node.slice), f"line {node.lineno}"
