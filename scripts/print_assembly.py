"""The pages of the built book, put together as one page for paper.

``assemble(folder)`` reads the HTML that ``make book`` has written, in the order of ``_toc.yml``,
so that paper has the very numbers of the screen. Sphinx's own builder of a single page was tried:
it repeats ids (each chapter has a section "What to remember"), so that links lead to the wrong
chapter, and it needs a second build. Here each id takes the name of its page before it, and each
link follows.

What a reader of paper gets: proofs open; answers and solutions at the end of the book, each with
its page; live figures and moving pictures as their still frame, once; no code that only draws.
"""

import html
import re
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import lecture
import yaml
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parents[1]
STYLE = ROOT / "book" / "_print" / "print.css"
STYLES = ("pygments.css", "palette.css", "formulas.css", "otlec.css", "otlec-guess.css")
ANSWERS = re.compile(r"Answer|Solution|Show me")  # the last folds what a guess asks for
# The last is how a picture is drawn.
ONLY_ON_SCREEN = (
    "a.headerlink, script, template, button, .toctree-wrapper, .otlec-source, "
    ".downloads, details.hide, .otlec-python, .otlec-solved"
)
# Three of four elements of a page are parts of formulas or marks of code that print in the colour
# of the text: the former need no look, the latter are not needed.
FORMULA = re.compile(
    r"(<mjx-container[^>]*)>(.*?)(?:<mjx-assistive-mml.*?</mjx-assistive-mml>)?</mjx-container>",
    re.S,
)
COLOURLESS = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')
# What a bookmark, which is plain text, shows for the formulas that stand in headings.
PLAIN = [
    (r"\\Prob(?![a-z])", "P"),
    (r"\\psi(?![a-z])", "ψ"),
    (r"\\varphi(?![a-z])", "φ"),
    (r"\\R(?![a-z])", "R"),
    (r"[{}\\$]", ""),
]
TEMPLATE = """<!DOCTYPE html>
<html lang="{language}" data-theme="light"><head><meta charset="utf-8"/><title>{title}</title>
{styles}<style>{faces}</style></head>
<body>{front}{body}</body></html>
"""
SUBSCRIPTS = str.maketrans("0123456789p", "₀₁₂₃₄₅₆₇₈₉ₚ")


class PaperError(RuntimeError):
    """What the built pages lack."""


def parts() -> list[tuple[str, list[str]]]:
    """The captions of the table of contents, and the pages under each."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    shown = lecture.toc()
    chapters = [
        (part["caption"], [page["file"] for page in part["chapters"] if page["file"] in shown])
        for part in toc["parts"]
    ]
    return [("", [toc["root"]]), *chapters]


def plain(heading: Tag) -> str:
    """A heading as plain text, its formulas spelt with Unicode's letters."""
    heading = copy(heading)
    for formula in heading.select(".math"):
        text = formula["data-tex"]
        for pattern, letter in PLAIN:
            text = re.sub(pattern, letter, text)
        formula.replace_with(re.sub(r"_(\w)", lambda found: found[1].translate(SUBSCRIPTS), text))
    return " ".join(heading.get_text().split())


# One page ---------------------------------------------------------------------------------------


def read(folder: Path, name: str, formulas: list[str]) -> Tag:
    """The text of a page, without what only a screen can use; formulas are kept aside."""
    file = folder / f"{name}.html"
    if not file.exists():
        raise PaperError(f"{file} is missing: run 'make book' first")
    found = re.search(
        r'<article class="bd-article".*</article>', file.read_text(encoding="utf-8"), re.S
    )
    if found is None:
        raise PaperError(f"{file} has no article")

    def aside(formula: re.Match) -> str:
        formulas.append(formula[2])
        return f'{formula[1]} data-inside="{len(formulas) - 1}"></mjx-container>'

    text = COLOURLESS.sub(r"\1", FORMULA.sub(aside, found[0]))
    article = BeautifulSoup(text, "html.parser").select_one("article > section")
    for element in article.select(ONLY_ON_SCREEN):
        element.decompose()
    for link in article.select("a.image-reference"):
        link.unwrap()
    for formula in article.select(".math[data-tex] > mjx-container"):
        # To a screen reader, an image with the formula's source as its text.
        formula["role"], formula["aria-label"] = "img", formula.parent["data-tex"].strip()
    return article


