"""Messages are shown in the language of the page, with times in the newsletter's zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.messages import acts, editions, sending, sources
from newsletter.messages.general import ABOUT, TEXT
from newsletter.models import Act, Edition, Revision, Source, State
from tests.web import make

EDITION = f"/desk/editions/kinaforum/{make.PERIOD}/"


@pytest.fixture
def norwegian(editor: Client) -> Client:
    """The desk of an editor who chose Norwegian."""
    editor.cookies["django_language"] = "nb"
    return editor


def test_the_first_page_says_why_an_edition_waits(norwegian: Client) -> None:
    make.draft("First")
    Edition.objects.update(waiting=editions.NOT_APPROVED())
    for address in ("/desk/", EDITION):
        page = norwegian.get(address).content.decode()
        assert "ngen har godkjent den ennå" in page
        assert "approved it yet" not in page


def test_a_time_is_in_the_zone_of_the_newsletter(norwegian: Client) -> None:
    make.draft("First")
    Edition.objects.update(waiting=editions.TIME_PASSED(at=datetime(2026, 2, 6, 17, tzinfo=UTC)))
    for address in ("/desk/", EDITION):
        assert "6. feb. 2026 kl. 18.00" in norwegian.get(address).content.decode()


def test_the_words_of_an_earlier_version_are_shown_as_they_were(norwegian: Client) -> None:
    make.draft("First")
    Edition.objects.update(waiting=TEXT(words="it waits for <something>"))
    assert "t waits for &lt;something&gt;" in norwegian.get(EDITION).content.decode()


def test_a_pause_and_its_reason(norwegian: Client) -> None:
    make.draft("First")
    reason = sending.LOGIN_REFUSED(reply="535 no")
    Edition.objects.update(state=State.PAUSED, reason=reason, began_at=make.NOW, audience=3)
    page = norwegian.get(f"{EDITION}report/").content.decode()
    assert "avviste innloggingen: 535 no" in page
    assert "refused the login" not in page


def test_the_refusal_of_a_change(norwegian: Client) -> None:
    draft = make.draft("First")
    Edition.objects.update(state=State.APPROVED)
    page = norwegian.post(f"{EDITION}post/", {"act": "out 1", "revision": draft.revision}).content.decode()
    assert "er godkjent, og bare utkast kan endres" in page


def test_the_history_names_posts_by_their_headlines(norwegian: Client) -> None:
    draft = make.draft("First")
    post = draft.entries.get().post_id
    norwegian.post(f"{EDITION}post/", {"act": f"out {post}", "revision": draft.revision})
    assert Revision.objects.latest("number").what == acts.POST_REMOVED(title="First")
    assert "Fjernet «First»" in norwegian.get(f"{EDITION}history/").content.decode()


def test_undo_goes_back_by_the_number_in_the_message(norwegian: Client) -> None:
    draft = make.draft("First")
    post = draft.entries.get().post_id
    norwegian.post(f"{EDITION}post/", {"act": f"pin {post}", "revision": draft.revision})
    norwegian.post(f"{EDITION}undo/", {"revision": draft.revision + 1})
    assert Revision.objects.latest("number").what == acts.UNDONE(number=draft.revision)
    assert not draft.entries.get().pinned


def test_the_log_shows_messages_before_and_after(admin: Client) -> None:
    reason = sending.PAUSED_BY(who="kari@example.org").to_json()
    Act.objects.log("kari@example.org", acts.PAUSED(), "x", now=make.NOW, after={"reason": reason})
    page = admin.get("/desk/log/").content.decode()
    assert "Paused" in page
    assert "paused by kari@example.org" in page


def test_why_a_source_fails_and_what_was_odd(norwegian: Client) -> None:
    make.source()
    missing = ABOUT(subject="https://kinaforum.example/", message=sources.NOT_FOUND())
    odd = ABOUT(subject="https://kinaforum.example/", message=sources.UNDATED(count=1, total=2))
    now = timezone.now()
    times = {"read_at": now - timedelta(hours=3), "tried_at": now - timedelta(minutes=5)}
    Source.objects.update(problem=missing, notes=[odd], **times)
    for address in ("/desk/", "/desk/sources/"):
        assert "ikke funnet (404); sjekk adressen" in norwegian.get(address).content.decode()
    page = norwegian.get("/desk/sources/").content.decode()
    expected = ("har 1 av 2 innlegg uten dato", "Den virket sist for 3 timer siden.", ">for 5 minutter siden</td>")
    assert [words for words in expected if words not in page] == []
