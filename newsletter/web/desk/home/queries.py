"""Queries for the first page: editions of each newsletter, the health of its sources, the steps before its first
edition, and links that subscribers could not open.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, Max, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.editions.local_links import check_edition, check_links_of_everyone
from newsletter.editions.problems import Impossible
from newsletter.editions.titles import subjects
from newsletter.messages import acts
from newsletter.models import Act, ApprovedContent, Bounce, Edition, State, Tally
from newsletter.web.desk import formatting
from newsletter.web.desk.home import timeline
from newsletter.web.desk.source_pages import SourceHealth, health
from newsletter.web.desk.subscribers.queries import unsubscribed
from subscribers.models import Subscription

OPEN = (State.SENDING, State.PAUSED, State.QUEUED, State.APPROVED, State.DRAFT)


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition in a list: its subject, its period, and its state in a word, as a class of the style sheet and in a
    sentence.
    """

    edition: Edition
    title: str
    period: str
    state: str
    mark: str
    standing: str
    address: str


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A step, whether it is done, and the page for it; "" if it can't be done yet."""

    name: str
    text: str
    done: bool
    address: str
    act: str


@dataclass(frozen=True, slots=True)
class Card:
    """One newsletter on the first page; `may_draft` if it has a schedule, and its next edition has no draft yet.

    `upcoming` is the next edition of its schedule if it has posts; the page shows the beginning of its email.
    """

    newsletter: Newsletter
    first_steps: tuple[FirstStep, ...]
    open: tuple[EditionLine, ...]
    last: EditionLine | None
    result: str
    series: tuple[timeline.Series, ...]
    headlines: tuple[str, ...]
    more_headlines: int
    upcoming: EditionLine | None
    audience: dict[str, str]
    sources: tuple[SourceHealth, ...]
    may_draft: bool

    @property
    def failing(self) -> int:
        """How many sources can't be read."""
        return sum(source.state == "failed" for source in self.sources)

    @property
    def never(self) -> int:
        """How many sources were never read."""
        return sum(source.state == "pending" for source in self.sources)

    @property
    def others(self) -> tuple[EditionLine, ...]:
        """The open editions but the upcoming one."""
        return tuple(line for line in self.open if self.upcoming is None or line.edition != self.upcoming.edition)

    @property
    def offers_letter(self) -> bool:
        """Whether a new letter is offered, unless the first step does it."""
        return not any(step.name == "letter" and not step.done for step in self.first_steps)


def line(edition: Edition, newsletter: Newsletter, title: str = "") -> EditionLine:
    """Return how an edition is shown in a list; once sending has begun, with a link to its report."""
    route = "desk:report" if edition.state in (State.SENT, State.SENDING, State.PAUSED) else "desk:edition"
    route = "desk:imported-edition" if edition.state == State.IMPORTED else route
    address = reverse(route, args=(edition.newsletter, edition.period))
    state, mark = formatting.edition_state(edition)
    standing = formatting.standing(edition, newsletter.zone)
    if edition.standalone and edition.state == State.DRAFT and title == newsletter.title and not edition.subject:
        title = _("(no subject)")
    return EditionLine(edition, title, formatting.period(edition, newsletter.zone), state, mark, standing, address)


def lines(editions: Iterable[Edition], newsletter: Newsletter, titles: Mapping[int, str]) -> list[EditionLine]:
    """Return lines of editions, with their subjects as `subjects` finds them."""
    return [line(edition, newsletter, titles[edition.pk]) for edition in editions]


def cards(config: Config, now: datetime) -> list[Card]:
    """Return all newsletters, in the order of the configuration."""
    editions = sorted(_open_ones() | _last_ones(config), key=lambda edition: edition.until, reverse=True)
    by_newsletter = {name: [e for e in editions if e.newsletter == name] for name in config.newsletters}
    in_config = [edition for each in by_newsletter.values() for edition in each]
    coming = {name: timeline.being_prepared(by_newsletter[name], each) for name, each in config.newsletters.items()}
    titles, results = subjects(in_config, config), _results(in_config)
    headlines, audiences = timeline.headlines(config, coming, now), timeline.audiences(config.newsletters, now)
    first_steps, sources = _first_steps(config, by_newsletter, coming), health(config)
    return [
        Card(
            newsletter=newsletter,
            first_steps=first_steps.get(name, ()),
            open=tuple(lines((e for e in by_newsletter[name] if e.state in OPEN), newsletter, titles)),
            last=line(sent, newsletter, titles[sent.pk]) if sent else None,
            result=results.get(sent.pk, "") if sent else "",
            series=timeline.series(newsletter, by_newsletter[name], now),
            headlines=headlines[name][0],
            more_headlines=headlines[name][1],
            upcoming=line(draft, newsletter, titles[draft.pk]) if draft and newsletter.sources else None,
            audience=audiences[name],
            sources=tuple(source for source in sources if source.newsletter == name),
            may_draft=newsletter.has_schedule and coming[name] is None,
        )
        for name, newsletter in config.newsletters.items()
        for sent in (_sent(by_newsletter[name]),)
        for draft in (coming[name] if headlines[name][0] else None,)
    ]


def _open_ones() -> set[Edition]:
    """Return the editions that are not sent yet; of welcome emails, which stay in use, those that wait for a person."""
    needs_someone = Q(state=State.PAUSED) | Q(state=State.DRAFT, welcome__removed_at=None)
    return set(Edition.objects.filter(Q(welcome=None) | needs_someone, state__in=OPEN).order_by("-until")[:200])


