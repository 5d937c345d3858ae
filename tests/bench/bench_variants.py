"""What choices of readers cost: `python -m tests.bench.bench_variants [READERS] [ROUNDS]`, on SQLite.

Readers in four cadences get posts for some days, and some change. Then a weekly edition has a variant for every mark,
and the next one finds all readers at the same mark. For each of the two: how long approval takes, how many variants it
freezes and of how many bytes, how long the audience takes, the CPU time of a mail (claim, last look, lease, message,
results), and how many queries each step needs. The last line is how much more a mail of the first kind costs.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.bench_send import CONFIG

if TYPE_CHECKING:
    from newsletter.models import Edition

CHUNK = 500
CADENCES = ("week", "post", "day", "month")
POSTS_A_DAY, DAYS = 2, 4
CHANGED = 0.02
"""The part of each cadence's readers who change to another one each day, and back."""
DAY = timedelta(days=1)


@dataclass
class Step:
    """What a step took: seconds of the clock and of the processor, and queries."""

    wall: float = 0.0
    cpu: float = 0.0
    queries: int = 0


@contextmanager
def measured() -> Iterator[Step]:
    """Measure what is done within."""
    from django.db import connection

    step = Step()

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        step.queries += 1
        return execute(*arguments)

    wall, cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        yield step
    step.wall, step.cpu = time.perf_counter() - wall, time.process_time() - cpu


class Newsletter:
    """A newsletter with four cadences, and what happens to it day after day."""

    def __init__(self, readers: int) -> None:
        from newsletter.config import CadenceSettings
        from tests import factories
        from tests.sending import outbox_samples as samples

        own = {c: CadenceSettings() for c in CADENCES[1:]}
        factories.configured(cadences=CADENCES, cadence=own, minimum_posts=0, body="title")
        factories.collected_before()
        for first in range(0, readers, 50_000):
            samples.subscribe(f"r{n}@reader.example" for n in range(first, min(first + 50_000, readers)))
        self.now: datetime = factories.NOW
        self.posts = 0
        self.listed: list[Any] = []
        self._choose(enumerate(CADENCES))

    def _choose(self, cadences: Any) -> None:
        from subscribers.models import Subscription

        for remainder, cadence in cadences:
            Subscription.objects.extra(where=[f"id % {len(CADENCES)} = {remainder}"]).update(cadence=cadence)

    def publish(self, count: int) -> None:
        """Let the blog publish so many posts, and read them."""
        from tests import factories

        for _ in range(count):
            self.now += timedelta(minutes=1)
            self.posts += 1
            self.listed.append(factories.found(f"p{self.posts}", self.now))
        self.now += timedelta(minutes=1)
        factories.collected(*self.listed[-60:], now=self.now)

    def pass_days(self, days: int) -> None:
        """Let posts be published and sent to those who get each of them, or each day's; a few readers change."""
        from newsletter.sending import lifecycle

        for _ in range(days):
            self.publish(POSTS_A_DAY)
            for cadence in ("post",) * POSTS_A_DAY + ("day",):
                edition = self.queued(self.approved(cadence))
                lifecycle.cancel(self.configuration, edition, now=self.now)
            self.change()
            self.now += DAY

    def change(self) -> None:
        """Let a part of each cadence's readers change to the weekly one, and as many from there."""
        from subscribers.models import Subscription

        for cadence in CADENCES[1:]:
            readers = Subscription.objects.filter(cadence=cadence)
            most = int(readers.count() * CHANGED)
            away = list(readers.order_by("-mark", "pk").values_list("pk", flat=True)[:most])
            there = Subscription.objects.filter(cadence="week").order_by("mark", "pk")
            back = list(there.values_list("pk", flat=True)[:most])
            for first in range(0, most, CHUNK):
                Subscription.objects.filter(pk__in=away[first : first + CHUNK]).update(cadence="week")
                Subscription.objects.filter(pk__in=back[first : first + CHUNK]).update(cadence=cadence)

    @property
    def configuration(self) -> Any:
        from newsletter import config

        return config.current()

    def drafted(self, cadence: str) -> "Edition":
        from newsletter.editions import draft
        from newsletter.editions.selection.windows import RequestedWindow
        from tests.factories import kinaforum

        asked = None if cadence == "post" else RequestedWindow(until=self.now)
        newsletter = kinaforum().at(cadence)
        return draft.make(self.configuration, newsletter, asked, now=self.now, read_sources=False)

    def approved(self, cadence: str, made: "Edition | None" = None) -> "Edition":
        from newsletter.editions import approval

        draft = made or self.drafted(cadence)
        return approval.approve(self.configuration, draft, now=self.now, despite=("empty",))

    def queued(self, edition: "Edition") -> "Edition":
        from newsletter.editions import approval
        from newsletter.sending import lifecycle

        approval.queue(self.configuration, edition, now=self.now)
        lifecycle.begin_due(self.configuration, self.now)
        edition.refresh_from_db()
        return edition


