"""A chapter taken out of ``book/_toc.yml`` leaves no hole: the rest of the book is as it was.

- Its exercises go with it, although the table of contents still names them.
- A link to it becomes text with a reference to the lecture: "Theorem 4.1 of the lecture".
- The other chapters keep the lecture's numbers (``book/lecture.yml``); pages of one's own that are
  numbered take the first numbers that the lecture leaves free.

Sphinx warns of such links and counts anew; no option of it, or of sphinx-external-toc, says more.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture

PATH = re.compile(r"^.*/|\.(md|ipynb)$")


def without_exercises(app, config) -> None:
    """Take the exercises of chapters that are left out from the table of contents, too."""
    out = {chapter.exercises for chapter in lecture.left_out()}
    site = getattr(config, "external_site_map", None)
    if site is None or not out:
        return
    for name in [*site]:
        for subtree in site[name].subtrees:
            subtree.items = [item for item in subtree.items if str(item) not in out]
    for name in out & {*site}:
        del site[name]
        config.exclude_patterns = [*config.exclude_patterns, f"{name}.*"]


class LeftOut(SphinxPostTransform):
    """Links to what is left out become text, before any other transform looks for the target."""

    default_priority = 3

    def run(self, **kwargs) -> None:
        """Replace the links of a page."""
        names = lecture.left_out_labels()
        address = lecture.about().get("address", "")
        for link in list(self.document.findall(addnodes.pending_xref)):
            name = names.get(PATH.sub("", link.get("reftarget", "")))
            if name is None:
                continue
            explicit = link.get("refexplicit", False) and link.get("reftype") != "eq"
            said, cited = lecture.left_out_words(link.astext(), name, explicit)
            end = ")" if said else ""
            reference = nodes.reference("", cited, refuri=address) if address else nodes.Text(cited)
            link.replace_self([nodes.Text(said), reference, nodes.Text(end)])


def keep_numbers(app, env) -> list[str]:
    """Give the chapters the lecture's numbers; return the pages whose number has changed."""
    wanted = {chapter.page: chapter.number for chapter in lecture.all_chapters()}
    shown = env.toc_secnumbers
    numbered = [page for page in shown if shown[page].get("", ())]
    if not any(page in wanted for page in numbered):
        return []  # a book that is about something else
    free = max(wanted.values())
    changed = []
    for page in sorted(numbered, key=lambda page: shown[page][""]):
        if page not in wanted:
            free += 1
        number = wanted.get(page, free)
        if shown[page][""][0] != number:
            _renumber(env, page, number)
            changed.append(page)
    return changed


def _renumber(env, page: str, number: int) -> None:
    """Put another number before the first point, wherever Sphinx keeps it."""
    for found in (env.toc_secnumbers[page], *env.toc_fignumbers.get(page, {}).values()):
        for label, old in found.items():
            found[label] = old and (number, *old[1:])  # sections below a depth have none
    for link in env.tocs[page].findall(nodes.reference):
        if link.get("secnumber"):
            link["secnumber"] = (number, *link["secnumber"][1:])
    for title in (env.titles[page], env.longtitles[page]):
        if title.get("secnumber"):
            title["secnumber"] = (number, *title["secnumber"][1:])


def setup(app):
    """Connect: after the table of contents is read, after pages are numbered, before links."""
    app.connect("config-inited", without_exercises, priority=950)  # 900: it is read
    app.add_post_transform(LeftOut)
    app.connect("env-get-updated", keep_numbers, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