def own_ids(article: Tag, name: str, pages: set[str]) -> None:
    """Put the name of the page before all ids, and let the links follow; unwrap dead ones."""
    anchor = Tag(name="span", attrs={"id": article["id"]})
    article.insert(0, anchor)
    article["id"] = ""
    for element in article.select("[id]"):
        element["id"] = f"{name}--{element['id']}"
    article["id"], article["class"] = name, "chapter tex2jax_ignore"
    for element in article.select("[aria-labelledby], [for]"):
        del element["aria-labelledby"], element["for"]
    for link in article.select("a[href]"):
        target, _, fragment = link["href"].partition("#")
        page = target.removesuffix(".html")
        if target.startswith(("http:", "https:", "mailto:")):
            link["class"] = "external"
        elif not target and not fragment:
            link.unwrap()
        elif not target or (target.endswith(".html") and page in pages):
            link["href"] = "#" + "--".join(filter(None, [page or name, fragment]))
        else:
            link.unwrap()  # a file that paper does not have


def addresses(article: Tag, folder: Path) -> None:
    """Images by their full address, loaded at once."""
    for image in article.select("img[src]"):
        image["src"] = (folder / image["src"]).resolve().as_uri()
        image["loading"] = "eager"


def open_proofs(article: Tag) -> None:
    """Unfold what stays in its place: the content alone if it names itself, or under its title."""
    for folded in article.select("details"):
        title, content = folded.select_one("summary"), folded.select_one(".sd-summary-content")
        if content is None:
            raise PaperError(f"a folded part of a kind that paper does not know: {title}")
        text = title.select_one(".sd-summary-text")
        if text.get_text(strip=True) != "Proof":
            text.name, text["class"] = "p", "unfolded"
            content.insert(0, text.extract())
        content["class"] = "opened"
        folded.replace_with(content)
    for element in article.select(".admonition.dropdown"):
        element["class"] = [name for name in element["class"] if name != "dropdown"]


def take_answers(article: Tag, name: str, soup: BeautifulSoup) -> list[Tag]:
    """Take the answers out, and leave a link with the page; return them as sections."""
    taken = []
    found = [
        block
        for block in article.select("details.sd-dropdown, .solution.dropdown, .otlec-fold")
        if ANSWERS.match(
            block.select_one("summary, .sd-summary-text, .admonition-title").get_text(strip=True)
        )
    ]
    for number, block in enumerate(found, start=1):
        here, there = f"{name}--question-{number}", f"{name}--answer-{number}"
        answer = soup.new_tag("section", attrs={"class": "answer", "id": there})
        title = soup.new_tag("h3")
        title.append(_question(block, soup))
        title.append(_page_link(here, "page ", soup))
        body = block.select_one(".sd-summary-content") or block
        for heading in body.select(":scope > p.admonition-title, :scope > summary"):
            heading.decompose()
        shorten_verdict(body)
        answer.extend([title, *[child.extract() for child in list(body.children)]])
        link = soup.new_tag("p", attrs={"class": "to-answer", "id": here})
        link.append("Answer: ")
        link.append(_page_link(there, "page ", soup))
        block.replace_with(link)
        taken.append(answer)
    return taken


def shorten_verdict(body: Tag) -> None:
    """Of what the check says, keep the reason: the title stands above, and each was tried."""
    for verdict in body.select(":scope > div[style] > p:has(strong)"):
        box = verdict.parent
        del box["style"]
        for line in [verdict, *box.find_all("p", string=re.compile("^Tried on"))]:
            line.decompose()


def _question(block: Tag, soup: BeautifulSoup) -> Tag:
    """What an answer belongs to: a numbered question, an exercise in a box, or a section."""
    title = soup.new_tag("span", attrs={"class": "of"})
    section = block.find_parent("section")
    number = block.find_previous_sibling("p")
    strong = number and number.find("strong")
    boxed = block.select_one(".admonition-title a")
    if section["id"].endswith("check-yourself") and strong:
        title.append(f"Question {strong.get_text(strip=True).rstrip('.')}")
    elif boxed:
        title.append(boxed.get_text(strip=True))
    else:
        for child in section.find(["h2", "h3"]).children:
            title.append(copy(child))
        words = block.select_one("summary, .sd-summary-text").get_text(strip=True)
        words = "Guess" if words == "Show me" else words
        if words not in ("Answer", "Solution"):
            title.append(f": {words[0].lower()}{words[1:]}")
    return title


def _page_link(target: str, words: str, soup: BeautifulSoup) -> Tag:
    """A link that shows the page of its target, once that is known."""
    link = soup.new_tag("a", attrs={"class": "page-link", "href": f"#{target}"})
    link.append(words)
    link.append(soup.new_tag("span", attrs={"class": "page-of", "data-target": target}))
    return link


def say_where_figures_stand(article: Tag, elsewhere: dict[str, str], soup: BeautifulSoup) -> None:
    """On the page that collects the live figures, put a list in the place of their repetition."""
    items = soup.new_tag("ul")
    for figure in article.select(".otlec-figure"):
        identity = figure["data-figure"]
        if identity not in elsewhere:
            continue
        section = figure.find_parent("section")
        item = soup.new_tag("li")
        for child in list(section.find("h2").children):
            item.append(child.extract())
        item.append(", ")
        item.append(_page_link(elsewhere[identity], "page ", soup))
        items.append(item)
        section.decompose() if items.parent else section.replace_with(items)
    if items.parent:
        items.insert_before(
            BeautifulSoup("<p>In the chapters, each has its still frame:</p>", "html.parser").p
        )


