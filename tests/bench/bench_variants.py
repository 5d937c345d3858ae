"""What choices of readers cost: `python -m tests.bench.bench_variants [READERS] [ROUNDS] [--topics N] [--postgresql]`.

Readers in four cadences get posts for some days, and some change. Then a weekly edition has a variant for each set of
posts that readers lack, and the next one has the same posts for all. With topics, 60 % of the readers pick none,
25 % one, 10 % two and 5 % three, some topics more often than others, and a post is in one or two. For each edition:
how long approval takes, how many variants it freezes and of how many bytes, how long the audience takes, the CPU time
of a mail (claim, last look, lease, message, results; with PostgreSQL without the server's), and how many queries each
step needs. The two editions are sent in turn, a chunk of one and then of the other. The last line is how much more
a mail of the first edition costs in variants with at least 500 readers.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.bench_send import CONFIG
from tests.doubles import postgresql

if TYPE_CHECKING:
    from newsletter.models import Edition, Variant

CHUNK = 500
CADENCES = ("week", "post", "day", "month")
POSTS_A_DAY, DAYS = 2, 4
CHANGED = 0.02
"""The part of each cadence's readers who change to another one each day, and back."""
DAY = timedelta(days=1)
PICKED = (0.60, 0.25, 0.10, 0.05)
"""The parts of the readers who pick no topic, one, two and three."""
SLOTS = 1_000
"""Groups of readers that pick the same."""


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

    def __init__(self, readers: int, topics: int) -> None:
        from newsletter.config import CadenceSettings, Topic
        from tests import factories
        from tests.sending import outbox_samples as samples

        own = {c: CadenceSettings() for c in CADENCES[1:]}
        self.topics = [f"t{n}" for n in range(topics)]
        self._weights = [1 / (n + 1) for n in range(topics)]
        self._random = random.Random(15)
        configured = {name: Topic(categories=(name,)) for name in self.topics}
        limits = {"minimum_posts": 0, "maximum_variants": 4096}
        factories.configured(cadences=CADENCES, cadence=own, body="title", topics=configured, **limits)
        factories.collected_before()
        for first in range(0, readers, 50_000):
            samples.subscribe(f"r{n}@reader.example" for n in range(first, min(first + 50_000, readers)))
        self.now: datetime = factories.NOW
        self.posts = 0
        self.listed: list[Any] = []
        self._choose(enumerate(CADENCES))
        if topics:
            self._pick()

    def _choose(self, cadences: Any) -> None:
        from subscribers.models import Subscription

        for remainder, cadence in cadences:
            Subscription.objects.extra(where=[_modulo("id", len(CADENCES)) + f" = {remainder}"]).update(cadence=cadence)

    def _pick(self) -> None:
        from newsletter.domain.picks import picks_of
        from subscribers.models import Subscription

        slots: dict[str, list[str]] = {}
        for slot in range(SLOTS):
            count = self._random.choices(range(len(PICKED)), PICKED)[0]
            slots.setdefault(picks_of(self._some(count)), []).append(str(slot))
        for picks, those in slots.items():
            where = f"{_modulo(f'(id / {len(CADENCES)})', SLOTS)} IN ({', '.join(those)})"
            Subscription.objects.extra(where=[where]).update(topics=picks)

    def _some(self, count: int) -> set[str]:
        """Return so many topics, the first ones more often."""
        found: set[str] = set()
        while len(found) < count:
            found |= set(self._random.choices(self.topics, self._weights))
        return found

    def publish(self, count: int, *, for_all: bool = False) -> None:
        """Let the blog publish so many posts, each in one or two topics, or in all, and read them."""
        from tests import factories

        for _ in range(count):
            self.now += timedelta(minutes=1)
            self.posts += 1
            inside = self.topics if for_all else self._some(self._random.randint(1, 2)) if self.topics else ()
            self.listed.append(factories.found(f"p{self.posts}", self.now, categories=tuple(inside)))
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
        from subscribers.models import Subscription, store_sets

        for cadence in CADENCES[1:]:
            readers = Subscription.objects.filter(cadence=cadence)
            most = int(readers.count() * CHANGED)
            away = list(readers.order_by("-offered", "pk").values_list("pk", flat=True)[:most])
            there = Subscription.objects.filter(cadence="week").order_by("offered", "pk")
            back = list(there.values_list("pk", flat=True)[:most])
            for first in range(0, most, CHUNK):
                for keys, chosen in ((away, "week"), (back, cadence)):
                    some = Subscription.objects.filter(pk__in=keys[first : first + CHUNK])
                    store_sets(some, "kinaforum")
                    some.update(cadence=chosen)

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
        return approval.approve(self.configuration, draft, now=self.now)

    def queued(self, edition: "Edition") -> "Edition":
        from newsletter.editions import approval
        from newsletter.sending import lifecycle

        approval.queue(self.configuration, edition, now=self.now)
        lifecycle.begin_due(self.configuration, self.now)
        edition.refresh_from_db()
        return edition


