"""Segments at the desk, and editions that are sent to one."""

from dataclasses import replace

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.config.newsletters import Topic
from newsletter.editions import segments
from newsletter.editions.states import NotAllowed
from newsletter.models import Act, Edition, Segment, State
from newsletter.sending import audience, lifecycle
from newsletter.web.desk.conditions import choices
from subscribers.models import Subscriber, Subscription
from tests.sending import outbox_samples as samples
from tests.web import make

pytestmark = pytest.mark.django_db
ADD = "/desk/segments/add/"
KINAFORUM = {"newsletter": "kinaforum", "name": "Film"}
FILM = {**KINAFORUM, "where:0:kind": "tag", "where:0:tag-others": "film, Theatre"}


def reader(address: str, *tags: str, language: str = "", newsletter: str = "kinaforum") -> Subscription:
    subscriber = Subscriber.objects.named(address, address, language=language)
    return Subscription.objects.create(
        subscriber=subscriber,
        newsletter=newsletter,
        state=Subscription.State.ACTIVE,
        tags=tags,
        joined=make.NOW,
    )


@pytest.fixture
def readers() -> None:
    reader("film@reader.example", "film", language="nb")
    reader("theatre@reader.example", "theatre", "press")
    reader("none@reader.example")


def words(content: bytes) -> str:
    return " ".join(lxml.html.fromstring(content).text_content().split())


def film() -> Segment:
    return Segment.objects.create(newsletter="kinaforum", name="Film", where="tag = film")


@pytest.mark.usefixtures("readers")
def test_a_segment_is_saved_with_its_size_and_changed(admin: Client) -> None:
    page = words(admin.post(ADD, FILM, follow=True).content)
    assert "Segment saved." in page
    assert "2 subscribers" in page
    assert "Has one of the tags: film, theatre" in page
    segment = Segment.objects.get()
    assert segment.where == "tag = film or tag = theatre"
    admin.post(f"/desk/segments/{segment.pk}/", {**FILM, "where:1:kind": "!tag", "where:1:tag": "press"})
    assert "1 subscriber" in words(admin.get("/desk/segments/").content)
    acts = Act.objects.filter(what__code="act.segment-saved").order_by("pk")
    assert acts[1].after == "(tag = film or tag = theatre) and tag != press"
    rows = admin.get(f"/desk/segments/{segment.pk}/").content.decode()
    assert lxml.html.fromstring(rows).xpath("//select[contains(@name, ':kind')]/option[@selected]/@value") == [
        "tag",
        "!tag",
    ]


@pytest.mark.usefixtures("readers")
def test_the_number_follows_what_is_typed(admin: Client) -> None:
    count, spoken = "/desk/segments/count/", {"where:0:kind": "language", "where:0:language": "NB"}
    assert "2 subscribers" in admin.get(count, FILM).content.decode()
    assert "1 subscriber" in admin.get(count, {**KINAFORUM, **spoken}).content.decode()
    kept = {"where:kept": "not (tag = film or tag = press)"}
    assert "1 subscriber" in admin.get(count, {**KINAFORUM, **kept}).content.decode()
    incomplete = {"where:0:kind": "after", "where:0:day": "x"}
    unreadable = {**KINAFORUM, "where:kept": "("}
    assert "The filter can’t be read yet." in admin.get(count, unreadable).content.decode()
    for typed in (KINAFORUM, {**KINAFORUM, **incomplete}):
        assert "Add at least one condition." in admin.get(count, typed).content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"where:0:kind": ""}, "Add at least one condition."),
        ({"name": ""}, "This field is required."),
        ({"where:0:kind": "after", "where:0:day": "soon"}, "Choose or enter a value for each condition."),
    ],
)
def test_a_segment_without_conditions_is_refused(admin: Client, changed: dict[str, str], sentence: str) -> None:
    answer = admin.post(ADD, {**FILM, **changed})
    assert answer.status_code == 422
    assert sentence in words(answer.content)
    assert not Segment.objects.exists()


def test_two_segments_of_a_newsletter_have_different_names(admin: Client) -> None:
    film()
    assert "There is already a segment with that name." in words(admin.post(ADD, FILM).content)
    admin.post(ADD, {**FILM, "newsletter": "daily"})
    assert Segment.objects.count() == 2


@pytest.mark.usefixtures("readers")
def test_an_edition_is_sent_only_to_its_segment() -> None:
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(state=State.DRAFT)
    segments.choose(edition, film(), by="anna@example.org", now=make.NOW)
    Edition.objects.filter(pk=edition.pk).update(state=State.QUEUED)
    reader("late@reader.example", "film")
    Segment.objects.all().delete()
    lifecycle.begin_due(config.current(), samples.NOW)
    edition.refresh_from_db()
    assert (edition.state, edition.audience) == (State.SENDING, 2)
    reader("later@reader.example", "film")
    got = audience.addresses(edition, range(1, 10))
    assert sorted(got.values()) == ["film@reader.example", "late@reader.example"]


def test_the_recipients_of_an_edition_are_fixed_once_it_is_queued() -> None:
    edition = samples.queued()
    with pytest.raises(NotAllowed, match="its recipients can be chosen until it is queued"):
        segments.choose(edition, film(), by="", now=make.NOW)


