"""A change of the public address: it must be one that readers can reach, and the earlier one keeps working.

Once it is in force, it is tried whether it leads to this server.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.messages import SUCCESS, WARNING
from django.http import HttpRequest
from django.utils.translation import gettext as _, gettext_lazy

from newsletter import config
from newsletter.config import Config, ConfigProblem, Snapshot
from newsletter.config.document import Change, KeyPath, SetValue, value_at
from newsletter.config.toml import dotted
from newsletter.editions.local_links import is_public
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.messages import configuration as configuration_messages
from newsletter.web.desk.settings.forms import RequestedChanges

URL: KeyPath = ("site", "url")
PREVIOUS: KeyPath = ("site", "url_previous")


TRY_FOR = timedelta(seconds=5)

_Step: TypeAlias = tuple[int, str]


def with_previous(requested: RequestedChanges, tree: dict[str, object]) -> RequestedChanges:
    """Return the changes of a form; if the address is among them, the present one becomes an earlier one."""
    address, present = _of(requested.changes, URL), value_at(tree, URL)
    if not isinstance(address, SetValue) or not isinstance(present, str):
        return requested
    previous = _of(requested.changes, PREVIOUS)
    earlier = previous.value if isinstance(previous, SetValue) else value_at(tree, PREVIOUS)
    others = [url for url in _listed(earlier) if url not in (address.value, present)]
    changes = [change for change in requested.changes if change.path != PREVIOUS]
    return replace(requested, changes=(*changes, SetValue(PREVIOUS, [present, *others])))


def _of(changes: tuple[Change, ...], path: KeyPath) -> Change | None:
    return next((change for change in changes if change.path == path), None)


def _listed(value: object) -> list[str]:
    return [url for url in value if isinstance(url, str)] if isinstance(value, list) else []


def check_address(before: Config, after: Config) -> None:
    """Raise ConfigError if a public address would be replaced with one with which no email could be sent."""
    if after.site.url != before.site.url and is_public(before.site.url) and not is_public(after.site.url):
        raise config.ConfigError(
            ConfigProblem("site.url", configuration_messages.ADDRESS_NOT_PUBLIC(url=after.site.url))
        )


def tell_what_is_left(request: HttpRequest, changes: tuple[Change, ...], in_force: Snapshot) -> None:
    """After a change of the address, say whether it is in force, and what has to be done outside of this page, in its
    order.
    """
    address = _of(changes, URL)
    if isinstance(address, SetValue):
        if dotted(URL) in in_force.restart:
            steps = _steps_to_restart(str(address.value))
        else:
            messages.success(request, _IN_FORCE)
            steps = _steps_in_force(in_force.config)
        for level, step in steps:
            messages.add_message(request, level, step)


_ELSEWHERE = gettext_lazy("3. Enter %(url)s at your email service (webhooks) and in forms on other websites.")
_IN_FORCE = gettext_lazy(
    "In force now: new emails have the new address. Links in emails that were sent keep working while the earlier "
    "address leads here, too."
)


def _steps_to_restart(url: str) -> Iterator[_Step]:
    values = {"host": urlsplit(url).hostname or "", "url": url}
    yield (
        WARNING,
        _("1. Let %(host)s lead to this server, with a certificate, and keep the earlier address.") % values,
    )
    yield (
        WARNING,
        _(
            "2. Restart the program: its service, or newsletter run in the terminal after Ctrl+C. Until then, emails "
            "have the earlier address."
        ),
    )
    yield WARNING, str(_ELSEWHERE) % values


def _steps_in_force(configuration: Config) -> Iterator[_Step]:
    url = configuration.site.url
    values = {"host": urlsplit(url).hostname or "", "url": url}
    if _leads_here(configuration):
        yield SUCCESS, _("1. %(host)s leads to this server. Keep the earlier address.") % values
    else:
        yield (
            WARNING,
            _(
                "1. %(host)s could not be reached from here, or another server answers. Let it lead to this server, "
                "with a certificate, and keep the earlier address."
            )
            % values,
        )
    yield WARNING, _("2. Log in again at %(url)s/desk/.") % values
    yield WARNING, str(_ELSEWHERE) % values


def _leads_here(configuration: Config) -> bool:
    """Return whether this program answers at its public address, as seen from this machine; takes some seconds at most.

    Its robots.txt names the sitemap at the address in force. The query is a new one, so that no cache answers.
    """
    url = configuration.site.url
    robots = f"{url}/robots.txt?{secrets.token_hex(4)}"
    collect = replace(configuration.collect, timeout=min(configuration.collect.timeout, TRY_FOR))
    try:
        with Fetcher(collect, url) as fetcher:
            response = fetcher.get(robots)
    except SourceProblem:
        return False
    return response.url == robots and f"Sitemap: {url}/sitemap.xml".encode() in response.body
