"""Turns an entry into a `FoundPost`, by the same rules for Atom, RSS, JSON Feed, REST and folders."""

import html as entities
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from newsletter.domain.found_post import FoundPost, Image
from newsletter.feeds.document import absolute, escape, quoted, split_address
from newsletter.feeds.enclosures import Enclosure, cards
from newsletter.feeds.html.clean import Cleaned, clean
from newsletter.feeds.html.markup import one_line, shows, spaced, text_of, without_invalid_characters
from newsletter.feeds.html.players import is_video
from newsletter.feeds.identity import made_up_id
from newsletter.feeds.language import detect
from newsletter.feeds.timestamps import parse_date
from newsletter.messages import Message, sources as messages

_SUMMARY = 2_000
_TITLE = 4_000
_NAMED = 200
_AUTHORS = 200
_LINE_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'»”]")
_INLINE = "a b i em strong u s del ins sub sup small big code span font tt cite q mark abbr br img wbr p div"
_TITLE_TAG = re.compile(rf"</?({'|'.join(_INLINE.split())})(?:\s[^<>]*)?/?>", re.IGNORECASE)

_VOID_IN_TITLES = ("br", "img", "wbr")
_BREAKS_IN_TITLES = ("br", "p", "div")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")
_ESCAPED_HTML = re.compile(
    r"\s*&lt;(?:p|div|section|article|figure|h[1-6]|ul|ol|table|blockquote|img|a)\b[^<>]*&gt;\s*\Z",
    re.IGNORECASE | re.DOTALL,
)

_CONTINUATION = r"[\x80-\xbf\u0152-\u2122]"
# Text that was encoded once has these behind a letter, too: `weiß…` is no N'Ko, and `Strauß’` is a genitive.
_BEHIND_LETTERS = r"[\xa0\xab\xad\xae\xb0\xb2\xb3\xb9\xbb‘’“”–—…™‹›]"
_ENCODED_TWICE = re.compile(
    rf"[\xc2\xc3]{_CONTINUATION}|[\xc4-\xf4]{_CONTINUATION}{{0,2}}(?!{_BEHIND_LETTERS}){_CONTINUATION}"
)
_OCTET_OF = {chr(octet): octet for octet in range(256)} | {
    bytes([octet]).decode("cp1252"): octet
    for octet in range(0x80, 0xA0)
    if octet not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # not assigned in windows-1252
}


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as it was read. Dates are the source's own text; `title` plain text; `html` and `summary` HTML.

    `via` is the address that the feed gives where `link` is a better one; `base` is where relative addresses in
    `html` count from ("": from `link`). `partial` says that the source calls its text a summary. `comments` is the
    address of the page with the post's comments.
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
    enclosures: tuple[Enclosure, ...] = ()
    partial: bool = False
    comments: str = ""


def told_apart(entries: Sequence[Raw]) -> tuple[Raw, ...]:
    """Entries whose ids tell them apart: where several pages share one id, as some feeds have it, their links do.

    In Atom an id that comes twice is one entry, whatever else they say (RFC 4287 4.1.1).
    """
    pages: dict[str, set[str]] = {}
    for raw in entries:
        pages.setdefault(raw.uid.strip(), set()).add(raw.link.strip())
    return tuple(
        replace(raw, uid="") if raw.link.strip() and len(pages[raw.uid.strip()]) > 1 else raw for raw in entries
    )


def with_same_id(entries: Sequence[Raw]) -> tuple[Message, ...]:
    """Return messages about entries of RSS or JSON Feed that are left out, since an earlier one with another text has
    their id.
    """
    entries_by_id: dict[str, Raw] = {}
    repeated = []
    for raw in entries:
        uid = raw.uid.strip() or raw.link.strip()
        earlier = entries_by_id.setdefault(uid, raw) if uid else raw
        if (earlier.title, earlier.html, earlier.summary) != (raw.title, raw.html, raw.summary):
            repeated.append(uid)
    if not repeated:
        return ()
    return (messages.SAME_ID(count=len(repeated), id=without_invalid_characters(repeated[0])[:_NAMED]),)


