"""All metrics as one document in Prometheus' text format."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric

from newsletter import supervision
from newsletter.config import Config
from newsletter.scheduling import storage
from newsletter.web.metrics import http, process, site


class _Collected:
    """Collects at each scrape; nothing is kept between two of them."""

    def __init__(self, configuration: Config, now: datetime) -> None:
        self._configuration, self._now = configuration, now

    def collect(self) -> Iterator[Metric]:
        yield from site.families(self._configuration, self._now)
        yield from process.families(supervision.current().statuses(), storage.free(self._configuration))


def document(configuration: Config, now: datetime) -> bytes:
    """Return the metrics of the site, of this process, and of the web processes that share theirs."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(configuration, now))
    ProcessCollector(registry=registry)
    return generate_latest(registry) + generate_latest(http.requests().registry())
