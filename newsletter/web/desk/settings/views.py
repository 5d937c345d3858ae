"""The pages that show the configuration in force, without secrets, and the results of the checks."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.config import Config, Moment, NamedAddress, Rate
from newsletter.domain.check import Check
from newsletter.messages import Message
from newsletter.messages.general import TEXT
from newsletter.scheduling import checks
from newsletter.scheduling.storage import LARGEST_FOR_PAGES
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import page
from newsletter.web.desk.settings import overview, site_pages
from newsletter.web.desk.settings.delivery_pages import API_NAMES, DELIVERY
from newsletter.web.desk.settings.editing import read_only_reason
from newsletter.web.desk.settings.fields import Words, as_written
from subscribers.requests import config_of

HIDDEN = "••••••"
SECRET = ("password", "secret", "key", "token")
LEFT_OUT = ("name", "file", "newsletters")


def show_settings(request: HttpRequest) -> HttpResponse:
    """Show every table and key of the configuration."""
    configuration = config_of(request)
    results = checks.run(configuration, largest=LARGEST_FOR_PAGES)
    context = {
        "tables": list(_tables(configuration)),
        "file": configuration.file,
        "checks": [_with_title(check, configuration) for check in results],
        "newsletters": [
            (newsletter, overview.of_newsletter(newsletter)) for newsletter in configuration.newsletters.values()
        ],
        "site": overview.of_site(),
        "text": (text := request.GET.get("text", "").strip()[:100]),
        "matches": (matches := overview.search(text, configuration.newsletters.values())),
        "more_matches": len(matches) == overview.MOST_MATCHES,
        "read_only": read_only_reason(configuration),
    }
    return page(request, "settings", context, section="settings")


def _with_title(check: Check, configuration: Config) -> Check:
    """Return a check that names its newsletter by its title, behind what was checked."""
    newsletter = configuration.newsletters.get(str(dict(check.about.params).get("subject", "")))
    if newsletter is None:
        return check
    checked = check.about.param("message")
    words = formatting.capital(formatting.message(checked)) if isinstance(checked, Message) else str(checked)
    return replace(check, about=TEXT(words=f"{words} · {newsletter.title}"))


def _tables(configuration: Config) -> Iterator[Mapping[str, object]]:
    """Yield the tables of config.toml with their titles and their keys."""
    tables: list[tuple[str, Words, object]] = [
        ("site", _("Site"), configuration.site),
        ("web", _("Web server"), configuration.web),
        ("collect", site_pages.COLLECT.title, configuration.collect),
        ("delivery", DELIVERY.title, configuration.delivery),
        ("bounces", site_pages.BOUNCES.title, configuration.bounces),
        *(
            (f"newsletters.{name}", newsletter.title, newsletter)
            for name, newsletter in configuration.newsletters.items()
        ),
    ]
    for name, title, table in tables:
        yield {"name": name, "title": title, "settings": list(_flat("", table))}


def provider(request: HttpRequest) -> HttpResponse:
    """Try to log in to the email provider; no email is sent."""
    checks_done = list(checks.provider_checks(config_of(request)))
    return page(request, "_checks", {"checks": checks_done, "nothing": _("There is no connection to test.")})


def _flat(above: str, value: Any) -> Iterator[dict[str, str]]:
    """Yield a table's keys and values, as config.toml would have them; tables inside it with a dot, lists of tables
    with their number.
    """
    if is_dataclass(value) and not isinstance(value, (NamedAddress, Moment, Rate)):
        items = [(f.name, getattr(value, f.name)) for f in fields(value) if above or f.name not in LEFT_OUT]
    elif isinstance(value, Mapping):
        items = list(value.items())
    else:
        yield {"key": above, "value": _secret(above, value) or as_written(value) or "–"}
        return
    for name, inner in items:
        part = "from" if name == "sender" else name
        key = f"{above}.{part}" if above else part
        if isinstance(inner, tuple) and inner and is_dataclass(inner[0]):
            for number, item in enumerate(inner):
                yield from _flat(f"{key}[{number + 1}]", item)
        elif inner or not isinstance(inner, Mapping):
            yield from _flat(key, inner)


def _secret(key: str, value: Any) -> str:
    """Return a replacement for a secret, and for anything in a provider's own table; "" for what may be shown."""
    last = key.rpartition(".")[2].partition("[")[0]
    secret = any(word in last for word in SECRET) or key.partition(".")[0] in API_NAMES or last == "database"
    return HIDDEN if secret and value else ""
