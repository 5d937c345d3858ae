"""Dates and sentences as the desk writes them."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation

from newsletter.web.desk import formatting


@pytest.mark.parametrize(
    ("year", "language", "expected"),
    [
        (2026, "en", "Fri 6 Feb 2026, 18:00"),
        (2026, "nb", "fre. 6. feb. 2026 kl. 18.00"),
        (2027, "en", "Sat 6 Feb, 18:00"),
        (2027, "nb", "lør. 6. feb. kl. 18.00"),
    ],
)
def test_a_date_has_the_same_form_with_a_year_and_without(
    year: int, language: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 11, 1, tzinfo=UTC))
    with translation.override(language):
        assert formatting.moment(datetime(year, 2, 6, 18, tzinfo=UTC)) == expected


def test_a_day_in_full_has_the_same_form() -> None:
    with translation.override("en"):
        assert formatting.day_heading(date(2026, 2, 6)) == "Friday 6 February 2026"
    with translation.override("nb"):
        assert formatting.day_heading(date(2026, 2, 6)) == "Fredag 6. februar 2026"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e-postserveren svarer ikke", "E-postserveren svarer ikke."),
        ("no answer", "No answer."),
        ("_dmarc.example.org has two records", "_dmarc.example.org has two records."),
        ("config.toml: missing", "config.toml: missing."),
    ],
)
def test_a_sentence_has_a_capital_letter_unless_it_begins_with_a_name(text: str, expected: str) -> None:
    assert formatting.sentence(text) == expected
