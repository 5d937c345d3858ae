"""Editors' texts, and boxes in those of sources, in elements that email programs show.

Those are tables for what has a background or stands side by side.

Outlook on Windows knows neither the padding of links and boxes nor columns, so these are cells.
"""

from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType

from newsletter.render.content.fragment import HEADINGS, Element, add, parse, serialise, table_instead, text_of
from newsletter.render.content.images import COLUMN, column_of, set_column, size_of
from newsletter.render.content.own_words import named_tint
from newsletter.render.content.videos import short_name
from newsletter.render.content.written_notes import with_notes
from newsletter.render.dates import direction_of_text
from newsletter.render.placeholders import pattern
from newsletter.render.words import language_of_words, words

_INSIDE_CALLOUT = COLUMN - 2 * 17
_FLATTEST, _TALLEST = 2.5, 0.5
"""Width by height of images that take the most and the least of a row."""
_ICONS = MappingProxyType({"note": "ℹ️", "tip": "💡", "warning": "⚠️"})
"""What tells tints apart, with a word, where colours aren't shown."""
_GAP = 2
"""Percent of a row between its images."""
_WIDE = MappingProxyType({"border": "0", "cellpadding": "0", "cellspacing": "0", "width": "100%"})
"""Attributes of a table as wide as the text."""


@lru_cache(maxsize=256)
def email_form(html: str, language: str, *, in_text: bool = False) -> str:
    """Return the HTML of `markdown` for an email in a language, or for its text part.

    Cells say how wide their content is.
    """
    if not html:
        return ""
    root = parse(with_notes(html))
    for box in [box for box in root.iter("div") if box.get("data-tint")]:
        if box.get("data-tint") == "sponsor":
            box.insert(0, _label(box, language, in_text=in_text))
        else:
            _mark(box, box.get("data-tint"), language)
    show_boxes(root)
    for paragraph in list(root.iter("p")):
        _make_button_or_card(paragraph)
    for caption in root.iter("figcaption"):
        _put_below(caption)
    for cell in root.iter("td", "th"):
        if align := cell.attrib.pop("align", None):
            cell.set("style", f"text-align:{align}")
    return serialise(root)


def with_directions(html: str, base: str, placeholders: Iterable[str]) -> str:
    """Return the HTML with a box around blocks whose text runs in the other direction than `base`, which says so."""
    root, names = parse(html), pattern(placeholders)
    blocks = [block for block in root if isinstance(block.tag, str)]
    directions = [direction_of_text(names.sub("", text_of(block)), base) for block in blocks]
    for block, own in zip(blocks, directions, strict=True):
        if own != base:
            box = block.getprevious()
            if box is None or box.get("dir") != own:
                box = root.makeelement("div", {"class": own, "dir": own})
                block.addprevious(box)
            box.append(block)
    return serialise(root) if set(directions) - {base} else html


def show_boxes(root: Element) -> None:
    """Make tables of blocks with a tint, and of rows of images; the cells say how wide their content is."""
    for box in [box for box in root.iter("div") if box.get("data-tint")]:
        _make_callout(box, box.get("data-tint"))
    for row in [box for box in root.iter("div") if box.get("class") == "row"]:
        _make_row(row)


def _make_button_or_card(paragraph: Element) -> None:
    if paragraph.get("class") == "button":
        _make_button(paragraph)
    elif address := paragraph.attrib.pop("data-url", None):
        paragraph.attrib.pop("class")
        url = paragraph[0].get("href")  # none if cleaning has found that there can be no such address
        if url and paragraph[0].text == address:
            paragraph[0].text = short_name(url)


def _label(box: Element, language: str, *, in_text: bool) -> Element:
    """Return the word that marks a sponsor, as the newsletter's language has it, else in English."""
    worded = language_of_words(language)
    mark = box.makeelement("p", {"class": "meta", **({} if worded == language else {"lang": worded, "dir": "ltr"})})
    word = words(language)["sponsor"]
    mark.text = f"[{word}]" if in_text else word
    return mark


def _mark(box: Element, tint: str, language: str) -> None:
    """Put an icon and a word above what a box has, or the icon alone before a heading or a word that says the same."""
    label = named_tint(tint, language)
    first = box[0] if len(box) and box[0].tag in ("p", *HEADINGS) and box[0].find(".//img") is None else None
    says_it = first is not None and (
        first.tag in HEADINGS or text_of(first).casefold().startswith(label.text.casefold())
    )
    if first is not None and says_it:
        first.text = f"{_ICONS[tint]}\u00a0{first.text or ''}"
        return
    attributes = {} if label.language == language else {"lang": label.language, "dir": "ltr"}
    mark = box.makeelement("p", {"class": "label", **attributes})
    mark.text = f"{_ICONS[tint]}\u00a0{label.text}"
    box.insert(0, mark)


def _make_callout(box: Element, tint: str) -> None:
    row = table_instead(box, {"class": "callout", "role": "presentation", **_WIDE})
    cell = add(row, "td", {"class": f"tinted tinted-{tint}"})
    set_column(cell, _INSIDE_CALLOUT)
    cell.extend(list(box))


def _put_below(caption: Element) -> None:
    """Give the image of a caption a box, below which the caption stands in Outlook, too, which knows no figures."""
    figure = caption.getparent()
    box = figure.makeelement("div", {})
    box.append(figure[0])
    figure.insert(0, box)


def _make_row(box: Element) -> None:
    """Make cells of figures; one that is left of a row is an ordinary figure."""
    figures = [figure for figure in box.findall("figure") if figure.find(".//img") is not None]
    if len(figures) < 2:
        box.drop_tag()
        return
    shares = _shares([figure.find(".//img") for figure in figures])
    column, room = column_of(box), 100 - _GAP * (len(figures) - 1)
    row = table_instead(box, {"class": "pictures", "role": "presentation", **_WIDE})
    for number, (figure, share) in enumerate(zip(figures, shares, strict=True)):
        percent = round(room * share / sum(shares))
        if number:
            add(row, "td", {"class": "gap", "width": f"{_GAP}%"})
        cell = add(row, "td", {"width": f"{percent}%", "valign": "top"})
        set_column(cell, column * percent // 100)
        cell.append(figure)


def _shares(images: list[Element]) -> list[float]:
    """Return how the images of a row share its width: as they say, else so that they are equally high.

    Images of which one says nothing share it equally.
    """
    shares = [image.attrib.pop("data-width", None) for image in images]
    if any(shares):
        return [float(share or 100 / len(images)) for share in shares]
    sizes = [size_of(image) for image in images]
    shapes = [min(_FLATTEST, max(_TALLEST, wide / high)) for wide, high in sizes if wide and high]
    return shapes if len(shapes) == len(images) else [1.0] * len(images)


def _make_button(paragraph: Element) -> None:
    row = table_instead(paragraph, {"class": "button", "role": "presentation"})
    add(row, "td").extend(list(paragraph))
