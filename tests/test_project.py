"""The project's files agree with each other: pyproject, environment.yml, README, Makefile."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def requirements(lines) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in lines]
    return {CONDA_NAMES.get(r.name, r.name): r for r in parsed}


def test_environment_yml_has_the_runtime_dependencies_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == "otlec"
    assert environment["channels"] == ["conda-forge"]
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    conda = requirements(plain)
    truth = requirements(PYPROJECT["project"]["dependencies"])
    for name, requirement in truth.items():
        assert name in conda, f"{name} is missing in environment.yml"
        assert conda[name].specifier == requirement.specifier, name
    assert (
        conda["python"].specifier
        == Requirement("python" + PYPROJECT["project"]["requires-python"]).specifier
    )
    assert set(conda) - set(truth) == {"python", "pip"}


def test_environment_yml_installs_the_project_with_its_extras():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    (line,) = pip
    extras = set(re.fullmatch(r"-e \.\[(.+)\]", line).group(1).split(","))
    optional = {"nbgrader"}  # brings a JupyterLab of its own, for courses that want it
    assert extras == set(PYPROJECT["project"]["optional-dependencies"]) - optional


def test_commands_in_the_readme_are_targets_of_the_makefile():
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(), flags=re.M))
    for document in ("README.md", "CONTRIBUTING.md"):
        commands = set(re.findall(r"(?:^|`)make (\w+)", (ROOT / document).read_text(), re.M))
        assert commands <= targets, f"{document}: {commands - targets}"
        assert "test" in commands


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_help_lists_every_target_in_a_line():
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.M).group(1)
    assert [line.split()[0] for line in listed.splitlines()] == phony.split()


def test_every_public_name_has_a_docstring_and_is_exported():
    import otlec

    for name in otlec.__all__:
        thing = getattr(otlec, name)
        assert thing.__doc__, name
    assert list(otlec.__all__) == sorted(otlec.__all__)


def test_import_is_free_of_matplotlib():
    code = "import sys, otlec; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_plot_imports_matplotlib():
    for file in (ROOT / "otlec").rglob("*.py"):
        if file.parent.name != "drawing":
            assert not re.search(r"^\s*(import|from) matplotlib", file.read_text(), re.M), file


def test_no_kernel_uses_anything_from_another_module_of_the_package():
    """Numba's cache would not notice when that changes (see otlec/_kernel.py)."""
    seen = 0
    for file in (ROOT / "otlec").rglob("*.py"):
        tree = ast.parse(file.read_text())
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level > 0
            for alias in node.names
        }
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            if "kernel" in {ast.unparse(decorator) for decorator in node.decorator_list}:
                used = {
                    n.id for body in node.body for n in ast.walk(body) if isinstance(n, ast.Name)
                }
                assert not used & imported, f"{file.name}: {node.name} uses {used & imported}"
                seen += 1
    assert seen >= 10


def test_the_version_is_the_same_everywhere():
    import otlec

    assert otlec.__version__ == PYPROJECT["project"]["version"]
    assert f"## {otlec.__version__}" in (ROOT / "CHANGELOG.md").read_text()
