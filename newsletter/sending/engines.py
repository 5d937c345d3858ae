"""Creates the sending engine for a provider."""

from functools import partial

from django.db import connections

from newsletter.config import Config, DeliverySettings
from newsletter.delivery.engine import Engine, SignOfLife, no_sign
from newsletter.delivery.journal import Journal
from newsletter.domain.batch import Sink, WorkSource
from newsletter.domain.encoded_email import Header
from newsletter.providers import PROVIDERS, provider_of_server

BUILT_IN = ("smtp", "file")
"""Providers for which the engine has a carrier; the others are HTTP APIs."""


def engine(
    configuration: Config,
    delivery: DeliverySettings,
    source: WorkSource,
    sink: Sink,
    journal: Journal,
    *,
    patience: float = 60.0,
    live: SignOfLife = no_sign,
) -> Engine:
    """Return the engine for `delivery.provider`. Raises `ProviderProblem` if its settings are invalid."""
    carrier = None
    if delivery.provider not in BUILT_IN:
        from newsletter.sending.api_calls import choice  # the HTTP clients of the APIs take long to import
        from newsletter.sending.api_calls.carrier import ApiCarrier

        chosen = choice.provider(delivery)
        carrier = partial(
            ApiCarrier,
            chosen,
            configuration.delivery.connections,
            delivery.connections,
            delivery.rate.per_second,
        )
    return Engine(
        delivery,
        source,
        sink,
        journal,
        folder=configuration.folder,
        patience=patience,
        live=live,
        close_thread=connections.close_all,  # they belong to the thread that the engine starts
        carrier=carrier,
        headers=smtp_headers(delivery.smtp.host) if delivery.provider == "smtp" else (),
    )


def smtp_headers(host: str) -> tuple[Header, ...]:
    """Return the header fields that switch off the tracking of opens and clicks at a service's SMTP server.

    The promise is that no one is tracked, and an account's default may track. Calls of an API say the same.
    """
    provider = PROVIDERS.get(provider_of_server(host))
    fields = provider.tracking.smtp_headers if provider else {}
    return tuple(Header(name, (value.encode("ascii"),)) for name, value in fields.items())
