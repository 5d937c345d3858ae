"""The configuration as it is in force, secrets left out, and whether what it needs is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.config import Mailbox, Moment, Rate
from newsletter.config.values import WEEKDAYS
from newsletter.jobs import checks
from newsletter.web.desk.pages import page, settings

HIDDEN = "••••••"
SECRET = ("password", "secret", "key", "token")
PROVIDER_TABLES = (
    "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mandrill", "postal", "postmark", "resend", "sendgrid",
    "sparkpost", "unisender_go",
)  # fmt: skip
LEFT_OUT = ("name", "file", "newsletters")


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and its value, as config.toml would have them."""

    key: str
    value: str


def in_force(request: HttpRequest) -> HttpResponse:
    """Every table and key; what was looked at is said beside it."""
    found = settings()
    tables: list[tuple[str, object]] = [
        ("site", found.site),
        ("web", found.web),
        ("collect", found.collect),
        ("delivery", found.delivery),
    ]
    tables += [("bounces", found.bounces)]
    tables += [(f"newsletters.{name}", n) for name, n in found.newsletters.items()]
    shown = [{"name": name, "settings": list(_flat("", table))} for name, table in tables]
    context = {"tables": shown, "file": found.file, "checks": checks.run(found)}
    return page(request, "settings", context, section="settings")


def dns(request: HttpRequest) -> HttpResponse:
    """SPF, DKIM and DMARC of each sending domain; the record to add where one is missing."""
    found = settings()
    domains = sorted({n.sender.domain for n in found.newsletters.values()})
    told = [check for domain in domains for check in checks.dns_checks(found, domain)]
    return page(request, "_checks", {"checks": told})


def provider(request: HttpRequest) -> HttpResponse:
    """A login at whatever carries the mails away; no mail is sent."""
    told = [check for check in checks.run(settings(), connect=True) if check.about.startswith("provider")]
    return page(request, "_checks", {"checks": told, "nothing": _("There is nothing to log in to.")})


def _flat(above: str, value: Any) -> Iterator[Setting]:
    """A table's keys; tables inside it with a dot, lists of tables with their number."""
    if is_dataclass(value) and not isinstance(value, (Mailbox, Moment, Rate)):
        items = [(f.name, getattr(value, f.name)) for f in fields(value) if above or f.name not in LEFT_OUT]
    elif isinstance(value, Mapping):
        items = list(value.items())
    else:
        yield Setting(above, _secret(above, value) or _said(value))
        return
    for name, inner in items:
        key = f"{above}.{_as_written(name)}" if above else _as_written(name)
        if isinstance(inner, tuple) and inner and is_dataclass(inner[0]):
            for number, each in enumerate(inner):
                yield from _flat(f"{key}[{number + 1}]", each)
        elif inner or not isinstance(inner, Mapping):
            yield from _flat(key, inner)


def _as_written(name: str) -> str:
    return {"sender": "from"}.get(name, name)


def _secret(key: str, value: Any) -> str:
    """What stands for a secret, and for anything in a provider's own table; "" for what may be shown."""
    last = key.rpartition(".")[2].partition("[")[0]
    secret = any(word in last for word in SECRET) or key.partition(".")[0] in PROVIDER_TABLES or last == "database"
    return HIDDEN if secret and value else ""


def _said(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Rate):
        return f"{value.count}/{value.seconds}s" if value.count else "0"
    if isinstance(value, Moment):
        begin = WEEKDAYS[value.weekday] if value.weekday is not None else str(value.day or "")
        return f"{begin} {value.at:%H:%M}".strip()
    if isinstance(value, (tuple, list)):
        return ", ".join(_said(v) for v in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _duration(length: timedelta) -> str:
    """As config.toml writes it: `30m`, `48h`."""
    seconds = length.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"
