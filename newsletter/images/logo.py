"""Decodes an untrusted logo, and makes its form for dark mode where that is safe. Pure: it uses no files."""

import io

from PIL import Image, ImageChops

from newsletter.images.decoding import prepare
from newsletter.images.mail_image import MailImage

_VISIBLE = 64
"""The least opacity, of 255, of a pixel whose colour counts; the edges of letters are fainter."""
_DARKEST_CHANNEL, _MOST_CHROMA = 128, 24
"""A pixel is dark grey if its brightest channel is at most the first, and its channels differ by at most the second."""
_STRAYS = 0.005
"""The share of visible pixels that may be something else, such as the edges of letters."""
_LEAST_GROUND = 0.05
"""The least share of the picture that is transparent."""


def prepare_logo(data: bytes) -> tuple[MailImage, MailImage | None]:
    """Return the image of a file as `prepare` does, and `dark_form` of it."""
    image = prepare(data)
    return image, dark_form(image)


def dark_form(logo: MailImage) -> MailImage | None:
    """Return a logo in dark grey on a transparent ground in light grey; None for any other, which may lose its look.

    Black becomes white, and the lightest grey that counts as dark a light grey. Opacity stays.
    """
    with Image.open(io.BytesIO(logo.data), formats=("PNG", "JPEG", "GIF")) as image:
        if image.mode != "RGBA":
            return None
        red, green, blue, opacity = image.split()
    brightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    chroma = ImageChops.subtract(brightest, ImageChops.darker(ImageChops.darker(red, green), blue))
    if not (_has_transparent_ground(opacity) and _is_dark_grey(brightest, chroma, opacity)):
        return None
    light = brightest.point(lambda value: 255 - value // 2)
    file = io.BytesIO()
    Image.merge("RGBA", (light, light, light, opacity)).save(file, "PNG", optimize=True)
    return MailImage(file.getvalue(), "png", logo.width, logo.height)


def _has_transparent_ground(opacity: Image.Image) -> bool:
    right, bottom = opacity.width - 1, opacity.height - 1
    corners = [opacity.getpixel(place) for place in ((0, 0), (right, 0), (0, bottom), (right, bottom))]
    return not any(corners) and opacity.histogram()[0] >= _LEAST_GROUND * opacity.width * opacity.height


def _is_dark_grey(brightest: Image.Image, chroma: Image.Image, opacity: Image.Image) -> bool:
    visible = opacity.point(lambda value: 255 if value >= _VISIBLE else 0)
    count = visible.histogram()[255]
    light = sum(brightest.histogram(visible)[_DARKEST_CHANNEL + 1 :])
    coloured = sum(chroma.histogram(visible)[_MOST_CHROMA + 1 :])
    return count > 0 and light + coloured <= _STRAYS * count
