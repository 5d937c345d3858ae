"""One line about each page of settings, in its list: what is set there."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from babel.dates import get_day_names
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import get_language, gettext as _, ngettext

from newsletter.config import Config, Moment, Newsletter, SourceSettings
from newsletter.messages.localized import with_time
from newsletter.models import Act, ApiToken, EventWebhook
from newsletter.sending.machines import presence
from newsletter.web.desk import formatting
from newsletter.web.desk.settings.delivery_pages import ADVANCED, API_NAMES
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.fields import SettingsPage, as_written
from newsletter.web.desk.settings.inputs.suggestions import city, name_of

NAMED = 3
"""How many sources or topics a line names at most."""


def line(name: str, configuration: Config, newsletter: Newsletter | None = None) -> str:
    """Return what is set on a page, in a line."""
    return _OF_NEWSLETTER[name](configuration, newsletter) if newsletter else _OF_SITE[name](configuration)


def _general(_configuration: Config, newsletter: Newsletter) -> str:
    language = name_of(newsletter.language, get_language() or "en")
    return _("%(language)s, time zone %(zone)s") % {
        "language": formatting.capital(language),
        "zone": city(newsletter.timezone),
    }


def _sender(configuration: Config, newsletter: Newsletter) -> str:
    provider, address = configuration.provider_of(newsletter), newsletter.sender.address
    if provider == "file":
        return _("Emails from %(address)s are saved to a folder, and reach nobody") % {"address": address}
    names = {"address": address, "provider": API_NAMES.get(provider, "SMTP")}
    return _("Sends from %(address)s through %(provider)s") % names


def _schedule(_configuration: Config, newsletter: Newsletter) -> str:
    if not newsletter.has_schedule:
        return _("None: without a source, it has letters only")
    values = {
        "frequency": formatting.cadence(newsletter.period),
        "draft": _moment(newsletter.draft_moment),
        "send": _moment(newsletter.send_moment),
    }
    if newsletter.approval == "none":
        return _("%(frequency)s: drafted %(draft)s, sent %(send)s without approval") % values
    return _("%(frequency)s: drafted %(draft)s, sent %(send)s after approval") % values


def _moment(moment: Moment) -> str:
    """Return a recurring time: `Fri 15:00`, `on day 1, 15:00`, or only `15:00` for every day."""
    clock = formatting.clock(datetime.combine(date.min, moment.at, UTC))
    if moment.weekday is not None:
        return f"{get_day_names('abbreviated', locale=formatting.language())[moment.weekday]} {clock}"
    if moment.day is not None:
        return with_time(_("on day %(day)s") % {"day": moment.day}, clock, formatting.language())
    return clock


def _cadences(_configuration: Config, newsletter: Newsletter) -> str:
    offered = ", ".join(map(formatting.cadence, newsletter.cadences))
    if offered in ("", formatting.cadence(newsletter.period)):
        return _("Subscribers have no choice")
    return _("Subscribers can choose: %(frequencies)s") % {"frequencies": offered}


def _content(_configuration: Config, newsletter: Newsletter) -> str:
    values = {"words": newsletter.excerpt_words, "posts": newsletter.maximum_posts}
    return {
        "full": _("Full text, at most %(posts)s posts"),
        "excerpt": _("Excerpts of %(words)s words, at most %(posts)s posts"),
        "title": _("Headlines only, at most %(posts)s posts"),
    }[newsletter.body] % values


def _topics(_configuration: Config, newsletter: Newsletter) -> str:
    return _named([title for _name, title in newsletter.offered_topics]) or _("None")


def _sources(_configuration: Config, newsletter: Newsletter) -> str:
    return _named([_source_name(source) for source in newsletter.sources]) or _("None")


def _source_name(source: SourceSettings) -> str:
    return source.name or urlsplit(source.url).hostname or source.url.rstrip("/").rpartition("/")[2]


def _named(names: list[str]) -> str:
    """Return the first of the names, and how many there are besides; "" for none."""
    if len(names) <= NAMED:
        return formatting.listed(names)
    further = len(names) - NAMED
    sentence = ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", further)
    return sentence % {"names": ", ".join(names[:NAMED]), "n": formatting.number(further)}


def _design(_configuration: Config, newsletter: Newsletter) -> str:
    return f"{_choice(DESIGN, 'theme.design', newsletter.theme.design)} · {newsletter.theme.accent}"


def _choice(page: SettingsPage, key: str, value: str) -> str:
    """Return what a page calls a value that is chosen there."""
    choices = next(field.choices for field in page.fields if field.key == key)
    return str(dict(choices).get(value, value))


def _delivery(configuration: Config) -> str:
    delivery = configuration.delivery
    ways = {
        "smtp": _("Mail server %(host)s") % {"host": delivery.smtp.host},
        "file": _("Emails are saved to a folder, and reach nobody"),
    }
    parts = [ways.get(delivery.provider, API_NAMES.get(delivery.provider, ""))]
    if delivery.rate.count:
        parts.append(_("at most %(rate)s") % {"rate": as_written(delivery.rate)})
    if delivery.fallback:
        parts.append(_("fallback %(provider)s") % {"provider": API_NAMES.get(delivery.fallback, "SMTP")})
    return ", ".join(parts)


def _email_services(configuration: Config) -> str:
    filled = [title for name, title in API_NAMES.items() if getattr(configuration.delivery, name)]
    return _("%(services)s: filled in") % {"services": formatting.listed(filled)} if filled else _("None")


def _bounces(configuration: Config) -> str:
    if host := configuration.bounces.imap.host:
        return _("Read from the mailbox at %(host)s") % {"host": host}
    services = [API_NAMES[name] for name in configuration.providers if name in API_NAMES]
    if services:
        return _("Reported by %(services)s") % {"services": formatting.listed(services)}
    return _("Not read: no mailbox is set")


def _deliverability(configuration: Config) -> str:
    addresses = (newsletter.sender.address for newsletter in configuration.newsletters.values())
    domains = list(dict.fromkeys(address.rpartition("@")[2] for address in addresses))
    return _("SPF, DKIM and DMARC of %(domains)s") % {"domains": _named(domains)}


def _users(_configuration: Config) -> str:
    count = User.objects.filter(is_active=True).count()
    return ngettext("%(n)s person", "%(n)s people", count) % {"n": formatting.number(count)}


def _log(_configuration: Config) -> str:
    last = Act.objects.order_by("-at").values_list("at", flat=True).first()
    return _("Last entry %(ago)s") % {"ago": formatting.ago(last, timezone.now())} if last else _("None")


def _events(configuration: Config) -> str:
    services = [API_NAMES[name] for name in configuration.providers if name in API_NAMES]
    return formatting.listed(services) or _("None: they are for email services, and none is in use")


def _tokens(_configuration: Config) -> str:
    count = ApiToken.objects.filter(revoked_at=None).count()
    return ngettext("%(n)s token", "%(n)s tokens", count) % {"n": formatting.number(count)} if count else _("None")


def _webhooks(_configuration: Config) -> str:
    count = EventWebhook.objects.count()
    return ngettext("%(n)s address", "%(n)s addresses", count) % {"n": formatting.number(count)} if count else _("None")


def _workers(_configuration: Config) -> str:
    count = sum(worker.alive for worker in presence.workers())
    return ngettext("%(n)s program runs", "%(n)s programs run", count) % {"n": formatting.number(count)}


def _alerts(configuration: Config) -> str:
    host = urlsplit(configuration.site.alert_url).hostname
    return _("Sent to %(host)s") % {"host": host} if host else _("By email to the editors")


_OF_NEWSLETTER: dict[str, Callable[[Config, Newsletter], str]] = {
    "general": _general,
    "sender": _sender,
    "schedule": _schedule,
    "cadences": _cadences,
    "content": _content,
    "topics": _topics,
    "sources": _sources,
    "design": _design,
}
_OF_SITE: dict[str, Callable[[Config], str]] = {
    "delivery": _delivery,
    "providers": _email_services,
    "bounces": _bounces,
    "deliverability": _deliverability,
    "address": lambda configuration: configuration.site.url,
    "users": _users,
    "log": _log,
    "health": lambda _configuration: _("What works and what doesn’t, a test of the connection, and all settings"),
    "advanced": lambda _configuration: _("Reading blogs, SMTP details, alerts and other programs"),
    "collecting": lambda config: _("Interval: %(span)s") % {"span": formatting.span(config.collect.every)},
    "smtp": lambda config: (
        _("Login method: %(method)s") % {"method": _choice(ADVANCED, "smtp.auth", config.delivery.smtp.auth)}
    ),
    "alerts": _alerts,
    "events": _events,
    "tokens": _tokens,
    "webhooks": _webhooks,
    "workers": _workers,
}
