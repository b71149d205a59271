"""What a page needs to run Python: the packages of the book, and Pyodide.

``packages`` packs otlec, hypothesis and sortedcontainers, which are pure Python, with the compiled
kernels into one script: a page that was opened from a folder loads nothing else. ``distribution``
copies Pyodide itself (``make book PYODIDE=FOLDER``), or ``download`` fetches it (PYODIDE=download),
so that no request leaves the site. Every file is compared with its checksum: that of the core
stands in ``_config.yml``, that of a package in Pyodide's own lock file. JupyterLite does all of
this too, with 30 MB of JupyterLab around it.
"""

import base64
import bz2
import hashlib
import importlib.metadata
import io
import json
import shutil
import sys
import tarfile
import urllib.request
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "_page"
COMPILED = ROOT / "_build" / "live" / "kernels-for-python.js"
KERNELS = (COMPILED, ROOT / "book" / "_live" / "loader.js")
# The grader starts processes, and sklearn's photographs are not there.
LEFT_OUT = ("classroom/grade.py", "classroom/grading")
THIRD_PARTY = ("hypothesis", "sortedcontainers")
ASKED_FOR = ("matplotlib", "scipy", "scikit-learn")  # loaded where a cell imports them


class PageError(Exception):
    """Python cannot be put into the pages; the message says why, and what to do."""


def _packed(files: dict[str, bytes]) -> bytes:
    """A tape archive as small as can be, with the same bytes in any build.

    A zip packs each file alone, and is larger by a half.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tape:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            tape.addfile(entry, io.BytesIO(files[name]))
    return bz2.compress(out.getvalue())


def otlec_files() -> bytes:
    """The package without the grader, and what lends it compiled kernels and a place to draw."""
    package = ROOT / "otlec"
    files = {
        f"otlec/{file.relative_to(package).as_posix()}": file.read_bytes().replace(b"\r\n", b"\n")
        for file in package.rglob("*.py")
        if not file.relative_to(package).as_posix().startswith(LEFT_OUT)
    }
    for name in ("otlec_page.py", "otlec_page_backend.py"):
        files[name] = (PAGE / name).read_bytes()
    return _packed(files)


def third_party(name: str) -> bytes:
    """An installed package that is pure Python, with its license."""
    distribution = importlib.metadata.distribution(name)
    files = {}
    for path in map(PurePosixPath, distribution.files or ()):
        if path.suffix in (".so", ".pyd"):
            raise PageError(
                f"{name} {distribution.version} has a compiled part, which no page can run: "
                "install the project with its 'book' extra, which asks for one that is pure Python"
            )
        wanted = path.suffix == ".py" or "license" in path.as_posix().lower()
        if wanted and path.parts[0] != ".." and "extra" not in path.parts:
            files[str(path)] = Path(distribution.locate_file(path)).read_bytes()
    return _packed(files)


def packages() -> str:
    """The script that holds everything but Pyodide."""
    made = {"otlec": otlec_files(), **{name: third_party(name) for name in THIRD_PARTY}}
    data = {
        "files": {name: base64.b64encode(content).decode() for name, content in made.items()},
        "kernels": "".join(file.read_text(encoding="utf-8") for file in KERNELS),
        "startup": (PAGE / "startup.py").read_text(encoding="utf-8"),
    }
    return f"const otlecPackages = {json.dumps(data, separators=(',', ':'))};\n"


# Pyodide -----------------------------------------------------------------------------------------


def needed(lock: dict, names: list[str]) -> list[str]:
    """The packages that some packages need, with themselves."""
    found = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in lock["packages"]:
            found.append(name)
            waiting += lock["packages"][name].get("depends", [])
    return found


def _checked(content: bytes, sha256: str, name: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PageError(f"{name} is not the file that was expected: its checksum is wrong")
    return content


def distribution(source: Path, target: Path, first: list[str]) -> dict:
    """Copy what the pages need from a folder; return the checksums and what is not there."""
    core = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
    names = [*core, "pyodide-lock.json"]
    missing = [name for name in names if not (source / name).is_file()]
    if missing:
        raise PageError(
            f"{source} is no folder of Pyodide: it has no {', '.join(missing)}. Name one with "
            "PYODIDE=FOLDER, or let PYODIDE=download fetch it"
        )
    lock = json.loads((source / "pyodide-lock.json").read_text(encoding="utf-8"))
    contents = {name: (source / name).read_bytes() for name in names}
    sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    without = []
    for wanted in [*first, *ASKED_FOR]:
        entries = [lock["packages"][name] for name in needed(lock, [wanted])]
        absent = [e["file_name"] for e in entries if not (source / e["file_name"]).is_file()]
        if (absent or not entries) and wanted in first:
            raise PageError(
                f"{source} lacks {', '.join(absent) or wanted}, without which no cell runs"
            )
        if absent or not entries:
            without.append(wanted)
            continue
        for entry in entries:
            name = entry["file_name"]
            contents[name] = _checked((source / name).read_bytes(), entry["sha256"], name)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, content in contents.items():
        (target / name).write_bytes(content)
    size = sum(len(contents[name]) for name in names)
    size += sum(len(contents[lock["packages"][n]["file_name"]]) for n in needed(lock, first))
    asked_for = needed(lock, [*first, *ASKED_FOR])
    has = [name for name in asked_for if lock["packages"][name]["file_name"] in contents]
    return {"sha256": sha256, "bytes": size, "transfer": size, "without": without, "has": has}


def as_script(file: Path) -> bytes:
    """A file of Pyodide as a script, which a page may read from a folder (``book/_page``)."""
    content = base64.b64encode(file.read_bytes()).decode()
    return f'otlecFile("{file.name}", "{content}");\n'.encode()


def download(settings: dict, folder: Path) -> Path:
    """Fetch a distribution from its address to a folder, where it stays; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = None

    def get(address: str, name: str, sha256: str) -> bytes:
        file = folder / name
        if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256:
            return file.read_bytes()
        try:
            with urllib.request.urlopen(address + name, timeout=60) as answer:
                content = _checked(answer.read(), sha256, address + name)
        except OSError as error:
            raise PageError(f"{address + name} cannot be fetched: {error}") from None
        file.write_bytes(content)
        return content

    for name, sha256 in settings["sha256"].items():
        content = get(settings["core"], name, sha256)
        if name == "pyodide-lock.json":
            lock = json.loads(content)
    for name in needed(lock, [*settings["first"], *ASKED_FOR]):
        entry = lock["packages"][name]
        get(settings["packages"], entry["file_name"], entry["sha256"])
    return folder


if __name__ == "__main__":
    sys.exit("this is used by book/_ext/pages/python_in_page.py: run 'make book'")