def _modulo(number: str, divisor: int) -> str:
    """Return SQL for a remainder that both databases understand, without a percent sign."""
    return f"({number} - {number} / {divisor} * {divisor})"


@dataclass
class Sent:
    """Mails, their bytes, queries and what they cost; `large`: only in variants with at least a chunk of readers."""

    mails: int = 0
    size: int = 0
    queries: int = 0
    chunks: int = 0
    cpu: float = 0.0
    large_mails: int = 0
    large_size: int = 0
    large_cpu: float = 0.0

    @property
    def cost(self) -> float:
        """Microseconds of CPU time of a mail in a large variant."""
        return self.large_cpu / self.large_mails * 1e6


class Sending:
    """An edition that is being sent: one chunk whenever it is its turn."""

    def __init__(self, edition: "Edition") -> None:
        from newsletter.models import Edition, State
        from tests.sending import outbox_samples as samples

        self.edition = edition
        self.sent = Sent()
        self.over = False
        self._box = samples.outbox()
        self._builder: Any = None
        self._built: object = None
        Edition.objects.filter(pk=edition.pk).update(state=State.PAUSED)
        sizes = [(v.last or 0, _size(v)) for v in edition.variants.exclude(last=None).order_by("last")]
        everybody = edition.audience or 0
        self._sizes = sizes or [(everybody, everybody)]  # all have the first variant

    @property
    def readers(self) -> list[int]:
        """How many each variant has, the largest first."""
        return sorted((size for _, size in self._sizes), reverse=True)

    def send_chunk(self) -> None:
        """Send a chunk; the edition is paused before and after, while others are sent."""
        from newsletter.models import Edition, State

        editions = Edition.objects.filter(pk=self.edition.pk)
        editions.update(state=State.SENDING)
        self._send_chunk()
        editions.update(state=State.PAUSED)

    def _send_chunk(self) -> None:
        """Claim, look, build and record the mails, as a sending process does."""
        from newsletter.mime.message_builder import MessageBuilder
        from tests.sending import outbox_samples as samples

        with measured() as step:
            batch = self._box.next(CHUNK)
            if batch is None:
                self.over = True
                return
            begun = self._box.begin(batch)
            self._box.renew_leases([(begun.edition, begun.chunk)])
            if batch.email is not self._built:
                self._builder, self._built = MessageBuilder(batch.email), batch.email
            size = sum(self._builder.build(recipient).size for recipient in begun.recipients)
            outcomes = [samples.outcome(recipient.number, queue_id="4A7F33") for recipient in begun.recipients]
            self._box.settle(begun.edition, begun.chunk, outcomes, finished=True)
        self._count(len(begun.recipients), size, step, next(iter(batch.attempts)))

    def _count(self, mails: int, size: int, step: Step, first: int) -> None:
        sent = self.sent
        sent.mails, sent.size, sent.chunks = sent.mails + mails, sent.size + size, sent.chunks + 1
        sent.queries, sent.cpu = sent.queries + step.queries, sent.cpu + step.cpu
        if next(count for last, count in self._sizes if last >= first) >= CHUNK:
            sent.large_mails, sent.large_size = sent.large_mails + mails, sent.large_size + size
            sent.large_cpu += step.cpu


