"""What `/metrics` shows in Prometheus' text format: numbers of the whole site and of this process.

Those of the site are read from the database at each scrape; several machines give the same ones.
"""

import platform
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

from django.db import connection
from django.db.models import Count, Max, Min, Sum
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric, SummaryMetricFamily

from newsletter import __version__, supervision
from newsletter.config import Config
from newsletter.domain.hosts import without_secrets
from newsletter.models import Bounce, DeliveryStatus, Edition, Occurrence, Result, Retry, Source, State, Tally
from newsletter.scheduling import storage
from newsletter.sending.safeguards import stalls
from newsletter.supervision import Status
from newsletter.transactional import mail_queue
from newsletter.web.metrics import http
from subscribers.models import Subscription
from subscribers.protection.sign_up_limits import under_attack


class _Collected:
    """Collects at each scrape; nothing is kept between two of them."""

    def __init__(self, configuration: Config, now: datetime) -> None:
        self._configuration, self._now = configuration, now

    def collect(self) -> Iterator[Metric]:
        yield from families(self._configuration, self._now)
        yield from _of_process(supervision.current().statuses(), storage.free(self._configuration))


def document(configuration: Config, now: datetime) -> bytes:
    """Return the metrics of the site, of this process, and of the web processes that share theirs."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(configuration, now))
    ProcessCollector(registry=registry)
    return generate_latest(registry) + generate_latest(http.requests().registry())


def _of_process(statuses: Sequence[Status], free: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the version, the free space of each folder, and the state of each service."""
    space = (((name,), free_bytes) for name, free_bytes in free.items())
    yield _gauge("newsletter_disk_free_bytes", "Free space of this machine's folders.", ("folder",), space)
    build = {"version": __version__, "python": platform.python_version(), "database": connection.vendor}
    yield InfoMetricFamily("newsletter_build", "The version of the program, Python and the kind of database.", build)
    yield _gauge(
        "newsletter_service_up",
        "1 if a service of this process works, 0 if it has a problem.",
        ("service",),
        (((status.name,), not status.problem) for status in statuses),
    )
    restarts = CounterMetricFamily(
        "newsletter_service_restarts", "How often a service failed and was restarted.", labels=("service",)
    )
    last_run = GaugeMetricFamily(
        "newsletter_service_last_run_timestamp_seconds",
        "When a periodic service last completed its work.",
        labels=("service",),
    )
    runs = SummaryMetricFamily(
        "newsletter_service_run_seconds", "Number and duration of a periodic service's runs.", labels=("service",)
    )
    for status in statuses:
        restarts.add_metric((status.name,), status.restarts)
        if status.last_run is not None:
            last_run.add_metric((status.name,), time.time() - status.last_run)
            runs.add_metric((status.name,), count_value=status.runs, sum_value=status.run_seconds)
    yield from (restarts, last_run, runs)


PENDING = "pending"


