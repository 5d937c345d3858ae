"""What needs attention on the first page: faults, editions that nothing will send, and what waits for a person."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from newsletter import supervision
from newsletter.bounces import mailbox_status
from newsletter.config import Config, Newsletter
from newsletter.editions import held_back
from newsletter.editions.problems import inactivity
from newsletter.editions.titles import subjects
from newsletter.messages import Message
from newsletter.messages.failures import LOST, STOOD_STILL
from newsletter.messages.general import ABOUT
from newsletter.messages.sending import HELD
from newsletter.models import Edition, State
from newsletter.recovery import hold
from newsletter.sending.machines import presence
from newsletter.sending.progress import unknown_results
from newsletter.sending.safeguards.stalls import is_about_an_edition, stalls
from newsletter.transactional import mail_queue
from newsletter.web.desk import formatting
from newsletter.web.desk.home.queries import Card, EditionLine, links_that_fail
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.settings.labels import title_of
from newsletter.web.desk.source_pages import SourceHealth
from newsletter.web.desk.subscribers.past_imports import REPEAT_AFTER
from newsletter.web.desk.workers import failing_service
from subscribers import delayed_confirmations
from subscribers.models import Import
from subscribers.protection.sign_up_limits import under_attack

SHOWN_FOR = timedelta(days=1)
"""For how long it is shown that a machine did not run for a while."""
OVERDUE_AFTER = timedelta(minutes=10)
NAMED = 4
"""The sources that an alert names, at most; it counts the others."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that waits for a person: what it is, and where to go about it.

    `level` is `error`, `warning`, or "" for what is no fault; `is_notice` means that nobody has to do anything.
    """

    level: str
    text: str
    address: str
    act: str
    is_notice: bool = False


def heading(items: Iterable[Attention]) -> str:
    """Return the heading above the items: all is clear unless something waits for a person."""
    to_do = [item for item in items if not item.is_notice]
    if any(item.level for item in to_do):
        return _("Needs your attention")
    return _("Waiting for you") if to_do else _("All clear")


def problems(
    config: Config, cards: Sequence[Card], now: datetime, restart: Sequence[str] = (), *, role: Role = Role.ADMIN
) -> list[Attention]:
    """Return what needs attention, the worst first; `restart` names keys that take effect with the next start.

    What only admins can do is left out for others.
    """
    is_admin = role >= Role.ADMIN
    attentions = chain(
        _of_restored(config),
        _of_stalls(config, now),
        _of_services(),
        _of_restart(restart),
        _of_standstills(config, now),
        (p for card in cards for line in card.open for p in _of_edition(line, card.newsletter, now, role)),
        filter(None, map(_of_inactive, cards)),
        (p for card in cards for p in _of_first_steps(card, is_admin=is_admin)),
        (Attention("error", *link) for link in links_that_fail(config, cards)),
        _of_unknown(cards),
        _of_sources(health for card in cards for health in card.sources if health.state == "failed"),
        _of_mailbox(config),
        _of_unsent(),
        _of_refusing_editors(config, now),
        _of_attacks(config, now),
        _of_delayed(config) if is_admin else (),
        _of_leavers(config, now) if is_admin else (),
    )
    return sorted(attentions, key=lambda p: ("error", "warning", "").index(p.level))


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
            "",
            text % {"newsletter": newsletter.title},
            reverse("desk:newsletter", args=(name,)),
            _("Open"),
            is_notice=True,
        )


def _of_delayed(config: Config) -> Iterator[Attention]:
    """Newsletters whose confirmation emails are delayed, because many people sign up and few confirm."""
    waiting = delayed_confirmations.waiting().values_list("newsletter").annotate(Count("pk")).order_by("newsletter")
    for name, count in waiting:
        if newsletter := config.newsletters.get(name):
            text = ngettext(
                "%(n)s confirmation email of “%(newsletter)s” is delayed, because unusually many people sign up.",
                "%(n)s confirmation emails of “%(newsletter)s” are delayed, because unusually many people sign up.",
                count,
            ) % {"n": formatting.number(count), "newsletter": newsletter.title}
            yield Attention("warning", text, reverse("desk:subscribers-delayed", args=(name,)), _("Open"))


def _of_leavers(config: Config, now: datetime) -> Iterator[Attention]:
    """Newsletters that came from another tool some weeks ago, where people can still leave."""
    for record in Import.objects.to_repeat(now - REPEAT_AFTER).order_by("pk"):
        if newsletter := config.newsletters.get(record.newsletter):
            text = _("Import the people who left “%(newsletter)s” at %(tool)s since %(day)s.") % {
                "newsletter": newsletter.title,
                "tool": record.tool,
                "day": formatting.day(record.at, newsletter.zone),
            }
            yield Attention("", text, reverse("desk:subscribers-imported", args=(record.pk,)), _("Open"))


def notes_for(me: str, config: Config) -> list[Attention]:
    """Return the notes of colleagues for the user that are not done."""
    noted = Edition.objects.filter(newsletter__in=config.newsletters, notes__to=me, notes__done_at=None)
    noted = noted.annotate(open_notes=Count("notes")).order_by("-until", "-pk")
    titles = subjects(list(noted), config)
    return [
        Attention(
            "",
            ngettext("“%(edition)s”: %(n)s note for you", "“%(edition)s”: %(n)s notes for you", edition.open_notes)
            % {"edition": titles[edition.pk], "n": formatting.number(edition.open_notes)},
            reverse("desk:notes", args=(edition.newsletter, edition.period)),
            _("Read"),
        )
        for edition in noted
    ]


def _of_inactive(card: Card) -> Attention | None:
    """Return a warning about an edition that would be sent if its newsletter were not paused."""
    is_held_back = any(line.edition.state in (State.SENDING, State.QUEUED, State.APPROVED) for line in card.open)
    message = inactivity(card.newsletter) if is_held_back else None
    if message is None:
        return None
    address = reverse("desk:settings-newsletter", args=(card.newsletter.name, "general"))
    return Attention("warning", as_sentence(message), address, _("Change"))


def _of_edition(line: EditionLine, newsletter: Newsletter, now: datetime, role: Role) -> Iterator[Attention]:
    edition = line.edition
    newsletter = newsletter.at(edition.cadence)
    if edition.state == State.PAUSED:
        text = _("“%(edition)s” – %(standing)s") % {"edition": line.title, "standing": line.standing}
        yield Attention("error", text, line.address, _("Open"))
    elif edition.waiting and edition.state in (State.DRAFT, State.APPROVED, State.QUEUED):
        text = _("On hold: “%(edition)s” – %(why)s") % {
            "edition": line.title,
            "why": formatting.message(edition.waiting, newsletter.zone),
        }
        is_approved = edition.state == State.APPROVED and not edition.welcome_id
        yield Attention("warning", formatting.sentence(text), *_way(line, to_send=is_approved and role >= Role.SENDER))
    elif _awaits_approval(line) and (newsletter.approval == "editor" or edition.due_at is None):
        level = "warning" if edition.due_at and edition.due_at <= now else ""
        yield Attention(level, _approval_needed(line, newsletter, now, role), line.address, _("Open draft"))
    elif edition.state == State.APPROVED and not _leaves_by_itself(edition, newsletter, now):
        text = _("Approved but not sent or scheduled: “%(edition)s”") % {"edition": line.title}
        yield Attention("warning", text, *_way(line, to_send=role >= Role.SENDER))
    elif edition.state == State.QUEUED and _is_overdue(edition, now) and inactivity(newsletter) is None:
        text = _("Overdue since %(when)s: “%(edition)s”. Check that newsletter run or newsletter worker is running.")
        when = formatting.moment(edition.due_at or edition.queued_at, newsletter.zone)
        yield Attention("error", text % {"edition": line.title, "when": when}, line.address, _("Open"))


def _way(line: EditionLine, *, to_send: bool) -> tuple[str, str]:
    """Return the address and the words of a link to the page for sending an edition, or to the edition itself."""
    if not to_send:
        return line.address, _("Open")
    return reverse("desk:send", args=(line.edition.newsletter, line.edition.period)), _("Send or schedule")


def _awaits_approval(line: EditionLine) -> bool:
    return line.edition.state == State.DRAFT and not line.edition.waiting and not _is_untouched(line.edition)


def _is_untouched(edition: Edition) -> bool:
    """Return whether somebody has begun a letter and written nothing yet."""
    is_blank = edition.standalone and edition.revision == 1 and not (edition.subject or edition.greeting)
    return is_blank and not edition.entries.filter(included=True).exists()


def _approval_needed(line: EditionLine, newsletter: Newsletter, now: datetime, role: Role) -> str:
    """Return what becomes of a draft once it is approved."""
    if line.edition.welcome_id is not None:
        text = _("“%(edition)s” is a welcome email. New subscribers get it once it is approved.")
        return text % {"edition": line.title}
    if newsletter.by_post and not line.edition.standalone:
        return _("“%(edition)s” will be sent as soon as it is approved.") % {"edition": line.title}
    if line.edition.due_at is None:
        text = _("“%(edition)s” is a draft. Someone with sending rights has to approve it.")
        if role >= Role.SENDER:
            text = _("“%(edition)s” is a draft. Approve it, and then choose when to send it.")
        return text % {"edition": line.title}
    text = _("“%(edition)s” needs approval to be sent %(when)s.")
    if line.edition.due_at <= now:
        text = _("Approval is needed: “%(edition)s” was scheduled for %(when)s.")
    return text % {"edition": line.title, "when": formatting.moment(line.edition.due_at, newsletter.zone)}


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


def _of_first_steps(card: Card, *, is_admin: bool) -> Iterator[Attention]:
    """Yield the next step of a newsletter that has sent nothing yet; a draft is listed as what waits for approval."""
    open_steps = [step for step in card.first_steps if not step.done and (is_admin or step.name != "subscribers")]
    if not open_steps or (open_steps[0].name != "subscribers" and any(_awaits_approval(line) for line in card.open)):
        return
    step = open_steps[0]
    text = _("Next step for “%(newsletter)s”: %(step)s") % {"newsletter": card.newsletter.title, "step": step.text}
    if step.address:
        yield Attention("", text, step.address, step.act)
    else:
        yield Attention("", text, reverse("desk:newsletter", args=(card.newsletter.name,)), _("Create a draft"))


def _of_unknown(cards: Iterable[Card]) -> Iterator[Attention]:
    """Editions of which deliveries are unknown, and nobody has decided about them."""
    lines = {line.edition.pk: line for card in cards for line in (*card.open, *filter(None, [card.last]))}
    unsettled = unknown_results(lines).filter(settled=False)
    for row in unsettled.values("edition_id").annotate(n=Count("number")).order_by("edition_id"):
        line = lines[row["edition_id"]]
        text = ngettext(
            "“%(edition)s”: %(n)s email unconfirmed – the connection dropped before the server confirmed.",
            "“%(edition)s”: %(n)s emails unconfirmed – the connection dropped before the server confirmed.",
            row["n"],
        )
        sentence = text % {"edition": line.title, "n": formatting.number(row["n"])}
        yield Attention("warning", sentence, line.address, _("Decide"))


def _of_services() -> list[Attention]:
    """Services of this process that fail, with what each said and what to do."""
    return [
        Attention("error", failing_service(status), reverse("desk:settings-health"), _("View status"))
        for status in supervision.current().failing()
        if not (HELD.matches(status.problem) or is_about_an_edition(status.problem))
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
            yield Attention(level, text, reverse("desk:workers"), _("View machines"))


def _of_restored(config: Config) -> list[Attention]:
    """Return a warning about a restored database, from which nothing is sent until somebody confirms it, or about posts
    that are held back since.
    """
    if (reason := hold.reason()) is None:
        count = held_back.held_back(*config.newsletters).count()
        text = ngettext(
            "%(n)s post may have been sent before the database was restored, and waits for your decision.",
            "%(n)s posts may have been sent before the database was restored, and wait for your decision.",
            count,
        ) % {"n": formatting.number(count)}
        return [Attention("warning", text, reverse("desk:restored"), _("Check"))] if count else []
    sentence = formatting.sentence(formatting.message(reason, next(iter(config.newsletters.values())).zone))
    return [Attention("error", sentence, reverse("desk:restored"), _("Check"))]


def _of_restart(keys: Sequence[str]) -> list[Attention]:
    if not keys:
        return []
    text = _("Restart the program to apply the changes of %(keys)s.") % {"keys": ", ".join(map(title_of, keys))}
    return [Attention("warning", text, reverse("desk:settings"), _("View settings"))]


def _of_mailbox(config: Config) -> Iterator[Attention]:
    """Yield warnings about a bounce mailbox that can't be read, and messages in it that a person must read."""
    page = reverse("desk:settings-site", args=("bounces",))
    if trouble := mailbox_status.trouble(config):
        text = _("Bounces can’t be read: %(why)s") % {"why": formatting.message(trouble)}
        yield Attention("warning", text, page, _("View settings"))
    if count := mailbox_status.set_aside(config):
        text = ngettext(
            "%(n)s message in the bounce mailbox was not understood and had no effect. "
            "It is flagged in the folder %(folder)s. Read it there, and mark it as read.",
            "%(n)s messages in the bounce mailbox were not understood and had no effect. "
            "They are flagged in the folder %(folder)s. Read them there, and mark them as read.",
            count,
        )
        sentence = text % {"n": formatting.number(count), "folder": config.bounces.imap.folder}
        yield Attention("warning", sentence, page, _("View settings"))


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
        sentence = text % {"n": formatting.number(count), "why": formatting.message(queued.problem)}
        yield Attention("error" if queued.given_up else "warning", sentence, reverse("desk:unsent"), _("Show them"))


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
                sentence = text % {"address": address, "newsletter": newsletter.title}
                yield Attention("warning", sentence, where, _("Change"))


def _of_sources(failing: Iterable[SourceHealth]) -> Iterator[Attention]:
    """Yield warnings about sources that can't be read, one for those with the same problem, with their names first."""
    names: dict[str, list[str]] = {}
    for source in failing:
        titles = names.setdefault(formatting.message(_without_subject(source.problem)), [])
        if source.name not in titles:
            titles.append(source.name)
    for problem, sources in names.items():
        shown, more = sources[:NAMED], len(sources) - NAMED
        if more > 0:
            shown.append(ngettext("%(n)s more", "%(n)s more", more) % {"n": formatting.number(more)})
        text = formatting.sentence(f"{formatting.listed(shown)}: {problem}")
        yield Attention("warning", text, reverse("desk:sources"), _("View sources"))


def _without_subject(message: Message | None) -> Message | None:
    """Return a message without the address that it begins with."""
    while ABOUT.matches(message) and message is not None and isinstance(inner := message.param("message"), Message):
        message = inner
    return message
