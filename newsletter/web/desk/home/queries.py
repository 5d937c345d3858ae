"""Queries for the first page: editions of each newsletter, the health of its sources, and what needs attention."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletter import supervision
from newsletter.bounces import mailbox_status
from newsletter.config import Config, Newsletter
from newsletter.editions.local_links import check_links
from newsletter.editions.problems import JobProblem, inactivity
from newsletter.editions.titles import subjects
from newsletter.letters import mail_queue
from newsletter.messages import Message
from newsletter.messages.failures import CONFIGURATION_DIFFERS, LOST, STOOD_STILL
from newsletter.messages.general import ABOUT
from newsletter.messages.sending import HELD
from newsletter.models import DeliveryStatus, Edition, Result, State, Tally
from newsletter.recovery import hold
from newsletter.sending.machines import presence
from newsletter.sending.machines.agreement import differing_machines
from newsletter.sending.safeguards.stalls import is_about_an_edition, stalls
from newsletter.web.desk import formatting
from newsletter.web.desk.home import service_status, timeline
from newsletter.web.desk.home.first_steps import FirstStep, first_steps
from newsletter.web.desk.notes.queries import editions_with_notes_for
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.sources.queries import Health, health
from subscribers.protection.sign_up_limits import under_attack

SHOWN_FOR = timedelta(days=1)
"""For how long it is shown that a machine did not run for a while."""
OVERDUE_AFTER = timedelta(minutes=10)
NAMED = 4
"""The sources that an alert names, at most; it counts the others."""
OPEN = (State.SENDING, State.PAUSED, State.QUEUED, State.APPROVED, State.DRAFT)


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition in a list: its subject, its period, and its state in a word and in a sentence."""

    edition: Edition
    title: str
    period: str
    state: str
    standing: str
    address: str


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that waits for a person: what it is, and where to go about it."""

    level: str
    text: str
    address: str
    act: str


@dataclass(frozen=True, slots=True)
class Card:
    """One newsletter on the first page."""

    newsletter: Newsletter
    first_steps: tuple[FirstStep, ...]
    open: tuple[EditionLine, ...]
    last: EditionLine | None
    result: str
    series: tuple[timeline.Series, ...]
    headlines: tuple[str, ...]
    more_headlines: int
    audience: timeline.Audience
    healthy: int
    failing: int
    never: int


def line(edition: Edition, newsletter: Newsletter, title: str = "") -> EditionLine:
    """Return how an edition is shown in a list; once sending has begun, with a link to its report."""
    route = "desk:report" if edition.state in (State.SENT, State.SENDING, State.PAUSED) else "desk:edition"
    address = reverse(route, args=(edition.newsletter, edition.period))
    state, standing = formatting.state(edition.state), formatting.standing(edition, newsletter.zone)
    return EditionLine(edition, title, formatting.period(edition), state, standing, address)


def lines(editions: Iterable[Edition], newsletter: Newsletter, titles: Mapping[int, str]) -> list[EditionLine]:
    """Return lines of editions, with their subjects as `subjects` finds them."""
    return [line(edition, newsletter, titles[edition.pk]) for edition in editions]


def cards(config: Config, now: datetime) -> list[Card]:
    """Return all newsletters, in the order of the configuration."""
    editions = _open_ones() | _last_ones(config)
    sources, results = health(config), _results(editions)
    known = {e for e in editions if e.newsletter in config.newsletters}
    titles = subjects(known, config)
    return [
        _card(newsletter, known, titles, [h for h in sources if h.newsletter == name], results, now)
        for name, newsletter in config.newsletters.items()
    ]


def problems(config: Config, shown: Iterable[Card], now: datetime, restart: Sequence[str] = ()) -> list[Attention]:
    """Return what needs attention, the worst first; `restart` names keys that take effect with the next start."""
    found = _of_restored(config) + _of_stalls(config, now) + _of_services() + _of_machines() + _of_restart(restart)
    found += _of_standstills(config, now)
    found += [p for card in shown for each in card.open for p in _of_edition(each, card.newsletter, now)]
    found += [p for card in shown if (p := _of_inactive(card))]
    found += [p for name in config.newsletters for p in _of_links(config, name)]
    found += _of_unknown(shown)
    found += _of_sources(h for h in health(config) if h.state == "failed")
    found += _of_mailbox(config)
    found += _of_unsent()
    found += _of_refusing_editors(config, now)
    found += _of_attacks(config, now)
    return sorted(found, key=lambda p: ("error", "warning", "").index(p.level))


def _of_attacks(config: Config, now: datetime) -> Iterator[Attention]:
    """Newsletters whose sign-up form is attacked: nobody has to do anything."""
    automatic = [name for name, newsletter in config.newsletters.items() if newsletter.challenge == "auto"]
    for name in under_attack(automatic, now):
        text = _(
            "Bots are flooding the sign-up form of “%(newsletter)s”. Until about an hour after the attack ends, "
            "people who sign up notice a short delay, because their browsers have to solve a challenge first."
        )
        newsletter = config.newsletters[name]
        yield Attention(
            "", text % {"newsletter": newsletter.title}, reverse("desk:newsletter", args=(name,)), _("Open")
        )


def notes_for(me: str, config: Config) -> list[Attention]:
    """Yield notes of colleagues for the user that are not done."""
    found = editions_with_notes_for(me, config.newsletters)
    titles = subjects([edition for edition, _count in found], config)
    return [
        Attention(
            "",
            ngettext("“%(edition)s”: %(n)s note for you", "“%(edition)s”: %(n)s notes for you", count)
            % {"edition": titles[edition.pk], "n": formatting.number(count)},
            reverse("desk:notes", args=(edition.newsletter, edition.period)),
            _("Read"),
        )
        for edition, count in found
    ]


def _open_ones() -> set[Edition]:
    return set(Edition.objects.filter(Q(welcome=None) | Q(state=State.PAUSED), state__in=OPEN).order_by("-until")[:200])


def _last_ones(config: Config) -> set[Edition]:
    """Return the newest sent edition of each newsletter: one query, over as many rows as there are newsletters."""
    newest = [
        Edition.objects.filter(newsletter=name, state=State.SENT, welcome=None).order_by("-until").values("pk")[:1]
        for name in config.newsletters
    ]
    first, *rest = newest
    return set(Edition.objects.filter(pk__in=[row["pk"] for query in (first, *rest) for row in query]))


def _results(editions: set[Edition]) -> dict[int, str]:
    """Return the results of the sent editions, in words: how many emails were accepted of how many."""
    sent = {e.pk: e.audience or 0 for e in editions if e.state == State.SENT}
    sums = Tally.objects.filter(edition__in=sent).values_list("edition_id").annotate(n=Sum("accepted")).order_by()
    return {
        pk: _("%(accepted)s of %(readers)s emails accepted.")
        % {"accepted": formatting.number(n), "readers": formatting.number(sent[pk])}
        for pk, n in sums
    }


def _card(
    newsletter: Newsletter,
    editions: set[Edition],
    titles: Mapping[int, str],
    sources: list[Health],
    results: dict[int, str],
    now: datetime,
) -> Card:
    mine = sorted((e for e in editions if e.newsletter == newsletter.name), key=lambda e: e.until, reverse=True)
    sent = next((e for e in mine if e.state == State.SENT), None)
    coming = timeline.being_prepared(mine, newsletter)
    # A letter outside the schedule begins where the last scheduled edition ended, and leaves it the posts.
    since = (sent.since if sent.standalone else sent.until) if sent else None
    first, more = timeline.headlines(newsletter, coming, since, now)
    return Card(
        newsletter=newsletter,
        first_steps=() if sent else first_steps(newsletter, coming),
        open=tuple(lines((e for e in mine if e.state in OPEN), newsletter, titles)),
        last=line(sent, newsletter, titles[sent.pk]) if sent else None,
        result=results.get(sent.pk, "") if sent else "",
        series=timeline.series(newsletter, mine, now),
        headlines=first,
        more_headlines=more,
        audience=timeline.audience(newsletter, now),
        healthy=sum(h.state == "ok" for h in sources),
        failing=sum(h.state == "failed" for h in sources),
        never=sum(h.state == "pending" for h in sources),
    )


def _of_inactive(card: Card) -> Attention | None:
    """Return a warning about an edition that would be sent if its newsletter were not paused."""
    held = any(each.edition.state in (State.SENDING, State.QUEUED, State.APPROVED) for each in card.open)
    message = inactivity(card.newsletter) if held else None
    if message is None:
        return None
    address = reverse("desk:settings-newsletter", args=(card.newsletter.name, "general"))
    return Attention("warning", as_sentence(message), address, _("Change"))


def _of_edition(shown: EditionLine, newsletter: Newsletter, now: datetime) -> Iterator[Attention]:
    edition = shown.edition
    newsletter = newsletter.at(edition.cadence)
    if edition.state == State.PAUSED:
        yield Attention("error", f"“{shown.title}” – {shown.standing}", shown.address, _("Open"))
    elif edition.waiting and edition.state in (State.DRAFT, State.APPROVED, State.QUEUED):
        text = _("On hold: “%(edition)s” – %(why)s") % {
            "edition": shown.title,
            "why": formatting.message(edition.waiting, newsletter.zone),
        }
        yield Attention("warning", text, shown.address, _("Open"))
    elif edition.state == State.DRAFT and edition.due_at and edition.due_at <= now and newsletter.approval == "editor":
        when = formatting.moment(edition.due_at, newsletter.zone)
        text = _("Your approval is needed: “%(edition)s” was scheduled for %(when)s.") % {
            "edition": shown.title,
            "when": when,
        }
        yield Attention("warning", text, shown.address, _("Open"))
    elif edition.state == State.APPROVED and not _leaves_by_itself(edition, newsletter, now):
        text = _("Approved but not sent or scheduled: “%(edition)s”") % {"edition": shown.title}
        send = reverse("desk:send", args=(edition.newsletter, edition.period))
        yield Attention("warning", text, send, _("Send or schedule"))
    elif edition.state == State.QUEUED and _is_overdue(edition, now) and inactivity(newsletter) is None:
        text = _(
            "Overdue since %(when)s: “%(edition)s”. Check that newsletter run or newsletter worker is running."
        ) % {
            "edition": shown.title,
            "when": formatting.moment(edition.due_at or edition.queued_at, newsletter.zone),
        }
        yield Attention("error", text, shown.address, _("Open"))


def _leaves_by_itself(edition: Edition, newsletter: Newsletter, now: datetime) -> bool:
    """Return whether an approved edition is scheduled, or one of a single post, which is sent within a minute."""
    if edition.due_at is None:
        recent = edition.approved_at is not None and edition.approved_at > now - OVERDUE_AFTER
        return newsletter.by_post and recent
    return edition.due_at > now


def _is_overdue(edition: Edition, now: datetime) -> bool:
    """Return whether nothing has begun to send a queued edition although its time has come."""
    due = edition.due_at or edition.queued_at
    return due is not None and due < now - OVERDUE_AFTER


def _of_links(config: Config, name: str) -> Iterator[Attention]:
    """Yield newsletters that must not be sent, since their links would not work."""
    try:
        check_links(config, name)
    except JobProblem as problem:
        yield Attention(
            "error",
            f"{name}: {formatting.message(problem.message)}.",
            reverse("desk:newsletter", args=(name,)),
            _("Open"),
        )


def _of_unknown(shown: Iterable[Card]) -> Iterator[Attention]:
    """Editions of which deliveries are unknown, and nobody has decided about them."""
    lines = {each.edition.pk: each for card in shown for each in (*card.open, *filter(None, [card.last]))}
    unsettled = Result.objects.filter(edition__in=lines, kind=DeliveryStatus.UNKNOWN, settled=False)
    for row in unsettled.values("edition_id").annotate(n=Count("number")).order_by("edition_id"):
        line = lines[row["edition_id"]]
        text = ngettext(
            "“%(edition)s”: %(n)s email unconfirmed – the connection dropped before the server confirmed.",
            "“%(edition)s”: %(n)s emails unconfirmed – the connection dropped before the server confirmed.",
            row["n"],
        )
        said = text % {"edition": line.title, "n": formatting.number(row["n"])}
        yield Attention("warning", said, line.address, _("Decide"))


def _of_services() -> list[Attention]:
    """Services of this process that fail, with what each said and what to do."""
    return [
        Attention("error", service_status.failing(status), reverse("desk:settings"), _("View settings"))
        for status in supervision.current().failing()
        if not (
            CONFIGURATION_DIFFERS.matches(status.problem)
            or HELD.matches(status.problem)
            or is_about_an_edition(status.problem)
        )
    ]


def _of_stalls(config: Config, now: datetime) -> list[Attention]:
    """Editions that have stalled, by whichever machine they are sent."""
    quiet = timedelta(seconds=supervision.current().periods.quiet)
    return [
        Attention(
            "error",
            formatting.sentence(formatting.message(stall.message, config.newsletters[stall.newsletter].zone)),
            reverse("desk:report", args=stall.edition.split("/")),
            _("View progress"),
        )
        for stall in stalls(config, now, quiet)
    ]


def _of_standstills(config: Config, now: datetime) -> Iterator[Attention]:
    """Machines that are not heard from, and those that did not run for a while within a day."""
    zone = next(iter(config.newsletters.values())).zone
    for worker in presence.workers():
        machine = f"{worker.host}:{worker.folder}"
        message = None
        if not worker.alive and not presence.is_this_program(worker):
            message = LOST(machine=machine, seen=worker.seen_at)
        elif worker.frozen_until and now - worker.frozen_until < SHOWN_FOR:
            message = STOOD_STILL(machine=machine, seconds=worker.frozen_seconds, at=worker.frozen_until)
        if message:
            level = "warning" if worker.alive else "error"
            text = formatting.sentence(formatting.message(message, zone))
            yield Attention(level, text, reverse("desk:settings"), _("View settings"))


def _of_restored(config: Config) -> list[Attention]:
    """Return a warning about a restored database, from which nothing is sent until somebody confirms it."""
    if (held := hold.reason()) is None:
        return []
    said = formatting.sentence(formatting.message(held, next(iter(config.newsletters.values())).zone))
    return [Attention("error", said, reverse("desk:restored"), _("Check"))]


def _of_machines() -> list[Attention]:
    """Machines that send nothing because their configuration is another one; this one may be among them."""
    where = reverse("desk:settings")
    return [Attention("error", as_sentence(each), where, _("View settings")) for each in differing_machines()]


def _of_restart(keys: Sequence[str]) -> list[Attention]:
    if not keys:
        return []
    text = _("Restart the program to apply the changes of %(keys)s.") % {"keys": ", ".join(keys)}
    return [Attention("warning", text, reverse("desk:settings"), _("View settings"))]


def _of_mailbox(config: Config) -> Iterator[Attention]:
    """Yield warnings about a bounce mailbox that can't be read, and messages in it that a person must read."""
    if trouble := mailbox_status.trouble(config):
        text = _("Bounces can’t be read: %(why)s") % {"why": formatting.message(trouble)}
        yield Attention("warning", text, reverse("desk:settings"), _("View settings"))
    if count := mailbox_status.set_aside(config):
        text = ngettext(
            "%(n)s message in the bounce mailbox was not understood and had no effect. "
            "It is flagged in the folder %(folder)s. Read it there, and mark it as read.",
            "%(n)s messages in the bounce mailbox were not understood and had no effect. "
            "They are flagged in the folder %(folder)s. Read them there, and mark them as read.",
            count,
        )
        said = text % {"n": formatting.number(count), "folder": config.bounces.imap.folder}
        yield Attention("warning", said, reverse("desk:settings"), _("View settings"))


