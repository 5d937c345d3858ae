"""Puts a play mark on the picture of a video. Pure: it uses no files."""

import io

from PIL import Image, ImageDraw

from newsletter.images.decoding import prepare
from newsletter.images.mail_image import ImageProblem, MailImage
from newsletter.messages import editions as messages

_SMALLEST = 160
_SHAPE = 16 / 9
_FINE = 4
"""The mark is drawn larger and scaled down, so that its edges are smooth."""
_QUALITY = 82


def with_play_mark(data: bytes) -> MailImage:
    """Return the picture of a file as a JPEG in the shape of a film, with a play mark in its middle.

    Raises ImageProblem, also for a picture that is too small to be one of a video.
    """
    prepared = prepare(data)
    with Image.open(io.BytesIO(prepared.data)) as image:
        picture = _film(image.convert("RGB"))
    if picture.width < _SMALLEST:
        raise ImageProblem(messages.NOT_AN_IMAGE())
    radius = round(picture.height * 0.16)
    mark, shade = _mark(radius)
    place = (picture.width // 2 - radius, picture.height // 2 - radius)
    picture.paste(mark, place, shade)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return MailImage(file.getvalue(), "jpg", picture.width, picture.height)


def _film(picture: Image.Image) -> Image.Image:
    """Return the middle of a picture that is higher than a film; upright films keep a square."""
    width, height = picture.size
    shape = _SHAPE if width > height else 1
    film_height = round(width / shape)
    if height <= film_height:
        return picture
    top = (height - film_height) // 2
    return picture.crop((0, top, width, top + film_height))


def _mark(radius: int) -> tuple[Image.Image, Image.Image]:
    """Return a disc with a triangle, and how much each of its pixels covers."""
    side = radius * 2 * _FINE
    mark, shade = Image.new("RGB", (side, side), "#111111"), Image.new("L", (side, side), 0)
    ImageDraw.Draw(shade).ellipse((0, 0, side - 1, side - 1), fill=190)
    triangle = [(side * 0.38, side * 0.28), (side * 0.38, side * 0.72), (side * 0.74, side * 0.5)]
    ImageDraw.Draw(mark).polygon(triangle, fill="white")
    ImageDraw.Draw(shade).polygon(triangle, fill=255)
    size = (radius * 2, radius * 2)
    return mark.resize(size, Image.Resampling.LANCZOS), shade.resize(size, Image.Resampling.LANCZOS)