def finish(raw: Raw, feed_url: str) -> tuple[FoundPost, tuple[Message, ...]]:
    """Return the post, cleaned and dated, and messages that begin with its title on what was wrong with it."""
    raw = _mended(raw)
    link = _web_address(raw.link, feed_url)
    cleaned = clean(raw.html or raw.summary, raw.base or link or feed_url, link)
    published, updated = _moment(raw.published), _moment(raw.updated)
    line = one_line(without_invalid_characters(raw.title))
    title, problems = _bounded(line if shows(line) else "")
    image = _web_image(raw.image, feed_url)
    post = FoundPost(
        uid=raw.uid.strip() or raw.link.strip() or made_up_id(title, cleaned.html, str(raw.published)),
        url=link,
        title=title,
        html=_with_media(raw, cleaned.html, link, title, image, raw.base or feed_url),
        summary=_summary(raw, cleaned, link),
        published=published or updated,
        updated=updated,
        author=_authors(raw.author),
        categories=tuple(dict.fromkeys(filter(None, (spaced(entities.unescape(c)) for c in raw.categories)))),
        language=detect(f"{title}. {cleaned.text}"),
        image=cleaned.image or image,
        dropped=cleaned.dropped,
        via=_web_address(raw.via, feed_url),
        partial=bool(cleaned.html) and (raw.partial or cleaned.partial),
        comments_url=_comments(raw.comments, link, feed_url),
    )
    problems += cleaned.problems
    if post.published is None and (raw.published or raw.updated):
        problems += (messages.BAD_DATE(text=repr(str(raw.published or raw.updated)[:60])),)
    return post, tuple(messages.OF_A_POST(title=title[:_NAMED] or post.uid, problem=p) for p in problems)


def _comments(address: str, link: str, feed_url: str) -> str:
    """Return the absolute address of a post's comments; "" if it is the post's own."""
    comments = _web_address(without_invalid_characters(address), feed_url)
    return "" if comments == link else comments


def _with_media(raw: Raw, html: str, link: str, title: str, image: Image | None, base: str) -> str:
    """Put a link to a post's video and cards for its files above the cleaned HTML; without any, its image."""
    address = quoted(link)
    video = f'<p><a href="{address}">▶ {escape(title or link)}</a></p>' if is_video(link) else ""
    if image and not (html or video or raw.enclosures):
        return f'<p><img src="{quoted(image.url)}" alt="{quoted(title)}"></p>'
    return ("" if address in html else video) + cards(raw.enclosures, html, base, title, image) + html


def _summary(raw: Raw, whole: Cleaned, link: str) -> str:
    """Return the source's own summary, without the notes of feeds; "" if it is missing, or says all that the text
    says.
    """
    if not raw.html or not raw.summary.strip() or raw.summary == raw.html:
        return ""
    text = clean(raw.summary, link, link).text if "<" in raw.summary else text_of(raw.summary)
    return "" if text == whole.text else text[:_SUMMARY]


def undo_double_encoding(text: str) -> str:
    """Return the text that was encoded in UTF-8, read as Latin-1 or windows-1252, and encoded again: `sê` for `sÃª`.

    Other text is returned as it is, and so is text of which a part only was encoded twice, or which may as well have
    letters before punctuation.
    """
    if not _ENCODED_TWICE.search(text):
        return text
    try:
        return bytes(map(_OCTET_OF.__getitem__, text)).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text


def _mended(raw: Raw) -> Raw:
    """Return the entry with texts that were encoded once, and without control characters and lone surrogates, which
    databases refuse, in its short ones.
    """
    return replace(
        raw,
        uid=without_invalid_characters(raw.uid),
        link=without_invalid_characters(raw.link),
        via=without_invalid_characters(raw.via),
        title=undo_double_encoding(raw.title),
        html=undo_double_encoding(raw.html),
        summary=undo_double_encoding(raw.summary),
        author=without_invalid_characters(undo_double_encoding(raw.author)),
        categories=tuple(without_invalid_characters(undo_double_encoding(category)) for category in raw.categories),
        enclosures=tuple(
            replace(e, url=without_invalid_characters(e.url), title=without_invalid_characters(e.title))
            for e in raw.enclosures
        ),
    )


