"""The page before sending says in one sentence to whom and when an edition goes, and about how long sending takes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html as lxml_html

from newsletter import config
from newsletter.config import WarmUp
from newsletter.config.values import Rate
from newsletter.models import Edition, State, Tally
from newsletter.web.desk.edition.departure import duration
from tests.web import make
from tests.web.edition_forms import PAGE, add_subscribers, approved, send

pytestmark = pytest.mark.quick


def _at(page: str, selector: str) -> str:
    return " ".join(lxml_html.fromstring(page).cssselect(selector)[0].text_content().split())


def test_the_sentence_and_the_button_say_what_the_choice_does(editor: Client) -> None:
    add_subscribers(2)
    draft = make.draft("First")
    page = editor.get(f"{PAGE}send/").text
    assert _at(page, "#sentence") == "Goes to 2 subscribers now. What has been sent can’t be recalled."
    assert _at(page, "#go") == "Send now to 2 subscribers"
    at = {"when": "at", "at": "2999-06-01T10:00", "says": "x"}  # the button showed something else
    page = editor.post(f"{PAGE}send/", {"state": "draft", "revision": draft.revision, "readers": 2, **at}).text
    assert _at(page, "#sentence") == "Goes to 2 subscribers on Sat 1 Jun 2999, 10:00."
    assert _at(page, "#go") == "Schedule for Sat 1 Jun 2999, 10:00"
    Edition.objects.update(due_at=timezone.now() + timedelta(days=2))
    page = editor.get(f"{PAGE}send/").text
    assert _at(page, "#sentence").startswith("Goes to 2 subscribers on ")
    assert _at(page, "#go") == "Approve"


def test_a_scheduled_edition_is_said_to_be_scheduled_and_its_time_can_be_changed(editor: Client) -> None:
    approved(editor)
    assert _at(editor.get(f"{PAGE}send/").text, "h1") == "Send or schedule"
    assert send(editor, when="at", at="2999-06-01T10:00") == 302
    page = editor.get(f"{PAGE}send/").text
    assert _at(page, "h1") == "Already scheduled"
    assert _at(page, "#go") == "Change time to Sat 1 Jun 2999, 10:00"
    assert 'data-scheduled="2999-06-01T10:00"' in page
    assert send(editor, when="at", at="2999-06-02T10:00") == 302
    assert "Sun 2 Jun 2999" in _at(editor.get(f"{PAGE}send/").text, "#sentence")


def _sent(count: int, seconds: int) -> Edition:
    """An edition of which all but the last twentieth was accepted within the seconds, and the rest an hour later."""
    now = make.NOW
    edition = make.draft("First")
    Edition.objects.update(state=State.SENT, audience=count, began_at=now, ended_at=now + timedelta(hours=1))
    last = count // 20
    Tally.objects.create(edition=edition, at=now + timedelta(seconds=seconds), accepted=count - last, deferred=last)
    Tally.objects.create(edition=edition, at=now + timedelta(hours=1), accepted=last, deferred=-last)
    return edition


@pytest.mark.usefixtures("db")
def test_the_duration_is_that_of_the_latest_edition_within_the_configured_rate() -> None:
    given = config.current()
    unlimited = replace(given, delivery=replace(given.delivery, rate=Rate(0, 1), warm_up=WarmUp()))
    limited = replace(unlimited, delivery=replace(unlimited.delivery, rate=Rate(1, 1)))
    assert (duration(unlimited, 1000), duration(limited, 180)) == ("", "3 minutes")
    _sent(1000, 95)
    assert duration(unlimited, 1200) == "2 minutes"
    assert duration(limited, 1200) == "20 minutes"
    assert duration(unlimited, 0) == ""
    Edition.objects.update(audience=99)
    assert duration(unlimited, 1200) == "", "the speed of few emails says little"
