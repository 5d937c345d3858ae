"""Every word of the desk is there in Norwegian, with its placeholders."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from django.test import Client
from django.utils.translation import override
from django.utils.translation.template import templatize

from newsletter import messages, providers
from newsletter.web import desk
from newsletter.web.desk import users
from tests.catalogues import REPOSITORY
from tests.web import make

CODE = Path(desk.__file__).parent
FIRST_RUN = CODE.with_name("first_run")
TEMPLATES = CODE.parent / "templates" / "desk"
DECLARED = [path for each in (messages, providers) for path in Path(each.__path__[0]).rglob("*.py")]
LOCALE = REPOSITORY / "newsletter" / "locale"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2)}
KEYWORDS["ngettext_noop"] = (1, 2)
LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
CALL = re.compile(rf"\b(?:(?:_|n?gettext)\(|n?pgettext\({LITERAL},\s*)({LITERAL})")
"""A call; the first argument of those with a "p" is a context."""
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|<kbd>")


def _used() -> Iterator[str]:
    """What code and templates ask for; of a plural its singular."""
    for path in (*CODE.rglob("*.py"), *FIRST_RUN.rglob("*.py"), *DECLARED):
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            yield message[0] if isinstance(message, tuple) else message
    for path in (
        *TEMPLATES.parent.glob("*.html"),
        *TEMPLATES.glob("*.html"),
        *TEMPLATES.with_name("first_run").glob("*.html"),
    ):
        for call in CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
            yield ast.literal_eval(call[1])


def _norwegian() -> dict[str, tuple[str, ...]]:
    with (LOCALE / "nb" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = read_po(file, locale="nb")
    return {
        str(m.id[0] if isinstance(m.id, tuple) else m.id): m.string if isinstance(m.string, tuple) else (str(m.string),)
        for m in catalogue
        if m.id
    }


def test_every_word_is_there() -> None:
    known = _norwegian()
    used = set(_used())
    assert len(used) > 300
    assert sorted(word for word in used if not all(known.get(word, ("",)))) == []


def test_no_word_is_there_that_nobody_asks_for() -> None:
    assert sorted(set(_norwegian()) - set(_used())) == []


def test_no_word_is_in_an_f_string() -> None:
    """Before Python 3.12, the words in an f-string are not found, so that a translation is missing unnoticed."""
    hidden = [
        f"{path.relative_to(REPOSITORY)}: {ast.unparse(call)}"
        for package in ("newsletter", "subscribers")
        for path in (REPOSITORY / package).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in KEYWORDS
    ]
    assert hidden == []


def test_no_word_of_the_desk_is_translated_otherwise_for_public_pages() -> None:
    """Django merges the catalogues of all apps, so one of two translations would be shown everywhere."""
    translations = []
    for package in ("newsletter", "subscribers"):
        with (REPOSITORY / package / "locale/nb/LC_MESSAGES/django.po").open("rb") as file:
            translations.append({m.id: m.string for m in read_po(file, locale="nb") if m.id and not m.context})
    desk_words, public_words = translations
    shared = desk_words.keys() & public_words.keys()
    assert {word for word in shared if desk_words[word] != public_words[word]} == set()


def test_placeholders_are_kept() -> None:
    with (LOCALE / "nb" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = [m for m in read_po(file, locale="nb") if m.id]
    for message in catalogue:
        words = message.id if isinstance(message.id, tuple) else (message.id,)
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        for translation in translations:
            assert _placeholders(str(translation)) in [_placeholders(word) for word in words], words


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def test_a_weak_password_is_refused_in_norwegian() -> None:
    with override("nb"):
        assert users.weakness("kort") == "Passordet er for kort. Bruk minst 10 tegn."
        assert users.weakness("1234567890") == "Dette passordet er for vanlig."


@pytest.mark.django_db
def test_the_desk_speaks_norwegian(editor: Client) -> None:
    make.draft("First")
    page = editor.get(f"/desk/editions/kinaforum/{make.PERIOD}/", headers={"Accept-Language": "nb"}).content.decode()
    for word in ("Emne", "Innledning", "Fjern", "Lagres mens du skriver."):
        assert word in page
