"""What editions are called."""

import pytest

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.editions.rendering import digest_of
from newsletter.editions.titles import period_title, subjects
from tests.factories import NOW, collected, configured, drafted, found


@pytest.mark.parametrize(
    ("period", "language", "title"),
    [
        ("2026-W06", "en", "Week 6, 2–8 February 2026"),
        ("2026-W06", "nb", "Uke 6, 2.–8. februar 2026"),
        ("2026-W06", "de", "Woche 6, 2.–8. Februar 2026"),
        ("2026-W06.2", "en", "Week 6, 2–8 February 2026 (2)"),
        ("2026-02-06", "nb", "6. februar 2026"),
        ("2026-02", "en", "February 2026"),
        ("day-2026-02-06", "nb", "6. februar 2026"),
        ("week-2026-W06.2", "en", "Week 6, 2–8 February 2026 (2)"),
        ("month-2026-02", "en", "February 2026"),
        ("post-2026-02-06.3", "en", "6 February 2026 (3)"),
    ],
)
def test_period_title(period: str, language: str, title: str) -> None:
    assert period_title(period, language) == title


@pytest.mark.django_db
def test_subject_of_a_draft_is_what_the_email_would_have() -> None:
    configured()
    collected(found("a", title="", html="<p>Tea at four.</p>"), found("b", NOW.replace(hour=1)))
    edition = drafted()
    expected = digest_of(edition, config.current()).subject
    assert subjects([edition], config.current()) == {edition.pk: expected}
    assert "Post b" in expected


@pytest.mark.django_db
def test_subject_of_an_edition_is_the_editors_and_stays_as_approved() -> None:
    configured()
    collected(found("a"))
    edition = drafted()
    edition = editing.set_words(config.current(), edition, "editor", edition.revision, {"subject": "Tea"}, NOW)
    assert subjects([edition], config.current()) == {edition.pk: "Tea"}
    edition = approval.approve(config.current(), edition, now=NOW)
    configured(title="Another title", subject="{{ newsletter.title }}")
    assert subjects([edition], config.current()) == {edition.pk: "Tea"}


@pytest.mark.django_db
def test_subject_is_the_newsletters_title_if_its_template_is_invalid() -> None:
    configured(subject="{{ nothing_of_that_name }}")
    collected(found("a"))
    edition = drafted()
    assert subjects([edition], config.current()) == {edition.pk: "Kinaforum"}
