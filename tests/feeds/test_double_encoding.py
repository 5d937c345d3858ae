"""Repair of text that was encoded twice."""

import pytest
from hypothesis import given, strategies as st

from newsletter.feeds.post import undo_double_encoding


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["<p>Hy het gesê, né?</p>", "Blåbær «her» &amp; der", "naïve café"])
def test_doubly_encoded_text_is_decoded(text: str, wrong: str) -> None:
    twice = text.encode().decode(wrong)
    assert twice != text
    assert undo_double_encoding(twice) == text


def test_curly_quotes_that_were_encoded_twice_are_read() -> None:
    assert undo_double_encoding("It\u00e2\u20ac\u2122s \u00e2\u20ac\u0153so\u00e2\u20ac\u009d") == "It’s “so”"


@pytest.mark.parametrize("text", ["plain", "sê", "Ã", "São Â", "sÃª’", "Ã© and é", "Привет", "â€ alone"])
def test_other_text_stays(text: str) -> None:
    assert undo_double_encoding(text) == text


@pytest.mark.parametrize(
    "text",
    ["Ich weiß…", "Johann Strauß’ Walzer", "CAFÉ…", "Ö–Z", "Olé…”", "Weiß™", "Café\xa0– bar", "La liberté…\xa0?", "É®"],
)
def test_a_letter_before_punctuation_stays(text: str) -> None:
    assert undo_double_encoding(text) == text


@pytest.mark.parametrize("text", ["BLÅ", "Привет, мир", "Żółć", "Ελλάδα", "Ærø", "„so“", "5 €", "More →", "日本語"])
def test_words_with_letters_that_look_like_punctuation_are_read(text: str) -> None:
    assert undo_double_encoding(_read_as_windows_1252(text)) == text


def _read_as_windows_1252(text: str) -> str:
    """The text encoded in UTF-8 and read as browsers read windows-1252: unassigned octets are control characters."""
    octets = (bytes([octet]) for octet in text.encode())
    return "".join(each.decode("latin-1" if each in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for each in octets)


@given(st.text())
def test_text_that_was_encoded_once_stays_or_was_twice(text: str) -> None:
    found = undo_double_encoding(text)
    assert found == text or len(found) < len(text)
