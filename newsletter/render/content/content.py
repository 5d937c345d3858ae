"""Prepares a post's cleaned HTML for an email: images that fit, headings below the headline's, links that work."""

import re
from functools import lru_cache
from itertools import islice

from newsletter.domain.digest import Preview
from newsletter.images import names
from newsletter.render.content.addresses import uri
from newsletter.render.content.boxes import show_boxes
from newsletter.render.content.cards import has_cards, show_cards
from newsletter.render.content.code_colours import colour_code
from newsletter.render.content.footnotes import Footnotes
from newsletter.render.content.fragment import HEADINGS, Element, add, parse, serialise, text_of
from newsletter.render.content.images import (
    COLUMN,
    column_of,
    fitted,
    forget_columns,
    is_emoji,
    is_picture,
    names_file,
    pixels,
    set_size,
    size_in_name,
    size_of,
    sized,
)
from newsletter.render.content.own_words import ENGLISH
from newsletter.render.content.short_lines import join_short_lines
from newsletter.render.content.spaces import collapse
from newsletter.render.content.videos import is_video_link, show_recordings, show_videos

# Wider pictures say that they may be narrower, as a phone that shows none keeps their place at full width otherwise;
# but not in the cells of a table, whose width would then be told by the words beside them.
_NARROW = 200

_BLOCK_PARENTS = frozenset(("div", "p", "figure", "center", "a", "li", "td", "picture"))
_HOLD_TEXT = frozenset(("p", "div", "blockquote", "ul", "ol", "li", "dl", "dd"))
_MORE = "\u00a0[…]"
_SENTENCE = re.compile(r"[.!?…。！？؟।։።។][\"'”’»)\]」』]{0,3}\Z")
_SIGN = re.compile(r"[★☆#∞¶§⁂●■◆]")
_DASHES = ("—", "–", "―")
_LONGEST_ATTRIBUTION = 120
"""Characters of the last line of a quotation, which names its author."""
_CUT_OFF = re.compile(r"(?:…|\.{3}|[\[(](?:…|\.{3})[\])])\s*\Z")


@lru_cache(maxsize=256)
def prepare(
    html: str,
    *,
    url: str,
    title: str,
    level: int,
    whole: bool,
    play: str = "",
    previews: tuple[Preview, ...] = (),
    site: str = "",
    tallest: int = 0,
    linked: bool = False,
    arrow: tuple[str, str] = ("", ""),
    coloured: bool = True,
    column: int = COLUMN,
    watch: str = ENGLISH.watch,
) -> str:
    """Return the body of a post for the email.

    `level` is the headline's; headings in the body begin one below. Footnotes and their marks, numbers in brackets,
    link to each other. Other links into the page itself (`#part`) become plain text, and a link that only repeats
    the headline's `url` becomes text, too. A linked image without text gets the post's title, unless the link only
    shows it larger; then it is hidden from screen readers. So is the first picture that has no text: the title stands
    in its place where images are off. The name of a file is no text. `play` is the address of
    the picture for links to videos that are not among `previews`, if they get one. `site` is the address of the
    site, which completes those of uploaded images, and `tallest` the largest height of images in CSS pixels, 0 for
    any. A body that is not whole ends with "[…]". If it is `linked`, as a link to the rest follows, it ends with
    "…", or with its last sentence. `arrow` is the character that is the link at its end, and what it says to those who
    don't see it. Pictures fit `column`, in CSS pixels. Code whose language is known is
    `coloured`, if there is room. `watch` is what links to videos without a title say.
    """
    root = parse(html)
    join_short_lines(root)
    for image in [image for image in root.iter("img") if names_file(image.get("alt") or "", image.get("src") or "")]:
        tooltip = image.attrib.pop("title", None) or ""
        image.set("alt", "" if names_file(tooltip, image.get("src") or "") else tooltip)
    if "data-tint" in html or 'class="row"' in html:
        show_boxes(root)
    if "<a" in html or ' id="' in html:
        _links(root, url, title)
    _pictures(root, site, tallest)
    show_videos(root, play, {uri(preview.url): preview for preview in previews}, headline=title, watch=watch)
    show_recordings(root, tallest)
    _describe_first(root, title)
    if has_cards(html):
        show_cards(root)
    _headings(root, level)
    _tables(root)
    _code(root, coloured=coloured)
    if ' align="' in html:
        _align(root)
    _captions(root)
    _attributions(root)
    for numbered in root.iter("ol"):
        if numbered.get("reversed") is not None:
            numbered.set("reversed", "")
    if column < COLUMN:
        _narrow(root, column)
    forget_columns(root)
    _drop_empty(root)
    _end(root, uri(url), whole=whole, linked=linked, arrow=arrow)
    return serialise(root)


