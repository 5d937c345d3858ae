"""All text of pages and emails is translated, with its placeholders."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client

from tests.catalogues import REPOSITORY as ROOT

LOCALE = ROOT / "subscribers" / "locale"
OTHERS = sorted(set(dict(settings.LANGUAGES)) - {"en"})
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None}


@cache
def used() -> set[str]:
    """Return the messages used in code and templates."""
    sources = [("python", p) for p in (ROOT / "subscribers").rglob("*.py")]
    pages = [("jinja2", p) for p in (ROOT / "templates" / "pages").glob("*.html")]
    options = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
    found = {
        message
        for method, path in sources + pages
        for _, message, _, _ in extract_from_file(method, path, keywords=KEYWORDS, options=options)
    }
    return {message for message in found if isinstance(message, str)}


@cache
def catalogue(language: str) -> dict[str, Message]:
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return {str(m.id): m for m in read_po(file, locale=language) if m.id}


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_missing_and_nothing_is_left_over(language: str) -> None:
    words = catalogue(language)
    assert used() - words.keys() == set()
    assert words.keys() - used() == set()
    assert [m.id for m in words.values() if not m.string or m.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_the_same(language: str) -> None:
    for message in catalogue(language).values():
        wanted, given = (sorted(re.findall(r"%\(\w+\)s", str(t))) for t in (message.id, message.string))
        assert given == wanted, message.id


@pytest.mark.django_db
@pytest.mark.parametrize("language", OTHERS)
def test_a_page_in_each_language(language: str, client: Client) -> None:
    shown = client.get(f"/n/kinaforum/subscribe?lang={language}")
    assert f'<html lang="{language}" dir="{"rtl" if language in ("ar", "he", "fa") else "ltr"}">' in shown.text
    assert str(catalogue(language)["Your email address"].string) in shown.text.replace("&#39;", "'")
    assert shown["Content-Language"] == language


def test_no_compiled_catalogue_is_kept() -> None:
    assert "*.mo" in (Path(ROOT) / ".gitignore").read_text().split()
