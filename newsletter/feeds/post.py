"""From what an entry says to a `FoundPost`, by the same rules for Atom, RSS, JSON Feed, REST and folders."""

import html as entities
import re
from dataclasses import dataclass
from datetime import datetime

from newsletter.feeds.clean import clean
from newsletter.feeds.dates import parse_date
from newsletter.feeds.document import absolute, escape
from newsletter.feeds.identity import made_up_id
from newsletter.feeds.language import detect
from newsletter.feeds.markup import one_line, spaced, text_of, without_controls
from newsletter.mail import FoundPost, Image

_SUMMARY = 2_000
_TITLE = 4_000
_NAMED = 200
_LINE_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'»”]")
_INLINE = "a b i em strong u s del ins sub sup small big code span font tt cite q mark abbr br img wbr p div"
_TITLE_TAG = re.compile(rf"</?(?:{'|'.join(_INLINE.split())})(?:\s[^<>]*)?/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as it was read. Dates are the source's own text; `title` plain text; `html` and `summary` HTML.

    `via` is the address that the feed gives where `link` is a better one; `base` is where relative addresses in
    `html` count from ("": from `link`).
    """

    uid: str = ""
    link: str = ""
    via: str = ""
    title: str = ""
    html: str = ""
    summary: str = ""
    published: str | datetime | None = None
    updated: str | datetime | None = None
    author: str = ""
    categories: tuple[str, ...] = ()
    image: Image | None = None
    base: str = ""


def finish(raw: Raw, feed_url: str) -> tuple[FoundPost, tuple[str, ...]]:
    """The post, cleaned and dated, and sentences that begin with its title on what was wrong with it."""
    link = _web_address(raw.link, feed_url)
    cleaned = clean(raw.html or raw.summary, raw.base or link or feed_url)
    summary = text_of(raw.summary)[:_SUMMARY] if raw.html else ""
    published, updated = _moment(raw.published), _moment(raw.updated)
    title, problems = _bounded(one_line(without_controls(raw.title)))
    post = FoundPost(
        uid=raw.uid.strip() or raw.link.strip() or made_up_id(title, cleaned.html, str(raw.published)),
        url=link,
        title=title,
        html=cleaned.html,
        summary=summary,
        published=published or updated,
        updated=updated,
        author=spaced(raw.author),
        categories=tuple(dict.fromkeys(filter(None, map(spaced, raw.categories)))),
        language=detect(f"{title}. {text_of(cleaned.html)}"),
        image=cleaned.image or raw.image,
        dropped=cleaned.dropped,
        via=_web_address(raw.via, feed_url),
    )
    problems += cleaned.problems
    if post.published is None and (raw.published or raw.updated):
        problems += (f"has a date that can't be read ({str(raw.published or raw.updated)[:60]!r})",)
    return post, tuple(f"its post '{title[:_NAMED] or post.uid}' {p}" for p in problems)


def _bounded(title: str) -> tuple[str, tuple[str, ...]]:
    """A title that is no longer than anybody means one to be, and a sentence where it was."""
    if len(title) <= _TITLE:
        return title, ()
    short = title[: _TITLE - 1].rstrip() + "…"
    return short, (f"has a title of {len(title):,} characters, of which the first {_TITLE:,} were kept",)


def _web_address(link: str, base: str) -> str:
    whole = absolute(link, base) if link.strip() else ""
    return whole if whole.startswith(("http://", "https://")) else ""


def _moment(value: str | datetime | None) -> datetime | None:
    return parse_date(value) if isinstance(value, str) else value


def title_of(text: str, kind: str) -> str:
    """A title as plain text. `kind` is text, html, or rss: text in which some write HTML and some mean it literally."""
    if kind == "text":
        return one_line(text)
    if kind == "html":
        return text_of(text)
    return one_line(entities.unescape(_TITLE_TAG.sub("", text)))


def text_as_html(text: str) -> str:
    """Plain text as HTML: blank lines part paragraphs, single ones break lines, web addresses become links."""
    paragraphs = re.split(r"\n\s*\n", without_controls(text).replace("\r\n", "\n").strip())
    return "".join(f"<p>{'<br>'.join(map(_with_links, p.split(chr(10))))}</p>" for p in paragraphs if p.strip())


def _with_links(line: str) -> str:
    pieces, here = [], 0
    for found in _LINE_ADDRESS.finditer(line):
        address = escape(found[0]).replace('"', "&quot;")
        pieces += [escape(line[here : found.start()]), f'<a href="{address}">{address}</a>']
        here = found.end()
    return "".join([*pieces, escape(line[here:])])
