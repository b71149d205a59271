"""Write what 'make newest' installs: the requirements of pyproject.toml without their upper bounds.

usage: newest_versions.py                                   (writes to standard output, for pip)

The ranges in pyproject.toml are those that are known to work. Once a week everything is tried in
its newest version, to hear of a break before readers do. pip's own ``--upgrade`` stays within the
ranges, and tools that edit them (pip-tools, uv) keep lock files, which this project does not have.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What stays as it is, and why.
HELD = {
    "jupyter-book": "2 is another program, without Sphinx",
}


def lifted(requirement: str) -> str:
    """The requirement with its lower bounds alone; what is held stays."""
    name, extras, rest = re.fullmatch(r"([\w.-]+)(\[[^\]]*\])?(.*)", requirement).groups()
    bounds, _, marker = rest.partition(";")
    if name not in HELD:
        bounds = ",".join(b.strip() for b in bounds.split(",") if b.strip().startswith(">"))
    return f"{name}{extras or ''}{bounds}{f'; {marker.strip()}' if marker else ''}"


def requirements() -> list[str]:
    """The lines for pip, of the package and of what 'make test' needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [lifted(r) for r in [*project["dependencies"], *extras["book"], *extras["dev"]]]


if __name__ == "__main__":
    print("\n".join(requirements()))
