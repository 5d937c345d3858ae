"""An edition as an article of the archive: the posts of its email, without what an email has around them.

The page has the newsletter's name, a title, links and a footer itself. An edition's title is the subject if an editor
wrote it, otherwise the headline with which the subject begins: "and 16 more" tells nothing on a page that has all.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import takewhile

from lxml import etree, html as lxml_html
from lxml.html import HtmlElement
from markupsafe import Markup

from newsletter.render.content.excerpt import reading_minutes
from newsletter.render.content.spaces import collapse
from newsletter.web.archive.own_classes import prefix_classes, prefixed_styles

BODY = "issue"
"""The class of the element that has the posts; in an email it is `page`, which is the whole page here."""

_RESET = "#outlook"
_ENOUGH = 24
"""So many characters of a headline tell it from others in a subject, which may have shortened it."""
_LONGEST_ABOVE = 400
"""The characters of an introduction after which the first post has its headline again."""
_FEWEST_LISTED = 4
_IN_FRAME = "ancestor::td[contains(@style, 'border')]"
_OF_A_DAY = "ancestor::*[contains(concat(' ', @class, ' '), ' day ')]"


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post in the table of contents, with the id of its place on the page and its language ("": the edition's)."""

    anchor: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Article:
    """An edition's page. `url` is the address of the post whose headline is the title, "" if that is another text."""

    title: str
    url: str
    language: str
    html: Markup
    styles: Markup
    posts: tuple[ListedPost, ...]
    minutes: int


def title_of(document: HtmlElement, subject: str, *, written: bool) -> str:
    """Return the title of an edition, whose HTML is the document; `written` if an editor wrote the subject."""
    heading = None if written else _heading_in(document, subject)
    return subject if heading is None else collapse(heading.text_content())


def article_of(public_html: str, subject: str, *, written: bool, dates: Collection[str] = ()) -> Article:
    """Return the article of an edition's public HTML.

    `dates` are the forms of the day that stands below the article's title, and isn't repeated above the first text.
    """
    document = lxml_html.document_fromstring(public_html)
    etree.strip_tags(document, etree.Comment)
    styles = [style.text or "" for style in document.iter("style")]
    heading = None if written else _heading_in(document, subject)
    title = subject if heading is None else collapse(heading.text_content())
    body = _body(document)
    for name in ("subject", "dates", "masthead", "foot"):
        for element in body.find_class(name):
            _drop_with_frame(element, body)
    _drop_contents(body)
    for element in body.iter("h1"):
        element.tag = "p"
    for cell in body.xpath(f".//td[contains(@style, 'font-size:0px')][not({_IN_FRAME})]"):
        cell.classes.add("cell")
    if (first := next(iter(body.find_class("cell")), None)) is not None:
        first.classes.add("first-cell")
    _drop_day(body, dates)
    posts = tuple(_with_anchors(body))
    link = None if heading is None else next(heading.iter("a"), None)
    language = "" if heading is None else _language(heading)
    is_first = heading is not None and heading is next(iter(body.find_class("headline")), None)
    if heading is not None and is_first and len(_text_above(body, heading)) <= _LONGEST_ABOVE:
        _leave_anchor(heading)
    prefix_classes(body)
    html = lxml_html.tostring(body, encoding="unicode", with_tail=False)
    return Article(
        title=title,
        url="" if link is None else link.get("href", ""),
        language=language,
        html=Markup(html),  # noqa: S704 - the email's own HTML, which was cleaned when it was made
        styles=Markup("\n".join(prefixed_styles(style, BODY) for style in styles if _RESET not in style)),  # noqa: S704
        posts=posts if len(posts) >= _FEWEST_LISTED else (),
        minutes=reading_minutes(html),
    )


def _heading_in(document: HtmlElement, subject: str) -> HtmlElement | None:
    """Return the heading of the post that a subject names, None if it names none."""
    for heading in document.find_class("headline"):
        text = collapse(heading.text_content()).rstrip(".…")
        end = r"(?!\w)" if len(text) <= _ENOUGH else ""
        if text and re.search(rf"(?<!\w){re.escape(text[:_ENOUGH])}{end}", subject):
            return heading
    return None