def _last_ones(config: Config) -> set[Edition]:
    """Return the newest sent edition of each newsletter."""
    sent = Edition.objects.filter(state=State.SENT, welcome=None, newsletter__in=config.newsletters)
    newest = dict(sent.values_list("newsletter").annotate(Max("until")).order_by())
    editions = sent.filter(until__in=newest.values())
    return {edition for edition in editions if edition.until == newest[edition.newsletter]}


def _sent(editions: Iterable[Edition]) -> Edition | None:
    return next((edition for edition in editions if edition.state == State.SENT), None)


def _results(editions: Iterable[Edition]) -> dict[int, str]:
    """Return the results of the sent editions, in words: how many emails were accepted of how many, and how many
    bounced and unsubscribed, if any did.
    """
    sent = {e.pk: e for e in editions if e.state == State.SENT}
    sums = Tally.objects.filter(edition__in=sent).values_list("edition_id").annotate(n=Sum("accepted")).order_by()
    bounces = Bounce.objects.filter(edition__in=sent).exclude(kind=Bounce.Kind.COMPLAINT).values_list("edition_id")
    bounced = dict(bounces.annotate(n=Count("number", distinct=True)).order_by())
    left = unsubscribed(sent.values())
    return {pk: _result(accepted, sent[pk].audience or 0, bounced.get(pk, 0), left.get(pk, 0)) for pk, accepted in sums}


def _result(accepted: int, audience: int, bounced: int, left: int) -> str:
    figures = {"accepted": formatting.number(accepted), "readers": formatting.number(audience)}
    sentences = [_("%(accepted)s of %(readers)s emails accepted.") % figures]
    if bounced:
        sentences.append(_("%(count)s bounced.") % {"count": formatting.number(bounced)})
    if left:
        sentences.append(_("%(count)s unsubscribed.") % {"count": formatting.number(left)})
    return " ".join(sentences)


def _first_steps(
    config: Config, editions: Mapping[str, Sequence[Edition]], coming: Mapping[str, Edition | None]
) -> dict[str, tuple[FirstStep, ...]]:
    """Return the steps of each active newsletter that has sent no edition yet."""
    new = [each for name, each in config.newsletters.items() if each.status == "active" and not _sent(editions[name])]
    subscriptions = Subscription.objects.filter(newsletter__in=[newsletter.name for newsletter in new])
    subscribed = set(subscriptions.values_list("newsletter", flat=True).distinct())
    about = (Q(about__startswith=f"{newsletter.name}/") for newsletter in new)
    logged = Act.objects.filter(reduce(or_, about, Q(pk__in=()))).only("what", "about")
    tested = {act.about for act in logged if acts.TEST_SENT.matches(act.what)}
    letters = {name: [e for e in each if e.state in OPEN and not e.welcome_id] for name, each in editions.items()}
    return {
        newsletter.name: _steps(
            newsletter,
            coming[newsletter.name] if newsletter.has_schedule else next(iter(letters[newsletter.name]), None),
            {name for name in tested if name.startswith(f"{newsletter.name}/")},
            subscribed=newsletter.name in subscribed,
        )
        for newsletter in new
    }


def _steps(
    newsletter: Newsletter, draft: Edition | None, tested: Collection[str], *, subscribed: bool
) -> tuple[FirstStep, ...]:
    """Return the steps of a newsletter that has sent no edition yet, or nothing when all are done.

    `draft` is the next edition of its schedule; its newest letter, if it has none. `tested` are the editions of which a
    test was sent.
    """
    reviewed = draft is not None and (draft.name in tested or draft.revision > 1 or draft.state != State.DRAFT)
    page = _address("desk:edition", draft)
    reviewing = FirstStep("draft", _("Review the first draft"), reviewed, page, _("Open draft"))
    letter_page = reverse("desk:letter", args=(newsletter.name,))
    writing = FirstStep("letter", _("Write the first letter"), reviewed, letter_page, _("New letter"))
    importing = FirstStep(
        "subscribers", _("Import your subscribers"), subscribed, reverse("desk:subscribers-import"), _("Import")
    )
    testing = FirstStep(
        "test", _("Send a test to yourself"), bool(tested), _address("desk:proof", draft), _("Send a test")
    )
    steps = (importing, reviewing, testing) if newsletter.has_schedule else (writing, testing, importing)
    return () if all(step.done for step in steps) else steps


def _address(route: str, edition: Edition | None) -> str:
    return reverse(route, args=(edition.newsletter, edition.period)) if edition else ""


def links_that_fail(config: Config, cards: Iterable[Card]) -> Iterator[tuple[str, str, str]]:
    """Yield a sentence, an address and the words of a link to it: for newsletters that must not be sent, since their
    links would not work, and for editions of others that were approved with such links.
    """
    approved: dict[int, EditionLine] = {}
    for card in cards:
        try:
            check_links_of_everyone(config, card.newsletter.name)
        except Impossible as problem:
            text = f"{card.newsletter.title}: {formatting.message(problem.message)}."
            yield text, reverse("desk:settings-site", args=("address",)), _("Change")
            continue
        lines = [line for line in card.open if line.edition.state in (State.APPROVED, State.QUEUED)]
        approved |= {line.edition.pk: line for line in lines if line.edition.waiting is None}
    for content in ApprovedContent.objects.filter(edition__in=approved).only("edition_id", "headers"):
        line = approved[content.edition_id]
        try:
            check_edition(config, line.edition.newsletter, content)
        except Impossible as problem:
            text = _("“%(edition)s” – %(standing)s") % {
                "edition": line.title,
                "standing": formatting.message(problem.message),
            }
            yield formatting.sentence(text), line.address, _("Open")