def prepare_words(
    html: str, *, site: str, play: str = "", previews: tuple[Preview, ...] = (), watch: str = ENGLISH.watch
) -> str:
    """Return an editor's text for the email, with images that fit, cards of videos, and tables that can be scrolled.

    `watch` is what links to videos without a title say.
    """
    root = parse(html)
    if ' id="' in html:
        footnotes = Footnotes(root, html)
        for link in [link for link in root.iter("a") if footnotes.is_footnote(link)]:
            footnotes.show(link)
    _pictures(root, site)
    show_videos(root, play, {uri(preview.url): preview for preview in previews}, watch=watch)
    show_recordings(root)
    _headings(root, 1)
    _tables(root)
    _code(root, coloured=True)
    _attributions(root)
    forget_columns(root)
    return serialise(root)


def _links(root: Element, url: str, title: str) -> None:
    footnotes = Footnotes(root, url)
    for link in list(root.iter("a")):
        href = (link.get("href") or "").strip()
        pictures = [picture for picture in link.iter("img") if picture.get("src")]
        if footnotes.is_footnote(link):
            footnotes.show(link)
            continue
        repeats = uri(href) == uri(url) and not is_video_link(link)
        if repeats and not pictures and (text_of(link) == text_of(root) or _SIGN.fullmatch(text_of(link))):
            link.drop_tree()  # a text that is only "Comments" or "Read more", or the sign of a permanent link
            continue
        if not href or href.startswith("#") or repeats or not (text_of(link) or pictures):
            link.drop_tag()
            continue
        link.set("href", uri(href))
        link.attrib.pop("target", None)
        if not text_of(link) and not any((picture.get("alt") or "").strip() for picture in pictures):
            if is_picture(href):
                link.set("tabindex", "-1")
                link.set("aria-hidden", "true")
            else:
                pictures[0].set("alt", title)


def _pictures(root: Element, site: str, tallest: int = 0) -> None:
    for image in list(root.iter("img")):
        if not image.get("src"):
            image.drop_tree()
            continue
        if is_emoji(image.get("src")):
            _write_out(image)
            continue
        _complete(image, site)
        image.set("src", uri(sized(image.get("src"))))
        image.set("alt", collapse(image.get("alt") or ""))
        image.attrib.pop("srcset", None)
        _fit(image, tallest)


def _write_out(image: Element) -> None:
    """Write the character that an image shows, which every email program has and sets as high as the text."""
    image.tail = (image.get("alt") or "") + (image.tail or "")
    image.drop_tag()


def _complete(image: Element, site: str) -> None:
    """Give an image of this site its whole address, and any without a size the one that its name says."""
    path = image.get("src").removeprefix(site)
    stored = path.startswith(names.PATH) and names.size_of(path.removeprefix(names.PATH))
    if stored:
        image.set("src", site + path)
    size = stored or size_in_name(image.get("src"))
    if size and pixels(image.get("width")) is None:
        set_size(image, *size)


