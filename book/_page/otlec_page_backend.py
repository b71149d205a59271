"""A backend of matplotlib for a page: ``plt.show()`` sends the figures to the page as pictures."""

import base64
import io
import sys

from matplotlib import _pylab_helpers
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase
DOTS = 144  # an inch; shown at half of that, as the book's pictures


def show(*_, **__):
    """Send all open figures in the order of their making, and close them."""
    import otlec_startup

    sys.stdout.flush()  # what was printed before stands before
    for manager in _pylab_helpers.Gcf.get_all_fig_managers():
        file = io.BytesIO()
        manager.canvas.figure.savefig(file, format="png", dpi=DOTS, bbox_inches="tight")
        otlec_startup.post("display", "image/png", base64.b64encode(file.getvalue()).decode())
    _pylab_helpers.Gcf.destroy_all()
