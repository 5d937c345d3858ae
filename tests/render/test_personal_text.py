"""Values of subscribers in a line such as the subject."""

import pytest

from newsletter.domain.encoded_email import Slot
from newsletter.render.personal_text import for_recipient, with_slots, without_fallback, without_values
from tests.render.samples import recipient

pytestmark = pytest.mark.quick
FIELDS = ("town",)


@pytest.mark.parametrize(
    ("line", "named", "nameless"),
    [
        ("Hei {name|leser}, nytt fra {town|byen}", "Hei Åse, nytt fra Oslo", "Hei leser, nytt fra byen"),
        ("Hei, {name}!", "Hei, Åse!", "Hei!"),
        ("{name}, her er nytt", "Åse, her er nytt", "her er nytt"),
        ("Nytt ({town})", "Nytt (Oslo)", "Nytt"),
        ("Nytt til {name}", "Nytt til Åse", "Nytt til"),
        ("Nytt {unknown|x} {{name}} {NAME}", "Nytt {unknown|x} {{name}} {NAME}", "Nytt {unknown|x} {{name}} {NAME}"),
    ],
)
def test_a_line_as_recipients_read_it(line: str, named: str, nameless: str) -> None:
    assert for_recipient(line, FIELDS, recipient(name="Åse", values={"town": "Oslo"})) == named
    assert without_values(with_slots(line, FIELDS)) == nameless
    assert with_slots(line, FIELDS).has_slots is (named != line)


def test_a_field_that_is_not_declared_is_no_value() -> None:
    assert with_slots("Til {town|byen}", ()).pieces == ("Til {town|byen}",)
    assert [isinstance(piece, Slot) for piece in with_slots("Til {town|byen}", FIELDS).pieces] == [False, True]


def test_the_fields_without_words_for_who_has_none() -> None:
    assert without_fallback("{name} {name|x} {town} {town|}", FIELDS) == ["name", "town", "town"]
    assert without_fallback("", FIELDS) == []
