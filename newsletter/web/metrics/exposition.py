"""All metrics as one document in Prometheus' text format."""

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import connection
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric, SummaryMetricFamily

from newsletter import __version__, supervision
from newsletter.config import Config
from newsletter.scheduling import storage
from newsletter.supervision import Status
from newsletter.web.metrics import http, site


class _Collected:
    """Collects at each scrape; nothing is kept between two of them."""

    def __init__(self, configuration: Config, now: datetime) -> None:
        self._configuration, self._now = configuration, now

    def collect(self) -> Iterator[Metric]:
        yield from site.families(self._configuration, self._now)
        yield from _of_process(supervision.current().statuses(), storage.free(self._configuration))


def document(configuration: Config, now: datetime) -> bytes:
    """Return the metrics of the site, of this process, and of the web processes that share theirs."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(configuration, now))
    ProcessCollector(registry=registry)
    return generate_latest(registry) + generate_latest(http.requests().registry())


def _of_process(statuses: Sequence[Status], free: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the version, the free space of each folder, and the state of each service."""
    space = GaugeMetricFamily("newsletter_disk_free_bytes", "Free space of this machine's folders.", labels=("folder",))
    for name, free_bytes in free.items():
        space.add_metric((name,), free_bytes)
    yield space
    build = {"version": __version__, "python": platform.python_version(), "database": connection.vendor}
    yield InfoMetricFamily("newsletter_build", "The version of the program, Python and the kind of database.", build)
    up = GaugeMetricFamily(
        "newsletter_service_up", "1 if a service of this process works, 0 if it has a problem.", labels=("service",)
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
        up.add_metric((status.name,), not status.problem)
        restarts.add_metric((status.name,), status.restarts)
        if status.last_run is not None:
            last_run.add_metric((status.name,), time.time() - status.last_run)
            runs.add_metric((status.name,), count_value=status.runs, sum_value=status.run_seconds)
    yield from (up, restarts, last_run, runs)
