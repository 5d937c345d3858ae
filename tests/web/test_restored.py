"""A restored database at the desk: it says that nothing is sent, and a person lets sending continue."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from newsletter import config
from newsletter.messages import sending as messages
from newsletter.models import Act, Occurrence
from newsletter.recovery import hold
from newsletter.scheduling import schedule
from newsletter.transactional import subscriber_mail
from tests.sending import outbox_samples as samples

NOW = datetime(2026, 2, 6, 17, tzinfo=UTC)


@pytest.fixture
def restored(db: None) -> None:
    """Let the database be a restored one."""
    hold.place(NOW, messages.NO_LOG(), NOW)


def test_the_first_page_says_that_nothing_is_sent_until_somebody_confirms_it(editor: Client, restored: None) -> None:
    page = editor.get("/desk/").content.decode()
    assert "the database was restored from a backup" in page.replace("The database", "the database")
    assert "/desk/restored/" in page
    shown = editor.get("/desk/restored/").content.decode()
    assert "Resume sending" in shown
    answer = editor.post("/desk/restored/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert hold.reason() is None
    assert Act.objects.get().what.code == "act.restore-confirmed"
    assert "/desk/restored/" not in editor.get("/desk/").content.decode()
    assert "Resume sending" not in editor.get("/desk/restored/").content.decode()


def test_the_page_lists_the_editions_to_check(editor: Client, restored: None) -> None:
    edition = samples.sending(3)
    type(edition).objects.filter(pk=edition.pk).update(state="paused")
    assert "/desk/editions/kinaforum/2026-W06/report/" in editor.get("/desk/restored/").content.decode()


def test_readiness_names_the_reason(client: Client, restored: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "nothing is sent until you confirm it" in answer.content.decode()


def test_neither_editions_nor_letters_nor_the_schedule_move(restored: None) -> None:
    samples.sending(3)
    assert samples.outbox().next(500) is None
    assert subscriber_mail.send_due(config.current(), NOW) == 0
    assert schedule.tick(config.current(), NOW) == 0
    assert not Occurrence.objects.exists()
    assert hold.confirm()
    assert samples.outbox().next(500) is not None