# The whole --------------------------------------------------------------------------------------


def answers_chapter(taken: list[tuple[str, Tag, list[Tag]]], soup: BeautifulSoup) -> Tag:
    """All answers, under the title of the page that asks."""
    chapter = soup.new_tag("section", attrs={"id": "answers"})
    title = soup.new_tag("h1")
    title.string = "Answers and solutions"
    chapter.append(title)
    for name, heading, answers in taken:
        section = soup.new_tag("section", attrs={"id": f"answers--{name}"})
        h2 = soup.new_tag("h2")
        for child in heading.children:
            h2.append(copy(child))
        section.extend([h2, *answers])
        chapter.append(section)
    return chapter


def contents(chapters: list[tuple[str, Tag]], captions: dict[str, str], soup) -> Tag:
    """Two levels of headings, with their pages."""
    nav = soup.new_tag("nav", attrs={"class": "contents", "id": "contents"})
    title = soup.new_tag("h1")
    title.string = "Contents"
    lines = soup.new_tag("div", attrs={"class": "lines"})
    nav.extend([title, lines])
    for name, chapter in chapters:
        if captions.get(name):
            caption = soup.new_tag("p", attrs={"class": "part"})
            caption.string = captions[name]
            lines.append(caption)
        lines.append(_line(chapter.find("h1"), name, "chapter", soup))
        if name == "answers":
            continue  # its sections repeat the chapters
        for section in chapter.find_all("section", recursive=False):
            if (heading := section.find("h2", recursive=False)) and section.get("id"):
                lines.append(_line(heading, section["id"], "section", soup))
    return nav


def _line(heading: Tag, target: str, level: str, soup: BeautifulSoup) -> Tag:
    line = soup.new_tag("p", attrs={"class": f"line {level}"})
    link = soup.new_tag("a", attrs={"href": f"#{target}"})
    words = soup.new_tag("span", attrs={"class": "words"})
    for child in heading.children:
        words.append(copy(child))
    link.append(words)
    link.append(soup.new_tag("span", attrs={"class": "dots"}))
    link.append(soup.new_tag("span", attrs={"class": "page-of", "data-target": target}))
    line.append(link)
    return line


def running_heads(chapters: list[tuple[str, Tag]]) -> str:
    """A style sheet: each chapter is a kind of page of its own, with its title at the top."""
    rules = []
    for name, chapter in chapters:
        title = plain(chapter.find("h1")).replace('"', '\\"')
        page = re.sub(r"\W", "-", f"chapter-{name}")
        rules.append(f'@page {page} {{ @top-left {{ content: "{title}"; }} }}')
        rules.append(f'[id="{name}"] {{ page: {page}; }}')
    return "\n".join(rules)


def fonts() -> str:
    """The faces of the pages, whole, and Matplotlib's for code: all machines print alike."""
    import font_source_sans_pro
    import font_source_serif_pro
    import matplotlib

    serif = Path(font_source_serif_pro.font_directory)
    sans = Path(font_source_sans_pro.font_directory)
    others = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = [
        ("Book", serif / "SourceSerifPro-Regular.ttf", "normal", "normal"),
        ("Book", serif / "SourceSerifPro-It.ttf", "normal", "italic"),
        ("Book", serif / "SourceSerifPro-Semibold.ttf", "bold", "normal"),
        ("Book", serif / "SourceSerifPro-SemiboldIt.ttf", "bold", "italic"),
        ("Titles", sans / "SourceSansPro-Regular.ttf", "normal", "normal"),
        ("Titles", sans / "SourceSansPro-It.ttf", "normal", "italic"),
        ("Titles", sans / "SourceSansPro-Semibold.ttf", "bold", "normal"),
        ("Signs", others / "DejaVuSans.ttf", "normal", "normal"),
        ("Code", others / "DejaVuSansMono.ttf", "normal", "normal"),
        ("Code", others / "DejaVuSansMono-Bold.ttf", "bold", "normal"),
        ("Code", others / "DejaVuSansMono-Oblique.ttf", "normal", "italic"),
    ]
    return "\n".join(
        f"@font-face {{ font-family: {family}; font-weight: {weight}; font-style: {style}; "
        f'src: url("{file.as_uri()}"); }}'
        for family, file, weight, style in faces
    )


