"""A folder of Markdown files with front matter, as Hugo and Jekyll keep them.

Drafts are left out, posts dated ahead are kept. A file that can't be read gives a sentence and leaves the others alone.
"""

import logging
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from newsletter.domain.found_post import FoundPost, Image
from newsletter.feeds.document import absolute
from newsletter.feeds.formats.frontmatter import FrontMatterProblem, moment, split, texts
from newsletter.feeds.formats.markdown import markdown
from newsletter.feeds.isolate import fault
from newsletter.feeds.model import EVERYTHING, Page, SourceProblem
from newsletter.feeds.post import Raw, finish, text_as_html
from newsletter.feeds.sources.sitetags import without_site_tags
from newsletter.messages import Message, message_of, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.sandbox import Sandbox

MAXIMUM_FILES = 5_000
LARGE_FILE = 50_000
"""The octets from which on a file is read with limits, as hostile Markdown takes more than linear time."""

_log = logging.getLogger(__name__)
_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_JEKYLL = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-(.+)")
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files are, where their posts are seen (`base`, `permalink`), and the zone of dates without one."""

    path: Path
    base: str
    permalink: str
    zone: tzinfo
    maximum_bytes: int


def read_folder(folder: Folder) -> Page:
    """Return all posts of a folder. Raises SourceProblem where there is no such folder, or an invalid
    permalink.
    """
    if not _is_there(folder.path):
        raise SourceProblem(ABOUT(subject=str(folder.path), message=messages.NO_FOLDER()))
    unknown = set(_PLACEHOLDER.findall(folder.permalink)) - {"slug", "year", "month", "day", "title"}
    if unknown:
        placeholders = ":slug, :title, :year, :month and :day"
        message = messages.BAD_PERMALINK(name=min(unknown), known=placeholders)
        raise SourceProblem(ABOUT(subject=str(folder.path), message=message))
    posts: list[FoundPost] = []
    problems: list[Message] = []
    every = True
    if not folder.base:
        problems.append(messages.NO_BASE())
    with Sandbox(large=LARGE_FILE, problem=SourceProblem) as sandbox:
        for number, path in enumerate(_files(folder.path)):
            if number == MAXIMUM_FILES:
                problems.append(messages.TOO_MANY_FILES(most=MAXIMUM_FILES))
                break
            post, troubles, whole = _isolated(path, folder, sandbox)
            posts += [post] if post else []
            problems += troubles
            every = every and whole
    return Page("folder", posts=tuple(posts), ends_at=EVERYTHING, problems=tuple(problems), whole=every)


def _is_there(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # such as a name that is too long for one
        return False


def _isolated(path: Path, folder: Folder, sandbox: Sandbox) -> tuple[FoundPost | None, tuple[Message, ...], bool]:
    """Return a file's post, messages on what was wrong, and whether the file could be read."""
    try:
        post, problems = sandbox.read(path.stat().st_size, _read, path, folder)
    except (FrontMatterProblem, SourceProblem, OSError, UnicodeDecodeError) as e:
        problem = messages.NOT_UTF8() if isinstance(e, UnicodeDecodeError) else message_of(e)
    except Exception as e:  # noqa: BLE001 - foreign input: one bad file must not cost the others
        _log.warning("a Markdown file can't be read", exc_info=True)
        problem = fault(e)
    else:
        return post, problems, True
    name = os.fsencode(path.relative_to(folder.path)).decode("utf-8", "replace")
    return None, (messages.FILE_LEFT_OUT(name=name, problem=problem),), False


def _files(path: Path) -> Iterator[Path]:
    """Markdown files in order of name, but for section pages (`_index.md`) and drafts' folders."""
    for file in sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES):
        parts = file.relative_to(path).parts
        if (
            file.is_file()
            and file.stem != "_index"
            and "_drafts" not in parts
            and not any(i.startswith(".") for i in parts)
        ):
            yield file


