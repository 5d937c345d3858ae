"""Renders and sends the emails that `subscribers` stored (confirmation, welcome …).

Each is a row before it is composed, so that a kill loses none. It is taken with a lease, retried for days with
growing pauses, and given up with a reason that is kept. Emails in flight at a kill may be sent twice, but not those of
`sent_once`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path

from django.db.models import QuerySet

from newsletter.config import Config, Newsletter
from newsletter.delivery import retries
from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.editions import notices
from newsletter.editions.letterheads import letterhead
from newsletter.editions.local_links import LinkProblem, check_addresses
from newsletter.editions.public_editions import in_archive
from newsletter.later.leases import free, lease
from newsletter.logs import log_event
from newsletter.messages import Message
from newsletter.messages.delivery import NOT_NOW
from newsletter.recovery import hold
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.message import encoded_transactional
from newsletter.render.transactional import render_email, render_shared_email
from newsletter.transactional import mail_queue, sent_once
from newsletter.transactional.transport import Outgoing, post_all, unsent
from subscribers import waiting_unsubscriptions
from subscribers.models import EmailKind, Suppression, TransactionalEmail
from subscribers.transactional import Composed, Latest, compose

log = logging.getLogger("newsletter.letters")

LEASE = timedelta(minutes=5)
AT_ONCE = 200
BATCHES = 20
"""After so many, the service shows that it is not stuck; the rest follows at once or a few seconds later."""
SENT = (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
TELL_AFTER = 3
"""Attempts without a usable server after which editors are notified: seven minutes."""

_Form = tuple[str, str, str, str]
"""Template, language, newsletter, and the context without its token."""


def send_due(configuration: Config, now: datetime) -> int:
    """Send every email that is due; return the number that were accepted. A restored database waits.

    Unsubscriptions that wait for the database are applied first.
    """
    if hold.reason():
        return 0
    waiting_unsubscriptions.apply_all()
    sent_once.settle(configuration, now)
    by_provider: dict[tuple[str, bool], list[TransactionalEmail]] = {}
    for row in _due_emails(now):
        provider = configuration.provider_of(_known(configuration, row.newsletter))
        by_provider.setdefault((provider, row.kind in sent_once.KINDS), []).append(row)
    sent = sum(_send_batch(configuration, name, rows, now, once=once) for (name, once), rows in by_provider.items())
    if by_provider:
        waiting = mail_queue.emails().filter(gave_up_at=None).count()
        log_event(log, "letters", f"letters: {sent} sent, {waiting} waiting", sent=sent, waiting=waiting)
    return sent


def send_all_due(configuration: Config, now: datetime) -> None:
    """Send what is due in batches, at most `BATCHES`; ends early if no message of a batch was accepted."""
    for _ in range(BATCHES):
        if not send_due(configuration, now) or not is_due(now):
            return


def is_due(now: datetime) -> bool:
    """Return whether an email may be sent now. In a restored database, none may."""
    return not hold.reason() and _waiting(now).exists()


def _due_emails(now: datetime) -> list[TransactionalEmail]:
    """Lease and return emails that are due."""
    due = (
        _waiting(now)
        .order_by("due", "pk")
        .select_related("subscriber", "subscription")
        .prefetch_related("subscription__consents")
    )
    return lease(due, now, LEASE, AT_ONCE)


def _waiting(now: datetime) -> QuerySet[TransactionalEmail]:
    return mail_queue.emails().filter(free(now), due__lte=now, gave_up_at=None, journal="")


def _send_batch(
    configuration: Config, provider: str, rows: Sequence[TransactionalEmail], now: datetime, *, once: bool
) -> int:
    """Send emails over the same connections; outcomes are recorded as they arrive."""
    numbered = dict(enumerate(rows, 1))
    messages = list(_messages(configuration, numbered, now))
    waiting = {message.recipient.number: numbered[message.recipient.number] for message in messages}
    accepted = 0

    def record(outcomes: Sequence[Outcome]) -> None:
        nonlocal accepted
        accepted += sum(outcome.kind is OutcomeKind.ACCEPTED for outcome in outcomes)
        _record(configuration, [(waiting.pop(outcome.number), outcome) for outcome in outcomes], now)

    keep = partial(sent_once.create_journal, configuration, dict(waiting)) if once else None
    problem = post_all(configuration, provider, messages, record, keep) if messages else None
    if waiting:
        _not_sent(configuration, list(waiting.values()), problem, now)
    return accepted


def _messages(configuration: Config, rows: Mapping[int, TransactionalEmail], now: datetime) -> Iterator[Outgoing]:
    """Yield the messages of numbered emails. An email that need not or can't be sent is recorded and omitted."""
    templates = configuration.folder / "templates"
    for (_, language, newsletter, _), alike in _alike(configuration, rows, now).items():
        settings = _known(configuration, newsletter)
        head = replace(letterhead(configuration, settings), language=language or settings.language)
        shared = _shared(templates, head, next(iter(alike.values())), now) if len(alike) > 1 else None
        for number, composed in alike.items():
            row = rows[number]
            try:
                check_addresses(configuration, head.newsletter, [composed.address])
                email = shared or _encoded(
                    render_email(composed.template, head, composed.context, templates), head, composed, now
                )
            except (TemplateProblem, LinkProblem) as problem:
                _put_off(row, problem.message, now)
                continue
            recipient = Recipient(number, composed.address, composed.token, f"letter.{row.pk}", composed.name)
            yield Outgoing(email, recipient)


