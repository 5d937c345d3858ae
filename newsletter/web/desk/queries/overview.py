"""The editions of each newsletter, the health of its sources, and what waits for a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletter.config import Config, Newsletter
from newsletter.jobs import bounces
from newsletter.jobs.approval import check_links
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.windows import next_moment
from newsletter.models import Became, Edition, Result, State, Tally
from newsletter.web.desk import words
from newsletter.web.desk.queries.sources import Health, health
from newsletter.web.desk.said import in_words

OPEN = (State.SENDING, State.PAUSED, State.QUEUED, State.APPROVED, State.DRAFT)


@dataclass(frozen=True, slots=True)
class Line:
    """An edition in a list: its state in a word and in a sentence."""

    edition: Edition
    state: str
    standing: str
    address: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that waits for a person: what it is, and where to go about it."""

    level: str
    text: str
    address: str
    act: str


@dataclass(frozen=True, slots=True)
class Card:
    """One newsletter on the first page."""

    newsletter: Newsletter
    open: tuple[Line, ...]
    last: Line | None
    result: str
    next_draft: str
    next_send: str
    healthy: int
    failing: int
    never: int


def line(edition: Edition, newsletter: Newsletter) -> Line:
    """How an edition is shown in a list; once it has begun to leave, its report is what one wants to see."""
    route = "desk:report" if edition.state in (State.SENT, State.SENDING, State.PAUSED) else "desk:edition"
    address = reverse(route, args=(edition.newsletter, edition.period))
    return Line(edition, words.state(edition.state), words.standing(edition, newsletter.zone), address)


def cards(config: Config, now: datetime) -> list[Card]:
    """All newsletters, in the order of the configuration."""
    editions = _open_ones() | _last_ones(config)
    sources, results = health(config), _results(editions)
    return [
        _card(newsletter, editions, [h for h in sources if h.newsletter == name], results, now)
        for name, newsletter in config.newsletters.items()
    ]


def problems(config: Config, shown: Iterable[Card], now: datetime) -> list[Problem]:
    """What waits for a person, what is worst first."""
    found = [p for card in shown for each in card.open for p in _of_edition(each, card.newsletter, now)]
    found += [p for name in config.newsletters for p in _of_links(config, name)]
    found += _of_unknown(shown)
    found += [_of_source(h) for h in health(config) if h.state == "failed"]
    found += _of_mailbox(config)
    return sorted(found, key=lambda p: ("error", "warning", "").index(p.level))


def _open_ones() -> set[Edition]:
    return set(Edition.objects.filter(state__in=OPEN).order_by("-until")[:200])


def _last_ones(config: Config) -> set[Edition]:
    """The newest sent edition of each newsletter: one query, over as many rows as there are newsletters."""
    newest = [
        Edition.objects.filter(newsletter=name, state=State.SENT).order_by("-until").values("pk")[:1]
        for name in config.newsletters
    ]
    first, *rest = newest
    return set(Edition.objects.filter(pk__in=[row["pk"] for query in (first, *rest) for row in query]))


def _results(editions: set[Edition]) -> dict[int, str]:
    """What became of the sent ones among them, in words: how many were accepted of how many."""
    sent = {e.pk: e.audience or 0 for e in editions if e.state == State.SENT}
    sums = Tally.objects.filter(edition__in=sent).values_list("edition_id").annotate(n=Sum("accepted")).order_by()
    return {
        pk: _("%(accepted)s of %(readers)s accepted.")
        % {"accepted": words.number(n), "readers": words.number(sent[pk])}
        for pk, n in sums
    }


def _card(
    newsletter: Newsletter, editions: set[Edition], sources: list[Health], results: dict[int, str], now: datetime
) -> Card:
    mine = sorted((e for e in editions if e.newsletter == newsletter.name), key=lambda e: e.until, reverse=True)
    sent = next((e for e in mine if e.state == State.SENT), None)
    zone = newsletter.zone
    drafted = next_moment(newsletter.draft_moment, zone, now)
    return Card(
        newsletter=newsletter,
        open=tuple(line(e, newsletter) for e in mine if e.state in OPEN),
        last=line(sent, newsletter) if sent else None,
        result=results.get(sent.pk, "") if sent else "",
        next_draft=words.moment(drafted, zone),
        next_send=words.moment(next_moment(newsletter.send_moment, zone, drafted), zone),
        healthy=sum(h.state == "ok" for h in sources),
        failing=sum(h.state == "failed" for h in sources),
        never=sum(h.state == "pending" for h in sources),
    )


def _of_edition(shown: Line, newsletter: Newsletter, now: datetime) -> Iterator[Problem]:
    edition = shown.edition
    if edition.state == State.PAUSED:
        yield Problem("error", f"{edition.name}: {shown.standing}", shown.address, _("Look at it"))
    elif edition.waiting and edition.state in (State.DRAFT, State.APPROVED):
        text = _("%(edition)s waits: %(why)s") % {"edition": edition.name, "why": in_words(edition.waiting)}
        yield Problem("warning", text, shown.address, _("Look at it"))
    elif edition.state == State.DRAFT and edition.due_at and edition.due_at <= now and newsletter.approval == "editor":
        when = words.moment(edition.due_at, newsletter.zone)
        text = _("%(edition)s was to leave %(when)s and waits for your approval.") % {
            "edition": edition.name,
            "when": when,
        }
        yield Problem("warning", text, shown.address, _("Look at it"))


def _of_links(config: Config, name: str) -> Iterator[Problem]:
    """A newsletter whose mails must not leave, since their links would lead nowhere."""
    try:
        check_links(config, name)
    except JobProblem as problem:
        yield Problem(
            "error", f"{name}: {in_words(str(problem))}.", reverse("desk:newsletter", args=(name,)), _("Look at it")
        )


def _of_unknown(shown: Iterable[Card]) -> Iterator[Problem]:
    """Editions of which deliveries are unknown, and nobody has decided about them."""
    lines = {each.edition.pk: each for card in shown for each in (*card.open, *filter(None, [card.last]))}
    unsettled = Result.objects.filter(edition__in=lines, kind=Became.UNKNOWN, settled=False)
    for row in unsettled.values("edition_id").annotate(n=Count("number")).order_by("edition_id"):
        line = lines[row["edition_id"]]
        text = ngettext(
            "%(edition)s: of %(n)s mail nobody can tell whether it was taken.",
            "%(edition)s: of %(n)s mails nobody can tell whether they were taken.",
            row["n"],
        )
        said = text % {"edition": line.edition.name, "n": words.number(row["n"])}
        yield Problem("warning", said, line.address, _("Decide about it"))


def _of_mailbox(config: Config) -> Iterator[Problem]:
    """Bounces that nobody reads: the lists go stale without a word otherwise."""
    if trouble := bounces.trouble(config):
        text = _("Bounces are not read: %(why)s") % {"why": in_words(trouble)}
        yield Problem("warning", text, reverse("desk:settings"), _("See the settings"))


def _of_source(source: Health) -> Problem:
    return Problem("warning", in_words(source.problem), reverse("desk:sources"), _("See the sources"))
