"""Images of any origin become a JPEG or PNG without metadata, upright, and at most twice as wide as the column."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from PIL import Image, ImageCms, ImageDraw

from newsletter.images.decoding import HIGHEST, MOST_PIXELS, MOST_PIXELS_IN_FULL, WIDEST, prepare
from newsletter.images.mail_image import ImageProblem, MailImage


def _picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A picture that is red at the left and blue elsewhere."""
    image = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height), fill="red")
    return image.convert(mode)


def _file(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """The values of a pixel in an image with several channels."""
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return found


def _opened(found: MailImage) -> Image.Image:
    image = Image.open(io.BytesIO(found.data))
    image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_every_kind_becomes_one_that_email_programs_show(form: str) -> None:
    found = prepare(_file(_picture(), form))
    image = _opened(found)
    assert image.format == {"jpg": "JPEG", "png": "PNG"}[found.kind]
    assert image.size == (found.width, found.height) == (60, 40)
    pixel = _pixel(image.convert("RGB"), (5, 20))
    assert pixel[0] > 200
    assert pixel[2] < 60


@pytest.mark.parametrize(
    ("size", "wanted"), [((3000, 2000), (1104, 736)), ((1104, 9000), (981, HIGHEST)), ((300, 200), (300, 200))]
)
def test_images_are_scaled_down_but_never_up(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    found = prepare(_file(_picture(*size), "JPEG"))
    assert (found.width, found.height) == wanted
    assert found.width <= WIDEST


def test_images_are_rotated_before_their_orientation_is_removed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = prepare(_file(_picture(4000, 2000), "JPEG", exif=exif))
    assert (found.width, found.height) == (WIDEST, 2 * WIDEST)
    image = _opened(found)
    top, bottom = _pixel(image, (500, 100)), _pixel(image, (500, 2000))
    assert top[0] > 200
    assert bottom[2] > 200
    assert not image.getexif()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_removed(form: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    data = _file(_picture(), form, exif=exif)
    assert b"taken at home" in data
    found = prepare(data)
    assert b"taken at home" not in found.data
    assert set(_opened(found).info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }


def test_comments_of_a_png_are_removed() -> None:
    chunk = b"tEXtComment\0a secret"
    data = _file(_picture(), "PNG")
    text = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert b"secret" not in prepare(data[:33] + text + data[33:]).data


def test_transparency_stays() -> None:
    image = _picture(mode="RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    found = prepare(_file(image, "WEBP", lossless=True))
    assert found.kind == "png"
    assert _pixel(_opened(found), (0, 0))[3] == 0


def test_an_alpha_channel_without_transparency_is_dropped() -> None:
    assert prepare(_file(_picture(mode="RGBA"), "WEBP")).kind == "jpg"


def test_the_first_frame_of_an_animation_is_taken() -> None:
    data = _file(_picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), "green")])
    assert _pixel(_opened(prepare(data)).convert("RGB"), (5, 20))[0] > 200


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_every_mode_can_be_read(mode: str) -> None:
    if mode == "I;16":
        data = _file(Image.new("I;16", (20, 20), 0x8000), "PNG")
    else:
        data = _file(_picture(mode=mode), "JPEG" if mode == "CMYK" else "PNG")
    image = _opened(prepare(data)).convert("RGB")
    if mode == "I;16":
        assert 120 <= _pixel(image, (5, 5))[0] <= 135


def test_other_colour_spaces_become_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, lab, b"damaged"):
        image = _opened(prepare(_file(_picture(), "JPEG", icc_profile=profile)))
        assert "icc_profile" not in image.info
        assert _pixel(image, (5, 20))[0] > 200


def test_more_pixels_than_allowed_are_not_decoded() -> None:
    width = MOST_PIXELS_IN_FULL // 1000 + 1
    header = struct.pack(">IIBBBBB", width, 1000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(ImageProblem, match="the image has 25 million pixels; choose one with at most 25 million"):
        prepare(data)


LARGE_FRAME = (
    b"GIF89a" + struct.pack("<HHBBB", 40, 30, 0x80, 0, 0) + bytes(6)  # an image of 40 × 30 pixels and two colours
    + b"\x21\xf9\x04\x09\0\0\0\0"  # its first frame is replaced by the background
    + b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x02\x44\x01\0;"
)  # fmt: skip
PREPARE = """
import resource, sys
from newsletter.images.decoding import ImageProblem, prepare
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    prepare(open(sys.argv[1], "rb").read())
    print("prepared")
except ImageProblem:
    print("refused")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def _in_a_process(data: bytes, path: Path) -> tuple[str, int]:
    """What becomes of an image in a new process, and the megabytes that it took."""
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-c", PREPARE, path], check=True, stdout=subprocess.PIPE, text=True)
    said, megabytes = done.stdout.split()
    return said, int(megabytes)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("mode", "form"),
    [("I;16", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("RGB", "JPEG"), ("CMYK", "JPEG")],
)
def test_the_largest_images_take_a_third_of_a_gigabyte(mode: str, form: str, tmp_path: Path) -> None:
    pixels = MOST_PIXELS if form == "JPEG" else MOST_PIXELS_IN_FULL
    data = _file(Image.new(mode, (5_000, pixels // 5_000)), form)
    said, megabytes = _in_a_process(data, tmp_path / "image")
    assert said == "prepared"
    assert megabytes < 340


@pytest.mark.e2e
def test_a_frame_that_is_larger_than_its_image_takes_no_memory(tmp_path: Path) -> None:
    said, megabytes = _in_a_process(LARGE_FRAME, tmp_path / "image")
    assert said == "refused"
    assert megabytes < 50


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"II*\0" + bytes(40)])
def test_a_file_that_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(ImageProblem, match="not an image that can be used"):
        prepare(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_half_of_a_file_is_refused(form: str) -> None:
    data = _file(Image.effect_noise((400, 400), 90).convert("RGB"), form)
    with pytest.raises(ImageProblem, match=r"damaged|not an image"):
        prepare(data[: len(data) // 2])


@given(
    form=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "AVIF"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6),
)
def test_any_damage_gives_an_image_or_a_sentence(form: str, changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(_file(_picture(), form))
    for place, octets in changes:
        start = int(place * len(data))
        data[start : start + len(octets)] = octets
    try:
        found = prepare(bytes(data))
    except ImageProblem:
        return
    assert _opened(found).size == (found.width, found.height)
