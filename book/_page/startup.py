"""Runs the cells of a page: what Jupyter does for a notebook, in the worker of a page.

``worker.js`` runs this file once, in a module of its own, and then calls ``run`` for each cell. It
needs nothing but Python; what a cell shows goes through ``post`` (kind, type, text) to the page.
"""

import ast
import base64
import builtins
import importlib.machinery
import io
import linecache
import os
import signal
import sys
import traceback
import types

post = None  # worker.js puts its functions here
set_alarm = unpack = None
packed = []  # packages that wait to be imported

os.environ["MPLBACKEND"] = "module://otlec_page_backend"
signal.ITIMER_REAL = 0


def setitimer(which, seconds, interval=0.0):
    """As the operating system's: the worker's clock raises SIGALRM (`otlec.check` stops so)."""
    set_alarm(seconds, interval)
    return 0.0, 0.0


signal.setitimer = setitimer


class Unpacker:
    """Finds packages that are not unpacked before somebody imports them."""

    def find_spec(self, name, path=None, target=None):
        """Unpack a package."""
        if name not in packed:
            return None
        packed.remove(name)
        unpack(name)
        importlib.invalidate_caches()
        return importlib.machinery.PathFinder.find_spec(name)


sys.meta_path.append(Unpacker())


class Stream(io.TextIOBase):
    """What a cell prints, sent line by line."""

    def __init__(self, name):
        self.name_ = name
        self.waiting = ""

    def writable(self):
        """Yes."""
        return True

    def write(self, text):
        """Keep the text until a line is full."""
        self.waiting += str(text)
        if len(self.waiting) > 2000 or "\n" in text:
            self.flush()
        return len(text)

    def flush(self):
        """Send what is kept."""
        if self.waiting:
            post("stream", self.name_, self.waiting)
            self.waiting = ""


def show(value):
    """Send a value as HTML where it has some, else as text."""
    if value is None:
        return
    sys.stdout.flush()  # what was printed before stands before
    if type(value) is Image:
        post("display", f"image/{value.format}", base64.b64encode(value.data).decode())
        return
    html = getattr(value, "_repr_html_", None)
    markup = html() if callable(html) and not isinstance(value, type) else None
    if markup is not None:
        post("display", "text/html", str(markup))
    else:
        post("display", "text/plain", repr(value))
    if type(value).__name__ == "Verdict":
        post("verdict", value.name, value.status)


class Image:
    """A picture in a file, as IPython's, which no page has."""

    def __init__(self, data, format="png", **_):
        self.data, self.format = data, format


def display(*values, **_):
    """As in a notebook."""
    for value in values:
        show(value)


def pictures():
    """Send the figures that a cell has left open, and close them."""
    if "matplotlib.pyplot" in sys.modules:
        import otlec_page_backend

        otlec_page_backend.show()


main = types.ModuleType("__main__")
builtins.display = display
shown = types.ModuleType("IPython.display")
shown.Image, shown.display = Image, display
sys.modules["IPython"] = types.ModuleType("IPython")
sys.modules["IPython"].get_ipython = lambda: None
sys.modules["IPython"].display = sys.modules["IPython.display"] = shown
cells = 0


def reset():
    """Forget what the cells have defined."""
    main.__dict__.clear()
    main.__dict__.update(types.ModuleType("__main__").__dict__)
    sys.modules["__main__"] = main


def run(source, name):
    """Run a cell; say whether it ended well, and if not which module it lacks."""
    global cells
    cells += 1
    file = f"<{name}>" if cells == 1 else f"<{name}, run {cells}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    out, error = Stream("stdout"), Stream("stderr")
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, error
    failure = None
    try:
        tree = ast.parse(source, file)
        last = tree.body[-1:]
        ends_in_value = last and isinstance(last[0], ast.Expr)
        if ends_in_value:
            tree.body.pop()
        exec(compile(tree, file, "exec"), main.__dict__)
        if ends_in_value:
            value = eval(compile(ast.Expression(last[0].value), file, "eval"), main.__dict__)
            main.__dict__["_"] = value
            out.flush()
            show(value)
        out.flush()
        pictures()
    except BaseException as raised:
        failure = raised
    finally:
        out.flush()
        error.flush()
        sys.stdout, sys.stderr = before
    if failure is None:
        return ""
    missing = (failure.name or "") if isinstance(failure, ModuleNotFoundError) else ""
    if missing:
        return f"missing {missing.split('.')[0]} {_text(failure)}"
    post("error", type(failure).__name__, _text(failure))
    return "failed"


def _text(failure):
    """The traceback from the first line of the reader's own code on."""
    trace = failure.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    try:
        lines = traceback.format_exception(type(failure), failure, trace, limit=-12)
    except Exception:  # it looks for names like the wrong one, in objects that may do anything
        lines = [*traceback.format_tb(trace, limit=-12), type(failure).__name__]
    return "".join(lines).rstrip()