def _read(path: Path, folder: Folder) -> tuple[FoundPost | None, tuple[Message, ...]]:
    """Return a file's post and messages on what was wrong; no post for drafts, pages and files without front matter."""
    if not path.resolve().is_relative_to(folder.path.resolve()):
        raise FrontMatterProblem(messages.LINK_OUTSIDE())
    if (size := path.stat().st_size) > folder.maximum_bytes:
        raise FrontMatterProblem(messages.FILE_TOO_LARGE(bytes=size))
    parts = split(path.read_text(encoding="utf-8-sig"))
    if not parts:
        return None, ()
    data, text = parts
    if data.get("draft") is True or data.get("published") is False or data.get("layout") == "page":
        return None, ()
    text, left_out = without_site_tags(text)
    dated_name = _JEKYLL.fullmatch(path.stem)
    date = data.get("publishdate") or data.get("date") or (dated_name[1] if dated_name else None)
    published = moment(date, folder.zone)
    raw = _raw(data, text, published, folder.zone)
    slug = "".join(texts(data.get("slug"))) or (dated_name[2] if dated_name else _slug_in_path(path))
    link = _address(data, slug, raw.title, published, folder)
    post, problems = finish(
        replace(raw, link=link, uid=raw.uid or link or str(path.relative_to(folder.path)), image=_image(data, link)),
        folder.base,
    )
    if left_out:
        problems += (messages.OF_A_POST(title=post.title or slug, problem=messages.SITE_TAGS()),)
    if published is None and data.get("date"):
        bad_date = messages.BAD_DATE(text=repr(str(data["date"])[:60]))
        problems += (messages.OF_A_POST(title=post.title or slug, problem=bad_date),)
    return post, problems


def _slug_in_path(path: Path) -> str:
    """Return the file's name, or the folder's for a bundle (`my-post/index.md`)."""
    return path.parent.name if path.stem == "index" else path.stem


def _raw(data: Mapping[str, Any], text: str, published: datetime | None, zone: tzinfo) -> Raw:
    short = _MORE.split(text, maxsplit=1)
    described = texts(data.get("description") or data.get("summary"))
    return Raw(
        uid="".join(texts(data.get("guid"))[:1]),
        title="".join(texts(data.get("title"))[:1]),
        html=markdown(text),
        summary=text_as_html(described[0]) if described else markdown(short[0]) if len(short) > 1 else "",
        published=published,
        updated=moment(data.get("lastmod") or data.get("updated") or data.get("last_modified_at"), zone),
        author=", ".join(texts(data.get("author")) or texts(data.get("authors"))),
        categories=texts(data.get("categories")) + texts(data.get("category")) + texts(data.get("tags")),
    )


def _image(data: Mapping[str, Any], link: str) -> Image | None:
    """Return the image that front matter names, relative to the post's own address."""
    for name in (*texts(data.get("image")), *texts(data.get("images")), *texts(data.get("cover"))):
        if (url := absolute(name, link)).startswith(("http://", "https://")):
            return Image(url)
    return None


def _address(data: Mapping[str, Any], slug: str, title: str, published: datetime | None, folder: Folder) -> str:
    """Return the post's address: its own `url` or `permalink`, else the source's permalink filled in; "" without a
    base.
    """
    own_path = "".join((texts(data.get("url")) or texts(data.get("permalink")))[:1])
    if own_path.startswith(("http://", "https://")):
        return own_path
    if not folder.base:
        return ""
    values = {"slug": slug, "title": slugify(title) or slug, "year": "", "month": "", "day": ""}
    if published:
        values |= {"year": f"{published.year:04}", "month": f"{published.month:02}", "day": f"{published.day:02}"}
    path = own_path or _PLACEHOLDER.sub(lambda m: values[m[1]], folder.permalink)
    return absolute(re.sub(r"/{2,}", "/", path).lstrip("/"), folder.base.rstrip("/") + "/")


def slugify(title: str) -> str:
    """Return a title in the form of addresses: lower case, letters of any script and digits, hyphens between."""
    plain = unicodedata.normalize("NFC", title).lower()
    return re.sub(r"[^\w]+", "-", plain).strip("-_")
