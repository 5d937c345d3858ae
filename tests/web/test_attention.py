"""What the first page says needs attention: alerts of sources, merged, and editions that nothing will send."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import approval
from newsletter.messages import Message, editions, sending, sources
from newsletter.messages.general import ABOUT
from newsletter.models import ApprovedContent, Edition, State
from newsletter.web.desk import formatting
from newsletter.web.desk.home import attention, queries
from newsletter.web.desk.home.attention import Attention
from newsletter.web.desk.home.queries import links_that_fail
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.source_pages import SourceHealth
from subscribers.models import Hits
from subscribers.protection import sign_up_limits
from tests.sending.outbox_samples import subscribe
from tests.web import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def _failing(name: str, problem: Message) -> SourceHealth:
    settings = replace(config.current().newsletters["kinaforum"].sources[0], name=name)
    about = ABOUT(subject=f"https://{name}.example/feed", message=problem)
    return SourceHealth("kinaforum", settings, "failed", "feed", "", None, None, None, about, (), 0)


def test_an_alert_begins_with_the_names_of_the_sources_that_have_the_same_problem() -> None:
    found = [_failing("Avisen", sources.GONE()), _failing("Bladet", sources.NOT_FOUND()), _failing("C", sources.GONE())]
    assert [told.text for told in attention._of_sources(found)] == [
        "Avisen and C: gone permanently (410); remove it from the sources.",
        "Bladet: not found (404); check the address.",
    ]


def test_a_source_of_two_newsletters_is_named_once_and_many_are_counted() -> None:
    found = [_failing(f"Nr. {number // 2}", sources.GONE()) for number in range(14)]
    (told,) = attention._of_sources(found)
    assert told.text.startswith("Nr. 0, Nr. 1, Nr. 2, Nr. 3 and 3 more: ")


def _told(state: State, due: datetime | None, now: datetime, status: str = "active") -> list[str]:
    """What is said of an edition of that state."""
    Edition.objects.update(state=state, due_at=due, queued_at=make.NOW, approved_at=make.NOW)
    return [told.text for told in _attentions(now, status=status)]


def _attentions(now: datetime, role: Role = Role.SENDER, status: str = "active") -> list[Attention]:
    newsletter = replace(config.current().newsletters["kinaforum"], status=status)
    shown = queries.line(Edition.objects.get(), newsletter, "Uke 6")
    return list(attention._of_edition(shown, newsletter, now, role))


def _moment(at: datetime) -> str:
    return formatting.moment(at, config.current().newsletters["kinaforum"].zone)


def test_an_approved_edition_without_a_time_and_a_queued_one_that_is_overdue_need_attention() -> None:
    make.draft("First")
    later = make.NOW + timedelta(hours=1)
    assert _told(State.APPROVED, later, make.NOW) == []
    assert _told(State.APPROVED, None, make.NOW) == ["Approved but not sent or scheduled: “Uke 6”"]
    with translation.override("nb"):
        Edition.objects.update(reason=sending.PAUSED_BY(who="kari@example.org"))
        assert _told(State.PAUSED, None, make.NOW) == ["«Uke 6» – Satt på pause av kari@example.org."]
    assert _told(State.QUEUED, later, later) == []
    (overdue,) = _told(State.QUEUED, later, later + timedelta(minutes=11))
    assert overdue.startswith(f"Overdue since {_moment(later)}: “Uke 6”.")
    (overdue,) = _told(State.QUEUED, None, later)
    assert overdue.startswith(f"Overdue since {_moment(make.NOW)}: “Uke 6”.")


def test_only_those_who_may_send_are_asked_to_approve_and_to_send() -> None:
    make.draft("First")
    (asked,), (told,) = (_attentions(make.NOW, role) for role in (Role.SENDER, Role.EDITOR))
    assert asked.text == "“Uke 6” is a draft. Approve it, and then choose when to send it."
    assert told.text == "“Uke 6” is a draft. Someone with sending rights has to approve it."
    earlier = make.NOW - timedelta(hours=1)
    Edition.objects.update(due_at=earlier)
    (late,) = _attentions(make.NOW, Role.EDITOR)
    assert (late.level, late.text) == ("warning", f"Approval is needed: “Uke 6” was scheduled for {_moment(earlier)}.")
    missed = editions.SCHEDULED_TIME_MISSED(at=earlier)
    for waiting in (missed, None):
        Edition.objects.update(state=State.APPROVED, due_at=earlier, waiting=waiting)
        (asked,), (told,) = (_attentions(make.NOW, role) for role in (Role.SENDER, Role.EDITOR))
        assert asked.text == told.text
        assert (asked.address.endswith("/send/"), told.address.endswith("/send/")) == (True, False)
        assert asked.text.endswith("or cancel it." if waiting else "“Uke 6”")


def test_a_paused_newsletter_is_not_overdue_as_well() -> None:
    make.draft("First")
    assert _told(State.QUEUED, make.NOW, make.NOW + timedelta(hours=1), "paused") == []


def test_a_flood_of_sign_ups_is_a_fact_on_the_first_page() -> None:
    now = make.NOW
    for counted, told in ((sign_up_limits.ATTACK - 1, []), (1, ["Kinaforum"])):
        Hits.objects.add({sign_up_limits._attack_keys("kinaforum", now)[0]: counted})
        found = list(attention._of_attacks(config.current(), now))
        assert [(each.level, "“Kinaforum”" in each.text) for each in found] == [("", True)] * len(told)
    assert list(attention._of_attacks(config.current(), now + timedelta(hours=2))) == []


@pytest.mark.parametrize("challenge", ["on", "off"])
def test_a_flood_changes_nothing_where_challenges_are_not_automatic(challenge: Literal["on", "off"]) -> None:
    Hits.objects.add({sign_up_limits._attack_keys("kinaforum", make.NOW)[0]: sign_up_limits.ATTACK})
    given = config.current()
    newsletters = {name: replace(each, challenge=challenge) for name, each in given.newsletters.items()}
    assert list(attention._of_attacks(replace(given, newsletters=newsletters), make.NOW)) == []


def _words(page: str) -> str:
    return " ".join(lxml_html.fromstring(page).cssselect("main")[0].text_content().split())


def _heading(client: Client, language: str = "en") -> str:
    page = client.get("/desk/", headers={"Accept-Language": language}).content.decode()
    return page[page.index("<h1>") + 4 : page.index("</h1>")]


@pytest.fixture
def one_newsletter(emails_to_files: None) -> None:
    """A site with one newsletter."""
    all_of_them = config.current()
    config.use(replace(all_of_them, newsletters={"kinaforum": all_of_them.newsletters["kinaforum"]}))


@pytest.mark.usefixtures("one_newsletter", "contexts")
def test_a_draft_to_approve_and_a_first_step_wait_for_a_person(editor: Client) -> None:
    later = timezone.now() + timedelta(hours=3)
    make.draft("First")
    Edition.objects.update(due_at=later, subject="News")
    assert editor.get("/desk/").context["problems"] == [], "the next edition itself says what it waits for"
    assert _words(editor.get("/desk/").text).count("News") == 2, "its title, and its button's name"
    assert f"Approval by {_moment(later)}" in _words(editor.get("/desk/").text)
    assert (_heading(editor), _heading(editor, "nb")) == ("Waiting for you", "Venter på deg")
    Edition.objects.update(state=State.SENT, ended_at=make.NOW, due_at=None)
    assert editor.get("/desk/").context["problems"] == []
    assert (_heading(editor), _heading(editor, "nb")) == ("All clear", "Alt er i orden")
    Edition.objects.all().delete()
    assert [each.text for each in editor.get("/desk/").context["problems"]] == [
        "Next step for “Kinaforum”: Review the first draft"
    ]


@pytest.mark.usefixtures("one_newsletter", "contexts")
def test_only_admins_are_asked_to_import_subscribers(admin: Client) -> None:
    texts = [each.text for each in admin.get("/desk/").context["problems"]]
    assert texts[-1] == "Next step for “Kinaforum”: Import your subscribers"


def test_a_letter_and_an_edition_of_one_post_say_what_approval_does() -> None:
    make.draft("First")
    assert _told(State.DRAFT, None, make.NOW) == ["“Uke 6” is a draft. Approve it, and then choose when to send it."]
    Edition.objects.update(cadence="post")
    newsletter = replace(config.current().newsletters["kinaforum"], cadences=("week", "post"))
    shown = queries.line(Edition.objects.get(), newsletter, "Uke 6")
    (told,) = attention._of_edition(shown, newsletter, make.NOW, Role.SENDER)
    assert told.text == "“Uke 6” will be sent as soon as it is approved."


def test_an_edition_that_was_approved_with_links_to_this_machine_is_named() -> None:
    edition = approval.approve(config.current(), make.draft("First"), now=make.NOW)
    ApprovedContent.objects.filter(edition=edition).update(headers={"site_url": "http://localhost:8000"})
    subscribe(["reader@mailbox.org"])
    found = config.current()
    delivery = replace(found.delivery, provider="smtp", smtp=replace(found.delivery.smtp, host="localhost"))
    public = replace(found, site=replace(found.site, url="https://brev.example.org"), delivery=delivery)

    def told() -> list[str]:
        return [text for text, _address, _act in links_that_fail(public, queries.cards(public, make.NOW))]

    [sentence] = told()
    assert sentence.endswith("take it back to draft and approve it again.")
    Edition.objects.update(waiting=editions.LINKS_WERE_LOCAL(url="http://localhost:8000"))
    assert told() == [], "it is said of the edition that it waits"
