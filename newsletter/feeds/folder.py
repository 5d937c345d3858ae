"""A folder of Markdown files with front matter, as Hugo and Jekyll keep them.

Drafts are left out, posts dated ahead are kept. A file that can't be read gives a sentence and leaves the others alone.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from newsletter.feeds.document import absolute
from newsletter.feeds.frontmatter import FrontMatterProblem, moment, split, texts
from newsletter.feeds.model import EVERYTHING, SourceProblem
from newsletter.feeds.pages import Page
from newsletter.feeds.post import Raw, finish, text_as_html
from newsletter.feeds.sitetags import without_site_tags
from newsletter.mail import FoundPost, Image

MAXIMUM_FILES = 5_000
_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_JEKYLL = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-(.+)")
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)
_markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files are, where their posts are seen (`base`, `permalink`), and the zone of dates without one."""

    path: Path
    base: str
    permalink: str
    zone: tzinfo
    maximum_bytes: int


def read_folder(folder: Folder) -> Page:
    """All posts of a folder. Raises SourceProblem where there is no such folder, or a permalink that means nothing."""
    if not folder.path.is_dir():
        raise SourceProblem(f"{folder.path}: there is no such folder; check the source's url")
    unknown = set(_PLACEHOLDER.findall(folder.permalink)) - {"slug", "year", "month", "day", "title"}
    if unknown:
        known = ":slug, :title, :year, :month and :day"
        raise SourceProblem(f"{folder.path}: its permalink has ':{min(unknown)}', which means nothing; write {known}")
    posts: list[FoundPost] = []
    problems: list[str] = []
    if not folder.base:
        problems.append("has no base, so that its posts have no address; set base to the address of the blog")
    for number, path in enumerate(_files(folder.path)):
        if number == MAXIMUM_FILES:
            problems.append(f"has more than {MAXIMUM_FILES:,} files, of which the first in order of name were read")
            break
        try:
            found = _read(path, folder)
        except (FrontMatterProblem, OSError, UnicodeDecodeError) as e:
            said = "it is no text in UTF-8" if isinstance(e, UnicodeDecodeError) else e
            problems.append(f"its file {path.relative_to(folder.path)} was left out: {said}")
            continue
        if found:
            posts.append(found[0])
            problems += found[1]
    return Page(tuple(posts), "", EVERYTHING, tuple(problems))


def _files(path: Path) -> Iterator[Path]:
    """Markdown files in order of name, but for section pages (`_index.md`) and drafts' folders."""
    for file in sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES):
        inside = file.relative_to(path).parts
        if (
            file.is_file()
            and file.stem != "_index"
            and "_drafts" not in inside
            and not any(i.startswith(".") for i in inside)
        ):
            yield file


def _read(path: Path, folder: Folder) -> tuple[FoundPost, tuple[str, ...]] | None:
    """A file's post; None for drafts, pages and files without front matter."""
    if (size := path.stat().st_size) > folder.maximum_bytes:
        raise FrontMatterProblem(f"it has {size:,} bytes, more than collect.maximum_bytes")
    parts = split(path.read_text(encoding="utf-8-sig"))
    if not parts or _is_unpublished(parts[0]):
        return None
    data, text = parts
    text, left_out = without_site_tags(text)
    named = _JEKYLL.fullmatch(path.stem)
    published = moment(data.get("publishdate") or data.get("date") or (named[1] if named else None), folder.zone)
    raw = _raw(data, text, published, folder.zone)
    slug = "".join(texts(data.get("slug"))) or (named[2] if named else _stem(path))
    link = _address(data, slug, raw.title, published, folder)
    post, problems = finish(
        replace(raw, link=link, uid=raw.uid or link or str(path.relative_to(folder.path)), image=_image(data, link)),
        folder.base,
    )
    if left_out:
        shown = post.title or slug
        problems += (f"its post '{shown}' had shortcodes or tags left out that only its own site can fill in",)
    if published is None and data.get("date"):
        problems += (f"its post '{post.title or slug}' has a date that can't be read ({str(data['date'])[:60]!r})",)
    return post, problems


def _is_unpublished(data: Mapping[str, Any]) -> bool:
    return data.get("draft") is True or data.get("published") is False or data.get("layout") == "page"


def _stem(path: Path) -> str:
    """The slug by the file's name; a bundle's (`my-post/index.md`) by its folder's."""
    return path.parent.name if path.stem == "index" else path.stem


def _raw(data: Mapping[str, Any], text: str, published: datetime | None, zone: tzinfo) -> Raw:
    short = _MORE.split(text, maxsplit=1)
    described = texts(data.get("description") or data.get("summary"))
    return Raw(
        uid="".join(texts(data.get("guid"))[:1]),
        title="".join(texts(data.get("title"))[:1]),
        html=_markdown.render(text),
        summary=text_as_html(described[0]) if described else _markdown.render(short[0]) if len(short) > 1 else "",
        published=published,
        updated=moment(data.get("lastmod") or data.get("updated") or data.get("last_modified_at"), zone),
        author=", ".join(texts(data.get("author")) or texts(data.get("authors"))),
        categories=texts(data.get("categories")) + texts(data.get("category")) + texts(data.get("tags")),
    )


def _image(data: Mapping[str, Any], link: str) -> Image | None:
    """The picture that front matter names, seen from the post's own address."""
    for name in (*texts(data.get("image")), *texts(data.get("images")), *texts(data.get("cover"))):
        if (url := absolute(name, link)).startswith(("http://", "https://")):
            return Image(url)
    return None


def _address(data: Mapping[str, Any], slug: str, title: str, published: datetime | None, folder: Folder) -> str:
    """The post's address: its own `url` or `permalink`, else the source's permalink filled in; "" without a base."""
    own = "".join((texts(data.get("url")) or texts(data.get("permalink")))[:1])
    if own.startswith(("http://", "https://")):
        return own
    if not folder.base:
        return ""
    values = {"slug": slug, "title": slugify(title) or slug, "year": "", "month": "", "day": ""}
    if published:
        values |= {"year": f"{published.year:04}", "month": f"{published.month:02}", "day": f"{published.day:02}"}
    path = own or _PLACEHOLDER.sub(lambda m: values[m[1]], folder.permalink)
    return absolute(re.sub(r"/{2,}", "/", path).lstrip("/"), folder.base.rstrip("/") + "/")


def slugify(title: str) -> str:
    """A title as it stands in addresses: lower case, letters of any script and digits, hyphens between."""
    plain = unicodedata.normalize("NFC", title).lower()
    return re.sub(r"[^\w]+", "-", plain).strip("-_")
