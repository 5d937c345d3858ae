"""Sizes of images by the beginning of their files."""

import io

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from newsletter.images.measuring import measure
from tests.doubles.pictures import HEIC, SVG, bomb, moving, picture


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_the_beginning_of_a_file_says_its_size(form: str) -> None:
    assert measure(picture(640, 401, form)) == (640, 401)
    assert measure(picture(640, 401, form)[:400]) == (640, 401)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}])
def test_other_kinds_of_webp(options: dict[str, object]) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (300, 200), (1, 2, 3, 4)).save(file, "WEBP", **options)
    assert measure(file.getvalue()) == (300, 200)


def test_an_animation_has_the_size_of_its_canvas() -> None:
    assert measure(moving(width=90, height=60)) == (90, 60)


@pytest.mark.parametrize(("orientation", "size"), [(1, (80, 40)), (3, (80, 40)), (6, (40, 80)), (8, (40, 80))])
def test_a_photograph_on_its_side_is_turned(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.new("RGB", (80, 40)).save(file, "JPEG", exif=exif)
    assert measure(file.getvalue()) == size


@pytest.mark.parametrize("data", [b"", SVG, HEIC, b"GIF89a", b"\xff\xd8\xff", picture()[:20], b"<html></html>"])
def test_other_files_have_no_size(data: bytes) -> None:
    assert measure(data) is None


def test_a_picture_of_very_many_pixels_is_measured_and_not_decoded() -> None:
    assert measure(bomb(50_000, 50_000)[:100]) == (50_000, 50_000)
    assert measure(bomb(60_000, 8)) is None


@given(st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF89a", b"\0\0\0\x20ftypavif"]), st.binary())
def test_any_octets_give_a_size_or_none(start: bytes, rest: bytes) -> None:
    size = measure(start + rest)
    assert size is None or min(size) > 0
