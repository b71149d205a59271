"""Wheel and source distribution: what is in them, and that they install beside what is there."""

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

pytest.importorskip("build", reason="the 'dev' extra is not installed")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# An older stack than the book's, as a hosted notebook has it loaded before otlec is installed.
PRELOADED = {"numba": "0.60.0", "llvmlite": "0.43.0", "numpy": "2.0.2", "scipy": "1.14.1"}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with both distributions, made from a copy of the files under version control."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith(("otlec/", "tests/")) or "/" not in name:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("built")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source],
        check=True,
        capture_output=True,
    )
    return out


def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


def test_the_wheel_holds_the_package_and_neither_tests_nor_book(built):
    names = zipfile.ZipFile(wheel(built)).namelist()
    modules = {f.relative_to(ROOT).as_posix() for f in (ROOT / "otlec").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert {name.split("/")[0] for name in names} == {
        "otlec",
        f"otlec-{PROJECT['version']}.dist-info",
    }


def test_the_source_distribution_builds_the_same_wheel(built, tmp_path):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)  # no filter: Python 3.11.2 has none
    (folder,) = tmp_path.iterdir()
    out = tmp_path / "out"
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, folder],
        check=True,
        capture_output=True,
    )
    first, second = (
        {i.filename: i.CRC for i in zipfile.ZipFile(wheel(at)).infolist()} for at in (built, out)
    )
    assert first == second


def test_the_wheel_runs_outside_of_the_repository(built, tmp_path):
    zipfile.ZipFile(wheel(built)).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import otlec\n"
        "print(otlec.__file__)\n"
        "print(otlec.wasserstein(otlec.Measure([0.0]), otlec.Measure([3.0])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    where, distance = done.stdout.split()
    assert Path(where).is_relative_to(tmp_path)
    assert float(distance) == 3.0


def preloaded(folder: Path) -> Path:
    """The Python of an environment in which pip finds the old stack installed, and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    base = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=base))
    for name, version in PRELOADED.items():
        info = packages / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text("")
    scripts = Path(sysconfig.get_path("scripts", scheme="venv", vars=base))
    return scripts / f"python{sysconfig.get_config_var('EXE') or ''}"


def test_installing_beside_an_older_stack_changes_none_of_it(built, tmp_path):
    """Pip's own report says what it would install; it may ask no index, so it could not hide it."""
    python = preloaded(tmp_path / "environment")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--dry-run", "--no-index",
         "--quiet", "--report", "-", wheel(built)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [item["metadata"]["name"] for item in report["install"]] == ["otlec"]


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
