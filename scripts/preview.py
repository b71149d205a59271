"""One page of the book, executed where its code has changed, and built in seconds.

usage: preview.py PAGE [--watch]

``make book`` writes every page anew, because numbers, cards and style sheets depend on all of them.
Here the other pages are read from the last build and only one is written, to ``_build/page``: its
links to the others lead nowhere. ``--watch`` does so again whenever a source changes, and reloads
the browser (sphinx-autobuild, which wants a ``conf.py``; it is written to ``_build/conf``).
"""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
import lecture  # noqa: E402

CONF = """\
import shutil
import sys
from pathlib import Path

sys.path[:0] = {paths!r}
import lecture
from jupyter_book.config import get_final_config

settings, _ = get_final_config(
    user_yaml=lecture.config_file(),
    cli_config={{"latex_individualpages": False}},
    sourcedir=lecture.BOOK,
)
globals().update(settings)


# What they do once all pages are written is for the whole book.
WHOLE = ("references.link_previews", "pages.page_menus", "pages.unused_assets",
         "pages.first_screen", "sources.exercise_pages", "pages.python_in_page")


def without_search(app):
    app.builder.search = False
    fonts = lecture.ROOT / "_build" / "html" / "_static" / "fonts"
    if fonts.exists():  # cut already
        shutil.copytree(fonts, Path(app.outdir) / "_static" / "fonts", dirs_exist_ok=True)


def setup(app):
    app.confdir = app.srcdir  # as for Jupyter Book: what is read is the same, and is shared
    app.connect("builder-inited", without_search)
    for listener in [*app.events.listeners["build-finished"]]:
        if listener.handler.__module__ in WHOLE:
            app.disconnect(listener.id)
"""


def configuration() -> Path:
    """The folder of a ``conf.py`` that says what ``_config.yml`` says."""
    folder = lecture.ROOT / "_build" / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(SCRIPTS), str(lecture.ENGINE / "book" / "_ext")]
    (folder / "conf.py").write_text(CONF.format(paths=paths), encoding="utf-8")
    return folder


def sources(name: str) -> tuple[Path, Path | None]:
    """The file that Sphinx reads for a page, and the source that is executed to make it."""
    page = lecture.BOOK / f"{name}.md"
    if not page.exists() or name not in lecture.toc():
        raise SystemExit(
            f"there is no page {name!r}; name one of book/_toc.yml, as in make page P=index: "
            + ", ".join(lecture.toc())
        )
    code = "format_name: myst" in page.read_text(encoding="utf-8")
    return (page.with_suffix(".ipynb"), page) if code else (page, None)


def main() -> int:
    """Build the page, or keep building it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("page", help="its name, as 03-geodesics")
    parser.add_argument("--watch", action="store_true", help="again whenever a source changes")
    parser.add_argument("--port", default="8000", help="of the page that is watched")
    options = parser.parse_args()
    name = Path(options.page).stem
    read, source = sources(name)
    build = lecture.ROOT / "_build"
    execute = [sys.executable, str(SCRIPTS / "notebooks.py"), "--prose", str(source)]
    sphinx = ["-c", configuration(), "-d", build / ".doctrees", "-n", "-q"]
    sphinx += [lecture.BOOK, build / "page", read]
    if options.watch:
        command = [sys.executable, "-m", "sphinx_autobuild", "--port", options.port]
        command += ["--re-ignore", r"\.ipynb$"]  # they are written by what is run before
        command += ["--pre-build", shlex.join(execute)] if source else []
        print(f"The page: http://127.0.0.1:{options.port}/{name}.html (stop with Ctrl-C)")
        return subprocess.run([*command, *map(str, sphinx)], check=False).returncode
    if source:
        subprocess.run(execute, check=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", *map(str, sphinx)]
    if subprocess.run(command, check=False).returncode:
        return 1
    print(f"The page: {build / 'page' / f'{name}.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
