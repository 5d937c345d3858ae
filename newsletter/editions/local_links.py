"""Check whether recipients can follow a message's links, which all start with `site.url`.

If `site.url` is not a public https address, messages are only written to files, or sent through a server on loopback to
addresses under reserved names (RFC 2606, RFC 6761), or to any address with `--allow-local-links`.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q

from newsletter import config
from newsletter.config import Config
from newsletter.domain.hosts import is_loopback, is_public_host
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, editions as messages
from newsletter.models import ApprovedContent
from subscribers.models import Subscription

RESERVED_NAMES = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")
"""Reserved names, and all names below them, belong to nobody; messages to them reach nobody."""

ALLOWED = "allow_local_links"
"""The key in an approved edition's headers that allows local links."""


class LinkProblem(Impossible):
    """Recipients could not follow the links."""


def check_links(configuration: Config, newsletter: str, *, count: bool = True) -> None:
    """Raise LinkProblem if current subscribers of the newsletter could not follow links to `site.url`.

    Without `count` the subscribers are not read, as if all had reserved addresses.
    """
    _check(configuration, newsletter, configuration.site.url, count=count)


def check_links_of_everyone(configuration: Config, newsletter: str) -> None:
    """Raise LinkProblem like `check_links`, also if people who have not confirmed yet could not follow the links."""
    check_links(configuration, newsletter)
    if (
        _depends_on_recipients(configuration, newsletter, configuration.site.url)
        and not configuration.allow_local_links
    ):
        pending = Subscription.objects.filter(newsletter=newsletter, state=Subscription.State.PENDING)
        _refuse_real(configuration.site.url, pending.exclude(_under_reserved_names()).count())


def check_edition(configuration: Config, newsletter: str, content: ApprovedContent) -> None:
    """Raise LinkProblem if subscribers could not follow the links that an edition was approved with, unless it was
    approved or queued with `--allow-local-links`.
    """
    url, count = content.headers.get("site_url", configuration.site.url), not content.headers.get(ALLOWED, False)
    if url == configuration.site.url:
        check_links(configuration, newsletter, count=count)
        return
    try:
        _check(configuration, newsletter, url, count=count)
    except LinkProblem as problem:
        raise LinkProblem(messages.LINKS_WERE_LOCAL(url=url)) from problem


def _check(configuration: Config, newsletter: str, url: str, *, count: bool) -> None:
    if not _depends_on_recipients(configuration, newsletter, url) or configuration.allow_local_links or not count:
        return
    receiving = Subscription.objects.receiving(configuration.newsletters[newsletter], datetime.now(UTC))
    _refuse_real(url, receiving.exclude(_under_reserved_names()).count())


def check_addresses(configuration: Config, newsletter: str, addresses: Collection[str]) -> None:
    """Raise LinkProblem if people with these addresses could not follow links to `site.url`."""
    url = configuration.site.url
    if _depends_on_recipients(configuration, newsletter, url) and not configuration.allow_local_links:
        _refuse_real(url, sum(not is_reserved(address) for address in addresses))


def is_reserved(address: str) -> bool:
    """Return whether the address's domain is a reserved name or below one."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED_NAMES)


def note(configuration: Config, newsletter: str) -> Message | None:
    """Return a message about who receives local links; None if links are public or messages are files."""
    url = configuration.site.url
    if not _depends_on_recipients(configuration, newsletter, url):
        return None
    if configuration.allow_local_links:
        return messages.LINKS_TO_EVERYONE(url=url)
    return messages.LINKS_TO_RESERVED(url=url)


def _depends_on_recipients(configuration: Config, newsletter: str, url: str) -> bool:
    """Return whether links to `url` are local and the provider is on loopback.

    Raises LinkProblem if they are local and the provider, or the fallback, is elsewhere.
    """
    settings = configuration.newsletters[newsletter]
    provider, fallback = configuration.provider_of(settings), configuration.fallback_of(settings)
    if is_public(url) or provider == "file":
        return False
    hosts = [_host_of(configuration.delivery, name) for name in (provider, fallback) if name]
    if not all(map(is_loopback, hosts)):
        raise LinkProblem(messages.LINKS_LOCAL(url=url))
    return True


def _refuse_real(url: str, number: int) -> None:
    if number:
        raise LinkProblem(messages.LINKS_LOCAL_FOR_SOME(url=url, count=number))


def _under_reserved_names() -> Q:
    condition = Q(subscriber__domain__in=RESERVED_NAMES)
    for name in RESERVED_NAMES:
        condition |= Q(subscriber__domain__endswith=f".{name}")
    return condition


def is_public(url: str) -> bool:
    """Return whether anyone can reach the address: https, and not on loopback or a private network."""
    parts = urlsplit(url)
    return parts.scheme == "https" and is_public_host(parts.hostname or "")


def _host_of(delivery: config.DeliverySettings, provider: str) -> str:
    if provider == "smtp":
        return delivery.smtp.host
    return urlsplit(_api_of(getattr(delivery, provider))).hostname or ""


def _api_of(settings: Mapping[str, Any]) -> str:
    """Return the configured address of a provider's API (named as in anymail or, for Amazon SES, boto3), or ""."""
    keys = {key.lower(): value for key, value in settings.items()}
    client = keys.get("client_params")
    return str(keys.get("api_url") or (client.get("endpoint_url") if isinstance(client, Mapping) else None) or "")