def title_page(config: dict, version: str, has_answers: bool) -> str:
    """The first page, and what to know about this edition on the second."""
    name, _, subtitle = config["title"].partition(": ")
    cover = (ROOT / "book" / "images" / "cover.png").as_uri()
    credits = '<span class="page-of" data-target="index--credits"></span>'
    answers = (
        "Answers and solutions stand at the end, "
        '<a class="page-link" href="#answers">from page '
        '<span class="page-of" data-target="answers"></span></a>.'
    )
    return f"""
<section class="title-page">
<p class="name">{html.escape(name)}</p>
<p class="book-title">{html.escape(subtitle)}</p>
<img src="{cover}" alt="A pagoda made of dots becomes, in five pictures, a dahlia."/>
<p class="author">{html.escape(config["author"])}</p>
<p class="edition">Version {html.escape(version)}, {html.escape(str(config["copyright"]))}</p>
</section>
<section class="colophon">
<p><strong>On paper.</strong> These are the pages of the book, with the same numbers. Moving
pictures and live figures stand still: each shows one frame. Code that only draws a figure is left
out; it is in the notebooks. Proofs are open. {answers if has_answers else ""} Numbers of
statements, equations and pages are links, for those who read on a screen.</p>
<p>Text and figures: CC BY 4.0. Code: MIT licence. The photographs ship with scikit-learn; the
<a class="page-link" href="#index--credits">credits stand on page {credits}</a>.</p>
</section>"""


def configuration() -> dict:
    """The configuration of the book."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Paper:
    """A page of HTML that a browser can print, and its bookmarks: level, id and text."""

    page: str
    bookmarks: list[tuple[int, str, str]]


def bookmarks(chapters: list[tuple[str, Tag]]) -> list[tuple[int, str, str]]:
    """The chapters, their sections, and the statements of the lecture."""
    found = []
    for name, chapter in chapters:
        found.append((0, name, plain(chapter.find("h1"))))
        if name == "answers":
            continue
        for heading in chapter.select("section[id] > h2, p.admonition-title:has(.caption-number)"):
            level = 1 if heading.name == "h2" else 2
            found.append((level, heading.parent["id"], plain(heading)))
    return found


def lead_to_headings(chapters: list[tuple[str, Tag]]) -> None:
    """Give the ids of sections to their headings.

    A section may begin at the foot of a page whose heading stands on the next one.
    """
    for _, chapter in chapters:
        for heading in chapter.select("section[id] > h2"):
            heading["id"] = heading.parent["id"]
            del heading.parent["id"]


def assemble(folder: Path, version: str, paper: str = "A4") -> Paper:
    """Put the pages of a built book together."""
    config, soup = configuration(), BeautifulSoup("", "html.parser")
    captions = {pages[0]: caption for caption, pages in parts()}
    names = [name for _, pages in parts() for name in pages]
    chapters, taken, figures, formulas = [], [], {}, []
    for name in names:
        article = read(folder, name, formulas)
        own_ids(article, name, set(names))
        addresses(article, folder)
        answers = take_answers(article, name, soup)
        open_proofs(article)
        if answers:
            taken.append((name, article.find("h1"), answers))
        if name != "live":
            for figure in article.select(".otlec-figure"):
                figures.setdefault(figure["data-figure"], figure["id"])
        chapters.append((name, article))
    say_where_figures_stand(dict(chapters)["live"], figures, soup)
    if taken:  # the students' book has none
        chapters.append(("answers", answers_chapter(taken, soup)))
    front = title_page(config, version, bool(taken)) + str(contents(chapters, captions, soup))
    marks = bookmarks(chapters)
    lead_to_headings(chapters)
    body = "".join(str(chapter) for _, chapter in chapters)
    page = TEMPLATE
    for key, value in {
        "title": html.escape(config["title"]),
        "language": config["sphinx"]["config"]["language"],
        "styles": "".join(
            f'<link rel="stylesheet" href="{file.resolve().as_uri()}"/>'
            for file in (
                *(folder / "_static" / name for name in STYLES),
                STYLE,
            )
        ),
        "faces": fonts() + f"\n@page {{ size: {paper}; }}\n" + running_heads(chapters),
        "front": front,
        "body": body,
    }.items():
        page = page.replace("{" + key + "}", value)
    page = re.sub(
        r' data-inside="(\d+)"([^>]*)>', lambda found: f"{found[2]}>{formulas[int(found[1])]}", page
    )
    check_links(page)
    return Paper(page, marks)


def check_links(page: str) -> None:
    """Each link inside the book must lead somewhere, and no id may stand twice."""
    ids = re.findall(r' id="([^"]*)"', page)
    twice = {name for name in ids if ids.count(name) > 1} if len(ids) != len(set(ids)) else set()
    dead = set(re.findall(r'href="#([^"]*)"', page)) - set(ids)
    if twice or dead:
        raise PaperError(f"links that lead nowhere: {sorted(dead)}; ids twice: {sorted(twice)}")
