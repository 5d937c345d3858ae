"""Decodes an untrusted image, and makes it safe and suitable for an email. Pure: it uses no files.

Promises: only the pixels survive, without metadata, turned upright, in sRGB; the result is a JPEG or a PNG that every
email program shows, at most twice as wide as the email's column; an image with too many pixels isn't decoded.
"""

import io
import struct
import threading
import zlib

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from newsletter.images.mail_image import ImageProblem, MailImage
from newsletter.messages import editions as messages

WIDEST, HIGHEST = 1104, 8_000
"""Pixels of a result: twice the column of 552 CSS pixels, for fine screens."""

MOST_PIXELS = 60_000_000
"""More aren't decoded; phones make up to 50 million."""

MOST_PIXELS_IN_FULL = 25_000_000
"""The same for formats other than JPEG, which is scaled while it is decoded. They take up to 12 octets a pixel."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
DAMAGED_FILE = (
    *(OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, OverflowError, RuntimeError),
    *(struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning),
)
_ORIENTATION = 0x0112
_JPEG_QUALITY = 82
_ONE_AT_A_TIME = threading.Lock()

# Pillow warns where there are more, and refuses twice as many, also in places that only it sees: a GIF's first frame
# may be larger than the image, and takes memory as soon as the file is opened.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def prepare(data: bytes) -> MailImage:
    """Return the image of a file (JPEG, PNG, GIF, WebP or AVIF), of an animation its first frame.

    Raises ImageProblem, and MemoryError where there is too little memory: call it in a Sandbox. One image is decoded at
    a time, since each may take a third of a gigabyte.
    """
    with _ONE_AT_A_TIME:
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image)
                return _encoded(_in_srgb(_upright(image)), lossless=image.format in ("PNG", "GIF"))
        except UnidentifiedImageError:
            raise ImageProblem(messages.NOT_AN_IMAGE()) from None
        except DAMAGED_FILE as problem:
            raise ImageProblem(messages.DAMAGED()) from problem


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    most = MOST_PIXELS if image.format == "JPEG" else MOST_PIXELS_IN_FULL
    if pixels > most:
        raise ImageProblem(messages.TOO_MANY_PIXELS(millions=f"{pixels / 1e6:.0f}", most=f"{most / 1e6:.0f}"))


def _upright(image: Image.Image) -> Image.Image:
    """Return the image scaled down and turned as its EXIF orientation says. A JPEG is scaled while it is decoded."""
    lies_on_its_side = image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    if image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        image.load()
        image = _without_palette(image)
    image.thumbnail((HIGHEST, WIDEST) if lies_on_its_side else (WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(image)


def _without_palette(image: Image.Image) -> Image.Image:
    """Return an image of few colours in all colours, so that it can be scaled; its profile and orientation stay."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # Sixteen bits a pixel; `convert` would clip them to eight.
        plain = image.convert("I").point(lambda value: value / 256).convert("L")
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.info = {key: value for key, value in image.info.items() if key in ("exif", "icc_profile")}
    return plain


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the image in sRGB, in which browsers show images without a profile."""
    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile:
        try:
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            converted = None  # the profile is damaged, or for another kind of image
        image = converted or image
    return image.convert(mode)


def _encoded(image: Image.Image, *, lossless: bool) -> MailImage:
    """Return the smaller file of a drawing or screenshot, a JPEG of a photograph, a PNG of what is transparent."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info = {}
    width, height = image.size
    png = _saved(image, "PNG", optimize=True) if lossless or image.mode == "RGBA" else None
    if image.mode == "RGBA":
        assert png is not None
        return MailImage(png, "png", width, height)
    jpeg = _saved(image, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True)
    if png is not None and len(png) <= len(jpeg):
        return MailImage(png, "png", width, height)
    return MailImage(jpeg, "jpg", width, height)


def _saved(image: Image.Image, form: str, **options: int | bool) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
