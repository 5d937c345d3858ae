"""A change of the public address: it must be one that readers can reach, and the earlier one keeps working."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsletter import config
from newsletter.config import Config, ConfigProblem
from newsletter.config.document import Change, KeyPath, SetValue, value_at
from newsletter.config.toml import dotted
from newsletter.editions.local_links import is_public
from newsletter.messages import configuration as configuration_messages
from newsletter.web.desk.settings.forms import Wanted

URL: KeyPath = ("site", "url")
PREVIOUS: KeyPath = ("site", "url_previous")


def with_previous(wanted: Wanted, tree: dict[str, object]) -> Wanted:
    """Return the changes of a form; if the address is among them, the present one becomes an earlier one."""
    address, present = _of(wanted.changes, URL), value_at(tree, URL)
    if not isinstance(address, SetValue) or not isinstance(present, str):
        return wanted
    chosen = _of(wanted.changes, PREVIOUS)
    earlier = chosen.value if isinstance(chosen, SetValue) else value_at(tree, PREVIOUS)
    others = [each for each in _listed(earlier) if each not in (address.value, present)]
    changes = [each for each in wanted.changes if each.path != PREVIOUS]
    return replace(wanted, changes=(*changes, SetValue(PREVIOUS, [present, *others])))


def _of(changes: tuple[Change, ...], path: KeyPath) -> Change | None:
    return next((change for change in changes if change.path == path), None)


def _listed(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def check_address(before: Config, after: Config) -> None:
    """Raise ConfigError if a public address would be replaced with one with which no email could be sent."""
    if after.site.url != before.site.url and is_public(before.site.url) and not is_public(after.site.url):
        raise config.ConfigError(
            ConfigProblem("site.url", configuration_messages.ADDRESS_NOT_PUBLIC(url=after.site.url))
        )


def tell_what_is_left(request: HttpRequest, changes: tuple[Change, ...], restart: Sequence[str]) -> None:
    """After a change of the address, say whether it is in force, and what has to be done outside of this page, in its
    order; `restart` has the keys that take effect with the next start.
    """
    address = _of(changes, URL)
    if isinstance(address, SetValue):
        needs_restart = dotted(URL) in restart
        if not needs_restart:
            messages.success(request, _IN_FORCE)
        for step in _steps(str(address.value), needs_restart=needs_restart):
            messages.warning(request, step)


_IN_FORCE = gettext_lazy(
    "In force now: new emails have the new address. Links in emails that were sent keep working while the earlier "
    "address leads here, too."
)


def _steps(url: str, *, needs_restart: bool) -> Iterator[str]:
    values = {"host": urlsplit(url).hostname or "", "url": url}
    yield _("1. Let %(host)s lead to this server, with a certificate, and keep the earlier address.") % values
    if needs_restart:
        yield _("2. Restart the program. Until then, emails have the earlier address.")
    else:
        yield _("2. Log in again at %(url)s/desk/.") % values
    yield _("3. Enter %(url)s at your email service (webhooks) and in forms on other websites.") % values
