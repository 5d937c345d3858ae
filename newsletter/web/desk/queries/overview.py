"""The editions of each newsletter, the health of its sources, and what waits for a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.jobs.windows import next_moment
from newsletter.models import Edition, State
from newsletter.web.desk import words
from newsletter.web.desk.queries.sources import Health, health

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
    sources = health(config)
    return [
        _card(n, editions, [h for h in sources if h.newsletter == name], now) for name, n in config.newsletters.items()
    ]


def problems(config: Config, shown: Iterable[Card], now: datetime) -> list[Problem]:
    """What waits for a person, what is worst first."""
    found = [p for card in shown for each in card.open for p in _of_edition(each, card.newsletter, now)]
    found += [_of_source(h) for h in health(config) if h.state == "failed"]
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


def _card(newsletter: Newsletter, editions: set[Edition], sources: list[Health], now: datetime) -> Card:
    mine = sorted((e for e in editions if e.newsletter == newsletter.name), key=lambda e: e.until, reverse=True)
    sent = next((e for e in mine if e.state == State.SENT), None)
    zone = newsletter.zone
    drafted = next_moment(newsletter.draft_moment, zone, now)
    return Card(
        newsletter=newsletter,
        open=tuple(line(e, newsletter) for e in mine if e.state in OPEN),
        last=line(sent, newsletter) if sent else None,
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
        text = _("%(edition)s waits: %(why)s") % {"edition": edition.name, "why": edition.waiting}
        yield Problem("warning", text, shown.address, _("Look at it"))
    elif edition.state == State.DRAFT and edition.due_at and edition.due_at <= now and newsletter.approval == "editor":
        when = words.moment(edition.due_at, newsletter.zone)
        text = _("%(edition)s was to leave %(when)s and waits for your approval.") % {
            "edition": edition.name,
            "when": when,
        }
        yield Problem("warning", text, shown.address, _("Look at it"))


def _of_source(source: Health) -> Problem:
    return Problem("warning", source.problem, reverse("desk:sources"), _("See the sources"))
