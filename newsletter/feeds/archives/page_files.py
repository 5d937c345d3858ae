"""A folder, or a ZIP archive, of HTML pages or Markdown files, one for each issue."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from newsletter.feeds.archives.export_values import moment, path_of, paths_of
from newsletter.feeds.archives.files import ArchiveFiles
from newsletter.feeds.archives.old_issue import HERE, ArchiveProblem, LeftOut, OldIssue
from newsletter.feeds.formats import frontmatter
from newsletter.feeds.formats.markdown import markdown
from newsletter.feeds.html.markup import HtmlElement, drop, first_text, page_tree, spaced, to_html
from newsletter.messages import archives as messages, message_of

HTML, MARKDOWN = (".html", ".htm"), (".md", ".markdown")
_DATE_IN_NAME = re.compile(r"(?:^|/)(\d{4}-\d{2}-\d{2})[-_. ]?(.*)$")
_DATES = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//meta[@name='date' or @name='pubdate' or @name='dc.date' or @name='DC.date']/@content",
    "//time/@datetime",
)
OUR_POSTS = "//header[@class='masthead bar']/following::article/div[@class='issue']"
"""The posts on a page of this program's own archive, which `newsletter archive export` writes; the other site writes
the rest anew.
"""
_SKIPPED = re.compile(r"_?index\.\w+|(?:.*/)?(?:readme|404)\.\w+")
"""Pages that are no issues; an issue in a folder of its own is an index there."""


def issues(files: ArchiveFiles, zone: tzinfo) -> Iterator[OldIssue | LeftOut]:
    """Yield an issue for each page. Its old path is what the page names as its address, or else that of its file."""
    for name in files.ending(*HTML, *MARKDOWN):
        if _SKIPPED.fullmatch(name.lower()):
            continue
        try:
            read = _markdown_issue if name.lower().endswith(MARKDOWN) else _html_issue
            if issue := read(name, files.text(name), zone):
                yield issue
        except (ArchiveProblem, frontmatter.FrontMatterProblem) as problem:
            yield LeftOut(name, message_of(problem))


def _markdown_issue(name: str, text: str, zone: tzinfo) -> OldIssue | LeftOut:
    data, body = frontmatter.split(text) or ({}, text.lstrip("\ufeff"))
    first_line, _, rest = body.lstrip().partition("\n")
    heading = first_line.removeprefix("# ").strip(" #") if first_line.startswith("# ") else ""
    title = _text(data, "title", "subject") or heading
    if heading and heading == title:
        body = rest
    values = (data.get(key) for key in ("publish_date", "date", "publishdate", "sent_at"))
    # A day alone is its noon.
    dates = (frontmatter.moment(v, zone) if isinstance(v, datetime) else moment(v, zone) for v in values)
    published = next(filter(None, dates), None) or date_in(name, zone)
    if data.get("draft") is True or _text(data, "status") in ("draft", "scheduled"):
        return LeftOut(name, messages.NOT_SENT())
    if _text(data, "email_type") in ("premium", "private", "hidden"):
        return LeftOut(name, messages.NOT_PUBLIC())
    if published is None:
        return LeftOut(name, messages.NO_DATE())
    slug = _text(data, "slug")
    url = _text(data, "absolute_url", "url", "permalink")
    html = markdown(body, merge_tags=_is_of_buttondown(data))
    return _issue(name, title, published, html, [url, f"/archive/{slug}" if slug and not url else ""], data)


def _html_issue(name: str, text: str, zone: tzinfo) -> OldIssue | LeftOut | None:
    """Return the issue of a page; None if the page is a list of issues."""
    page = page_tree(text)
    if page is None:
        return LeftOut(name, messages.NO_TEXT())
    if _of_json_ld(page, "@type") == "CollectionPage":
        return None
    title = first_text(page, "//meta[@property='og:title']/@content", "//title/text()", "//h1//text()")
    published = next(filter(None, (moment(text, zone) for path in _DATES for text in page.xpath(path))), None)
    published = published or moment(_of_json_ld(page, "datePublished"), zone) or date_in(name, zone)
    if published is None:
        return LeftOut(name, messages.NO_DATE())
    url = first_text(page, "//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content")
    description = first_text(
        page, "//meta[@property='og:description']/@content", "//meta[@name='description']/@content"
    )
    return _issue(name, title, published, _body(page, title), [url], {"description": description})


def _issue(
    name: str, title: str, published: datetime, html: str, addresses: list[str], data: Mapping[str, Any]
) -> OldIssue:
    url = next((address for address in addresses if address.startswith(("http://", "https://"))), "")
    paths = paths_of(addresses) or tuple(filter(None, (path_of(f"/{_without_suffix(name)}"), path_of(f"/{name}"))))
    return OldIssue(
        key=f"file:{name}",
        title=title or title_in(name),
        published=published,
        html=html,
        description=_text(data, "description", "preheader", "subtitle"),
        url=url,
        paths=paths,
        base=f"{HERE}{name}",
        image=_text(data, "image", "cover"),
        merge_tags=_is_of_buttondown(data),
    )


def _is_of_buttondown(data: Mapping[str, Any]) -> bool:
    return "email_type" in data or "publish_date" in data


def _body(page: HtmlElement, title: str) -> str:
    """Return the part of a page that is the issue: its only article or main part, or else all of it."""
    for path in (OUR_POSTS, "//article", "//main", "//*[@role='main']"):
        if len(elements := page.xpath(path)) == 1:
            body = elements[0]
            break
    else:
        body = page.find("body") if page.find("body") is not None else page
    drop(body.xpath(".//nav | .//header[not(ancestor::article)] | .//footer[not(ancestor::article)] | .//form"))
    drop(heading for heading in body.xpath(".//h1") if spaced(heading.text_content()) == title)
    body.tag = "div"
    body.tail = None
    return to_html(body)


def _of_json_ld(page: HtmlElement, key: str) -> str:
    for script in page.xpath("//script[@type='application/ld+json']/text()"):
        try:
            data = json.loads(script)
        except ValueError:
            continue  # a page may have any words there
        for node in data if isinstance(data, list) else [data]:
            if isinstance(node, dict) and isinstance(node.get(key), str):
                return str(node[key])
    return ""


def _text(data: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys for text in frontmatter.texts(data.get(key))), "")


def date_in(name: str, zone: tzinfo) -> datetime | None:
    """Return the day with which a file's name, or its folder's, begins."""
    match = _DATE_IN_NAME.search(_without_suffix(name)) or _DATE_IN_NAME.search(name.rpartition("/")[0])
    return moment(match[1], zone) if match else None


def title_in(name: str) -> str:
    """Return the words of a file's name after its date."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    return _DATE_IN_NAME.sub(r"\2", stem).replace("-", " ").strip() or name


def _without_suffix(name: str) -> str:
    return name.rpartition(".")[0].removesuffix("/index")
