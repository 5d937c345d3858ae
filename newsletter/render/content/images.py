"""Images that fit a column: smaller versions if the host makes them, with a width and height that programs respect."""

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from newsletter.render.content.fragment import Element

COLUMN = 552
"""CSS pixels between the margins of an email."""
_WIDTH = "data-column"
"""The attribute of a cell that has the width of its content, until the email is finished."""
# Twice a phone's width, and enough for the column on a fine screen, at a fifth of an original's weight.
SOURCE_WIDTH = 800

_LEAST_FILLING = 400
"""Pixels of a picture that can be shown as wide as the column."""
_BLOGGER_HOST = re.compile(r"(?:^|\.)(?:blogspot\.com|googleusercontent\.com|blogger\.com)$")
_BLOGGER_SIZE = re.compile(r"/(?:[swh]\d+)(?:-[a-z0-9]+)*(?=/[^/]+$)")
_GOOGLE_SIZE = re.compile(r"=(?:[swh]\d+)(?:-[a-z0-9]+)*$")
# WordPress and others write the size of a smaller version into its name: "port-1024x683.jpg".
_NAMED_SIZE = re.compile(r"-(\d{2,4})x(\d{2,4})\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
# What cameras and programs call their files, and the name of a file instead of a description.
_CAMERA = re.compile(r"(?:dsc[nf]?|img|image|photo|screen ?shot|p)[ _-]?\d[\d _()\[\]-]{0,40}", re.IGNORECASE)
_FILE_NAME = re.compile(r"(?=\D*\d|[^_]*_)\S+|\S+\.(?:jpe?g|png|gif|webp|avif)", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|\Z)", re.IGNORECASE)
_LONGEST_WORD = 12
"""Characters of a description without spaces that has a number, such as "COVID-19"."""
_EMOJI = re.compile(
    r"//s\.w\.org/images/core/emoji/|/twemoji/|/images/smil(?:ies|eys)/|/emoticons?/|//static\.xx\.fbcdn\.net/images/emoji\.php/"
)
_PICTURES = re.compile(r'<img\b[^<>]{0,2000}? src="([^"]*)')
_PHOTON_HOST = re.compile(r"^i\d\.wp\.com$|\.files\.wordpress\.com$")


def sized(url: str, width: int = SOURCE_WIDTH) -> str:
    """Return the address of the same image at a width of about `width` pixels, if its host makes several sizes."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.hostname or ""
    if _BLOGGER_HOST.search(host):
        path = _BLOGGER_SIZE.sub(f"/s{width}", parts.path, count=1)
        return urlunsplit(parts._replace(path=_GOOGLE_SIZE.sub(f"=s{width}", path)))
    if _PHOTON_HOST.search(host):
        parameters = [
            pair for pair in parse_qsl(parts.query) if pair[0] not in ("w", "h", "resize", "fit", "crop", "zoom")
        ]
        return urlunsplit(parts._replace(query=urlencode([*parameters, ("w", str(width))])))
    return url


def fitted(width: int | None, height: int | None, column: int, tallest: int = 0) -> tuple[int, int | None]:
    """Return width and height in CSS pixels within a column, and no higher than `tallest`, 0 for any height.

    The whole column is returned if the width is unknown.
    """
    if not width or width <= 0:
        return column, None
    if width > column:
        width, height = column, round(height * column / width) if height else None
    if tallest and height and height > tallest:
        return max(1, round(width * tallest / height)), tallest
    return width, height


def filling(width: int | None, height: int | None, column: int) -> tuple[int | None, int | None]:
    """Return width and height of a picture that stands for its post: as wide as the column, unless it is small or a
    portrait.
    """
    if width and height and _LEAST_FILLING <= width < column and height <= width:
        return column, round(height * column / width)
    return width, height


def pixels(value: str | None) -> int | None:
    """Return a length in pixels, such as `640` or `640px`; None for anything else."""
    text = (value or "").strip().removesuffix("px")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def size_of(image: Element) -> tuple[int | None, int | None]:
    """Return the width and height of an image in pixels, None for what it doesn't say."""
    return pixels(image.get("width")), pixels(image.get("height"))


def set_size(image: Element, width: int, height: int | None) -> None:
    """Give an image its width and, if it is known, its height in pixels."""
    image.set("width", str(width))
    if height:
        image.set("height", str(height))


def size_in_name(url: str) -> tuple[int, int] | None:
    """Return the width and height that an image's name says, if it says them."""
    match = _NAMED_SIZE.search(url.partition("?")[0])
    return (int(match[1]), int(match[2])) if match else None


def is_picture(url: str) -> bool:
    """Return whether an address is that of an image's file."""
    return _PICTURE.search(url) is not None


def names_file(alternative: str, url: str) -> bool:
    """Return whether an image's alternative text is only the name of a file, as cameras and programs give them."""
    text = alternative.strip()
    if not text or _CAMERA.fullmatch(text):
        return bool(text)
    name = unquote(url.partition("?")[0].rpartition("/")[2])
    is_name = len(text) > _LONGEST_WORD or _letters(name).startswith(_letters(text))
    return is_name and _FILE_NAME.fullmatch(text) is not None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def is_emoji(url: str) -> bool:
    """Return whether an image is a character: an emoji or a smiley of a blog's software."""
    return _EMOJI.search(url) is not None


def set_column(cell: Element, width: int) -> None:
    """Note the width in CSS pixels of what is in a cell."""
    cell.set(_WIDTH, str(width))


def column_of(element: Element) -> int:
    """Return the width in CSS pixels of the column or the cell that an element is in."""
    cell = next((td for td in element.iterancestors("td") if td.get(_WIDTH)), None)
    return COLUMN if cell is None else int(cell.get(_WIDTH))


def forget_columns(root: Element) -> None:
    """Remove the widths that were noted."""
    for cell in root.iter("td"):
        cell.attrib.pop(_WIDTH, None)


def shows_picture(html: str) -> bool:
    """Return whether a text has a picture that is no emoji."""
    return any(not is_emoji(address) for address in _PICTURES.findall(html))
