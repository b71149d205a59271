"""What a guess says in its source, apart from Sphinx: its marks, its order, and it as Markdown.

``book/_ext/directives/guess.py`` explains the syntax. The order in which a page shows lines that
are to be put in order is drawn from the name of the guess, so that pages, decks, paper and
notebooks agree.
"""

import random
import re

MARK = re.compile(r"^\[([^\]\n]*)\] *")
START = re.compile(r"(?:-|\d+\.) +(.*)")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def shuffled(name: str, count: int) -> list[int]:
    """Return an order of the lines, the same for the same name, and never the true one."""
    order = list(range(count))
    generator = random.Random(name)
    while order == sorted(order) and count > 1:
        generator.shuffle(order)
    return order


def line(mark: str) -> tuple[str | None, list[str]]:
    """Read the mark of a line of a proof: its name and what it rests on; no name if it is false."""
    if mark.strip() == "!":
        return None, []
    name, _, grounds = mark.partition("<")
    return name.strip(), grounds.split()


def valid_order(marks: list[str]) -> list[int]:
    """Return the places of the true lines, each after those that it rests on, else as written.

    A ValueError says what no order can satisfy.
    """
    lines = {name: (place, grounds) for place, mark in enumerate(marks)
             for name, grounds in [line(mark)] if name is not None}  # fmt: skip
    if len(lines) != sum(line(mark)[0] is not None for mark in marks):
        raise ValueError("two lines have one name")
    done, order = set(), []
    while len(order) < len(lines):
        for name, (place, grounds) in lines.items():
            if unknown := set(grounds) - set(lines):
                raise ValueError(f"line {name} rests on {', '.join(sorted(unknown))}: no such line")
            if name not in done and set(grounds) <= done:
                done.add(name)
                order.append(place)
                break
        else:
            raise ValueError("some lines rest on each other in a circle")
    return order


def rests(grounds: list[str]) -> str:
    """Say in words what a line of a proof rests on."""
    names = " and ".join(f"({ground})" for ground in grounds)
    return f"Rests on {names}." if grounds else "Rests on none of the others."


def _items(body: str) -> tuple[str, list[tuple[str | None, str, str]], str]:
    """Split the source of a guess: the question, (mark, text, sentence) of each item, the rest."""
    question, items, rest = [], [], []
    for row in body.strip().splitlines():
        if (start := START.match(row)) and not rest:
            items.append([start[1]])
        elif items and not rest and (not row or row.startswith(" ")):
            items[-1].append(row.strip())
        else:
            (rest if items else question).append(row)
    found = []
    for rows in items:
        first, _, then = "\n".join(rows).partition("\n\n")
        mark = MARK.match(first)
        text = first[mark.end() :] if mark else first
        found.append((mark and mark[1].strip(), " ".join(text.split()), " ".join(then.split())))
    return "\n".join(question).strip(), found, "\n".join(rest).strip()


def _folded(text: str) -> str:
    return f"<details><summary>Show me</summary>\n\n{text.strip()}\n\n</details>"


def as_markdown(kind: str, name: str, options: dict[str, str], body: str) -> str:
    """Write a guess as text that any notebook shows: the question, the choices, a fold."""
    question, items, rest = _items(body)
    head = "**Put the proof in order.**" if kind == "proof-order" else "**Guess first.**"
    said = [f"{head} {question}"]
    if kind == "proof-order":
        order = shuffled(name, len(items))
        letters = {place: LETTERS[at] for at, place in enumerate(order)}
        said.append("\n".join(f"- ({letters[place]}) {items[place][1]}" for place in order))
        valid = valid_order([mark for mark, *_ in items])
        answer = ", ".join(letters[place] for place in valid)
        names = {line(mark)[0]: letters[place] for place, (mark, *_) in enumerate(items)}
        grounds = {p: [names[ground] for ground in line(items[p][0])[1]] for p in valid}
        steps = [f"{n}. ({letters[p]}) {items[p][1]} {rests(grounds[p])}"
                 for n, p in enumerate(valid, 1)]  # fmt: skip
        wrong = [f"- ({letters[place]}) {text}" for place, (mark, _, text) in enumerate(items)
                 if mark == "!"]  # fmt: skip
        rest = "\n\n".join(
            [f"One order: {answer}.", "\n".join(steps), "\n".join(["Not true:", "", *wrong]), rest]
        )
    elif steps := [text for mark, text, _ in items if mark is None]:
        order = shuffled(name, len(steps))
        said.append("\n".join(f"- ({LETTERS[at]}) {steps[p]}" for at, p in enumerate(order)))
        answer = ", ".join(LETTERS[order.index(place)] for place in range(len(steps)))
        then = [text for mark, text, _ in items if mark == "x"]
        rest = "\n\n".join([f"The order: {answer}.", *then, rest])
    elif {"number", "draw", "click"} & set(options):
        first = [f"**{options['number']}**"] if "number" in options else []
        first += [text for mark, text, _ in items if mark.startswith("x")]
        rest = "\n\n".join([*first, rest])
    else:
        said.append("\n".join(f"- ({LETTERS[n]}) {text}" for n, (_, text, _) in enumerate(items)))
        reasons = [f"- ({LETTERS[n]}) {'Yes.' if mark == 'x' else 'No.'} {then}"
                   for n, (mark, _, then) in enumerate(items)]  # fmt: skip
        rest = "\n".join(reasons) + f"\n\n{rest}"
    return "\n\n".join([*said, _folded(rest)])