def _of_unsent() -> Iterator[Attention]:
    """Yield warnings about confirmations and notices that could not be sent."""
    queued = mail_queue.summary()
    count = queued.failing + queued.given_up
    if count:
        text = ngettext(
            "%(n)s email to a subscriber or editor couldn’t be sent: %(why)s",
            "%(n)s emails to subscribers or editors couldn’t be sent: %(why)s",
            count,
        )
        said = text % {"n": formatting.number(count), "why": formatting.message(queued.problem)}
        yield Attention("error" if queued.given_up else "warning", said, reverse("desk:unsent"), _("Show them"))


def _of_refusing_editors(config: Config, now: datetime) -> Iterator[Attention]:
    """Yield warnings about editors whose mail server refuses what we tell them."""
    refusing = mail_queue.refusing_editors(now)
    for name, newsletter in config.newsletters.items():
        for address in refusing:
            if address in newsletter.editors:
                text = _(
                    "%(address)s does not accept our emails, so this editor of “%(newsletter)s” is not notified. "
                    "Correct or remove the address."
                )
                where = reverse("desk:settings-newsletter", args=(name, "general"))
                said = text % {"address": address, "newsletter": newsletter.title}
                yield Attention("warning", said, where, _("Change"))


def _of_sources(failing: Iterable[Health]) -> Iterator[Attention]:
    """Yield warnings about sources that can't be read, one for those with the same problem, with their names first."""
    names: dict[str, list[str]] = {}
    for source in failing:
        said = names.setdefault(formatting.message(_without_subject(source.problem)), [])
        if source.name not in said:
            said.append(source.name)
    for problem, named in names.items():
        shown, more = named[:NAMED], len(named) - NAMED
        if more > 0:
            shown.append(ngettext("%(n)s more", "%(n)s more", more) % {"n": formatting.number(more)})
        yield Attention("warning", f"{formatting.listed(shown)}: {problem}", reverse("desk:sources"), _("View sources"))


def _without_subject(told: Message | None) -> Message | None:
    """Return a message without the address that it begins with."""
    while ABOUT.matches(told) and told is not None and isinstance(inner := told.param("message"), Message):
        told = inner
    return told
