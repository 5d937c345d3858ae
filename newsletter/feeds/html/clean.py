"""Cleans a post's HTML for an email.

Promises: the result holds only the elements and attributes below, addresses that are absolute and of http, https or
mailto, at most 50 levels and a million characters; every character of the text is kept but for what is counted as
dropped; cleaning what is clean changes nothing; nothing raises. Text is text: braces, percent signs and `]]>` stay.
"""

import re
from collections import Counter
from dataclasses import dataclass

import nh3

from newsletter.domain.found_post import Image
from newsletter.feeds.html import (
    blocks,
    boilerplate,
    buttons,
    footnote_ids,
    formulas,
    frames,
    galleries,
    lazy,
    leading_on,
    link_cards,
    marks,
    media,
    page_parts,
    parts,
    players,
    remains,
    substack,
)
from newsletter.feeds.html.markup import (
    HtmlElement,
    shows,
    text_of_tree,
    to_html,
    to_tree,
    without_invalid_characters,
    without_references_to_invalid_characters,
    words,
)
from newsletter.feeds.html.tags import flatten_html
from newsletter.messages import Message, sources as messages

MAXIMUM_DEPTH = 50
MAXIMUM_LENGTH = 1_000_000
# Parsers add levels of their own (table bodies, formatting opened again in each paragraph).
_DEPTH_BEFORE = 36
_TAGS = words(
    "p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code kbd samp var table caption thead tbody tfoot tr th td "
    "a img em strong b i u s strike del ins mark small big sub sup abbr cite q dfn time br hr wbr figure figcaption "
    "ruby rt rp bdi bdo span"
)
_WITH_ID = words("p li sup a td dt dd h2 h3 h4 h5 h6")
_ATTRIBUTES = {
    "*": {"lang", "dir"}, "a": {"href", "title"}, "img": {"src", "alt", "width", "height", "title"}, "abbr": {"title"},
    "ol": {"start", "type", "reversed"}, "li": {"value"}, "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"}, "time": {"datetime"}, "table": {"role"},
    "div": {"data-tint"}, "pre": {"data-language"},
}  # fmt: skip
_ATTRIBUTES |= {tag: {*_ATTRIBUTES.get(tag, ()), "id"} for tag in _WITH_ID}
_LOOSE_ATTRIBUTES = (
    {
        **_ATTRIBUTES,
        "*": {"lang", "dir", "class", "title", "id", *page_parts.HIDING_ATTRIBUTES},
        **dict.fromkeys(lazy.IMAGES, _ATTRIBUTES["img"] | {"style"} | lazy.ATTRIBUTES | media.SIZE_ATTRIBUTES),
        **formulas.ATTRIBUTES,
        "blockquote": {"cite"},
        **{name: {*_ATTRIBUTES.get(name, ()), "style", "align"} for name in marks.ALIGNED},
        "div": {"style", "align", "data-tint", "data-attrs"},
        "figure": {"style", "align", "data-kg-thumbnail", "data-kg-custom-thumbnail"},
        "a": {*_ATTRIBUTES["a"], "name"},
        **{name: {"style", "data-attrs"} for name in (*marks.STYLED, *marks.UNSTYLED)},
    }
    | {player: {*players.ATTRIBUTES} for player in players.PLAYERS}
    | {"source": {"src", "data", "data-src", "title", "srcset", "data-srcset"}}
)
_LOOSE_TAGS = {
    *marks.STYLED, *blocks.WRAPPERS, *players.PLAYERS, *formulas.TAGS, *lazy.IMAGES, *page_parts.CONTROLS, "source",
    "noscript",
}  # fmt: skip
_FILE_IN_ADDRESS = re.compile(
    r"\b(data:[\w/+.;=-]{1,100};base64,)(?=[\w+/=%\s-]{1000})(?:\s*+[\w+/=%-]{60,}+)++", re.IGNORECASE
)
_BARE = re.compile(r"&(?![A-Za-z#])")
_ALIGNMENTS = {
    **{tag: {"align": {"center"}} for tag in words("p h1 h2 h3 h4 h5 h6 figure")},
    **{tag: {"align": {"center", "right"}} for tag in words("td th")},
}
_SCHEMES = {"http", "https", "mailto"}
# Their content is no text of the post: browsers show it instead of what could not be run.
_WITHOUT_CONTENT = words("script style template svg textarea select title head map canvas")
_first = nh3.Cleaner(
    tags={*_TAGS, *_LOOSE_TAGS},
    attributes=_LOOSE_ATTRIBUTES,
    link_rel=None,
    clean_content_tags={*_WITHOUT_CONTENT},
    url_schemes=_SCHEMES | {"data"},
)
_last = nh3.Cleaner(
    tags={*_TAGS, "div"},
    attributes=_ATTRIBUTES,
    link_rel=None,
    allowed_classes={"table": {"button"}, "blockquote": {*parts.QUOTATIONS}, "div": {*parts.CLASSES.values()}},
    tag_attribute_values=_ALIGNMENTS,
    clean_content_tags={*_WITHOUT_CONTENT, "noscript", "math", "button"},
    url_schemes=_SCHEMES,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Clean HTML, its text and first picture; what was left out, by kind; and sentences on what was too much.

    `partial` says that the text is only the beginning of a post.
    """

    html: str
    text: str = ""
    image: Image | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    problems: tuple[Message, ...] = ()
    partial: bool = False


def clean(html: str, base_url: str = "", page: str = "") -> Cleaned:
    """Clean a fragment of HTML whose relative addresses count from `base_url`; `page` is the post's own address."""
    html, problems = _bounded(without_references_to_invalid_characters(without_invalid_characters(html)))
    root = to_tree(_first.clean(formulas.write_scripts(remains.write_out(html))))
    substack.expand(root, page or base_url)
    dropped = Counter({"feedflare": boilerplate.drop_feedflare(root), "drawing": remains.count_drawings(html)})
    dropped["feed note"] = boilerplate.drop_substack(root)
    dropped["hidden"] = page_parts.drop_hidden(root)
    page_parts.drop_controls(root)
    dropped["contents"] = page_parts.drop_contents(root, page or base_url)
    dropped["formula"] = formulas.replace_formulas(root) + formulas.replace_images(root) + formulas.mark_written(root)
    marks.note_languages(root)
    footnote_ids.keep_footnote_ids(root, page or base_url)
    dropped["line numbers"] = marks.drop_line_numbers(root)
    marks.write_verse(root)
    marks.write_ruby(root)
    marks.mark_styled(root)
    marks.mark_centred(root)
    lazy.find_sources(root, base_url)
    players.simplify_ghost_cards(root)
    link_cards.make_embedded_posts(root)
    dropped["player"] = players.replace_players(root, base_url)
    players.link_bare_addresses(root)
    media.make_links_safe(root, base_url)
    dropped["tracker"], dropped["image without address"] = media.make_images_safe(root, base_url)
    dropped += buttons.drop_buttons(root)
    media.unpack_captions(root)
    parts.mark_quoted_posts(root)
    link_cards.make_cards(root)
    galleries.arrange(root)
    frames.frame(root)
    marks.nest_lists(root)
    blocks.normalise(root)
    dropped["gallery"] = remains.drop_gallery_codes(root)
    leading = leading_on.drop_leading_on(root, page)
    dropped["read more"] = leading.lines
    dropped["feed note"] += leading.notes
    dropped["repeated paragraph"] = boilerplate.drop_repeated(root)
    _tidy(root)
    parts.finish(root)
    counts = tuple((kind, n) for kind, n in sorted(dropped.items()) if n)
    image, cleaned = media.first_image(root), _last.clean(to_html(root)).strip()
    return Cleaned(cleaned, text_of_tree(root), image, counts, problems, leading.partial)


def _bounded(html: str) -> tuple[str, tuple[Message, ...]]:
    """HTML within the bounds of size and depth, and a message for each that it was over."""
    problems: list[Message] = []
    html = _FILE_IN_ADDRESS.sub(r"\1", html)  # images that editors paste, which no email shows
    html = _BARE.sub("&amp;", html)  # counted as what they become: references are what costs the parser most
    if len(html) > MAXIMUM_LENGTH:
        problems.append(messages.TOO_LONG(length=len(html), most=MAXIMUM_LENGTH))
        html = html[: max(html.rfind("<", MAXIMUM_LENGTH // 2, MAXIMUM_LENGTH), MAXIMUM_LENGTH // 2)]
    html, deep = flatten_html(html, _DEPTH_BEFORE)
    if deep:
        problems.append(messages.TOO_DEEP(most=_DEPTH_BEFORE))
    return html, tuple(problems)


def _tidy(root: HtmlElement) -> None:
    """Take away what is left empty or too deep, and the first line break of `pre`, which no parser keeps twice."""
    frames.keep_buttons(root)
    for pre in root.iter("pre"):
        pre.text = (pre.text or "").lstrip("\n")
    for element in [*root.iter("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "figure", "blockquote", "ul", "ol", "a")][
        ::-1
    ]:
        if not len(element) and not shows(element.text or ""):
            element.drop_tree()
    for item in [e for e in root.iter("li") if len(e) and e[0].tag == "li" and not (e.text or "").strip()]:
        item.drop_tag()  # parsers close an item before the next begins, which would leave it empty
    for element in [e for e in root.iterdescendants() if sum(1 for _ in e.iterancestors()) > MAXIMUM_DEPTH]:
        element.drop_tag()