def _body(document: HtmlElement) -> HtmlElement:
    """Return the element that has the whole email, alone, without the preview text."""
    body = next(iter(document.find_class("page")), document.body)
    for hidden in body.xpath("./div[starts-with(@style, 'display:none')]"):
        hidden.drop_tree()
    language, direction = body.get("lang"), body.get("dir")
    body.attrib.clear()
    body.tag = "div"
    body.set("class", BODY)
    for name, value in (("lang", language), ("dir", direction)):
        if value:
            body.set(name, value)
    return body


def _drop_with_frame(element: HtmlElement, body: HtmlElement) -> None:
    """Remove an element with the tables and cells that have nothing else."""
    while (frame := element.getparent()) is not None and frame is not body and _is_alone(element, frame):
        element = frame
    if element.getparent() is not None:
        element.drop_tree()


def _is_alone(element: HtmlElement, frame: HtmlElement) -> bool:
    if (frame.text or "").strip() or (element.tail or "").strip():
        return False
    return not any(_has_content(sibling) for sibling in frame if sibling is not element)


def _has_content(element: HtmlElement) -> bool:
    text = f"{element.text_content()}{element.tail or ''}"
    return bool(text.strip()) or next(element.iter("img"), None) is not None


def _drop_contents(body: HtmlElement) -> None:
    """Remove the table of contents, whose links lead away: the page has one whose links lead to the posts."""
    lists = body.find_class("contents")
    for contents in lists:
        for beside in (contents.getprevious(), contents.getnext()):
            if beside is not None and {"small", "by-day", "meta"} & set(beside.classes):
                beside.drop_tree()
        _drop_with_frame(contents, body)


def _drop_day(body: HtmlElement, dates: Collection[str]) -> None:
    """Remove the heading of the first day, and the date below the first headline, if the page has that day already."""
    first = next(iter(body.find_class("headline")), None)
    if first is None:
        return
    above = takewhile(lambda element: element is not first, body.iter())
    for day in [element for element in above if "day" in element.classes and _spaced(element.text_content()) in dates]:
        day.drop_tree()
    meta = first.getnext()
    if meta is not None and "meta" in meta.classes and not len(meta):
        parts = [part for part in (meta.text or "").split(" · ") if _spaced(part) not in dates]
        meta.text = " · ".join(parts)
        if not parts:
            meta.drop_tree()


def _spaced(text: str) -> str:
    """Return a text with ordinary spaces only, as dates may have others."""
    return " ".join(text.split())


def _with_anchors(body: HtmlElement) -> list[ListedPost]:
    """Give each post's heading an id, and return the posts."""
    posts: list[ListedPost] = []
    for number, heading in enumerate(body.find_class("headline"), 1):
        anchor = f"post-{number}"
        heading.set("id", anchor)
        posts.append(ListedPost(anchor, collapse(heading.text_content()), _language(heading)))
    return posts


def _language(heading: HtmlElement) -> str:
    """Return the language of a heading, "" if it is the edition's."""
    languages = [element.get("lang") for element in (heading, *heading.iterancestors()) if element.get("lang")]
    own, whole = languages[0] if languages else "", languages[-1] if languages else ""
    return own if own != whole else ""


def _text_above(body: HtmlElement, heading: HtmlElement) -> str:
    """Return what is above the first post but for the heading of its day."""
    above = f".//text()[following::*[@id=$anchor]][not({_OF_A_DAY})]"
    texts = body.xpath(above, anchor=heading.get("id"))
    return collapse("".join(texts))


def _leave_anchor(heading: HtmlElement) -> None:
    """Replace a heading by the place to which the table of contents leads."""
    anchor = heading.makeelement("span", {"id": heading.get("id", "")})
    heading.addprevious(anchor)
    heading.drop_tree()
