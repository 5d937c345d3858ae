"""Keeps an animated GIF as it is, but for what isn't shown. Pure: it uses no files.

Promises: the result has the header, the colours and the frames of the file, and how often they are repeated; comments,
data of other programs and what follows the end are dropped, and every frame can be decoded.
"""

import io
from collections.abc import Iterator

from PIL import Image

from newsletter.images.decoding import DAMAGED_FILE, HIGHEST, MOST_PIXELS, WIDEST, prepare
from newsletter.images.mail_image import MailImage

LARGEST = 2_000_000
"""Octets; a larger animation would take too long to load in an email, and its first frame is shown."""
MOST_FRAMES = 500

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_REPEATED = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def prepare_animated(data: bytes) -> MailImage:
    """Return the animation of a file, or what `prepare` makes of any other file. Raises ImageProblem."""
    return animation(data) or prepare(data)


def animation(data: bytes) -> MailImage | None:
    """Return the animated GIF of a file; None if it is anything else, damaged, or too large for an email."""
    if not data.startswith((b"GIF87a", b"GIF89a")) or len(data) > LARGEST:
        return None
    try:
        plain = b"".join(_parts(data))
        with Image.open(io.BytesIO(plain), formats=("GIF",)) as image:
            return _checked(image, plain)
    except DAMAGED_FILE:
        return None


def _checked(image: Image.Image, plain: bytes) -> MailImage | None:
    """Return the animation if all its frames can be decoded and are not too many or too large."""
    size = image.size
    frames: int = getattr(image, "n_frames", 1)
    fits = image.width <= WIDEST and image.height <= HIGHEST and frames * image.width * image.height <= MOST_PIXELS
    if not (fits and 2 <= frames <= MOST_FRAMES):
        return None
    for number in range(frames):
        image.seek(number)
        if image.size != size:
            return None  # a frame is larger than the image
        image.load()
    return MailImage(plain, "gif", image.width, image.height)


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield the parts of a GIF that are shown. Raises IndexError if it ends too early, ValueError for other parts."""
    place = 13 + _colours(data[10])
    yield data[:place]
    while data[place] != _END:
        start, kind = place, data[place]
        if kind == _FRAME:
            place = _after_blocks(data, place + 11 + _colours(data[place + 9]))
            yield data[start:place]
        elif kind == _EXTENSION:
            place = _after_blocks(data, place + 2)
            if _is_shown(data[start:place]):
                yield data[start:place]
        else:
            raise ValueError(f"{kind:#x} is no part of a GIF")
    yield bytes([_END])


def _colours(flags: int) -> int:
    """Return the octets of a table of colours."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    """Return the place after a sequence of blocks, each of which begins with its length."""
    while data[place]:
        place += data[place] + 1
    return place + 1


def _is_shown(extension: bytes) -> bool:
    return extension[1] == _CONTROL or (
        extension[1] == _APPLICATION and extension[3:14] in _REPEATED and len(extension) == 19
    )
