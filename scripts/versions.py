"""Write what 'make newest' and 'make lowest' install: requirements with one side of their bounds.

usage: versions.py newest|lowest                            (writes to standard output, for pip)

The ranges in pyproject.toml are those that are known to work. Once a week everything is tried in
its newest version, and the package in the oldest one that it allows, to hear of a break before
readers do. pip's own ``--upgrade`` stays within the ranges and has no lowest resolution; tools that
edit the ranges or resolve to the lowest (pip-tools, uv) would be one more thing to install.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What stays as it is, and why.
HELD = {
    "jupyter-book": "2 is another program, without Sphinx",
}
# What the tests of the package need, beside the package itself.
TOOLS = (
    "pytest",
    "pytest-xdist",
    "coverage",
    "packaging",
    "pyyaml",
    "jupytext",
    "nbclient",
    "ipykernel",
    "POT",
    "lapx",
)


def _read() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _parts(requirement: str) -> tuple[str, str, list[str], str]:
    """Name, extras, bounds and marker of a requirement."""
    name, extras, rest = re.fullmatch(r"([\w.-]+)(\[[^\]]*\])?(.*)", requirement).groups()
    bounds, _, marker = rest.partition(";")
    return name, extras or "", [b.strip() for b in bounds.split(",") if b.strip()], marker.strip()


def lifted(requirement: str) -> str:
    """The requirement with its lower bounds alone; what is held stays."""
    name, extras, bounds, marker = _parts(requirement)
    if name not in HELD:
        bounds = [bound for bound in bounds if bound.startswith(">")]
    return f"{name}{extras}{','.join(bounds)}{f'; {marker}' if marker else ''}"


def lowered(requirement: str) -> str:
    """The requirement at its lower bound, patches of that version included."""
    name, extras, bounds, marker = _parts(requirement)
    (floor,) = (bound[2:] for bound in bounds if bound.startswith(">="))
    release = floor if floor.count(".") else f"{floor}.0"
    return f"{name}{extras}=={release}.*{f'; {marker}' if marker else ''}"


def newest() -> list[str]:
    """The lines for pip, of the package and of what 'make test' needs."""
    extras = _read()["optional-dependencies"]
    needed = [*extras["all"], *extras["book"], *extras["dev"]]
    # the book's own pins come later, and take the place of the package's
    by_name = {_parts(r)[0]: r for r in [*_read()["dependencies"], *_unfolded(needed)]}
    return [lifted(r) for r in by_name.values()]


def lowest() -> list[str]:
    """The lines for pip, of the package with all that users may need, and of its tests."""
    project = _read()
    light = _unfolded([*project["dependencies"], *project["optional-dependencies"]["all"]])
    extras = project["optional-dependencies"]
    tools = [r for r in extras["book"] + extras["dev"] if _parts(r)[0] in TOOLS]
    return [*map(lowered, light), *tools]


def _unfolded(requirements: list[str]) -> list[str]:
    """The requirements with those of otlec's own extras in their place."""
    extras, found = _read()["optional-dependencies"], []
    for requirement in requirements:
        name, names, _, _ = _parts(requirement)
        if name == "otlec":
            found += _unfolded([r for extra in names[1:-1].split(",") for r in extras[extra]])
        else:
            found.append(requirement)
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    print("\n".join({"newest": newest, "lowest": lowest}[sys.argv[1]]()))
