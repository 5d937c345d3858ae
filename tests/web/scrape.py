"""Reads `/metrics` as Prometheus does."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scraped(client: Client) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and the values of its labels, in the order of the labels' names."""
    body = client.get("/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(body) for sample in family.samples]
    found = {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(found) == len(samples), "a series is given twice"
    return found
