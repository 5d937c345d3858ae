"""The names of stored images, which say their sizes: `<hash of the content>-<width>x<height>.jpg`."""

import re
from collections.abc import Iterator

PATH = "/images/"
"""What the addresses of these images begin with, on the site."""

_NAME = r"[0-9a-f]{32}-([1-9][0-9]{0,4})x([1-9][0-9]{0,4})\.(?:jpg|png|gif)"
_WHOLE = re.compile(_NAME)
_IN_TEXT = re.compile(rf"(?<=/){_NAME}")


def name_of(digest: str, width: int, height: int, kind: str) -> str:
    """Return the name of an image with this hash in hexadecimal and size in pixels."""
    return f"{digest}-{width}x{height}.{kind}"


def size_of(name: str) -> tuple[int, int] | None:
    """Return width and height of the image of a name in pixels; None if it isn't such a name."""
    match = _WHOLE.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def used_in(text: str) -> Iterator[str]:
    """Yield the names of images to which a text has addresses."""
    return (match[0] for match in _IN_TEXT.finditer(text))