def _fit(image: Element, tallest: int) -> None:
    column, share = column_of(image), image.attrib.pop("data-width", "")
    width, height = size_of(image)
    for name in ("width", "height"):
        image.attrib.pop(name, None)
    if width is None and not _alone(image):
        return
    fit, tall = fitted(width, height, column * int(share or 100) // 100, tallest)
    set_size(image, fit, tall)
    fills_cell = fit == column < COLUMN
    if share or fills_cell or (fit > _NARROW and _data_table(image) is None):
        image.set("style", f"width:{share or 100}%; max-width:{fit}px")
    if fit > _NARROW:
        image.set("class", "picture")


def _describe_first(root: Element, title: str) -> None:
    """Give a post's first large picture its title where images are off, unless it has a text.

    Screen readers, which have read the title above it, don't read it again. One as wide as the column is a block, which
    keeps its height then, also with a text.
    """
    first = next((image for image in root.iter("img") if image.get("class") == "picture"), None)
    if first is not None and not first.get("alt"):
        first.set("alt", title)
        first.set("aria-hidden", "true")
        if first.get("width") == str(COLUMN):  # else it may be centred
            first.set("style", f"display:block; {first.get('style', '')}")


def _narrow(root: Element, column: int) -> None:
    """Let all pictures fit a column that is narrower than the email's, also where a program ignores `max-width`."""
    for picture in root.iter("img"):
        width, height = size_of(picture)
        room = column_of(picture) * column // COLUMN
        if width and width > room:
            set_size(picture, room, round(height * room / width) if height else None)
            picture.set("style", f"width:100%; max-width:{room}px")


def _data_table(element: Element) -> Element | None:
    """Return the table of data that an element is in, if it is in one."""
    return next((table for table in element.iterancestors("table") if table.get("role") != "presentation"), None)


def _alone(image: Element) -> bool:
    """Return whether an image is alone, and not in a line of text."""
    parent = image.getparent()
    is_only_image = len(list(islice(parent.iter("img"), 2))) == 1
    return is_only_image and (parent.tag == "figure" or (parent.tag in _BLOCK_PARENTS and not text_of(parent)))


def _headings(root: Element, level: int) -> None:
    """Keep the order of headings, with the highest one level below the headline, and no level skipped.

    One without words is a paragraph.
    """
    for element in list(root.iter(*HEADINGS)):
        if not text_of(element) and not any((picture.get("alt") or "").strip() for picture in element.iter("img")):
            element.tag = "p"
    headings = list(root.iter(*HEADINGS))
    ranks = {tag: rank for rank, tag in enumerate(sorted({element.tag for element in headings}))}
    depth = -1
    for element in headings:
        depth = min(ranks[element.tag], depth + 1)
        element.tag = f"h{min(level + 1 + depth, 6)}"


def _tables(root: Element) -> None:
    """Give header cells a scope, and each table that is not in another one a box to scroll in, also by keyboard."""
    for row in dict.fromkeys(cell.getparent() for cell in root.iterfind(".//table//th")):
        scope = "row" if any(text_of(cell) for cell in row.iterfind("td")) else "col"
        for cell in row.iterfind("th"):
            if not cell.get("scope"):
                cell.set("scope", scope)
    for table in list(root.iter("table")):
        if _data_table(table) is None and table.get("role") != "presentation":
            _wrap(table)


def _wrap(table: Element) -> None:
    box = table.makeelement("div", {"class": "wide", "tabindex": "0"})
    table.getparent().replace(table, box)
    box.tail, table.tail = table.tail, None
    box.append(table)


def _code(root: Element, *, coloured: bool) -> None:
    """Set code from left to right, also among words that run from right to left, and give it colours."""
    for block in root.iter("pre"):
        language = block.attrib.pop("data-language", None)
        if language and coloured:
            colour_code(block, language)
    for element in root.iter("pre", "code"):
        if next(element.iterancestors("pre", "code"), None) is None:
            element.set("dir", "ltr")


def _align(root: Element) -> None:
    """Write alignments as styles; a picture as wide as the column needs none."""
    for element in root.iter("p", "figure", "td", "th", *HEADINGS):
        side = element.attrib.pop("align", None)
        if not side:
            continue
        pictures = [] if text_of(element) else list(element.iter("img"))
        if any(picture.get("width") == str(COLUMN) for picture in pictures):
            continue
        element.set("style", f"text-align:{side}")
        if element.tag == "figure":  # whose pictures are blocks, to which only their margins apply
            for picture in element.iter("img"):
                picture.set("style", f"{picture.get('style', '')};margin:0 auto".lstrip(";"))


def _captions(root: Element) -> None:
    """Let captions of one paragraph, as Ghost has them, have the colour of captions."""
    for caption in root.iter("figcaption"):
        if len(caption) == 1 and caption[0].tag == "p" and not (caption.text or "").strip():
            caption[0].drop_tag()


def _attributions(root: Element) -> None:
    """Let the last paragraph of a quotation that names its author behind a dash look like a line below a headline."""
    for quote in root.iter("blockquote"):
        last = quote[-1] if len(quote) > 1 else None
        if last is not None and last.tag == "p" and not last.get("class"):
            words = text_of(last)
            if words.startswith(_DASHES) and len(words) <= _LONGEST_ATTRIBUTION:
                last.set("class", "meta")


def _drop_empty(root: Element) -> None:
    for element in reversed(list(root.iter("p", "div", "figure", *HEADINGS))):
        if element is root or (element.text or "").strip():
            continue  # most have words at their beginning; looking into all takes time
        if all(child.tag == "br" for child in element) and not text_of(element):
            element.drop_tree()


def _end(root: Element, url: str, *, whole: bool, linked: bool, arrow: tuple[str, str]) -> None:
    if not whole:
        _mark_cut(root, linked=linked)
    if arrow[0]:
        _add_arrow(root, url, *arrow)


def _mark_cut(root: Element, *, linked: bool) -> None:
    """Append a mark to the last text, inside its block, unless that ends with such a mark already.

    Before a link to the rest, another mark than "…" is replaced with it, or with nothing behind a sentence.
    """
    text = text_of(root)
    cut_off = _CUT_OFF.search(text)
    if not text or (cut_off and not linked):
        return
    element, tail = _last_text(root)
    words = (element.tail if tail else element.text) or ""
    words = (_CUT_OFF.sub("", words) if linked else words).rstrip()
    mark = _MORE if not linked else "" if _SENTENCE.search(words) else "…"
    if tail:
        element.tail = words + mark
    else:
        element.text = words + mark


def _add_arrow(root: Element, url: str, arrow: str, label: str) -> None:
    """Put the link to the whole post at the end of its last paragraph, or below a picture, a table or code."""
    block = root
    while len(block) and block[-1].tag in _HOLD_TEXT and not (block[-1].tail or "").strip():
        block = block[-1]
    if not text_of(root):
        return
    if block is root or not text_of(block) or (len(block) and block[-1].tag in ("img", "table", "pre")):
        block = add(root, "p", {"class": "more"})
    elif len(block):
        block[-1].tail = f"{block[-1].tail or ''}\u00a0"
    else:
        block.text = f"{block.text or ''}\u00a0"
    add(block, "a", {"class": "read-on", "href": url, "aria-label": label}).text = arrow


def _last_text(root: Element) -> tuple[Element, bool]:
    """Return where the last text of a post is: an element, and whether it is the text behind it."""
    element = root
    while len(element) and not (element[-1].tail or "").strip() and element[-1].tag not in ("br", "img", "hr", "table"):
        element = element[-1]
    return (element[-1], True) if len(element) else (element, False)
