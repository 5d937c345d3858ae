"""Logos that were uploaded to the site, whose addresses follow the public address."""

from pathlib import Path

import pytest

from newsletter.config.load import parse

STORED = "/images/0123456789abcdef0123456789abcdef-200x48.png"


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        (f"http://127.0.0.1:8000{STORED}", f"https://new.example.org{STORED}"),
        (f"http://localhost:8123{STORED}", f"https://new.example.org{STORED}"),
        (f"https://old.example.org{STORED}", f"https://new.example.org{STORED}"),
        (f"https://new.example.org{STORED}", f"https://new.example.org{STORED}"),
        (f"https://other.example.org{STORED}", f"https://other.example.org{STORED}"),
        ("http://127.0.0.1:8000/images/logo.png", "http://127.0.0.1:8000/images/logo.png"),
        ("", ""),
    ],
)
def test_an_uploaded_logo_follows_the_public_address(logo: str, expected: str) -> None:
    text = f"""
    [site]
    url = "https://new.example.org"
    url_previous = ["https://old.example.org"]
    secret_key = "for tests only, and long enough to be a key of the usual length"
    [newsletters.kinaforum]
    title = "Kinaforum"
    from = "Kinaforum <brev@example.org>"
    address = "Postboks 1, 0001 Oslo"
    theme = {{ logo = "{logo}", logo_dark = "{logo}" }}
    """
    theme = parse(text, Path("config.toml")).newsletters["kinaforum"].theme
    assert (theme.logo, theme.logo_dark) == (expected, expected)
