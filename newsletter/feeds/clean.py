"""A post's HTML made fit for a mail.

Promises: the result holds only the elements and attributes below, addresses that are absolute and of http, https or
mailto, at most 50 levels and a million characters; every character of the text is kept but for what is counted as
dropped; cleaning what is clean changes nothing; nothing raises. Text is text: braces, percent signs and `]]>` stay.
"""

import re
from collections import Counter
from dataclasses import dataclass

import nh3

from newsletter.feeds import blocks, media, residue
from newsletter.feeds.depth import flatten_html
from newsletter.feeds.markup import HtmlElement, to_html, to_tree, without_controls, words
from newsletter.mail import Image

MAXIMUM_DEPTH = 50
MAXIMUM_LENGTH = 1_000_000
# Parsers add levels of their own (table bodies, formatting opened again in each paragraph).
_DEPTH_BEFORE = 36
_TAGS = words(
    "p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code kbd samp var table caption thead tbody tfoot tr th td "
    "a img em strong b i u s strike del ins mark small big sub sup abbr cite q dfn time br hr wbr figure figcaption "
    "ruby rt rp bdi bdo span"
)
_ATTRIBUTES = {
    "*": {"lang", "dir"}, "a": {"href", "title"}, "img": {"src", "alt", "width", "height", "title"}, "abbr": {"title"},
    "ol": {"start", "type", "reversed"}, "li": {"value"}, "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"}, "time": {"datetime"},
}  # fmt: skip
_LOOSE_ATTRIBUTES = {
    **_ATTRIBUTES,
    "*": {"lang", "dir", "class", "title"},
    "img": _ATTRIBUTES["img"] | {"style", "data-src", "data-lazy-src", "data-original"},
} | {player: {"src", "data", "data-src", "title"} for player in (*media.PLAYERS, "source")}
_BARE = re.compile(r"&(?![A-Za-z#])")
_SCHEMES = {"http", "https", "mailto"}
# Their content is no text of the post: browsers show it instead of what could not be run.
_WITHOUT_CONTENT = words("script style noscript template svg math textarea select button title head map canvas")
_first = nh3.Cleaner(
    tags={*_TAGS, *blocks.WRAPPERS, *media.PLAYERS, "source"},
    attributes=_LOOSE_ATTRIBUTES,
    link_rel=None,
    clean_content_tags={*_WITHOUT_CONTENT},
    url_schemes=_SCHEMES | {"data"},
)
_last = nh3.Cleaner(
    tags={*_TAGS},
    attributes=_ATTRIBUTES,
    link_rel=None,
    clean_content_tags={*_WITHOUT_CONTENT},
    url_schemes=_SCHEMES,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Clean HTML; its first picture; what was left out, by kind; and sentences on what was too much."""

    html: str
    image: Image | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    problems: tuple[str, ...] = ()


def clean(html: str, base_url: str = "") -> Cleaned:
    """Clean a fragment of HTML whose relative addresses count from `base_url`."""
    html, problems = _bounded(without_controls(html))
    root = to_tree(_first.clean(html))
    dropped = Counter({"feedflare": residue.drop_feedflare(root)})
    dropped["player"] = media.replace_players(root, base_url)
    media.make_links_safe(root, base_url)
    dropped["tracker"] = media.make_images_safe(root, base_url)
    media.unpack_captions(root)
    blocks.normalise(root)
    dropped["read more"] = residue.drop_read_more(root)
    dropped["repeated paragraph"] = residue.drop_repeated(root)
    _tidy(root)
    counts = tuple((kind, n) for kind, n in sorted(dropped.items()) if n)
    return Cleaned(_last.clean(to_html(root)).strip(), media.first_image(root), counts, problems)


def _bounded(html: str) -> tuple[str, tuple[str, ...]]:
    """HTML within the bounds of size and depth, and a sentence for each that it was over."""
    problems = []
    html = _BARE.sub("&amp;", html)  # counted as what they become: references are what costs the parser most
    if len(html) > MAXIMUM_LENGTH:
        problems.append(f"has {len(html):,} characters, of which the first {MAXIMUM_LENGTH:,} were kept")
        html = html[: max(html.rfind("<", MAXIMUM_LENGTH // 2, MAXIMUM_LENGTH), MAXIMUM_LENGTH // 2)]
    html, deep = flatten_html(html, _DEPTH_BEFORE)
    if deep:
        problems.append(f"has elements nested more than {_DEPTH_BEFORE} deep, which were flattened")
    return html, tuple(problems)


def _tidy(root: HtmlElement) -> None:
    """Take away what is left empty or too deep, and the first line break of `pre`, which no parser keeps twice."""
    for pre in root.iter("pre"):
        pre.text = (pre.text or "").lstrip("\n")
    for element in [*root.iter("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "figure", "blockquote", "ul", "ol", "a")][
        ::-1
    ]:
        if not len(element) and not (element.text or "").strip():
            element.drop_tree()
    for item in [e for e in root.iter("li") if len(e) and e[0].tag == "li" and not (e.text or "").strip()]:
        item.drop_tag()  # parsers close an item before the next begins, which would leave it empty
    for element in [e for e in root.iterdescendants() if sum(1 for _ in e.iterancestors()) > MAXIMUM_DEPTH]:
        element.drop_tag()
