"""Who joins between a change of the configuration and the next look at the schedule begins with the new cadences."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.editions import draft
from subscribers import admin_actions, preferences
from subscribers.importing import import_file, undo_import
from subscribers.models import EmailKind, Import, Subscription, bases_of, subscriptions_starting
from tests.api.client import ApiClient, token
from tests.sending.emailed import Newsletter
from tests.subscribers.make import only_email, path
from tests.web import make

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEW = "new@reader.example"
Join = Callable[[Path], None]


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Newsletter:
    """Return a newsletter whose daily subscribers got two posts that the weekly ones wait for."""
    monkeypatch.setattr(draft, "_look_at_sources", lambda *_given: frozenset())
    paper = Newsletter(MONDAY - timedelta(days=60))
    monkeypatch.setattr(timezone, "now", lambda: paper.now)
    paper.configure("week", "week", "day")
    paper.read()
    paper.now = MONDAY
    paper.subscribe("daily", "day")
    paper.subscribe("weekly")
    for name in ("one", "two"):
        paper.publish(name)
        paper.send("day")
        paper.wait(hours=20)
    return paper


def _by_the_form(_folder: Path) -> None:
    Client().post("/n/kinaforum/subscribe", {"address": NEW, "website": ""})
    _follow_the_link()


def _follow_the_link() -> None:
    link = only_email(kind=EmailKind.CONFIRM).context["link"]
    assert Client().post(path(link)).status_code in (200, 302)


def _by_the_api(_folder: Path) -> None:
    person = {"newsletter": "kinaforum", "address": NEW, "consent": {"text": "at the till"}}
    ApiClient(token().text).post("/subscribers", person, status=201)


def _at_the_desk(_folder: Path) -> None:
    editor = Client()
    editor.force_login(make.person(admin=True), backend="django.contrib.auth.backends.ModelBackend")
    form = {"address": NEW, "newsletter": "kinaforum", "how": "given", "consent": "by telephone"}
    assert editor.post("/desk/subscribers/add/", form).status_code == 302


def _by_an_import(folder: Path) -> None:
    file = folder / "readers.csv"
    file.write_text(f"email\n{NEW}\n", encoding="utf-8")
    assert import_file(file, "kinaforum", consent="at the till").added == 1


def _by_an_import_of_someone_who_waits(folder: Path) -> None:
    admin_actions.add(NEW, "kinaforum", confirm_by_mail=True)
    file = folder / "readers.csv"
    file.write_text(f"email\n{NEW}\n", encoding="utf-8")
    assert import_file(file, "kinaforum", consent="at the till").updated == 1


WAYS: tuple[Join, ...] = (
    _by_the_form,
    _by_the_api,
    _at_the_desk,
    _by_an_import,
    _by_an_import_of_someone_who_waits,
)


@pytest.mark.parametrize("join", WAYS)
def test_newcomers_get_nothing_that_was_dealt_with_before(paper: Newsletter, tmp_path: Path, join: Join) -> None:
    """The period changes while no program runs, and somebody joins before it has looked at its schedule."""
    paper.configure("month")
    join(tmp_path)
    assert Subscription.objects.get(subscriber__key=NEW).state == Subscription.State.ACTIVE
    paper.wait(hours=1)
    paper.publish("five")
    paper.send("month")
    assert paper.mailed["new"] == ["five"]
    assert sorted(paper.mailed["weekly"]) == ["five", "one", "two"]


def test_who_comes_back_gets_nothing_that_was_dealt_with_meanwhile(paper: Newsletter) -> None:
    admin_actions.add(NEW, "kinaforum", consent="at the till")
    preferences.unsubscribe(paper.subscription("new").pk, paper.now)
    paper.publish("later")
    paper.send("day")
    paper.configure("month")
    _by_the_form(Path())
    paper.wait(hours=1)
    paper.publish("five")
    paper.send("month")
    assert paper.mailed["new"] == ["five"]


def _unsubscribed_by_an_import(folder: Path) -> Import:
    file = folder / "readers.csv"
    file.write_text(f"email,status\n{NEW},unsubscribed\n", encoding="utf-8")
    report = import_file(file, "kinaforum", consent="moved")
    assert report.number is not None
    return Import.objects.get(pk=report.number)


def test_who_comes_back_as_an_import_is_undone_gets_what_was_due_before(paper: Newsletter, tmp_path: Path) -> None:
    """The period changes between the import and its undoing, and no program has looked at its schedule."""
    admin_actions.add(NEW, "kinaforum", consent="at the till")
    record = _unsubscribed_by_an_import(tmp_path)
    paper.configure("month")
    undo_import(record, paper.now)
    admin_actions.add("later@reader.example", "kinaforum", consent="at the till")
    paper.wait(hours=1)
    paper.publish("five")
    paper.send("month")
    assert sorted(paper.mailed["new"]) == sorted(paper.mailed["weekly"]) == ["five", "one", "two"]
    assert paper.mailed["later"] == ["five"]


def test_bases_are_brought_in_step_before_an_undone_import_brings_somebody_back(
    paper: Newsletter, tmp_path: Path
) -> None:
    admin_actions.add(NEW, "kinaforum", consent="at the till")
    record = _unsubscribed_by_an_import(tmp_path)
    paper.configure("month")
    states: list[tuple[str, set[str]]] = []

    def see(newsletter: str, **_: object) -> None:
        states.append(
            (paper.subscription("new").state, {name for name, base in bases_of(newsletter).items() if base.is_on})
        )

    subscriptions_starting.connect(see)
    try:
        undo_import(record, paper.now)
    finally:
        subscriptions_starting.disconnect(see)
    assert states == [(Subscription.State.UNSUBSCRIBED, {"month"})]
    assert paper.subscription("new").state == Subscription.State.ACTIVE


def test_a_subscription_that_was_read_earlier_does_not_restore_what_was_offered(paper: Newsletter) -> None:
    """It is stored whole, as forms and commands do, after an audience was fixed."""
    paper.choose("daily", "week")
    before = paper.subscription("daily")
    assert before.offered_id is not None
    paper.publish("five")
    paper.send("week")
    before.heard_at = paper.now
    before.save()
    paper.wait(days=7)
    paper.publish("six")
    paper.send("week")
    assert paper.mailed["daily"] == ["one", "two", "five", "six"]
