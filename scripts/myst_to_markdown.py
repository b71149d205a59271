"""Turn MyST into Markdown that JupyterLab and Colab show: they know no roles and no directives.

Links become words, with the numbers that the book gives ("Lemma 2.3", "(2.1)"); boxes become
quotations, folded blocks fold; the abbreviations in formulas are spelt out. jupytext and MyST-NB
keep the MyST as it is, and pandoc writes no notebook that Colab shows with its formulas whole.
"""

import ast
import functools
import re

import guesses
import lecture

DIRECTIVE = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<kind>[\w:-]+)\} *(?P<title>[^\n]*)\n"
                       r"(?P<body>.*?)^(?P=fence)[ \t]*$", re.M | re.S)  # fmt: skip
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)\n", re.M)
ROLE = re.compile(
    r"\{(?P<kind>[\w:-]+)\}`(?:(?P<words>[^`<]+?) *<(?P<place>[^`>]+)>|(?P<target>[^`]+))`"
)


# What links say ---------------------------------------------------------------------------------


@functools.cache
def statement_names() -> dict[str, str]:
    """The names of labels as JupyterLab shows them: "Lemma 2.3" for lem-gluing."""
    chapters = lecture.all_chapters()
    return {item.label: item.name for c in chapters for item in c.items if item.kind}


@functools.cache
def titles() -> dict[str, str]:
    """The heading behind each label, and the title of each page."""
    found = {}
    for page in sorted(lecture.BOOK.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        found[page.stem] = re.search(r"^# (.+)$", text, re.M).group(1)
        found |= dict(re.findall(r"^\(([\w.-]+)\)=\n+#+ (.+)$", text, re.M))
    return found


@functools.cache
def equations() -> dict[str, str]:
    """The numbers of labelled formulas, counted in each chapter: "2.1" for eq-chain.

    Sphinx knows them once it has read all pages; ``make exercises`` and ``make handouts`` do not
    wait for that. ``tests/test_links.py`` compares these with the pages that Sphinx has written.
    """
    found = {}
    for chapter in lecture.chapters():
        text = (lecture.BOOK / f"{chapter.page}.md").read_text(encoding="utf-8")
        labels = re.findall(r"^ *`{3,}\{math\}\n *:label: *(\S+)", text, re.M)
        found |= {label: f"{chapter.number}.{n}" for n, label in enumerate(labels, 1)}
    return found


@functools.cache
def citations() -> dict[str, tuple[str, str]]:
    """Authors and year of each work in the list of references."""
    from pybtex.database import parse_file

    found = {}
    for key, entry in parse_file(lecture.BOOK / "references.bib").entries.items():
        names = [" ".join(map(str, p.rich_last_names)) for p in entry.persons["author"]]
        who = " and ".join(", ".join(names).rsplit(", ", 1))
        found[key] = who, entry.fields["year"]
    return found


def _said(match: re.Match) -> str:
    kind, target = match["kind"], match["target"]
    if away := lecture.left_out_labels().get(match["place"] or target):
        before, cited = lecture.left_out_words(match["words"] or "", away, bool(match["words"]))
        return f"{before}{cited}{')' if before else ''}"
    if match["words"]:
        return match["words"]
    if kind == "eq":
        return f"({equations().get(target, target)})"
    if kind.startswith("cite"):
        works = [citations()[key.strip()] for key in target.split(",")]
        if kind == "cite:t":
            return ", ".join(f"{who} ({year})" for who, year in works)
        return f"({'; '.join(f'{who}, {year}' for who, year in works)})"
    if kind == "numref":
        return "the figure"
    return statement_names().get(target) or titles().get(target) or target


# Formulas ---------------------------------------------------------------------------------------


@functools.cache
def macros() -> dict[str, str | list]:
    """The book's abbreviations in formulas, from ``_config.yml``."""
    config = lecture.config()
    return config["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]


def _braced(text: str, start: int) -> int:
    """The position after the brace that closes the one at ``start``."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return len(text)


def spell_out(text: str) -> str:
    """Replace the abbreviations by what they stand for."""
    for name, meaning in macros().items():
        meaning, arguments = meaning if isinstance(meaning, list) else (meaning, 0)
        call = re.compile(rf"\\{name}(?![a-zA-Z])" + (r"\s*\{" if arguments else ""))
        while found := call.search(text):
            end, value = found.end(), meaning
            if arguments:
                end = _braced(text, found.end() - 1)
                value = meaning.replace("#1", text[found.end() : end - 1])
            elif text[end : end + 1].isalpha():
                value += " "
            text = text[: found.start()] + value + text[end:]
    return text


# Boxes ------------------------------------------------------------------------------------------


def _listing(file: str, name: str) -> str:
    """The source of a function, which the page includes."""
    text = (lecture.BOOK / file).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise ValueError(f"{file} has no {name}")


def _quoted(title: str, body: str) -> str:
    """A quotation; a formula in it stands on one line, or its quotation marks would be read."""
    body = re.sub(
        r"^ *\$\$(.*?)\$\$", lambda m: f"$${' '.join(m[1].split())}$$", body, flags=re.M | re.S
    )
    lines = ([f"**{title}**", ""] if title else []) + body.strip().splitlines()
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _written(match: re.Match) -> str:
    """One directive as Markdown."""
    kind, title, body = match["kind"].split(":")[-1], match["title"].strip(), match["body"]
    options = dict(OPTION.findall(body))
    body = OPTION.sub("", body).strip()
    if kind == "guess-end":
        return ""
    if kind in ("guess", "guess-start", "proof-order"):
        return guesses.as_markdown(kind, title, options, body)
    if kind == "code-block":
        return f"```{title}\n{body}\n```"
    if kind == "literalinclude":
        return f"```python\n{_listing(title, options['pyobject'])}\n```"
    if kind == "live":
        return "*(Here the book has a live figure.)*"
    if kind == "math":
        number = equations().get(options.get("label"))
        return f"$$\n{body}\n" + (rf"\tag{{{number}}}" + "\n" if number else "") + "$$"
    body = DIRECTIVE.sub(_written, body)
    if kind == "grid":
        return body
    if kind == "grid-item-card":
        return f"**{title}.** {body}"
    if kind in ("dropdown", "solution"):
        word = title if kind == "dropdown" else "Solution"
        return f"<details><summary>{word}</summary>\n\n{body}\n\n</details>"
    number = statement_names().get(options.get("label"))
    if number:
        title = f"{number} ({title})" if title else number
    return _quoted(title or ("" if kind == "epigraph" else kind.capitalize()), body)


def plain(text: str) -> str:
    """MyST as Markdown that any notebook shows."""
    text = re.sub(r"^\([\w.-]+\)=\n", "", text, flags=re.M)
    text = DIRECTIVE.sub(_written, text)
    text = re.sub(r"^(\S.*)\n: +", r"- **\1**: ", text, flags=re.M)  # lists of definitions
    return spell_out(ROLE.sub(_said, text)).strip("\n")
