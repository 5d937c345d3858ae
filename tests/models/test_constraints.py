"""Constraints that the database enforces."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, models

from newsletter.models import Edition, EditionPost, Listing, Occurrence, Post, Revision, Source
from tests.factories import DUE, NAME, NOW, SOURCE, collected, configured, drafted, found

pytestmark = pytest.mark.django_db


def again(row: models.Model) -> None:
    """Write the same row once more under another number."""
    row.pk = None
    row._state.adding = True
    row.save(force_insert=True)


@pytest.mark.parametrize("table", [Edition, EditionPost, Listing, Revision, Source])
def test_unique_rows_can_not_be_repeated(table: type[models.Model]) -> None:
    configured()
    collected(found("a"))
    drafted()
    row = table._default_manager.get()
    with pytest.raises(IntegrityError):
        again(row)


def test_an_occurrence_is_unique() -> None:
    row = Occurrence.objects.create(newsletter=NAME, act="send", due_at=DUE)
    with pytest.raises(IntegrityError):
        again(row)


def test_a_post_that_an_edition_or_a_source_lists_cannot_be_deleted() -> None:
    configured()
    collected(found("a"))
    drafted()
    with pytest.raises(models.ProtectedError):
        Post.objects.all().delete()


def test_an_edition_that_was_corrected_cannot_be_deleted() -> None:
    times = {"since": NOW - timedelta(days=7), "until": NOW, "created_at": NOW, "refreshed_at": NOW}
    first = Edition.objects.create(newsletter=NAME, period="2026-W06", **times)
    Edition.objects.create(newsletter=NAME, period="2026-W06.2", corrects=first, **times)
    with pytest.raises(models.ProtectedError):
        first.delete()


def test_the_tables_match_the_models() -> None:
    call_command("makemigrations", "newsletter", "subscribers", check=True, dry_run=True, verbosity=0)


def test_rows_name_themselves() -> None:
    configured()
    collected(found("a"))
    edition = drafted()
    assert str(edition) == edition.name == "kinaforum/2026-W06"
    assert str(edition.entries.get()) == "kinaforum/2026-W06: Post a"
    assert str(Source.objects.get()) == f"kinaforum < {SOURCE}"
    assert str(edition.revisions.get()) == "kinaforum/2026-W06 r1"
