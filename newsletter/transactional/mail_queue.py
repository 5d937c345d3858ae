"""What has not been sent yet: transactional emails to subscribers, notices to editors, and events for webhooks.

Nothing is sent here, but in `subscriber_mail` and, as later work, in `notice_delivery` and `events/delivering`. A
message waits until it is sent or given up; a message that was given up is kept until it is retried or housekeeping
removes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Aggregate, Count, Max, Min, Q, QuerySet

from newsletter import later
from newsletter.config import Config
from newsletter.delivery import retries
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import Message, from_text
from newsletter.models import LaterWork, Notice
from newsletter.models.later_work import NOTICE_EMAIL, NOTICE_POST
from subscribers.models import TransactionalEmail

LONGEST_HOLD = timedelta(minutes=15)
REFUSING_FOR = timedelta(days=7)

_FAILED = Q(attempts__gt=1) | Q(attempts=1) & (~Q(problem="") | Q(gave_up_at__isnull=False))
"""An attempt counts from its beginning: during the first one nothing has failed yet."""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """An unsent message. `of` is the kind of its later work, "" for an email to a subscriber, and `number` its number
    there. `to` is a masked address, a host, or "" for the editors; `next_try` is None once it is given up.
    """

    of: str
    number: int
    what: str
    newsletter: str
    to: str
    written: datetime
    attempts: int
    next_try: datetime | None
    problem: Message | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The number of messages in the queue: `failing` ones wait for another attempt; `problem` is the latest reason."""

    failing: int
    given_up: int
    problem: Message | None
    since: datetime | None


def emails() -> QuerySet[TransactionalEmail]:
    """Return emails that have not been sent, without delayed ones."""
    return TransactionalEmail.objects.filter(Q(delayed_at=None) | Q(released_at__isnull=False), sent_at=None)


def notices() -> QuerySet[LaterWork]:
    """Return notices that have not been emailed, or not been posted to `alert_url`."""
    return LaterWork.objects.filter(kind__in=(NOTICE_EMAIL, NOTICE_POST), done_at=None)


def works() -> QuerySet[LaterWork]:
    """Return later work that is not done: notices first, then events."""
    return LaterWork.objects.filter(done_at=None).order_by("kind", "created_at", "pk")


def summary() -> Summary:
    """Count emails and notices that failed at least once."""
    failed_emails, failed_notices = emails().filter(_FAILED), later.failed(notices())
    counts = [failed_emails.aggregate(**_counts("created")), failed_notices.aggregate(**_counts("created_at"))]
    problem: Message | None = None
    since = min((each["since"] for each in counts if each["since"]), default=None)
    if since is not None:
        if newest_email := failed_emails.exclude(problem="").order_by("-due").first():
            problem = from_text(newest_email.problem)
        elif newest_notice := failed_notices.order_by("-pk").first():
            problem = newest_notice.problem
    return Summary(
        failing=sum(each["failing"] for each in counts),
        given_up=sum(each["given_up"] for each in counts),
        problem=problem,
        since=since,
    )


def failed() -> int:
    """Return how many emails, notices and events failed at least once."""
    return emails().filter(_FAILED).count() + later.failed(works()).count()


def _counts(written: str) -> dict[str, Aggregate]:
    """Return the aggregates of a summary; `written` is the column with the time of a message."""
    given_up = Q(gave_up_at__isnull=False)
    return {"failing": Count("pk", filter=~given_up), "given_up": Count("pk", filter=given_up), "since": Min(written)}


def messages(limit: int) -> Iterator[QueuedMessage]:
    """Yield the oldest unsent emails, then the oldest unsent notices and events; at most `limit` of each."""
    for email in emails().select_related("subscriber").order_by("created", "pk")[:limit]:
        next_try = None if email.gave_up_at else email.due
        to, problem = email.subscriber.masked, from_text(email.problem)
        yield QueuedMessage(
            "", email.pk, email.kind, email.newsletter, to, email.created, email.attempts, next_try, problem
        )
    for work in works()[:limit]:
        yield QueuedMessage(
            of=work.kind,
            number=work.pk,
            what=work.payload.get("about", work.kind),
            newsletter=work.newsletter,
            to=work.payload.get("to", ""),
            written=work.created_at,
            attempts=work.attempts,
            next_try=None if work.gave_up_at else work.due,
            problem=work.problem,
        )


def refusing_editors(now: datetime) -> list[str]:
    """Return the addresses of editors whose server refused the latest notice to them, within a week."""
    latest: dict[str, str] = {}
    for editors in Notice.objects.filter(at__gt=now - REFUSING_FOR).order_by("pk").values_list("editors", flat=True):
        latest |= editors
    return sorted(address for address, kind in latest.items() if kind == OutcomeKind.REFUSED.value)


def retry(now: datetime) -> int:
    """Make everything that failed due now, with all its attempts again; return the number of messages."""
    return _retry(emails().filter(attempts__gt=0), later.failed(works()), now)


def retry_one(of: str, number: int, now: datetime) -> int:
    """Make one message of the list due now, with all its attempts again; return 0 if it is not there any more."""
    if of:
        return _retry(emails().none(), works().filter(kind=of, pk=number), now)
    return _retry(emails().filter(pk=number), works().none(), now)


@transaction.atomic
def _retry(rows: QuerySet[TransactionalEmail], later_work: QuerySet[LaterWork], now: datetime) -> int:
    count = rows.filter(journal="").update(attempts=0, due=now, gave_up_at=None, leased_until=None)
    numbers = [work.payload["notice"] for work in later_work.filter(kind=NOTICE_EMAIL)]
    for notice in Notice.objects.filter(pk__in=numbers).exclude(editors={}):
        # Who accepted it is kept; who refused it is tried again.
        notice.editors = {a: kind for a, kind in notice.editors.items() if kind != OutcomeKind.REFUSED.value}
        notice.save(update_fields=["editors"])
    return count + later.retry(later_work.order_by(), now)


def is_our_side(outcome: Outcome) -> bool:
    """Return whether no server saw the recipient: it couldn't be reached, or refused the login."""
    return outcome.kind is OutcomeKind.DEFERRED and outcome.fault is Fault.CONNECTION and not outcome.code


def hold_back(configuration: Config, newsletter: str, problem: Message, now: datetime) -> None:
    """Postpone what else is due through a newsletter's provider, which can't be reached or refuses the login.

    Otherwise, a hundred waiting emails would be a hundred failed logins in a row. It costs them no attempt.
    """
    newsletters = configuration.newsletters
    provider = configuration.provider_of(newsletters[newsletter])
    names = [name for name, newsletter in newsletters.items() if configuration.provider_of(newsletter) == provider]
    due = emails().filter(gave_up_at=None, newsletter__in=names)
    pending = notices().filter(kind=NOTICE_EMAIL, gave_up_at=None, newsletter__in=names)
    most = max(query.aggregate(n=Max("attempts"))["n"] or 1 for query in (due, pending))
    until = now + min(retries.transactional_pause(most), LONGEST_HOLD)
    due.filter(due__lt=until).update(due=until)
    pending.filter(due__lt=until).update(due=until, problem=problem)
