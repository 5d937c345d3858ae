"""Approving what was looked at, sending once, and following it."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.jobs import underway
from newsletter.models import Became, Bounce, Edition, Post, Result, State, Tally
from newsletter.web.desk.queries import departure
from subscribers import byhand
from tests.web import make

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


@pytest.fixture(autouse=True)
def by_file(db: None) -> None:
    """Mails go into a folder, so that links on this machine are no fault."""
    from dataclasses import replace

    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


def _readers(count: int) -> None:
    for number in range(count):
        byhand.add(f"leser{number}@example.com", "kinaforum", consent="test")


def _approval(client: Client, page: str = "side/") -> dict[str, str]:
    """The hidden fields of the approve button as the page has them."""
    body = client.get(PAGE + page).content.decode()
    form = re.search(r"<form[^>]*approve/.*?</form>", body, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'<input type="hidden" name="(revision|mark)" value="([^"]*)"', form[0]))


def _approved(client: Client) -> Edition:
    make.draft("First", "Second")
    client.post(f"{PAGE}approve/", _approval(client))
    return Edition.objects.get()


def test_the_button_says_what_follows(editor: Client) -> None:
    draft = make.draft("First")
    _readers(2)
    assert "Approve for 2 readers; you send it afterwards" in editor.get(f"{PAGE}side/").content.decode()
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    assert re.search(r"Approve: leaves \w+, .* to 2 readers", editor.get(f"{PAGE}side/").content.decode())


def test_what_was_looked_at_is_frozen(editor: Client) -> None:
    make.draft("First")
    seen = editor.get(f"{PAGE}frame/").content.decode()
    editor.post(f"{PAGE}approve/", _approval(editor))
    edition = Edition.objects.get()
    assert (edition.state, edition.approved_by) == (State.APPROVED, "anna@example.org")
    frozen = edition.frozen.html
    for name, _value, _form, _fallback in edition.frozen.placeholders:
        frozen = frozen.replace(name, "")
    plain = re.sub(r"/[up]/[\w-]{20,}", "", seen)
    assert re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", "", plain, flags=re.DOTALL)) == re.sub(
        r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", "", frozen, flags=re.DOTALL)
    )


def test_a_changed_draft_is_not_approved(editor: Client) -> None:
    make.draft("First", "Second")
    fields = _approval(editor)
    editor.post(f"{PAGE}post/", {"act": f"out {Post.objects.get(title='First').pk}", "revision": fields["revision"]})
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "out now: First" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT


def test_a_post_that_its_source_changed_is_not_approved_unseen(editor: Client) -> None:
    make.draft("First", "Second")
    fields = _approval(editor)
    Post.objects.filter(title="First").update(html="<p>Something else.</p>", content_hash="other")
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "text changed: First" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT
    assert editor.post(f"{PAGE}approve/", _approval(editor)).status_code == 302
    assert "Something else." in Edition.objects.get().frozen.html


def test_errors_are_overruled_by_name_only(editor: Client) -> None:
    make.draft("First")
    Edition.objects.update(subject="{{ left over }}")
    body = editor.get(f"{PAGE}preview/").content.decode()
    codes = re.findall(r'name="despite" value="([^"]+)"', body)
    assert codes
    editor.post(f"{PAGE}approve/", _approval(editor, "preview/"))
    assert Edition.objects.get().state == State.DRAFT
    editor.post(f"{PAGE}approve/", {**_approval(editor, "preview/"), "despite": codes})
    assert Edition.objects.get().despite_lint == sorted(codes)


def test_reopened_it_is_a_draft_again(editor: Client) -> None:
    _approved(editor)
    editor.post(f"{PAGE}reopen/")
    assert Edition.objects.get().state == State.DRAFT


def test_the_page_before_sending_counts_who_gets_it(editor: Client) -> None:
    _readers(3)
    byhand.remove("leser0@example.com")
    _approved(editor)
    body = editor.get(f"{PAGE}send/").content.decode()
    assert "2 readers" in body
    assert "1 have unsubscribed and get nothing" in body
    assert "file" in body


def test_many_readers_want_their_number_typed(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "TYPED_ABOVE", 2)
    _readers(3)
    _approved(editor)
    assert editor.post(f"{PAGE}send/", {"when": "now", "typed": "2"}).status_code == 422
    assert Edition.objects.get().state == State.APPROVED
    assert editor.post(f"{PAGE}send/", {"when": "now", "typed": "3"}).status_code == 302
    assert Edition.objects.get().state == State.QUEUED


def test_it_is_sent_at_a_time_of_the_newsletter_s_zone(editor: Client) -> None:
    _approved(editor)
    assert editor.post(f"{PAGE}send/", {"when": "at", "at": "2020-01-01T10:00"}).status_code == 422
    assert editor.post(f"{PAGE}send/", {"when": "at", "at": "nonsense"}).status_code == 422
    editor.post(f"{PAGE}send/", {"when": "at", "at": "2999-06-01T10:00"})
    due = Edition.objects.get().due_at
    assert due is not None
    assert due.isoformat() == "2999-06-01T08:00:00+00:00"


def test_send_pressed_twice_queues_once(editor: Client, admin: Client) -> None:
    _approved(editor)
    assert editor.post(f"{PAGE}send/", {"when": "now"}).status_code == 302
    assert admin.post(f"{PAGE}send/", {"when": "now"}).status_code == 302
    edition = Edition.objects.get()
    assert edition.state == State.QUEUED
    assert edition.newsletter == "kinaforum"
    from newsletter.models import Act

    assert Act.objects.filter(what="queued").count() == 1


def test_a_proof_goes_to_named_people(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.draft("First")
    monkeypatch.setattr(
        "newsletter.web.desk.sending.proofs.send", lambda e, c, people, by: dict.fromkeys(people, "accepted")
    )
    assert "anna@example.org" in editor.get(f"{PAGE}proof/").content.decode()
    body = editor.post(f"{PAGE}proof/", {"addresses": "a@example.com, b@example.com"}).content.decode()
    assert "On its way to a@example.com." in body
    assert "On its way to b@example.com." in body


def test_a_proof_to_no_address_is_refused_in_words(editor: Client) -> None:
    make.draft("First")
    assert editor.post(f"{PAGE}proof/", {"addresses": "no address"}).status_code == 422


def _sent(client: Client, readers: int = 4) -> Edition:
    """An edition on its way: two accepted, one refused, one unknown."""
    _readers(readers)
    _approved(client)
    client.post(f"{PAGE}send/", {"when": "now"})
    now = timezone.now() + timedelta(seconds=5)
    underway.begin_due(["kinaforum"], now)
    edition = Edition.objects.get()
    kinds = [Became.ACCEPTED, Became.ACCEPTED, Became.REFUSED, Became.UNKNOWN]
    for number, kind in enumerate(kinds, 1):
        text = "=550 no such user" if kind == Became.REFUSED else ""
        Result.objects.create(edition=edition, number=number, attempt=1, kind=kind, text=text, at=now.timestamp())
    for kind in kinds:
        Tally.objects.create(edition=edition, at=now, **{kind: 1})
    return edition


def test_live_progress_adds_up(editor: Client) -> None:
    _sent(editor)
    body = editor.get(f"{PAGE}live/?state=sending").content.decode()
    figures = dict(re.findall(r"<dt>(\w+), [^<]*</dt><dd>(\d+)</dd>", body))
    assert figures == {"accepted": "2", "refused": "1", "unknown": "1"}


def test_the_page_is_loaded_anew_when_the_state_changes(editor: Client) -> None:
    _sent(editor)
    editor.post(f"{PAGE}control/", {"act": "pause"})
    edition = Edition.objects.get()
    assert (edition.state, edition.reason) == (State.PAUSED, "by anna@example.org")
    assert editor.get(f"{PAGE}live/?state=sending")["HX-Refresh"] == "true"
    editor.post(f"{PAGE}control/", {"act": "resume"})
    assert Edition.objects.get().state == State.SENDING


def test_stopping_for_good_wants_the_name_typed(editor: Client) -> None:
    _sent(editor)
    editor.post(f"{PAGE}control/", {"act": "stop", "typed": "yes"})
    assert Edition.objects.get().state == State.SENDING
    editor.post(f"{PAGE}control/", {"act": "stop", "typed": make.PERIOD})
    assert Edition.objects.get().state == State.CANCELLED


def test_the_unknown_ones_are_named_and_settled(editor: Client) -> None:
    edition = _sent(editor)
    underway.complete(["kinaforum"], timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "1 is unknown" in body
    editor.post(f"{PAGE}settle/", {"act": "leave"})
    assert Result.objects.get(edition=edition, kind=Became.UNKNOWN).settled


def test_the_first_page_tells_the_result_and_the_unknown_ones(editor: Client) -> None:
    _sent(editor)
    underway.complete(["kinaforum"], timezone.now())
    body = editor.get("/desk/").content.decode()
    assert "2 of 4 accepted." in body
    assert f"kinaforum/{make.PERIOD}: of 1 mail nobody can tell" in body


def test_what_came_back_is_counted(editor: Client) -> None:
    edition = _sent(editor)
    underway.complete(["kinaforum"], timezone.now())
    for number, kind in ((1, Bounce.Kind.HARD), (2, Bounce.Kind.COMPLAINT)):
        Bounce.objects.create(edition=edition, number=number, kind=kind, mail=str(number), at=timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "bounced for good" in body
    assert "complained" in body


def test_the_report_has_its_parts(editor: Client) -> None:
    _sent(editor)
    underway.complete(["kinaforum"], timezone.now())
    assert Edition.objects.get().state == State.SENT
    body = editor.get(f"{PAGE}report/").content.decode()
    for part in ("By domain", "example.com", "Why mails were refused", "no such user", "Beside earlier editions"):
        assert part in body
    assert '<svg class="chart"' in body


def test_the_csv_is_safe_in_a_spreadsheet(editor: Client) -> None:
    _sent(editor)
    answer = editor.get(f"{PAGE}report.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert [row["outcome"] for row in rows] == ["refused", "unknown"]
    assert rows[0]["reply"] == "'=550 no such user"
    assert rows[0]["address"].endswith("@example.com")


def test_the_report_s_queries_are_bounded(editor: Client, django_assert_max_num_queries: Any) -> None:
    _sent(editor)
    underway.complete(["kinaforum"], timezone.now())
    with django_assert_max_num_queries(25):
        editor.get(f"{PAGE}report/")
