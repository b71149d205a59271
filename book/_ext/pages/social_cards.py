"""What others see of a page: its title, a description, a card, a canonical address, a sitemap.

Each page has a sentence in ``book/descriptions.yml``. Where the site's address is known
(``scripts/addresses.py``) a page also names its own address and a picture for messengers, and the
site gets ``robots.txt``, a map by sphinx-sitemap, and a page for addresses that do not exist by
sphinx-notfound-page. sphinxext-opengraph (0.13) was tried: without an address it writes relative
ones, which messengers do not read; its descriptions are the first letters of a page, cut at a
length; sentences of one's own, the kind of a page and the size of the picture would still be
written here, as its ``og:`` fields; and it loads matplotlib in each build.
"""

import html
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from sphinx.util.fileutil import copy_asset

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import addresses
import lecture

DESCRIPTIONS = lecture.BOOK / "descriptions.yml"
CARD = lecture.BOOK / "images" / "card.png"  # drawn by scripts/draw_cover.py
CARD_ALT = "A picture of a pagoda made of dots becomes, in five steps, a picture of a dahlia."

NOT_FOUND = """\
<h1>Page not found</h1>
<p>There is no page at this address. It may have been renamed. Search the book, or choose a page
from the table of contents.</p>
<form class="otlec-search" action="{prefix}search.html" method="get" role="search">
<input type="search" name="q" aria-label="Search the book" placeholder="Search the book"/>
<button type="submit">Search</button>
</form>
<p><a href="{prefix}index.html">To the first page</a></p>"""


def _tag(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(content)}" />\n'


def describe(app, pagename, templatename, context, doctree):
    """Write the tags of one page into its head."""
    if app.builder.name != "html":
        return
    context["docstitle"] = app.config.project  # what follows the page's own title
    known = DESCRIPTIONS.read_text(encoding="utf-8") if DESCRIPTIONS.exists() else "{}"
    description = yaml.safe_load(known).get(pagename)
    if not description:
        return
    tags = _tag("name", "description", description)
    if title := html.unescape(re.sub(r"<[^>]*>", "", context.get("title", ""))):
        tags += _tag("property", "og:title", title)
        tags += _tag("property", "og:description", description)
        tags += _tag("property", "og:type", "website" if pagename == "index" else "article")
        tags += _tag("property", "og:site_name", app.config.project)
    site = app.config.addresses.site
    if site and title and pagename != "404":
        tags += _tag("property", "og:url", site + app.builder.get_target_uri(pagename))
        tags += _tag("property", "og:image", f"{site}_static/{CARD.name}")
        tags += _tag("property", "og:image:width", "1200")
        tags += _tag("property", "og:image:height", "630")
        tags += _tag("property", "og:image:alt", CARD_ALT)
        tags += _tag("name", "twitter:card", "summary_large_image")
    if pagename == "404":
        context["pageurl"] = None  # it has no address of its own
    if pagename in ("404", "search"):
        tags += _tag("name", "robots", "noindex")
    context["metatags"] = context.get("metatags", "") + tags


def write_site_files(app, exception):
    """Write what only a published site needs, besides its map."""
    site = app.config.addresses.site
    if exception or app.builder.name != "html" or not site:
        return
    out = Path(app.outdir)
    copy_asset(str(CARD), str(out / "_static"))
    # Crawlers read it at the top of a host only: there, if the site has a host of its own.
    (out / "robots.txt").write_text(f"User-agent: *\nAllow: /\n\nSitemap: {site}sitemap.xml\n")


def name_site(app, config):
    """The short name stands in titles of windows, the long one at the top of the navigation."""
    config.html_theme_options.setdefault("logo", {})["text"] = config.html_title


def prepare_not_found(app, config):
    """Tell sphinx-notfound-page where the site begins: its page is shown at any depth."""
    prefix = urlsplit(config.addresses.site).path or "/"
    config.notfound_urls_prefix = prefix
    config.notfound_context = {"title": "Page not found", "body": NOT_FOUND.format(prefix=prefix)}


def prepare_sitemap(app, config):
    """Tell sphinx-sitemap that addresses hold no language, and which pages nobody searches for."""
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = ["404.html", "search.html", "genindex.html", "prf-*.html"]


def setup(app):
    """Connect; the map and the page for wrong addresses need the site's address."""
    try:
        site = addresses.read().site
    except ValueError:
        site = ""  # sources/public_addresses.py reports it
    if site:
        app.setup_extension("notfound.extension")
        app.setup_extension("sphinx_sitemap")
        app.connect("config-inited", prepare_sitemap)
        app.connect("config-inited", prepare_not_found, priority=600)
    app.connect("config-inited", name_site)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_site_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
