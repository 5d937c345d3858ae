"""What sets of posts cost over time: `python -m tests.bench.bench_sets [READERS] [DAYS] [--posts N] [--postgresql]`.

Readers in four cadences, 40 % of them with some of twelve topics, live through a simulated year. The blog has some
posts a week; a single-post edition goes out for each, and daily, weekly and monthly ones. Each day some people join,
pause for weeks, leave, come back, and change their frequency or their topics. Deliveries are dropped once an edition
is sent, as they are after some time, so that only the sets say who was offered what.

After each month: the sets that are stored and their bytes, how many subscriptions have one of their own, the longest
one, the variants of the last editions, and what drafting, approval and the fixing of an audience took (CPU seconds of
this process; with PostgreSQL without the server's), the median and the most. At the end: how the database reads
subscriptions for one edition, by EXPLAIN QUERY PLAN or EXPLAIN.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.bench_variants import CADENCES, DAY, Newsletter, begin, measured
from tests.doubles import postgresql

if TYPE_CHECKING:
    from newsletter.models import Edition

TOPICS = 12
A_DAY = {"join": 0.001, "pause": 0.001, "leave": 0.0005, "return": 0.0001, "frequency": 0.0005, "topics": 0.0005}
"""The part of the readers who do this each day."""
PAUSED_DAYS = (7, 60)
FRIDAY, MONTH = 4, 30


class Blog:
    """On which days of the week posts appear, and how many."""

    def __init__(self, a_week: int) -> None:
        self._days = Counter(number * 7 // a_week % 7 for number in range(a_week))

    def posts_on(self, day: int) -> int:
        """Return how many posts appear on a day."""
        return self._days[day % 7]


class Lives:
    """What readers do day after day, in bulk, with the statements that the program uses for one of them."""

    def __init__(self, newsletter: Newsletter, readers: int) -> None:
        self.newsletter = newsletter
        self.done: Counter[str] = Counter()
        self._readers = readers
        self._joined = 0
        self._random = random.Random(30)
        self._keys = _all_subscriptions()

    def pass_day(self) -> None:
        """Let a day's part of the readers do something."""
        for what, part in A_DAY.items():
            count = int(self._readers * part)
            getattr(self, f"_{what}")(count)
            self.done[what] += count

    def _some(self, count: int, **fields: Any) -> list[int]:
        """Return the primary keys of some subscriptions, spread over all of them."""
        from subscribers.models import Subscription

        there = Subscription.objects.filter(pk__in=self._random.sample(self._keys, count * 2), **fields)
        return list(there.values_list("pk", flat=True)[:count])

    def _join(self, count: int) -> None:
        from subscribers.models import Subscription, subscriptions_starting
        from tests.sending import outbox_samples as samples

        subscriptions_starting.send(Subscription, newsletter="kinaforum", at=self.newsletter.now)
        first = self._joined
        self._joined += count
        subscriptions = samples.subscribe(f"later{n}@reader.example" for n in range(first, self._joined))
        self._keys += [subscription.pk for subscription in subscriptions]
        for place, cadence in enumerate(CADENCES):
            keys = [subscription.pk for subscription in subscriptions[place :: len(CADENCES)]]
            Subscription.objects.filter(pk__in=keys).update(cadence=cadence)

    def _pause(self, count: int) -> None:
        from subscribers.models import Subscription

        until = (self.newsletter.now + timedelta(days=self._random.randint(*PAUSED_DAYS))).date()
        Subscription.objects.filter(pk__in=self._some(count, state="active")).update(paused_until=until)

    def _leave(self, count: int) -> None:
        from subscribers import preferences

        preferences.unsubscribe_all(self._some(count, state="active"), self.newsletter.now)

    def _return(self, count: int) -> None:
        from subscribers.models import Subscription

        left = Subscription.objects.filter(state="unsubscribed").order_by("unsubscribed_at")
        keys = list(left.values_list("pk", flat=True)[: count * 3])
        Subscription.objects.filter(pk__in=self._random.sample(keys, min(count, len(keys)))).update(state="active")

    def _frequency(self, count: int) -> None:
        from django.db import transaction

        from subscribers.models import Subscription, store_sets

        for cadence in CADENCES:
            rows = Subscription.objects.filter(pk__in=self._some(count // len(CADENCES), state="active"))
            with transaction.atomic():
                store_sets(rows, "kinaforum")
                rows.update(cadence=cadence)

    def _topics(self, count: int) -> None:
        from subscribers.models import Subscription

        for key in self._some(count, state="active"):
            picks = ",".join(sorted(self._random.sample(self.newsletter.topics, self._random.randint(0, 3))))
            Subscription.objects.get(pk=key).pick(picks, self.newsletter.now)


def _all_subscriptions() -> list[int]:
    from subscribers.models import Subscription

    return list(Subscription.objects.values_list("pk", flat=True))


class Year:
    """A newsletter, its readers and its editions, and what the steps took."""

    def __init__(self, readers: int, posts_a_week: int) -> None:
        self.newsletter = Newsletter(readers, TOPICS)
        self.lives = Lives(self.newsletter, readers)
        self.blog = Blog(posts_a_week)
        self.editions: Counter[str] = Counter()
        self.variants: dict[str, int] = {}
        self.took: defaultdict[str, list[float]] = defaultdict(list)

    def pass_days(self, days: int) -> None:
        """Let days pass, and print a line for each month."""
        _print(HEAD)
        for day in range(days):
            posts = self.blog.posts_on(day)
            for _ in range(posts):
                self.newsletter.publish(1)
                self.send("post")
            if posts:
                self.send("day")
            if day % 7 == FRIDAY:
                self.send("week")
            if day % MONTH == MONTH - 1:
                self.send("month")
            self.lives.pass_day()
            self.newsletter.now += DAY
            if day % 7 == 6:
                self._keep_house()
            if day % MONTH == MONTH - 1 or day == days - 1:
                _print(self.line(day + 1))

    def send(self, cadence: str) -> None:
        """Make, approve and begin an edition; then it counts as sent, and its deliveries are dropped."""
        with self._taking(f"draft {cadence}"):
            made = self.newsletter.drafted(cadence)
        with self._taking(f"approve {cadence}"):
            edition = self.newsletter.approved(cadence, made)
        with self._taking(f"fix {cadence}"):
            self.newsletter.queued(edition)
        self.editions[cadence] += 1
        self.variants[cadence] = edition.variants.exclude(last=None).count() or 1
        _drop(edition)

    @contextmanager
    def _taking(self, what: str) -> Iterator[None]:
        with measured() as step:
            yield
        self.took[what].append(step.cpu)

    def _keep_house(self) -> None:
        from newsletter.scheduling import housekeeping

        with self._taking("unused sets"):
            housekeeping.remove_unused_sets()

    def line(self, day: int) -> str:
        """Return what is stored and what things took since the last line."""
        from subscribers.models import OfferedSet, Subscription

        texts = list(OfferedSet.objects.values_list("posts", flat=True))
        own = Subscription.objects.exclude(offered=None).count()
        variants = ", ".join(f"{self.variants.get(cadence, 0)}" for cadence in CADENCES)
        cells = [
            f"{day:>4} {self.newsletter.posts:>5} {self.editions.total():>5} {Subscription.objects.count():>8}",
            f"{own:>7} {len(texts):>5} {sum(map(len, texts)):>8} {max(map(len, texts)):>6} {variants:>15}",
            *(self._figures(step) for step in ("draft", "approve", "fix", "unused sets")),
        ]
        self.took.clear()
        return " ".join(cells)

    def _figures(self, step: str) -> str:
        seconds = [each for what, those in self.took.items() if what.startswith(step) for each in those]
        return f"{statistics.median(seconds):>7.2f}/{max(seconds):<6.2f}" if seconds else f"{'-':>14}"


HEAD = (
    " day posts  sent  readers own set  sets    bytes longest  variants w,p,d,m     draft (s)"
    "      approve (s)   fixed (s)   unused (s)"
)


def _drop(edition: "Edition") -> None:
    """Let an edition count as sent, and drop its deliveries."""
    from newsletter.models import Chunk, Delivery, Edition, Result, State

    for model in (Result, Chunk, Delivery):
        rows = model.objects.filter(edition=edition)
        rows._raw_delete(rows.db)
    Edition.objects.filter(pk=edition.pk).update(state=State.SENT)


def print_plans(year: Year) -> None:
    """Print how the database reads subscriptions when an edition is drafted and approved, and its audience fixed."""
    newsletter = year.newsletter
    newsletter.publish(1)
    with _noting() as drafting:
        made = newsletter.drafted("day")
    with _noting() as approving:
        edition = newsletter.approved("day", made)
    with _noting() as fixing:
        newsletter.queued(edition)
    for step, statements in (("draft", drafting), ("approval", approving), ("audience", fixing)):
        lines = Counter(line for sql, parameters in statements for line in _plan(sql, parameters))
        _print(f"{step}: {len(statements)} statements name subscriptions")
        _print(*(f"  {count:>3} x {line}" for line, count in lines.most_common()))


@contextmanager
def _noting() -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that name subscriptions."""
    from django.db import connection

    statements: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "subscribers_subscription" in sql and not many:
            statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        yield statements


def _plan(sql: str, parameters: Any) -> list[str]:
    """Return the steps of a statement's plan that read subscriptions."""
    from django.db import connection

    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN (COSTS OFF)"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", parameters)
        steps = [str(row[-1]).strip() for row in cursor.fetchall()]
    kind = sql.split(maxsplit=1)[0]
    return [f"{kind}: {step}" for step in steps if "subscribers_subscription" in step or "U0" in step]


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Let the days pass."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", type=int, nargs="?", default=100_000)
    parser.add_argument("days", type=int, nargs="?", default=365)
    parser.add_argument("--posts", type=int, default=3, help="a week")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    arguments = parser.parse_args()
    began = time.process_time()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-bench-")))
        database = stack.enter_context(postgresql.running()) if arguments.postgresql else "sqlite:///bench.db"
        begin(folder, database)
        year = Year(arguments.readers, arguments.posts)
        _print(f"{arguments.readers} readers were stored in {time.process_time() - began:.0f} s")
        year.pass_days(arguments.days)
        _print(f"editions: {dict(year.editions)}; readers: {dict(year.lives.done)}")
        print_plans(year)
    _print(f"{time.process_time() - began:.0f} CPU seconds in all")


if __name__ == "__main__":
    main()
