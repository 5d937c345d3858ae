"""Readable colours."""

from hypothesis import given, strategies as st

from newsletter.config.colour import contrast
from newsletter.render.theme.colours import (
    DARK_GROUND,
    LIGHT_GROUND,
    READABLE,
    darkened,
    lightened,
    parse_colour,
)


def test_contrast_of_black_and_white() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == 21


def test_parse() -> None:
    assert parse_colour("#F00") == parse_colour("rgb(255, 0, 0)") == parse_colour(" red ") == (255, 0, 0)
    assert parse_colour("inherit") is None


def test_a_colour_that_can_be_read_stays() -> None:
    assert lightened("#ffcc00") == "#ffcc00"
    assert darkened("#b3261e") == "#b3261e"


@given(st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"))
def test_every_accent_becomes_readable_on_the_dark_ground(colour: str) -> None:
    ground, lighter = parse_colour(DARK_GROUND), parse_colour(lightened(colour))
    assert ground
    assert lighter
    assert contrast(lighter, ground) >= READABLE


@given(st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"))
def test_every_accent_becomes_readable_on_white(colour: str) -> None:
    ground, darker = parse_colour(LIGHT_GROUND), parse_colour(darkened(colour))
    assert ground
    assert darker
    assert contrast(darker, ground) >= READABLE
