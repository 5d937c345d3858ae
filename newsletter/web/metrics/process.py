"""Numbers of this process: its services, its version, memory and file descriptors."""

import platform
import time
from collections.abc import Iterator, Mapping, Sequence

from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric, SummaryMetricFamily

from newsletter import __version__
from newsletter.supervision import Status


def families(statuses: Sequence[Status], free: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the version, the free space of each folder, and the state of each service."""
    space = GaugeMetricFamily("newsletter_disk_free_bytes", "Free space of this machine's folders.", labels=("folder",))
    for name, left in free.items():
        space.add_metric((name,), left)
    yield space
    build = {"version": __version__, "python": platform.python_version(), "database": connection.vendor}
    yield InfoMetricFamily("newsletter_build", "The version of the program, Python and the kind of database.", build)
    up = GaugeMetricFamily(
        "newsletter_service_up", "1 if a service of this process works, 0 if it has a problem.", labels=("service",)
    )
    restarts = CounterMetricFamily(
        "newsletter_service_restarts", "How often a service failed and was restarted.", labels=("service",)
    )
    last = GaugeMetricFamily(
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
            last.add_metric((status.name,), time.time() - status.last_run)
            runs.add_metric((status.name,), count_value=status.runs, sum_value=status.run_seconds)
    yield from (up, restarts, last, runs)