@pytest.mark.usefixtures("readers")
def test_recipients_are_chosen_on_a_page_and_shown_where_it_is_sent(admin: Client) -> None:
    draft, segment = make.draft("First"), film()
    path = f"/desk/editions/kinaforum/{make.PERIOD}/"
    page = words(admin.get(f"{path}recipients/").content)
    assert "Everyone 3 subscribers" in page
    assert "Film 1 subscriber" in page
    assert "It goes to 1 subscriber." in words(
        admin.post(f"{path}recipients/", {"segment": segment.pk}, follow=True).content
    )
    draft.refresh_from_db()
    assert (draft.segment, draft.segment_where) == ("Film", "tag = film")
    assert "Film" in words(admin.get(f"{path}more/").content)
    act = Act.objects.get(what__code="act.recipients-changed")
    assert (act.about, act.before, act.after) == (draft.name, None, "Film")
    segment.delete()
    assert "removed since" in words(admin.get(f"{path}recipients/").content)
    admin.post(f"{path}recipients/", {"segment": ""})
    draft.refresh_from_db()
    assert draft.segment_where == ""


def test_recipients_are_not_changed_by_a_form_that_shows_a_removed_segment(admin: Client) -> None:
    draft, segment = make.draft("First"), film()
    path = f"/desk/editions/kinaforum/{make.PERIOD}/recipients/"
    admin.post(path, {"segment": segment.pk})
    segment.delete()
    form = lxml.html.fromstring(admin.get(path).content).forms[-1]
    for fields, sentence in (
        (dict(form.form_values()), "First"),
        ({"segment": "1234"}, "That segment has been removed. Choose who gets this edition."),
    ):
        assert sentence in words(admin.post(path, fields, follow=True).content)
        draft.refresh_from_db()
        assert (draft.segment, draft.segment_where) == ("Film", "tag = film")


def test_a_segment_is_removed(admin: Client) -> None:
    segment = film()
    assert "Segment removed." in words(admin.post(f"/desk/segments/{segment.pk}/remove/", follow=True).content)
    assert not Segment.objects.exists()


def test_editors_choose_recipients_but_do_not_change_segments(editor: Client) -> None:
    make.draft("First")
    assert editor.get(f"/desk/editions/kinaforum/{make.PERIOD}/recipients/").status_code == 200
    assert editor.get("/desk/segments/").status_code == 403


def test_recipients_can_be_chosen_before_any_segment_was(editor: Client) -> None:
    make.draft("First")
    answer = editor.get(f"/desk/editions/kinaforum/{make.PERIOD}/recipients/")
    assert answer.status_code == 200
    assert "Everyone" in answer.content.decode()


def _offer() -> None:
    """Let Kinaforum be daily too, with two topics."""
    shared = config.current()
    topics = {"film": Topic(title="Films", words=("film",)), "trade": Topic(words=("trade",))}
    kinaforum = replace(shared.newsletters["kinaforum"], cadences=("week", "day"), topics=topics)
    config.use(replace(shared, newsletters={**shared.newsletters, "kinaforum": kinaforum}))


@pytest.mark.usefixtures("readers")
def test_a_segment_of_a_frequency_and_a_topic_is_chosen_with_boxes(admin: Client) -> None:
    _offer()
    Subscription.objects.filter(subscriber__key="film@reader.example").update(cadence="day", topics="film")
    rows = {"where:0:kind": "frequency", "where:0:frequency": ["day"]}
    chosen = {**KINAFORUM, **rows, "where:1:kind": "topic", "where:1:topic": ["film", "trade"]}
    assert "1 subscriber" in admin.get("/desk/segments/count/", chosen).content.decode()
    assert admin.post(ADD, chosen).status_code == 302
    segment = Segment.objects.get()
    assert segment.where == "frequency = day and (topic = film or topic = trade)"
    listed = words(admin.get("/desk/segments/").content)
    assert "Frequency is one of: Daily" in listed
    assert "Gets posts of one of the topics: Films, trade" in listed
    body = lxml.html.fromstring(admin.get(f"/desk/segments/{segment.pk}/").content)
    ticked = [box.get("value") for box in body.xpath("//input[@type='checkbox'][@checked]")]
    assert ticked == ["day", "film", "trade"]


def test_a_topic_of_another_newsletter_is_refused(admin: Client) -> None:
    _offer()
    row = {"where:0:kind": "topic", "where:0:topic": "film"}
    answer = admin.post(ADD, {**KINAFORUM, "newsletter": "daily", **row})
    assert answer.status_code == 422
    assert "doesn’t offer this: film" in answer.content.decode()


def test_only_what_can_be_chosen_is_offered(admin: Client) -> None:
    body = lxml.html.fromstring(admin.get(ADD).content)
    offered = set(body.xpath("//select[@name='where:0:kind']/option/@value"))
    without_choices = {"after", "before", "this-year", "this-month"}
    possessions = {f"{opposite}has:{field}" for opposite in ("", "!") for field in ("name", "language", "tag")}
    assert offered == {"", "tag", "!tag", "language", "!language", *without_choices, *possessions}


@pytest.mark.usefixtures("readers")
def test_tags_and_languages_are_read_from_a_limited_number_of_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    newsletters = [config.current().newsletters["kinaforum"]]
    Subscriber.objects.filter(language="nb").update(language="sv")
    assert "sv" in dict(choices.choices_of(newsletters).of["language"])
    assert [tag for tag, _title in choices.choices_of(newsletters).of["tag"]] == ["film", "press", "theatre"]
    monkeypatch.setattr(choices, "MOST_SUBSCRIPTIONS", 2)
    bounded = choices.choices_of(newsletters)
    assert [tag for tag, _title in bounded.of["tag"]] == ["press", "theatre"]
    assert "sv" not in dict(bounded.of["language"])
