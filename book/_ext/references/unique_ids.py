"""Every box of a statement or a proof has an id of its own.

sphinx-proof gives all proofs the id "proof" and the inside of all statements "proof-content". HTML
allows an id once a page, and a link finds only the first. sphinx-proof has no option for that (its
proofs take no label). So, once a page is read, the inside of a statement is named after the label
of the statement, and a proof after the last statement that stands before it: ``proof-prop-metric``.
"""

from docutils import nodes


def name_boxes(app, doctree):
    """Replace the ids that sphinx-proof repeats."""
    label, proofs = "page", {}
    for node in doctree.findall(nodes.Element):
        if "realtype" in node:
            label = node["ids"][0]
        elif node.get("ids") == ["proof-content"]:
            node["ids"] = [f"{label}-content"]
        elif node.get("ids") == ["proof"]:
            proofs[label] = proofs.get(label, 0) + 1
            more = f"-{proofs[label]}" if proofs[label] > 1 else ""
            node["ids"] = [f"proof-{label}{more}"]


def setup(app):
    """Rename when a page has been read."""
    app.connect("doctree-read", name_boxes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
