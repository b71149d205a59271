"""The public addresses of the book: its repository, and the site that shows it.

``_config.yml`` names the repository once, as ``repository: url``; a build may name another one with
the variable ``REPOSITORY``, as the published site does for each fork. What else is needed follows:
where the site is (``html: baseurl`` or the variable ``ADDRESS`` override it), what pip installs,
and where a page is launched, edited and reported. Where no repository is named, all are empty, and
what would need them is left out. The theme has the same buttons, but no state without an address,
and it opens the committed notebooks, which neither install otlec nor hide solutions.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import lecture

HANDOUTS = "notebooks"  # the branch that holds the notebooks for readers


@dataclass(frozen=True)
class Addresses:
    """What is configured; the rest is derived."""

    repository: str = ""
    branch: str = "main"
    site: str = ""
    binder: str = ""
    colab: str = ""
    hub: str = ""

    @property
    def requirement(self) -> str:
        """What pip installs where otlec is missing."""
        return f"git+{self.repository}" if self.repository else "otlec"

    @property
    def host(self) -> str:
        """``github``, ``gitlab``, or nothing for a host whose addresses are not known."""
        name = urlsplit(self.repository).hostname or ""
        return {"github.com": "github", "gitlab.com": "gitlab"}.get(name, "")

    def launches(self, name: str) -> list[tuple[str, str]]:
        """Where the notebook of a page runs: pairs of a name and an address."""
        if not self.repository:
            return []
        path = urlsplit(self.repository).path.strip("/")
        short = {"github": f"gh/{path}", "gitlab": f"gl/{quote(path, safe='')}"}
        where = short.get(self.host, f"git/{quote(self.repository, safe='')}")
        found = []
        if self.binder:
            file = f"lab/tree/_build/{HANDOUTS}/{name}.ipynb"  # made by binder/postBuild
            found.append(("Binder", f"{self.binder}/v2/{where}/{self.branch}?urlpath={file}"))
        if self.colab and self.host == "github":
            file = f"{path}/blob/{HANDOUTS}/{name}.ipynb"
            found.append(("Colab", f"{self.colab}/github/{file}"))
        if self.hub:
            folder = path.rsplit("/", 1)[-1]
            query = {"repo": self.repository, "branch": HANDOUTS}
            query["urlpath"] = f"lab/tree/{folder}/{name}.ipynb"
            query = urlencode(query, safe="/")
            found.append(("JupyterHub", f"{self.hub}/hub/user-redirect/git-pull?{query}"))
        return found

    def sources(self, name: str) -> list[tuple[str, str]]:
        """Where a page comes from: the repository, and where to edit it and to report a mistake."""
        if not self.repository:
            return []
        found = [("Repository", self.repository)]
        report = urlencode({"title": f"{name}: "}, quote_via=quote)
        if self.host:
            below = f"{self.repository}/-" if self.host == "gitlab" else self.repository
            report = report.replace("title", "issue[title]") if self.host == "gitlab" else report
            found.append(("Edit this page", f"{below}/edit/{self.branch}/book/{name}.md"))
            found.append(("Report a mistake", f"{below}/issues/new?{report}"))
        return found


def published(repository: str) -> str:
    """The address that GitHub or GitLab gives to the pages of a repository, or nothing."""
    parts = urlsplit(repository)
    domain = {"github.com": "github.io", "gitlab.com": "gitlab.io"}.get(parts.hostname or "")
    owner, _, project = parts.path.strip("/").partition("/")
    if not domain or not project:
        return ""
    root = f"https://{owner.lower()}.{domain}/"
    return root if project.lower() == f"{owner.lower()}.{domain}" else f"{root}{project}/"


def _checked(address: str, what: str) -> str:
    """The address without a slash at its end, or an error that says what is expected."""
    if address and not re.fullmatch(r"https?://[\w.-]+(:\d+)?(/[\w.~-]+)*/?", address):
        raise ValueError(f"{what} is {address!r}, which is no address like https://host/path")
    return address.rstrip("/").removesuffix(".git")


def read(environment=os.environ) -> Addresses:
    """The addresses from ``_config.yml`` and from the environment, which goes first."""
    config = lecture.config()
    named, launch = config["repository"], config["launch_buttons"]
    repository = _checked(environment.get("REPOSITORY") or named["url"], "the repository")
    site = environment.get("ADDRESS") or config["html"]["baseurl"] or published(repository)
    site = _checked(site, "the site")
    return Addresses(
        repository=repository,
        branch=named["branch"],
        site=f"{site}/" if site else "",
        binder=_checked(launch["binderhub_url"], "launch_buttons: binderhub_url"),
        colab=_checked(launch["colab_url"], "launch_buttons: colab_url"),
        hub=_checked(environment.get("HUB") or launch["jupyterhub_url"], "the JupyterHub"),
    )