def families(configuration: Config, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Yield everything that is counted."""
    yield _by_state("newsletter_editions", "Editions by newsletter and state.", Edition)
    yield _by_state("newsletter_subscriptions", "Subscriptions by newsletter and state.", Subscription)
    yield from _sources(configuration, now)
    yield from _deliveries()
    yield _fallbacks(configuration)
    yield from _queues(now)
    yield from _progress(configuration, now)
    yield from _emails(now)
    yield _bounces()
    yield _attacks(configuration, now)


def _by_state(name: str, words: str, model: type[Edition] | type[Subscription]) -> GaugeMetricFamily:
    rows = model.objects.values_list("newsletter", "state").annotate(n=Count("pk")).order_by("newsletter", "state")
    return _gauge(name, words, ("newsletter", "state"), (((newsletter, state), n) for newsletter, state, n in rows))


def _sources(configuration: Config, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Only sources of newsletters that are not archived count; those that were never read are infinitely old."""
    sources = {(s.newsletter, s.url): s for s in Source.objects.only("newsletter", "url", "problem", "read_at")}
    failing: dict[str, int] = {}
    ages: dict[tuple[str, str], float] = defaultdict(float)
    for name, newsletter in configuration.newsletters.items():
        if newsletter.status == "archived":
            continue
        rows = [(source.url, sources.get((name, source.url))) for source in newsletter.sources]
        failing[name] = sum(row is not None and bool(row.problem) for _, row in rows)
        for url, row in rows:
            labels = (name, without_secrets(url))
            ages[labels] = max(ages[labels], _seconds(row.read_at, now) if row and row.read_at else inf)
    yield _per_newsletter(
        "newsletter_sources_failing", "Configured sources that could not be read at the last attempt.", failing
    )
    yield _gauge(
        "newsletter_source_age_seconds",
        "Time since a source was last read; +Inf if it never was.",
        ("newsletter", "source"),
        ages.items(),
    )
    tried_at = Source.objects.values_list("newsletter").annotate(at=Max("tried_at")).order_by("newsletter")
    yield _times("newsletter_last_collect_timestamp_seconds", "When sources were last collected.", dict(tried_at))


def _deliveries() -> Iterator[GaugeMetricFamily]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    stored_at: dict[str, datetime] = {}
    unsettled: Counter[str] = Counter()
    sums = {f"of_{kind}": Sum(kind) for kind in DeliveryStatus.values}
    rows = Tally.objects.order_by("edition").values_list("edition").annotate(at=Max("at"), **sums)
    tallies = {pk: (at, counted) for pk, at, *counted in rows}
    editions = Edition.objects.filter(audience__isnull=False).order_by("newsletter", "pk")
    for pk, newsletter, state, audience in editions.values_list("pk", "newsletter", "state", "audience"):
        at, counted = tallies.get(pk, (None, [0] * len(DeliveryStatus)))
        outcomes = Counter(dict(zip(DeliveryStatus.values, counted, strict=True)))
        left_out = DeliveryStatus.SKIPPED.value if state == State.CANCELLED else PENDING
        outcomes[left_out] += max(0, (audience or 0) - outcomes.total())
        counts[newsletter].update(outcomes)
        unsettled[newsletter] += _unsettled(pk) if outcomes[DeliveryStatus.UNKNOWN.value] else 0
        if at:
            stored_at[newsletter] = max(at, stored_at.get(newsletter, at))
    yield _gauge(
        "newsletter_deliveries",
        "Deliveries by newsletter and newest outcome; accepted ones only increase.",
        ("newsletter", "outcome"),
        (((name, kind), counts[name][kind]) for name in counts for kind in (PENDING, *DeliveryStatus.values)),
    )
    yield _per_newsletter(
        "newsletter_deliveries_unsettled", "Unconfirmed deliveries that wait for a decision.", unsettled
    )
    yield _times("newsletter_last_send_timestamp_seconds", "When an outcome of a delivery was last stored.", stored_at)


def _unsettled(edition: int) -> int:
    """Said so that the index of what was not accepted is used."""
    unknown = Result.objects.filter(edition=edition, kind=DeliveryStatus.UNKNOWN, settled=False)
    return unknown.exclude(kind=DeliveryStatus.ACCEPTED).count()


def _fallbacks(configuration: Config) -> GaugeMetricFamily:
    """Newsletters with a fallback provider have a series from the beginning, so that the first takeover is a change."""
    watched = [name for name, newsletter in configuration.newsletters.items() if configuration.fallback_of(newsletter)]
    taken_over = Edition.objects.filter(fallback_reason__isnull=False).values_list("newsletter")
    counts = dict(taken_over.annotate(n=Count("pk")).order_by("newsletter"))
    return _per_newsletter(
        "newsletter_fallback_editions",
        "Editions of which the fallback provider sends or sent the rest.",
        {**dict.fromkeys(watched, 0), **counts},
    )


def _queues(now: datetime) -> Iterator[GaugeMetricFamily]:
    paused = Edition.objects.filter(state=State.PAUSED).count()
    yield GaugeMetricFamily("newsletter_paused", "Paused editions, which wait for a person.", value=paused)
    retries = Retry.objects.values_list("edition__newsletter")
    queues = list(retries.annotate(n=Count("number"), since=Min("since")).order_by("edition__newsletter"))
    yield _per_newsletter(
        "newsletter_retries_waiting", "Deliveries that are to be tried again.", {name: n for name, n, _ in queues}
    )
    yield _ages(
        "newsletter_retry_age_seconds",
        "Time since the oldest delivery that is still retried was first deferred.",
        {name: since for name, _, since in queues},
        now,
    )
    late = Occurrence.objects.filter(done_at=None, due_at__lte=now).values_list("newsletter")
    yield _ages(
        "newsletter_schedule_lag_seconds",
        "Time since the oldest scheduled task that is not done was due.",
        dict(late.annotate(at=Min("due_at")).order_by("newsletter")),
        now,
    )


def _progress(configuration: Config, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Yield since when emails are due without an outcome, and whether that is too long."""
    yield _ages(
        "newsletter_queue_age_seconds",
        "Time since an edition was due or last had an outcome, while emails of it are due.",
        stalls.idle_times(configuration, now),
        now,
    )
    quiet = timedelta(seconds=supervision.current().periods.quiet)
    stalled = {(stall.newsletter, stall.edition) for stall in stalls.stalls(configuration, now, quiet)}
    counts = Counter(newsletter for newsletter, _ in stalled)
    yield _per_newsletter(
        "newsletter_stalled",
        "Editions of which emails are due, and nothing is accepted for minutes.",
        {name: counts[name] for name in configuration.newsletters},
    )


def _emails(now: datetime) -> Iterator[GaugeMetricFamily]:
    waiting = mail_queue.emails().filter(gave_up_at=None)
    counted = waiting.aggregate(n=Count("pk"), oldest=Min("created"))
    queued = mail_queue.summary()
    oldest = _seconds(counted["oldest"], now) if counted["oldest"] else 0.0
    for name, words, value in (
        ("newsletter_letters_waiting", "Emails to single subscribers that are not sent yet.", counted["n"]),
        ("newsletter_letters_age_seconds", "Time since the oldest of these emails was written.", oldest),
        (
            "newsletter_emails_failing",
            "Emails to single subscribers and editors that failed and are retried.",
            queued.failing,
        ),
        ("newsletter_emails_given_up", "Emails to single subscribers and editors that were given up.", queued.given_up),
    ):
        yield GaugeMetricFamily(name, words, value=value)


def _attacks(configuration: Config, now: datetime) -> GaugeMetricFamily:
    attacked = set(under_attack(configuration.newsletters, now))
    values = {
        name: int(newsletter.challenge == "on" or (newsletter.challenge == "auto" and name in attacked))
        for name, newsletter in configuration.newsletters.items()
    }
    return _per_newsletter(
        "newsletter_sign_up_challenge", "Whether a sign-up has to solve a challenge, by newsletter.", values
    )


def _bounces() -> GaugeMetricFamily:
    rows = Bounce.objects.values_list("edition__newsletter", "kind").annotate(n=Count("pk"))
    counts = (((newsletter, kind), n) for newsletter, kind, n in rows.order_by("edition__newsletter", "kind"))
    return _gauge(
        "newsletter_bounces", "Bounces and complaints by newsletter and kind.", ("newsletter", "kind"), counts
    )


def _gauge(
    name: str, words: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    """Return a metric; each row has a value behind the values of its labels."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _per_newsletter(name: str, words: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    return _gauge(name, words, ("newsletter",), (((newsletter,), value) for newsletter, value in values.items()))


def _times(name: str, words: str, times: Mapping[str, datetime | None]) -> GaugeMetricFamily:
    return _per_newsletter(name, words, {newsletter: at.timestamp() for newsletter, at in times.items() if at})


def _ages(name: str, words: str, since: Mapping[str, datetime | None], now: datetime) -> GaugeMetricFamily:
    return _per_newsletter(name, words, {newsletter: _seconds(at, now) for newsletter, at in since.items() if at})


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
