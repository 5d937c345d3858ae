"""How long SQLite's other writers wait for each transaction of the program: `python -m tests.bench.bench_transactions`.

    python -m tests.bench.bench_transactions [ROWS] [ACT ...]

Makes a site with so many subscribers (100,000), and as many rows of whatever an act works on, and lets the program do
one act after the other, or only those named. Prints for each place in the program that begins a transaction its longest
one: seconds, CPU seconds, statements and rows written. None may take more than half a second on a quiet machine.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.bench_send import CONFIG
from tests.write_transactions import Recorder, recorded

NEWSLETTER = "kinaforum"
DAY = timedelta(days=1)
BOUND = 0.5
"""Seconds for which a transaction may keep other writers waiting."""
AT_ONCE = 20_000


class Site:
    """The site and its acts; `rows` is how many rows an act works on."""

    def __init__(self, folder: Path, rows: int) -> None:
        from newsletter import config
        from newsletter.start import start

        file = folder / "config.toml"
        file.write_text(CONFIG.format(database="sqlite:///bench.db"), encoding="utf-8")
        start(config.use(config.load(file)))
        from tests.sending import outbox_samples as samples

        self.folder, self.rows, self.now = folder, rows, datetime.now(UTC)
        for first in range(0, rows, AT_ONCE):
            samples.subscribe(f"r{n}@reader{n % 300}.example" for n in range(first, min(first + AT_ONCE, rows)))

    @property
    def configuration(self) -> Any:
        from newsletter import config

        return config.current()

    def fill(self, model: Any, rows: Iterable[Any]) -> None:
        """Store rows."""
        model._default_manager.bulk_create(rows, batch_size=2_000)

    def subscriptions(self) -> list[tuple[int, int]]:
        """Return the primary keys of all subscriptions and of their subscribers."""
        from subscribers.models import Subscription

        return list(Subscription.objects.order_by("pk").values_list("pk", "subscriber"))

    def pending(self, created: datetime, domain: str) -> list[Any]:
        """Let people sign up who don't confirm; return their subscriptions."""
        from subscribers.models import Subscriber, Subscription

        addresses = [f"p{n}@{domain}" for n in range(self.rows)]
        self.fill(
            Subscriber, (Subscriber(address=a, key=a, created=created, **Subscriber.hashed(a)) for a in addresses)
        )
        people = Subscriber.objects.filter(key__endswith=f"@{domain}")
        self.fill(
            Subscription,
            (Subscription(subscriber_id=p, newsletter=NEWSLETTER, created=created) for p in _keys(people)),
        )
        subscriptions = Subscription.objects.filter(newsletter=NEWSLETTER, state=Subscription.State.PENDING)
        return list(subscriptions.order_by("pk"))


def _keys(rows: Any) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def delayed_confirmations(site: Site) -> Callable[[], object]:
    """Send all delayed confirmation emails."""
    from subscribers import delayed_confirmations as confirmations
    from subscribers.models import EmailKind, TransactionalEmail

    pending = site.pending(site.now, "delayed.example")
    emails = (
        TransactionalEmail(
            kind=EmailKind.CONFIRM,
            subscriber_id=each.subscriber_id,
            subscription=each,
            newsletter=NEWSLETTER,
            payload={"consent": n},
            created=site.now,
            delayed_at=site.now,
        )
        for n, each in enumerate(pending)
    )
    site.fill(TransactionalEmail, emails)
    return lambda: confirmations.release(confirmations.waiting(), site.now + DAY)


def expired_requests(site: Site) -> Callable[[], object]:
    """Delete requests that were never confirmed, with what else has expired."""
    from subscribers import signup
    from subscribers.models import Hits

    site.pending(site.now - 40 * DAY, "expired.example")
    site.fill(Hits, (Hits(what=f"{n:032x}", start=0, until=1, count=1) for n in range(site.rows)))
    return lambda: signup.delete_expired(site.now)


