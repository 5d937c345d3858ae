"""Pictures that fit a column: a sensible size from hosts that make sizes, width and height that programs obey."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Twice a phone's width, and enough for the column on a fine screen, at a fifth of an original's weight.
SOURCE_WIDTH = 800

_BLOGGER_HOST = re.compile(r"(?:^|\.)(?:blogspot\.com|googleusercontent\.com|blogger\.com)$")
_BLOGGER_SIZE = re.compile(r"/(?:[swh]\d+)(?:-[a-z0-9]+)*(?=/[^/]+$)")
_GOOGLE_SIZE = re.compile(r"=(?:[swh]\d+)(?:-[a-z0-9]+)*$")
_PHOTON_HOST = re.compile(r"^i\d\.wp\.com$|\.files\.wordpress\.com$")


def sized(url: str, width: int = SOURCE_WIDTH) -> str:
    """The address of the same picture about `width` pixels wide, where its host makes sizes."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.hostname or ""
    if _BLOGGER_HOST.search(host):
        path = _BLOGGER_SIZE.sub(f"/s{width}", parts.path, count=1)
        return urlunsplit(parts._replace(path=_GOOGLE_SIZE.sub(f"=s{width}", path)))
    if _PHOTON_HOST.search(host):
        kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("w", "h", "resize", "fit", "crop", "zoom")]
        return urlunsplit(parts._replace(query=urlencode([*kept, ("w", str(width))])))
    return url


def fitted(width: int | None, height: int | None, column: int) -> tuple[int, int | None]:
    """Width and height in CSS pixels within a column; the whole column where the width is not known."""
    if not width or width <= 0:
        return column, None
    if width <= column:
        return width, height
    return column, round(height * column / width) if height else None
