"""Repair of text that was encoded twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feeds.double_encoding import undo_double_encoding


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["<p>Hy het gesê, né?</p>", "Blåbær «her» &amp; der", "naïve café"])
def test_what_was_encoded_twice_is_read(text: str, wrong: str) -> None:
    twice = text.encode().decode(wrong)
    assert twice != text
    assert undo_double_encoding(twice) == text


def test_curly_quotes_that_were_encoded_twice_are_read() -> None:
    assert undo_double_encoding("It\u00e2\u20ac\u2122s \u00e2\u20ac\u0153so\u00e2\u20ac\u009d") == "It’s “so”"


@pytest.mark.parametrize("text", ["plain", "sê", "Ã", "São Â", "sÃª’", "Ã© and é", "Привет", "â€ alone"])
def test_other_text_stays(text: str) -> None:
    assert undo_double_encoding(text) == text


@given(st.text())
def test_text_that_was_encoded_once_stays_or_was_twice(text: str) -> None:
    found = undo_double_encoding(text)
    assert found == text or len(found) < len(text)
