"""Any build gives the bytes of a build from nothing, whatever was built before it.

Sphinx reads and writes again what it thinks has changed, and that is too little here: numbers,
cards, the style sheet, the index of the search and the fonts depend on all pages together, and a
page may depend on files that Sphinx does not know. So

- reading stays incremental, and a page that gathers files says which (`note_files`): one file
  more or less is a change too, which ``note_dependency`` alone does not see;
- where these extensions, what they call, or the settings of the book change, all is read again;
- writing is not incremental: the folder is emptied, and every page written. Nothing of a page that
  is no longer there remains, and what is done to pages after Sphinx finds all of them untouched.
"""

import hashlib
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture

ROOT = lecture.ROOT
# What decides how any page is read, besides its source: of all lectures, and of this one.
TOOLS = ("book/_ext/**/*.py", "scripts/*.py", "CITATION.cff")
OWN = ("book/*.yml", "book/glossary.md", "_config.yml")


def files(pattern: str, root: Path | None = None) -> list[Path]:
    """The files of the project that match a pattern, sorted."""
    return sorted(file for file in (root or ROOT).glob(pattern) if file.is_file())


def digest() -> str:
    """A digest of all tools; another one, and Sphinx reads all pages again."""
    found = hashlib.sha256()
    for root, patterns in ((lecture.ENGINE, TOOLS), (ROOT, OWN)):
        for file in [file for pattern in patterns for file in files(pattern, root)]:
            found.update(file.relative_to(root).as_posix().encode())
            found.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def _names(pattern: str) -> list[str]:
    return [file.relative_to(ROOT).as_posix() for file in files(pattern)]


def note_files(env, *patterns: str) -> None:
    """The page that is being read depends on all files of the project that match."""
    seen = env.__dict__.setdefault("otlec_files", {}).setdefault(env.docname, {})
    for pattern in patterns:
        seen[pattern] = _names(pattern)
        for name in seen[pattern]:
            env.note_dependency(str(ROOT / name))


def outdated(app, env, added, changed, removed) -> list[str]:
    """Pages that gather files, where there are others now; what lost or got a target."""
    noted = getattr(env, "otlec_files", {})
    found = [
        name
        for name, seen in noted.items()
        if any(names != _names(pattern) for pattern, names in seen.items())
    ]
    # A link to a page is settled while it is read: found or not, it may be the other way round now.
    return [*env.all_docs] if added or removed else found


def forget(app, env, docname) -> None:
    """Forget what a page depended on."""
    getattr(env, "otlec_files", {}).pop(docname, None)


def merge(app, env, docnames, other) -> None:
    """Take over what another process has read."""
    env.__dict__.setdefault("otlec_files", {}).update(
        {name: seen for name, seen in getattr(other, "otlec_files", {}).items() if name in docnames}
    )


def empty(app) -> None:
    """Empty the folder of the pages, before any extension puts something there."""
    if app.builder.name == "html":
        shutil.rmtree(app.outdir, ignore_errors=True)
        Path(app.outdir).mkdir(parents=True)


def write_all(app, env) -> list[str] | None:
    """Write every page."""
    return sorted(env.found_docs) if app.builder.name == "html" else None


def setup(app):
    """Register the digest, and connect to each step."""
    app.add_config_value("otlec_tools", digest(), "env", [str])
    app.connect("builder-inited", empty, priority=0)
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", write_all)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