def _send() -> tuple[int, int]:
    """Claim, look, build and record all mails, as a sending process does; return how many, and their bytes."""
    from newsletter.mime.message_builder import MessageBuilder
    from tests.sending import outbox_samples as samples

    box, mails, size = samples.outbox(), 0, 0
    builder, built = None, None
    while batch := box.next(CHUNK):
        begun = box.begin(batch)
        box.renew_leases([(begun.edition, begun.chunk)])
        if builder is None or batch.segments is not built:
            builder, built = MessageBuilder(batch.segments), batch.segments
        size += sum(builder.build(reader).size for reader in begun.readers)
        outcomes = [samples.outcome(reader.number, queue_id="4A7F33") for reader in begun.readers]
        box.settle(begun.edition, begun.chunk, outcomes, finished=True)
        mails += len(begun.readers)
    return mails, size


def measure(newsletter: Newsletter, what: str) -> float:
    """Approve and send a weekly edition; print the figures, and return microseconds of CPU time a mail."""
    from newsletter.models import ApprovedContent

    made = newsletter.drafted("week")
    with measured() as approving:
        edition = newsletter.approved("week", made)
    with measured() as beginning:
        newsletter.queued(edition)
    with measured() as sending:
        mails, size = _send()
    variants = list(edition.variants.all())
    content = ApprovedContent.objects.get(edition=edition)
    frozen = len(content.segments) + sum(len(v.segments) for v in variants)
    readers = sorted((v.last - (v.first or 1) + 1 for v in variants if v.last is not None), reverse=True)
    cost, queries = sending.cpu / mails * 1e6, sending.queries * CHUNK / mails
    lines = (
        f"{what}: {len(variants)} variants frozen, of which {len(readers)} have readers: {readers}",
        f"  approval {approving.wall:.2f} s ({approving.cpu:.2f} s CPU), {frozen} bytes, {approving.queries} queries",
        f"  audience of {mails} in {beginning.wall:.2f} s ({beginning.cpu:.2f} s CPU), {beginning.queries} queries",
        f"  sending {cost:.1f} µs CPU a mail of {size // mails} bytes, {queries:.1f} queries for {CHUNK}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return cost


def main(words: Sequence[str]) -> None:
    """Measure in turn, so that what else the machine does concerns both."""
    readers, rounds = int(words[0]) if words else 100_000, int(words[1]) if len(words) > 1 else 3
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        from newsletter import config
        from newsletter.start import start

        file = Path(folder) / "config.toml"
        file.write_text(CONFIG.format(database="sqlite:///bench.db"), encoding="utf-8")
        start(config.use(config.load(file)))
        from newsletter.sending.sql import database

        newsletter = Newsletter(readers)
        database.make_durable()
        ratios = []
        for _ in range(rounds):
            newsletter.pass_days(DAYS)
            many = measure(newsletter, "many variants")
            newsletter.publish(POSTS_A_DAY * DAYS)
            one = measure(newsletter, "one variant")
            ratios.append(many / one)
        more = [f"{(ratio - 1) * 100:+.1f} %" for ratio in ratios]
        middle = (statistics.median(ratios) - 1) * 100
        sys.stdout.write(f"a mail of many variants costs {middle:+.1f} % ({', '.join(more)})\n")


if __name__ == "__main__":
    main(sys.argv[1:])
