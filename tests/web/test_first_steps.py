"""The first steps that the desk's home page shows until a newsletter has sent an edition."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from newsletter import config
from newsletter.editions import editing
from newsletter.editions.composing import standalone
from newsletter.messages import acts
from newsletter.models import Act, Edition, State
from subscribers.models import Subscriber, Subscription
from tests.factories import kinaforum
from tests.web import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("contexts")]
STEPS = "First steps"


def subscribe(newsletter: str = "kinaforum") -> None:
    person = Subscriber.objects.create(
        address="a@example.org", key="a@example.org", **Subscriber.hashed("a@example.org")
    )
    Subscription.objects.create(subscriber=person, newsletter=newsletter, state=Subscription.State.ACTIVE)


def steps(client: Client) -> list[tuple[str, bool]]:
    """The steps of the first newsletter, and whether each is done."""
    card = client.get("/desk/").context["cards"][0]
    return [(step.name, step.done) for step in card.first_steps]


def test_a_new_newsletter_shows_what_to_do_first(admin: Client) -> None:
    page = admin.get("/desk/").content.decode()
    assert STEPS in page
    assert "/desk/subscribers/import/" in page
    assert steps(admin) == [("subscribers", False), ("draft", False), ("test", False)]


def test_an_editor_sees_no_link_to_a_page_of_admins(editor: Client) -> None:
    page = editor.get("/desk/").content.decode()
    assert STEPS in page
    assert "/desk/subscribers/import/" not in page


def test_a_step_is_done_when_its_result_exists(admin: Client) -> None:
    subscribe()
    edition = make.draft("First")
    assert steps(admin) == [("subscribers", True), ("draft", False), ("test", False)]
    Edition.objects.filter(pk=edition.pk).update(revision=2)
    assert steps(admin) == [("subscribers", True), ("draft", True), ("test", False)]
    assert reverse("desk:proof", args=(edition.newsletter, edition.period)) in admin.get("/desk/").content.decode()
    Act.objects.log("editor", acts.TEST_SENT(), edition.name, now=make.NOW)
    assert steps(admin) == []


def _offers(client: Client) -> list[tuple[bool, bool]]:
    """Return of each newsletter whether a draft and a letter can be made."""
    return [(card.may_draft, card.offers_letter) for card in client.get("/desk/").context["cards"]]


def test_a_draft_and_a_letter_can_be_made_beside_a_letter_and_its_test_counts(admin: Client) -> None:
    letter = standalone.make(config.current(), kinaforum(), now=make.NOW, subject="Hello")
    assert _offers(admin) == [(True, True), (True, True)]
    Act.objects.log("editor", acts.TEST_SENT(), letter.name, now=make.NOW)
    assert steps(admin) == [("subscribers", False), ("draft", False), ("test", True)]
    make.draft("First")
    assert _offers(admin) == [(False, True), (True, True)]


def test_a_newsletter_without_sources_begins_with_a_letter(admin: Client) -> None:
    settings = config.current()
    letters = replace(settings.newsletters["kinaforum"], sources=())
    config.use(replace(settings, newsletters={"kinaforum": letters}))
    assert steps(admin) == [("letter", False), ("test", False), ("subscribers", False)]
    assert admin.get("/desk/").content.decode().count("New letter") == 2, "in the step, and in what waits"
    admin.post("/desk/n/kinaforum/letter/")
    edition = Edition.objects.get()
    assert steps(admin)[0] == ("letter", False)
    home = admin.get("/desk/").text
    assert "is a draft" not in home, "nothing is written yet"
    assert "(no subject)" in home
    edition = editing.set_words(config.current(), edition, "", 1, {"subject": "Hello", "greeting": "Spring."})
    assert steps(admin) == [("letter", True), ("test", False), ("subscribers", False)]
    home = admin.get("/desk/").content.decode()
    assert "Not sent or scheduled yet." in home
    assert "Sources checked" not in home
    assert _offers(admin) == [(False, True)], "the next letter"
    page = admin.get(reverse("desk:edition", args=(edition.newsletter, edition.period))).content.decode()
    assert "Letter of " in page
    assert "Check for new posts" not in page
    preview = admin.get(reverse("desk:preview", args=(edition.newsletter, edition.period))).text
    assert "Approving locks this version." in preview
    assert "later changes at the sources" not in preview
    Act.objects.log("editor", acts.TEST_SENT(), edition.name, now=make.NOW)
    subscribe()
    assert steps(admin) == []


def test_a_letter_that_is_only_written_does_not_offer_new_posts_where_a_blog_is_read(admin: Client) -> None:
    admin.post("/desk/n/kinaforum/letter/")
    edition = Edition.objects.get()
    page = admin.get(reverse("desk:edition", args=(edition.newsletter, edition.period))).text
    assert "No posts yet." in page
    assert "heck for new posts" not in page


def test_they_are_not_shown_once_an_edition_has_been_sent(admin: Client) -> None:
    Edition.objects.filter(pk=make.draft("First").pk).update(state=State.SENT, ended_at=make.NOW)
    assert steps(admin) == []


def test_they_are_in_norwegian_too(admin: Client) -> None:
    page = admin.get("/desk/", headers={"accept-language": "nb"}).content.decode()
    assert "Kom i gang" in page
    assert STEPS not in page