def _size(variant: "Variant") -> int:
    return (variant.last or 0) - (variant.first or 1) + 1


def prepared(newsletter: Newsletter, what: str) -> Sending:
    """Approve a weekly edition and fix its audience; print what that took."""
    from newsletter.models import ApprovedContent

    made = newsletter.drafted("week")
    with measured() as approving:
        edition = newsletter.approved("week", made)
    with measured() as beginning:
        newsletter.queued(edition)
    variants = list(edition.variants.all())
    content = ApprovedContent.objects.get(edition=edition)
    frozen = len(content.segments) + sum(len(v.segments) for v in variants)
    sending = Sending(edition)
    readers = sending.readers
    shown = readers if len(readers) <= 12 else f"{readers[:8]} and {len(readers) - 8} smaller ones"
    _print(
        f"{what}: {len(variants)} variants frozen, of which {len(readers)} have readers: {shown}",
        f"  approval {approving.wall:.2f} s ({approving.cpu:.2f} s CPU), {frozen} bytes, {approving.queries} queries",
        (
            f"  audience of {edition.audience} in {beginning.wall:.2f} s ({beginning.cpu:.2f} s CPU), "
            f"{beginning.queries} queries"
        ),
    )
    return sending


def send_in_turn(*editions: Sending) -> None:
    """Send a chunk of each edition in turn, so that what else the machine does concerns all of them."""
    while waiting := [each for each in editions if not each.over]:
        for each in waiting:
            each.send_chunk()


def warm_up(newsletter: Newsletter) -> None:
    """Send an edition before anything is measured: queries are compiled when they are run for the first time."""
    newsletter.publish(1)
    send_in_turn(Sending(newsletter.queued(newsletter.approved("week"))))


def report(what: str, sending: Sending) -> None:
    """Print what the mails of an edition cost."""
    sent, large = sending.sent, sum(1 for count in sending.readers if count >= CHUNK)
    size, large_size = sent.size // sent.mails, sent.large_size // sent.large_mails
    _print(
        f"{what}: {sent.mails} mails of {size} bytes in {sent.chunks} chunks, {sent.queries} queries",
        (
            f"  {sent.cpu / sent.mails * 1e6:.1f} µs CPU a mail; {sent.cost:.1f} µs for each of the {sent.large_mails} "
            f"of {large_size} bytes in the {large} variants of {CHUNK} readers or more"
        ),
    )


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure several rounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", type=int, nargs="?", default=100_000)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--topics", type=int, default=0)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-bench-")))
        database = stack.enter_context(postgresql.running()) if given.postgresql else "sqlite:///bench.db"
        begin(folder, database)
        newsletter = Newsletter(given.readers, given.topics)
        warm_up(newsletter)
        ratios = []
        for _ in range(given.rounds):
            newsletter.pass_days(DAYS)
            many = prepared(newsletter, "many variants")
            newsletter.publish(POSTS_A_DAY * DAYS, for_all=True)
            one = prepared(newsletter, "one variant")
            send_in_turn(many, one)
            report("many variants", many)
            report("one variant", one)
            ratios.append(many.sent.cost / one.sent.cost)
        more = [f"{(ratio - 1) * 100:+.1f} %" for ratio in ratios]
        middle = (statistics.median(ratios) - 1) * 100
        _print(f"a mail of many variants costs {middle:+.1f} % ({', '.join(more)})")


def begin(folder: Path, database: str) -> None:
    """Start with a new database."""
    from newsletter import config
    from newsletter.start import start

    file = folder / "config.toml"
    file.write_text(CONFIG.format(database=database), encoding="utf-8")
    start(config.use(config.load(file)))
    from newsletter.sending.sql import database as databases

    databases.make_durable()


if __name__ == "__main__":
    main()
