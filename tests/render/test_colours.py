"""Colours that can be read."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.colours import DARK_GROUND, READABLE, contrast, lightened, parse_colour


def test_contrast_of_black_and_white() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == 21


def test_parse() -> None:
    assert parse_colour("#F00") == parse_colour("rgb(255, 0, 0)") == parse_colour(" red ") == (255, 0, 0)
    assert parse_colour("inherit") is None


def test_a_colour_that_can_be_read_stays() -> None:
    assert lightened("#ffcc00") == "#ffcc00"


@given(st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"))
def test_every_accent_becomes_readable_on_the_dark_ground(colour: str) -> None:
    ground, lighter = parse_colour(DARK_GROUND), parse_colour(lightened(colour))
    assert ground
    assert lighter
    assert contrast(lighter, ground) >= READABLE
