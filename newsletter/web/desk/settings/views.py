"""The list of settings pages, and the page of health: the checks, and the configuration in force without secrets."""

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
from newsletter.web.desk.settings.inputs.site_paths import without_folder
from newsletter.web.desk.settings.search import MOST_MATCHES, search
from subscribers.requests import config_of

HIDDEN = "••••••"
SECRET = ("password", "secret", "key", "token")
LEFT_OUT = ("name", "file", "newsletters")


def show_settings(request: HttpRequest) -> HttpResponse:
    """Show the list of pages, each with what is set there, and search them."""
    configuration = config_of(request)
    newsletters = configuration.newsletters.values()
    groups = (*map(overview.of_newsletter, newsletters), *overview.of_site())
    context = {
        "groups": [(group, group.rows(configuration)) for group in groups],
        "text": (text := request.GET.get("text", "").strip()[:100]),
        "matches": (matches := search(text, newsletters)),
        "more_matches": len(matches) == MOST_MATCHES,
        "read_only": read_only_reason(configuration),
    }
    return page(request, "settings", context, section="settings")


def advanced(request: HttpRequest) -> HttpResponse:
    """Show the list of pages that most people never need."""
    configuration = config_of(request)
    group = overview.advanced()
    context = {"group": group, "rows": group.rows(configuration), "beside": overview.beside(configuration, None)}
    return page(request, "settings_advanced", context, section="settings")


def health(request: HttpRequest) -> HttpResponse:
    """Show the results of the checks, and every table and key of the configuration."""
    configuration = config_of(request)
    results = checks.run(configuration, largest=LARGEST_FOR_PAGES)
    context = {
        "tables": list(_tables(configuration)),
        "checks": [_as_shown(check, configuration) for check in results],
        "beside": overview.beside(configuration, None),
    }
    return page(request, "settings_health", context, section="settings")


def _as_shown(check: Check, configuration: Config) -> Check:
    """Return a check that names its newsletter by its title, and files by their paths in the site's folder."""
    check = replace(check, message=without_folder(check.message, configuration.folder))
    return _with_title(check, configuration)


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
    configuration = config_of(request)
    checks_done = [_as_shown(check, configuration) for check in checks.provider_checks(configuration)]
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
