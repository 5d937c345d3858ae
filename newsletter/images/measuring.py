"""Measures images by the beginning of their files, without decoding them. Pure.

Promises: any octets give a size or None, in time linear to their number.
"""

import io

ENOUGH = 262_144
"""Octets of a file that have its size, also behind metadata that cameras write first."""
_LARGEST = 50_000
_STARTS = (b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8", b"RIFF")
"""How a PNG, a GIF, a JPEG and a WebP begin. Others, such as SVG, whose XML would be parsed, are not measured."""


def measure(head: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of a JPEG, PNG, GIF, WebP or AVIF; None for anything else.

    A JPEG's are as it is turned. An AVIF that is turned has none: imagesize can't read its `irot`.
    """
    import imagesize  # it loads a parser of XML and a client for HTTP

    is_avif = head[4:8] == b"ftyp" and b"avif" in head[8:64]
    size: tuple[int, int] = imagesize.get(io.BytesIO(head)) if is_avif or head.startswith(_STARTS) else (0, 0)
    return size if all(0 < side <= _LARGEST for side in size) else None
