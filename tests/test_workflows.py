"""What runs when this project is hosted: workflows and Binder call what exists, and do no more."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement

sys.path.insert(0, str(ROOT / "scripts"))
import addresses
import versions
from test_project import PYPROJECT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(), flags=re.M))


def jobs():
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, job in workflow["jobs"].items():
            yield f"{file.name}: {name}", job


def commands() -> dict[str, list[str]]:
    """The lines that each job runs."""
    return {
        name: [line for step in job.get("steps", []) for line in step.get("run", "").splitlines()]
        for name, job in jobs()
    }


def tool(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.defpath]))
    return found or pytest.skip(f"{name} is not installed")


def test_workflows_are_valid():
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_workflows_are_safe():
    command = [tool("zizmor"), "--offline", "--min-severity", "medium", "--no-progress"]
    done = subprocess.run([*command, str(ROOT / ".github")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_workflows_call_targets_of_the_makefile():
    called = set()
    for name, lines in commands().items():
        for line in lines:
            if match := re.match(r"make ([\w ]+)$", line):
                assert set(match[1].split()) <= TARGETS, f"{name}: {line}"
                called |= set(match[1].split())
    assert {"site", "handouts", "newest", "lowest", "links"} <= called
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert sum(".ci/run" in lines for lines in commands().values()) == 2
    # as a reader would, in the order of the README
    called = re.findall(r"^make (\w+)", script.read_text(), re.M)
    assert called == re.findall(r"^make (\w+) +#", (ROOT / "README.md").read_text(), re.M)[:2]


def test_jobs_read_unless_they_must_write():
    writing = {}
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, file.name
        assert "concurrency" in workflow, file.name
    for name, job in jobs():
        allowed = {k for k, v in job.get("permissions", {}).items() if v == "write"}
        if allowed:
            writing[name] = allowed
        assert "timeout-minutes" in job or "uses" in job, name
        for step in job.get("steps", []):
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+|[\w./-]+@[0-9a-f]{40}", step["uses"]), (
                    name
                )
    assert writing == {
        "publish.yml: deploy": {"pages", "id-token"},
        "publish.yml: notebooks": {"contents"},
        "release.yml: publish": {"id-token"},
        "weekly.yml: report": {"issues"},
    }


def test_every_supported_python_is_tested_and_other_systems_as_documented():
    every = dict(jobs())
    versions = every["test.yml: test"]["strategy"]["matrix"]["python"]
    oldest = Requirement("python" + PYPROJECT["project"]["requires-python"]).specifier
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert "3.10" not in oldest
    assert all(version in oldest for version in versions)
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for line in commands()["test.yml: elsewhere"]:
        assert line in contributing, line


@pytest.mark.parametrize(
    ("requirement", "lifted"),
    [
        ("numba>=0.68,<0.69", "numba>=0.68"),
        ("sphinx-mathjax-offline==0.0.2", "sphinx-mathjax-offline"),
        ("jupyter-book>=1.0.4,<2", "jupyter-book>=1.0.4,<2"),
        (
            "fonttools[woff]~=4.60; python_version > '3.11'",
            "fonttools[woff]; python_version > '3.11'",
        ),
    ],
)
def test_the_newest_versions_have_no_upper_bound(requirement, lifted):
    assert versions.lifted(requirement) == lifted


def test_the_lowest_versions_are_the_floors_of_pyproject():
    lines = versions.lowest()
    assert {"numba==0.60.*", "numpy==2.0.*", "scipy==1.13.*", "matplotlib==3.9.*"} <= set(lines)
    assert not [line for line in lines if line.startswith(("otlec", "sphinx"))]
    pinned = {Requirement(line).name for line in lines if "==" in line}
    project = PYPROJECT["project"]
    assert {Requirement(r).name for r in project["dependencies"]} <= pinned


def test_the_weekly_run_installs_all_that_the_tests_need():
    lines = [Requirement(line) for line in versions.newest()]
    project = PYPROJECT["project"]
    needed = [
        *project["dependencies"],
        *(r for rs in project["optional-dependencies"].values() for r in rs),
    ]
    named = {Requirement(r).name for r in needed} - {"otlec", "nbgrader"}
    assert {line.name for line in lines} == named
    assert len(lines) == len(named)
    bounded = {line.name for line in lines if any(s.operator[0] in "<=~" for s in line.specifier)}
    assert bounded == set(versions.HELD)


def test_binder_makes_what_the_launch_buttons_open():
    folder = ROOT / "binder"
    lines = [
        line
        for line in (folder / "requirements.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert lines[0] == "-e .[book]"
    assert all(Requirement(line) for line in lines[1:])
    version = (folder / "runtime.txt").read_text().strip().removeprefix("python-")
    assert version in Requirement("python" + PYPROJECT["project"]["requires-python"]).specifier
    script = folder / "postBuild"
    assert os.access(script, os.X_OK)
    for file in re.findall(r"python (\S+\.py)", script.read_text()):
        assert (ROOT / file).exists(), file
    made = re.search(r"--out (\S+)", script.read_text())[1]
    place = addresses.Addresses(
        repository="https://github.com/someone/otlec", binder="https://mybinder.org"
    )
    ((_, address),) = place.launches("01-reminders")
    assert address.endswith(f"?urlpath=lab/tree/{made}/01-reminders.ipynb")


def test_the_makefile_has_a_recipe_for_what_the_weekly_run_installs():
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    dry = subprocess.run(
        ["make", "--dry-run", "newest", "links", "handouts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert dry.returncode == 0, dry.stderr
    assert "scripts/versions.py newest" in dry.stdout
    assert "--builder linkcheck" in dry.stdout
