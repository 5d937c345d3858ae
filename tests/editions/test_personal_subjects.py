"""A subject with values of subscribers: each gets their own, and pages have what somebody without values reads."""

from collections import Counter
from dataclasses import replace

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import approval, serialize
from newsletter.editions.composing import standalone
from newsletter.editions.rendering import make_proof
from newsletter.models import ApprovedContent, Edition
from subscribers.models import Subscriber
from tests.factories import DAY, NOW, kinaforum
from tests.sending.emailed import Newsletter
from tests.subscribers.own_fields import declare

pytestmark = [pytest.mark.django_db, pytest.mark.quick]
SUBJECT = "Hei {name|leser}, nytt fra {town}"


@pytest.fixture
def paper() -> Newsletter:
    """A newsletter with a reader who has values, and one who has none."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure("week")
    declare()
    paper.read()
    paper.now = NOW
    paper.subscribe("named")
    paper.subscribe("nameless")
    Subscriber.objects.filter(address__startswith="named").update(name="Åse", field_values={"town": "Oslo"})
    return paper


def _letter(paper: Newsletter) -> Edition:
    text = "A letter with enough words to be one."
    return standalone.make(config.current(), kinaforum(), now=paper.now, subject=SUBJECT, greeting=text)


def test_each_gets_their_own_subject(paper: Newsletter, client: Client) -> None:
    letter = _letter(paper)
    paper.deliver(approval.approve(config.current(), letter, now=paper.now))
    assert paper.subjects == {"named": ["Hei Åse, nytt fra Oslo"], "nameless": ["Hei leser, nytt fra"]}
    content = ApprovedContent.objects.get()
    assert (content.subject, content.personal_subject) == ("Hei leser, nytt fra", SUBJECT)
    public = client.get(f"/n/{letter.name}/").text
    assert "Hei leser, nytt fra" in public
    assert "{name" not in public


def test_a_letter_that_is_sent_on_a_later_day_keeps_its_values(paper: Newsletter) -> None:
    letter = approval.approve(config.current(), _letter(paper), now=paper.now)
    paper.wait(days=2)
    paper.deliver(letter)
    assert paper.subjects["named"] == ["Hei Åse, nytt fra Oslo"]


def test_a_digest_can_have_them_and_headlines_are_no_values(paper: Newsletter) -> None:
    paper.publish("one")
    draft_of = paper.send("week")
    assert draft_of is not None
    subjects = Counter(subject for each in paper.subjects.values() for subject in each)
    assert len(subjects) == 1, "a generated subject is the same for all"


def test_the_preview_shows_the_subject_of_the_chosen_subscriber(paper: Newsletter, admin_client: Client) -> None:
    letter = _letter(paper)
    address = f"/desk/editions/{letter.name}/preview/"
    assert "Hei leser, nytt fra" in admin_client.get(address).text
    assert "Hei Åse, nytt fra Oslo" in admin_client.get(f"{address}?kind=inbox&reader=named@reader.example").text
    assert serialize.edition(letter, config.current())["subject"] == SUBJECT


def test_a_field_that_is_not_declared_stays_text_and_is_reported(paper: Newsletter) -> None:
    config.use(replace(config.current(), fields={}))
    proof = make_proof(_letter(paper), config.current())
    assert proof.rendered.subject == "Hei leser, nytt fra {town}"
    assert [finding.where for finding in proof.findings if finding.code == "placeholder-unknown"] == ["subject"]


def test_a_value_without_words_for_who_has_none_is_reported(paper: Newsletter) -> None:
    proof = make_proof(_letter(paper), config.current())
    assert [finding.where for finding in proof.findings if finding.code == "name-fallback"] == ["subject"]
