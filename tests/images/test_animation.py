"""Animated GIFs of sources are kept if they are small and valid, without what isn't shown."""

import io

import pytest
from hypothesis import given, strategies as st
from PIL import Image, ImageSequence

from newsletter.images import animation as animations
from newsletter.images.animation import animation
from tests.doubles.pictures import moving, picture


def test_an_animation_is_kept_with_its_frames() -> None:
    data = moving()
    found = animation(data)
    assert found is not None
    assert (found.kind, found.width, found.height) == ("gif", 40, 20)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(found.data)) as after:
        assert (after.info["loop"], after.info["duration"]) == (0, 100)
        assert sum(1 for _frame in ImageSequence.Iterator(after)) == 3
        for number in range(3):
            before.seek(number)
            after.seek(number)
            assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()


def test_frames_that_are_not_shown_are_dropped() -> None:
    data = moving(comment=b"taken at home")
    xmp = b"\x21\xff\x0bXMP DataXMP\x05where\x00"
    assert b"taken at home" in data
    found = animation(data[:-1] + xmp + b";<script>alert(1)</script>")
    assert found is not None
    assert not any(word in found.data for word in (b"taken at home", b"where", b"script"))


@pytest.mark.parametrize(
    "data",
    [
        picture(form="GIF"),
        picture(),
        moving()[:-40],
        b"GIF89a",
        b"GIF89a" + b"<script>alert(1)</script>" * 9,
        moving(2, 1200, 10),
    ],
    ids=["one frame", "png", "truncated", "nothing", "polyglot", "wide"],
)
def test_anything_else_is_not_an_animation(data: bytes) -> None:
    assert animation(data) is None


@pytest.mark.parametrize(("limit", "most"), [("LARGEST", 100), ("MOST_PIXELS", 1000), ("MOST_FRAMES", 2)])
def test_an_animation_beyond_a_limit_is_not_kept(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(animations, limit, most)
    assert animation(moving()) is None


@given(st.data())
def test_any_damage_gives_an_animation_or_none(data: st.DataObject) -> None:
    file = bytearray(moving())
    for _ in range(data.draw(st.integers(1, 5))):
        file[data.draw(st.integers(6, len(file) - 1))] = data.draw(st.integers(0, 255))
    found = animation(bytes(file))
    assert found is None or found.data.endswith(b";")