def _web_image(image: Image | None, base: str) -> Image | None:
    """Return the image with an absolute http or https address; None if it has none."""
    url = _web_address(without_invalid_characters(image.url), base) if image else ""
    return replace(image, url=url) if image and url else None


def _bounded(title: str) -> tuple[str, tuple[Message, ...]]:
    """Return a title of at most the maximum length, and a message if it was longer."""
    if len(title) <= _TITLE:
        return title, ()
    short = title[: _TITLE - 1].rstrip() + "…"
    return short, (messages.LONG_TITLE(length=len(title), most=_TITLE),)


def _authors(names: str) -> str:
    """Return the names of authors in a line; of very many, as papers have them, the first."""
    line = spaced(entities.unescape(names))
    if len(line) <= _AUTHORS:
        return line
    return (line[:_AUTHORS].rpartition(", ")[0] or line[:_AUTHORS]) + " …"


def _web_address(link: str, base: str) -> str:
    whole = absolute(link, base) if link.strip() else ""
    return whole if whole.startswith(("http://", "https://")) and split_address(whole).hostname else ""


def _moment(value: str | datetime | None) -> datetime | None:
    return parse_date(value) if isinstance(value, str) else value


def title_of(text: str, kind: str) -> str:
    """Return a title as plain text. `kind` is text, html, or rss: text in which some write HTML and some mean it
    literally.
    """
    text = without_cdata(without_invalid_characters(text))
    if kind == "text":
        return one_line(text)
    if kind == "html":
        return text_of(text)
    closed = {match[1].lower() for match in _TITLE_TAG.finditer(text) if match[0].startswith("</")}
    return one_line(entities.unescape(_TITLE_TAG.sub(partial(_in_place_of, closed=closed), text)))


def _in_place_of(tag: re.Match[str], closed: Collection[str]) -> str:
    """Return what takes the place of a tag in a title: nothing, a space for one that breaks the line, or the tag if it
    is no HTML, which is closed or has attributes. "The <p> element" means it literally.
    """
    name = tag[1].lower()
    if name not in closed and name not in _VOID_IN_TITLES and "=" not in tag[0]:
        return tag[0]
    return " " if name in _BREAKS_IN_TITLES else ""


def loose_html(text: str) -> str:
    """Return the HTML of an element that ought to have HTML, and in some feeds has it escaped or marked as text once
    more, or plain text of several lines.
    """
    text = without_cdata(text)
    if "<" in text:
        return text
    if _ESCAPED_HTML.match(text):
        return entities.unescape(text)
    if "\n" not in text:
        return text
    paragraphs = _BLANK_LINE.split(entities.unescape(text))
    return text_as_html("\n\n".join(" ".join(p.split()) if _is_wrapped(p) else p for p in paragraphs))


def without_cdata(text: str) -> str:
    """Return the text of a section of CDATA that is written as text."""
    text = text.strip()
    return text.removeprefix("<![CDATA[").removesuffix("]]>") if text.startswith("<![CDATA[") else text


def _is_wrapped(paragraph: str) -> bool:
    """Return whether lines of a paragraph go on in the next: indented or in lower case, or as long as editors break
    them.
    """
    first, *others = paragraph.strip().split("\n")
    goes_on = any(line[:1].isspace() or line[:1].islower() for line in others)
    return goes_on or all(50 < len(line) <= 100 for line in (first, *others[:-1]))


def text_as_html(text: str) -> str:
    """Plain text as HTML: blank lines part paragraphs, single ones break lines, web addresses become links."""
    paragraphs = _BLANK_LINE.split(without_invalid_characters(text).replace("\r\n", "\n").strip())
    return "".join(f"<p>{'<br>'.join(map(_with_links, p.split(chr(10))))}</p>" for p in paragraphs if p.strip())


def _with_links(line: str) -> str:
    pieces, end = [], 0
    for match in _LINE_ADDRESS.finditer(line):
        address = quoted(match[0])
        pieces += [escape(line[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*pieces, escape(line[end:])])
