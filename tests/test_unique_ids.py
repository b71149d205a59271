"""The boxes of statements and proofs carry ids that a page has only once."""

import sys

from conftest import ROOT
from docutils import nodes
from docutils.utils import new_document

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from references import unique_ids


def test_proofs_and_statements_are_named_after_the_label():
    page = new_document("page")
    for label in ("lem-a", "thm-b"):
        statement = nodes.admonition(ids=[label], realtype="lemma")
        statement += nodes.section(ids=["proof-content"])
        page += [statement, nodes.admonition(ids=["proof"]), nodes.admonition(ids=["proof"])]
    unique_ids.name_boxes(None, page)
    assert [node["ids"][0] for node in page.findall(nodes.Element) if node.get("ids")] == [
        *("lem-a", "lem-a-content", "proof-lem-a", "proof-lem-a-2"),
        *("thm-b", "thm-b-content", "proof-thm-b", "proof-thm-b-2"),
    ]
