"""The project's files agree with each other: pyproject, environment.yml, README, Makefile."""

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
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def requirements(lines) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in lines]
    return {CONDA_NAMES.get(r.name, r.name): r for r in parsed}


def test_environment_yml_has_the_compiled_dependencies_of_the_book():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == "otlec"
    assert environment["channels"] == ["conda-forge"]
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    conda = requirements(plain)
    pinned = requirements(PYPROJECT["project"]["optional-dependencies"]["book"])
    truth = requirements(PYPROJECT["project"]["dependencies"] + EXTRAS["plot"])
    for name in truth:
        assert name in conda, f"{name} is missing in environment.yml"
        assert conda[name].specifier == pinned[name].specifier, name
    assert (
        conda["python"].specifier
        == Requirement("python" + PYPROJECT["project"]["requires-python"]).specifier
    )
    assert set(conda) - set(truth) == {"python", "pip"}


def test_environment_yml_installs_what_the_two_commands_install():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    (line,) = pip
    (extras,) = set(re.findall(r'--editable "\.(\[.*dev\])"', (ROOT / "Makefile").read_text()))
    assert line == f"-e .{extras}"


def test_the_package_has_floors_and_no_ceilings():
    """Whoever has a newer numba or numpy keeps it; what only the book needs is pinned there."""
    light = {name: lines for name, lines in EXTRAS.items() if name not in ("book", "dev")}
    for lines in (PYPROJECT["project"]["dependencies"], *light.values()):
        for requirement in requirements(lines).values():
            signs = {specifier.operator for specifier in requirement.specifier}
            assert requirement.extras or requirement.name == "nbgrader" or signs == {">="}


def test_all_means_all_that_a_user_may_need():
    (everything,) = map(Requirement, EXTRAS["all"])
    tools = {"book", "dev", "nbgrader", "cluster"}  # a cluster is for classes of thousands
    assert everything.extras == set(EXTRAS) - {"all"} - tools


@pytest.mark.parametrize(
    ("missing", "code", "extra"),
    [
        ("matplotlib", "import otlec.drawing.plot", "plot"),
        ("sklearn", "import otlec.drawing.pictures as p; p.pagoda()", "photos"),
        ("hypothesis", "otlec.check('2.3', print)", "exercises"),
        ("tqdm", "otlec.benamou_brenier([1.0, 1], [1.0, 1], steps=2, progress=True)", "grade"),
    ],
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(missing, code, extra):
    run = f"import sys; sys.modules[{missing!r}] = None; import otlec; {code}"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        f"ModuleNotFoundError: this needs {missing}, which is not installed; "
        f'install it with: pip install "otlec[{extra}]"'
    )


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


def test_the_version_is_the_same_everywhere():
    import otlec

    assert otlec.__version__ == PYPROJECT["project"]["version"]
    assert f"## {otlec.__version__}" in (ROOT / "CHANGELOG.md").read_text()