def housekeeping(site: Site) -> Callable[[], object]:
    """Delete expired sessions, events, notices, jobs and texts of posts."""
    from django.contrib.sessions.models import Session

    from newsletter.messages.notices import SENT
    from newsletter.models import Notice, Post, RecordedEvent, WebhookEvent
    from newsletter.scheduling import housekeeping as tidying

    old, rows = site.now - 500 * DAY, site.rows
    site.fill(Session, (Session(session_key=f"{n:040}", session_data="x" * 200, expire_date=old) for n in range(rows)))
    site.fill(RecordedEvent, (RecordedEvent(key=f"{n}", kind="x", at=old, data={}) for n in range(rows)))
    site.fill(WebhookEvent, _webhook_events(rows, old))
    site.fill(
        Notice,
        (Notice(newsletter=NEWSLETTER, kind="x", text=SENT(edition="x", counts=()), at=old) for n in range(rows)),
    )
    posts = (
        Post(
            newsletter=NEWSLETTER,
            ordinal=n + 1,
            content_hash="",
            url=f"https://blog.example/{n}",
            link_key=f"blog.example/{n}",
            title="T",
            html="<p>text</p>" * 100,
            first_seen=old,
            changed_at=old,
        )
        for n in range(rows // 10)
    )
    site.fill(Post, posts)
    return lambda: tidying.tidy_database(site.configuration, site.now)


def _webhook_events(rows: int, at: datetime) -> Iterable[Any]:
    from newsletter.models import WebhookEvent

    return (WebhookEvent(provider="x", key=f"{n}", kind="bounce", received_at=at) for n in range(rows))


def erase_former(site: Site) -> Callable[[], object]:
    """Erase people who left three years ago."""
    from subscribers import erasure
    from subscribers.models import Import, RefusedLine, Subscriber, Subscription

    left = site.now - 4 * 366 * DAY
    record = Import.objects.create(at=site.now, file="list.csv")
    lines = (RefusedLine(of=record, line=n, address=f"bad{n}", key=f"bad{n}", reason={}) for n in range(site.rows))
    site.fill(RefusedLine, lines)
    some = Subscriber.objects.order_by("pk")[:2_000]
    keys = list(some.values_list("pk", flat=True))
    Subscriber.objects.filter(pk__in=keys).update(created=left)
    Subscription.objects.filter(subscriber__in=keys).update(state="unsubscribed", unsubscribed_at=left)
    return lambda: erasure.erase_former_subscribers(site.now)


def import_and_undo(site: Site) -> Callable[[], object]:
    """Import a file of new subscribers, and undo that."""
    from newsletter.sending import undoing_imports
    from subscribers import importing
    from subscribers.models import Import
    from tests.bench.bench_import import write

    path = site.folder / "list.csv"
    write(path, site.rows, fields=False)

    def act() -> None:
        importing.import_file(path, NEWSLETTER)
        undoing_imports.undo(Import.objects.latest("pk"))

    return act


def edition(site: Site) -> Callable[[], object]:
    """Draft, approve, queue and begin an edition, skip and resend it, and delete its deliveries."""
    from newsletter.editions import approval, draft
    from newsletter.editions.selection.windows import RequestedWindow
    from newsletter.models import Edition, State
    from newsletter.scheduling import old_deliveries
    from newsletter.sending import lifecycle, resending, unknown_deliveries
    from tests import factories

    factories.configured()
    factories.collected_before()
    at = factories.NOW
    for number in range(20):
        html = f"<p>{number} {'text with <b>words</b> ' * 100}</p>"
        factories.collected(factories.found(f"p{number}", at - timedelta(hours=number + 1), html=html), now=at)

    def act() -> None:
        newsletter = factories.kinaforum()
        made = draft.make(site.configuration, newsletter, RequestedWindow(until=at), now=at, read_sources=False)
        draft.refresh(site.configuration, made, now=at, read_sources=False)
        approval.approve(site.configuration, made, now=at)
        approval.queue(site.configuration, made, now=at)
        lifecycle.begin_due(site.configuration, at)
        _all_results(made, "skipped")
        Edition.objects.filter(pk=made.pk).update(state=State.SENT)
        made.refresh_from_db()
        resending.send_to_missed(site.configuration, made, now=at)
        lifecycle.pause(made, now=at)
        lifecycle.cancel(site.configuration, made, now=at)
        _all_results(made, "unknown")
        Edition.objects.filter(pk=made.pk).update(state=State.SENT)
        unknown_deliveries.leave(made, now=at)
        from newsletter.models import Result

        Result.objects.filter(edition=made).update(settled=False)
        unknown_deliveries.resend(made, now=at)
        _all_results(made, "accepted")
        Edition.objects.filter(pk=made.pk).update(state=State.SENT, ended_at=at)
        old_deliveries._roll_up(made, at)

    return act


def _all_results(made: Any, kind: str) -> None:
    """Give all deliveries of an edition this result."""
    from newsletter.models import Chunk, Result, Retry, Tally

    Tally.objects.filter(edition=made).delete()
    Result.objects.filter(edition=made).delete()
    Retry.objects.filter(edition=made).delete()
    Chunk.objects.filter(edition=made).update(closed_at=made.created_at)
    made.refresh_from_db()
    at, numbers = made.created_at.timestamp(), range(1, made.audience + 1)
    rows = (Result(edition=made, number=n, attempt=1, kind=kind, at=at) for n in numbers)
    Result.objects.bulk_create(rows, batch_size=2_000)
    Tally.objects.create(edition=made, at=made.created_at, **{kind: made.audience})


def rekey(site: Site) -> Callable[[], object]:
    """Recompute all hashes after the secret key was changed."""
    from subscribers.models import Fingerprint

    return lambda: Fingerprint.objects.get(pk=1).rekey("another key, long enough to be one of the usual length")


def unsubscribe_all(site: Site) -> Callable[[], object]:
    """Unsubscribe everybody at once, as the desk's job does."""
    from subscribers import preferences

    numbers = [subscription for subscription, _ in site.subscriptions()]
    return lambda: preferences.unsubscribe_all(numbers[:500], site.now)


ACTS = (
    delayed_confirmations,
    expired_requests,
    housekeeping,
    erase_former,
    import_and_undo,
    edition,
    rekey,
    unsubscribe_all,
)


def main(rows: int = 100_000, *names: str) -> None:
    """Measure and print."""
    total = Recorder()
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        site = Site(Path(folder), rows)
        for act in ACTS:
            if names and act.__name__ not in names:
                continue
            run = act(site)
            began = time.perf_counter()
            with recorded() as recorder:
                run()
            total.ended += recorder.ended
            sys.stdout.write(f"{act.__name__}: {time.perf_counter() - began:.1f} s in all\n")
            for each in recorder.longest[:8]:
                times = f"{each.seconds:7.3f} s, {each.cpu:7.3f} s of CPU time"
                sys.stdout.write(f"  {times} {each.statements:6} statements {each.rows:8} rows  {each.place}\n")
            sys.stdout.flush()
    above = [each.place for each in total.longest if each.seconds > BOUND]
    sys.stdout.write(f"above {BOUND} s: {', '.join(above) or 'none'}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
