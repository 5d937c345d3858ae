"""The documents about moving in and out, as pages of the desk: one for each tool."""

import re
from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from newsletter.render.content.markdown import markdown
from newsletter.web.desk.pages import page

_PACKAGE = Path(__file__).parents[2]
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\(([^()\s]{1,200})\)")


def documents() -> Path:
    """Return the folder with the documents: that of a wheel, else that of the repository."""
    packed = _PACKAGE / "_documents"
    return packed if packed.is_dir() else _PACKAGE.parent / "docs"


@cache
def names() -> frozenset[str]:
    """Return the names of the documents that are pages."""
    return frozenset({"moving-in", "leaving", *(path.stem for path in (documents() / "moving").glob("*.md"))})


def name_of(tool: str) -> str:
    """Return the name of a tool's page, "" if it has none."""
    name = tool.lower()
    return name if (documents() / "moving" / f"{name}.md").is_file() else ""


def guide(request: HttpRequest, document: str) -> HttpResponse:
    """Show a document."""
    if document not in names():
        raise Http404("there is no such document")
    paths = documents() / f"{document}.md", documents() / "moving" / f"{document}.md"
    path = next(path for path in paths if path.is_file())
    title, text = path.read_text(encoding="utf-8").removeprefix("# ").split("\n", 1)
    html = markdown(_LINK.sub(_link, text))
    html = html.replace("<table>", '<table tabindex="0">')  # it scrolls on phones, with the keyboard too
    return page(request, "guide", {"title": title, "html": html}, section="subscribers")


def _link(match: re.Match[str]) -> str:
    """Return a link to another of these pages, or the words of a link to something else."""
    words, target = match.groups()
    if target.startswith("https://"):
        return match[0]
    stem = target.partition("#")[0].rpartition("/")[2].removesuffix(".md")
    return f"[{words}]({reverse('desk:guide', args=(stem,))})" if stem in names() else words
