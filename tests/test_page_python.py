"""What a page loads to run Python: the packages of the book, and a folder of Pyodide."""

import ast
import bz2
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile

import page_site as site
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import page_python
from page_python import PageError


def test_the_package_for_pages_is_small_pure_and_holds_no_grader(tmp_path):
    packed = page_python.otlec_files()
    assert len(packed) < 200_000
    assert packed == page_python.otlec_files()
    with tarfile.open(fileobj=io.BytesIO(bz2.decompress(packed))) as tape:
        tape.extractall(tmp_path)  # no filter: Python 3.11.2 has none
        names = tape.getnames()
    assert "otlec/classroom/exercises/__init__.py" in names
    assert all(name.endswith(".py") and "grad" not in name for name in names)
    code = "import otlec; print(otlec.__file__, *otlec.cost_matrix([0.0], [3.0], 1).ravel())"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['numba'] = None; {code}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.split() == [str(tmp_path / "otlec" / "__init__.py"), "3.0"], found.stderr


def test_nothing_of_the_package_for_pages_asks_for_the_grader():
    with tarfile.open(fileobj=io.BytesIO(bz2.decompress(page_python.otlec_files()))) as tape:
        for entry in tape:
            for node in ast.walk(ast.parse(tape.extractfile(entry).read())):
                if isinstance(node, ast.ImportFrom):
                    assert "grad" not in (node.module or ""), entry.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of Pyodide with the core, and a package that its lock file knows."""
    folder = tmp_path_factory.mktemp("pyodide")
    for name in site.SETTINGS["sha256"]:
        shutil.copy(site.core() / name, folder)
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    content = b"a wheel"
    entry = lock["packages"]["numpy"]
    entry["sha256"] = page_python.hashlib.sha256(content).hexdigest()
    (folder / entry["file_name"]).write_bytes(content)
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    return folder


def test_a_folder_gives_what_the_pages_need_and_says_what_it_has(folder, tmp_path):
    found = page_python.distribution(folder, tmp_path / "python", ["numpy"])
    assert found["has"] == ["numpy"]
    assert set(found["without"]) == {"matplotlib", "scipy", "scikit-learn"}
    names = {file.name for file in (tmp_path / "python").iterdir()}
    assert set(site.SETTINGS["sha256"]) < names
    assert len(names) == len(site.SETTINGS["sha256"]) + 1
    assert found["sha256"]["pyodide.asm.wasm"] == site.SETTINGS["sha256"]["pyodide.asm.wasm"]


def test_a_folder_that_lacks_something_or_was_changed_is_refused_with_a_remedy(folder, tmp_path):
    with pytest.raises(PageError, match=r"no pyodide\.mjs.*PYODIDE=download"):
        page_python.distribution(tmp_path, tmp_path / "python", ["numpy"])
    with pytest.raises(PageError, match=r"lacks scipy-.* without which no cell runs"):
        page_python.distribution(folder, tmp_path / "python", ["numpy", "scipy"])
    copy = shutil.copytree(folder, tmp_path / "copy")
    next(copy.glob("numpy*")).write_bytes(b"another wheel")
    with pytest.raises(PageError, match="its checksum is wrong"):
        page_python.distribution(copy, tmp_path / "python", ["numpy"])
    assert not (tmp_path / "python").exists()


def test_a_download_is_checked_kept_and_says_what_cannot_be_fetched(folder, tmp_path):
    sums = {
        name: page_python.hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in site.SETTINGS["sha256"]
    }
    with site.Server(folder) as server:
        settings = {"core": server.address, "packages": server.address, "sha256": sums}
        with pytest.raises(PageError, match=r"scikit_learn.* cannot be fetched: HTTP Error 404"):
            page_python.download({**settings, "first": ["numpy", "scikit-learn"]}, tmp_path)
        kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
        assert set(sums) <= set(kept)
        assert any(name.startswith("numpy") for name in kept)
        wrong = {**sums, "pyodide.mjs": "0" * 64}
        with pytest.raises(PageError, match=r"pyodide\.mjs is not the file that was expected"):
            page_python.download({**settings, "first": [], "sha256": wrong}, tmp_path)
    with pytest.raises(PageError, match="cannot be fetched"):  # nobody answers
        page_python.download({**settings, "first": ["numpy", "scikit-learn"]}, tmp_path)
    now = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert now == kept, "what is there is not fetched again"


def test_the_version_of_pyodide_is_the_same_in_all_that_names_it():
    settings = site.SETTINGS
    assert settings["core"].endswith(f"pyodide@{site.VERSION}/")
    assert f"/v{site.VERSION}/" in settings["packages"]
    assert re.fullmatch(rf"3\.\d+ \(Pyodide {re.escape(site.VERSION)}\)", settings["python"])
