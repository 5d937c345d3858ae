"""`newsletter archive`: an edition leaves the public archive and returns to it."""

import pytest
from django.utils import timezone

from newsletter.models import Act, Edition, State
from tests.cli.conftest import Run
from tests.web import make

pytestmark = pytest.mark.django_db
EDITION = f"kinaforum/{make.PERIOD}"


def published() -> Edition:
    """An edition whose first message was accepted."""
    edition = make.draft("First")
    now = timezone.now()
    Edition.objects.filter(pk=edition.pk).update(state=State.SENT, began_at=now, published_at=now)
    return Edition.objects.get()


def test_an_edition_is_removed_and_returned(command: Run) -> None:
    published()
    assert f"newsletter archive restore {EDITION}" in command("archive", "remove", EDITION).out
    assert Edition.objects.get().removed_from_archive_at is not None
    assert command("archive", "restore", EDITION, "--json").document == {
        "edition": EDITION,
        "removed_from_archive_at": None,
    }
    assert Edition.objects.get().removed_from_archive_at is None
    assert Act.objects.count() == 2


def test_only_what_is_public_can_be_removed(command: Run) -> None:
    make.draft("First")
    refused = command("archive", "remove", EDITION, status=1)
    assert "none of its emails has been accepted yet" in refused.err
