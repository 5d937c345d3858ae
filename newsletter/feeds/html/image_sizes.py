"""The size at which an image is meant to be shown: by its attributes, its style, or what a blog's software notes."""

import re

from newsletter.feeds.html.markup import HtmlElement, words

ATTRIBUTES = words(
    "data-width data-height data-orig-width data-orig-height data-original-width data-original-height "
    "data-image-width data-image-height data-orig-size data-image-dimensions data-size"
)
SIDES = ("width", "height")
_NUMBER = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*")
_IN_STYLE = {
    side: re.compile(rf"(?:\A|;)\s*{side}\s*:\s*(\d{{1,5}})(?:\.\d+)?px\s*(?:!\s*important\s*)?(?:;|\Z)", re.IGNORECASE)
    for side in SIDES
}
_PREFIXES = ("data-", "data-orig-", "data-original-", "data-image-")
_PAIRS = ("data-orig-size", "data-image-dimensions", "data-size")
_PAIR = re.compile(r"\s*(\d{1,5})\s*[x,]\s*(\d{1,5})\s*")
_EMOJI = words("emoji wp-smiley smiley smilie smilies emoticon custom-emoji twemoji emojione")
_TEXT_HEIGHT = 20


def sides_of(image: HtmlElement) -> dict[str, int]:
    """Return the sides of an image in whole pixels, as far as it says them; emoji are as high as the text.

    A side of the style is where the attribute of that name is missing or no number. Noted sizes are used only together.
    """
    if not _EMOJI.isdisjoint((image.get("class") or "").split()):
        return dict.fromkeys(SIDES, _TEXT_HEIGHT)
    sides = {side: _number(image.get(side) or "") or _styled(image, side) for side in SIDES}
    return {side: length for side, length in sides.items() if length} or _noted(image)


def _number(text: str) -> int:
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else 0


def _styled(image: HtmlElement, side: str) -> int:
    match = _IN_STYLE[side].search(image.get("style") or "")
    return int(match[1]) if match else 0


def _noted(image: HtmlElement) -> dict[str, int]:
    for prefix in _PREFIXES:
        width, height = (_number(image.get(prefix + side) or "") for side in SIDES)
        if width and height:
            return {"width": width, "height": height}
    for name in _PAIRS:
        if (match := _PAIR.fullmatch(image.get(name) or "")) and int(match[1]) and int(match[2]):
            return {"width": int(match[1]), "height": int(match[2])}
    return {}