def _alike(
    configuration: Config, rows: Mapping[int, TransactionalEmail], now: datetime
) -> dict[_Form, dict[int, Composed]]:
    """Return composed emails by number, grouped if they differ only in name, address and token."""
    keys = [row.subscriber.key for row in rows.values() if row.kind == EmailKind.CONFIRM]
    blocked = Suppression.objects.suppressed(keys)
    latest = lru_cache(_latest)
    groups: dict[_Form, dict[int, Composed]] = {}
    for number, row in rows.items():
        newest = latest(row.newsletter) if row.kind == EmailKind.WELCOME else None
        composed = compose(configuration, row, newest, may_be_blocked=row.subscriber.key in blocked)
        if composed is None:
            TransactionalEmail.objects.filter(pk=row.pk).update(sent_at=now, leased_until=None)
            continue
        content = repr(composed.context).replace(composed.token, "\0")
        form = (composed.template, composed.language, composed.newsletter, content)
        groups.setdefault(form, {})[number] = composed
    return groups


def _shared(templates: Path, head: Letterhead, composed: Composed, now: datetime) -> EncodedEmail | None:
    """Return the email for all emails like this one; None if each must be rendered, which also reports problems."""
    try:
        rendered = render_shared_email(composed.template, head, composed.context, composed.token, templates)
    except TemplateProblem:
        return None
    return _encoded(rendered, head, composed, now) if rendered else None


def _encoded(rendered: Rendered, head: Letterhead, composed: Composed, now: datetime) -> EncodedEmail:
    """Return the encoded email. The question whether to stay has List-Unsubscribe, since nobody asked for it."""
    return encoded_transactional(rendered, head, date=now, unsubscribe=composed.template == EmailKind.ASK)


def _record(configuration: Config, results: Sequence[tuple[TransactionalEmail, Outcome]], now: datetime) -> None:
    sent = [row.pk for row, outcome in results if outcome.kind in SENT]
    TransactionalEmail.objects.filter(pk__in=sent).update(sent_at=now, leased_until=None, problem="")
    for row, outcome in results:
        if outcome.kind not in SENT:
            _try_again(configuration, row, outcome, now)


def _not_sent(
    configuration: Config, rows: Sequence[TransactionalEmail], problem: Message | None, now: datetime
) -> None:
    """Record that the server could not be used, which counts as an attempt for the first email only."""
    for row in rows[1:]:
        TransactionalEmail.objects.filter(pk=row.pk).update(
            leased_until=None, attempts=row.attempts - 1, journal="", number=None
        )
    _try_again(configuration, rows[0], unsent(1, problem), now)


def _try_again(configuration: Config, row: TransactionalEmail, outcome: Outcome, now: datetime) -> None:
    """Plan the next attempt, or give up after a refusal or the last attempt."""
    last = outcome.kind == OutcomeKind.REFUSED or row.attempts >= retries.MOST_TRANSACTIONAL_ATTEMPTS
    TransactionalEmail.objects.filter(pk=row.pk).update(
        leased_until=None,
        journal="",
        number=None,
        due=now + retries.transactional_pause(row.attempts),
        gave_up_at=now if last else None,
        problem=outcome.explanation.to_text() if outcome.explanation else "",
    )
    why = outcome.explanation or f"{outcome.code or ''} {outcome.status}".strip() or "no answer"
    log.warning("letter %s was %s: %s", row.pk, outcome.kind, why)
    if mail_queue.is_our_side(outcome):
        newsletter = _known(configuration, row.newsletter).name
        problem = outcome.explanation or NOT_NOW()
        mail_queue.hold_back(configuration, newsletter, problem, now)
        if row.attempts >= TELL_AFTER:
            notices.tell_of_mail(newsletter, problem, now)


def _latest(newsletter: str) -> Latest | None:
    """Return the newest edition in the archive."""
    edition = in_archive(newsletter).select_related("approved_content").order_by("-until", "-pk").first()
    return Latest(edition.approved_content.subject, f"/n/{edition.name}/") if edition else None


def _put_off(row: TransactionalEmail, problem: Message, now: datetime) -> None:
    """Postpone an email until an invalid template or `site.url` is fixed, which uses none of its attempts."""
    log.error("letter %s can't be sent: %s", row.pk, problem)
    TransactionalEmail.objects.filter(pk=row.pk).update(
        attempts=row.attempts - 1, leased_until=None, due=now + LEASE, problem=problem.to_text()
    )


def _known(configuration: Config, newsletter: str) -> Newsletter:
    """Return the newsletter, or the first one where `config.toml` no longer has it."""
    return configuration.newsletters.get(newsletter) or next(iter(configuration.newsletters.values()))
