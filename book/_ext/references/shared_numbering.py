"""One counter a chapter for statements and exercises together, as the lecture counts.

sphinx-proof can map all its kinds to one counter (``prf_realtyp_to_countertyp``), but Sphinx keeps
a counter for each extension's figure type, and sphinx-exercise has its own: Exercise 2.4 would be
Exercise 2.1, and the remark after it 2.4. No library joins the two. So, once Sphinx has given its
numbers (``env-get-updated``, priority 500), the documents are walked in the order of the table of
contents, and both types are numbered again in the order in which they stand.
"""

from sphinx import addnodes

SHARED = ("theorem", "exercise")


def documents_in_order(env):
    """Yield the names of all documents as the table of contents lists them."""
    seen = set()

    def walk(name):
        if name in seen or name not in env.all_docs:
            return
        seen.add(name)
        yield name
        for toctree in env.tocs[name].findall(addnodes.toctree):
            for _, child in toctree["entries"]:
                yield from walk(child)

    yield from walk(env.config.root_doc)


def renumber(app, env):
    """Number statements and exercises of each chapter by one counter; return what changed."""
    counters, changed = {}, []
    for name in documents_in_order(env):
        numbers = env.toc_fignumbers.get(name, {})
        if not any(kind in numbers for kind in SHARED):
            continue
        position = {}
        for place, node in enumerate(env.get_doctree(name).findall()):
            for identifier in getattr(node, "attributes", {}).get("ids", []):
                position.setdefault(identifier, place)
        items = sorted(
            (position[identifier], kind, identifier, number)
            for kind in SHARED
            for identifier, number in numbers.get(kind, {}).items()
        )
        for _, kind, identifier, number in items:
            chapter = tuple(number[:-1])
            counters[chapter] = counters.get(chapter, 0) + 1
            new = (*chapter, counters[chapter])
            if tuple(number) != new:
                numbers[kind][identifier] = new
                changed.append(name)
    return sorted(set(changed))


def setup(app):
    """Register the renumbering after Sphinx's own."""
    app.connect("env-get-updated", renumber, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
