"""The public addresses of the book (``scripts/addresses.py``), as a configuration value.

Menus, social cards, the sitemap and the citation read ``app.config.addresses``; Sphinx writes the
site's into each page as its canonical address.
"""

import sys
from pathlib import Path

from sphinx.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
import addresses  # noqa: E402


def configure(app, config):
    """Read them from ``_config.yml`` and from the environment."""
    try:
        config.addresses = addresses.read()
    except ValueError as error:
        raise ConfigError(str(error)) from None
    config.html_baseurl = config.addresses.site


def setup(app):
    """Register the value."""
    app.add_config_value("addresses", addresses.Addresses(), "env", [addresses.Addresses])
    app.connect("config-inited", configure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
