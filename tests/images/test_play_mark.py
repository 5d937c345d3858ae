"""Pictures of videos with a play mark."""

import io

import pytest
from PIL import Image

from newsletter.images.mail_image import ImageProblem
from newsletter.images.play_mark import with_play_mark
from tests.doubles.pictures import SVG, bomb, picture


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_the_mark_is_white_on_dark_in_the_middle() -> None:
    made = with_play_mark(picture(640, 360, colour="red"))
    image = opened(made.data)
    assert (made.kind, image.size) == ("jpg", (640, 360))
    middle, corner = image.getpixel((320, 180)), image.getpixel((5, 5))
    assert isinstance(middle, tuple)
    assert isinstance(corner, tuple)
    assert min(middle) > 230
    assert corner[0] > 230 > 60 > corner[1]


@pytest.mark.parametrize(
    ("size", "made"),
    [((480, 360), (480, 270)), ((1280, 720), (1104, 621)), ((360, 640), (360, 360)), ((640, 320), (640, 320))],
)
def test_a_picture_gets_the_shape_of_a_film(size: tuple[int, int], made: tuple[int, int]) -> None:
    found = with_play_mark(picture(*size))
    assert (found.width, found.height) == made


@pytest.mark.parametrize("data", [picture(120, 90), SVG, b"", bomb()])
def test_an_unsuitable_video_thumbnail_is_refused(data: bytes) -> None:
    with pytest.raises(ImageProblem):
        with_play_mark(data)
