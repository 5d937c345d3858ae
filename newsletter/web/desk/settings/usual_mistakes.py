"""What a form accepts although it is hardly meant: sending a whole period after the draft, and a sender's address whose
domain belongs to somebody else. Each sentence says what will happen, and what to enter instead.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.config.values import Moment, next_moment
from newsletter.deliverability.domains import known_owner
from newsletter.deliverability.services import service_of_server
from newsletter.mime.headers import ascii_domain
from newsletter.web.desk import formatting

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_SHORT = {"day": timedelta(hours=4), "week": timedelta(days=1), "month": timedelta(days=4)}
"""How shortly before the next draft an edition is sent if its times are in the wrong order."""


def late_sending(draft: Moment, send: Moment, cadence: str) -> str:
    """Return a sentence about a time of sending that comes shortly before the next draft; "" if it doesn't."""
    if cadence not in _SHORT:
        return ""
    zone = ZoneInfo("UTC")
    drafted = next_moment(draft, zone, _ANY_DAY)
    sent = next_moment(send, zone, drafted)
    if next_moment(draft, zone, drafted) - sent >= _SHORT[cadence]:
        return ""
    wait = formatting.span(sent - drafted)
    return _(
        "This comes before the time of the draft, so each edition would be sent %(wait)s after its draft. Choose a "
        "time of sending after that of the draft."
    ) % {"wait": wait}


def foreign_sender(domain: str, service: str) -> str:
    """Return a sentence about a sender's domain that isn't the publisher's; "" if it may be.

    `service` is the key of the service that sends. It may send from its own addresses.
    """
    owner = known_owner(ascii_domain(domain).lower())
    if owner is None or (owner.service and owner.service == service):
        return ""
    return _(
        "%(domain)s belongs to %(owner)s, so your emails can’t be signed for it. Gmail and other mailbox providers "
        "will put them in the spam folder or refuse them. Enter an address at a domain of your own."
    ) % {"domain": domain, "owner": formatting.message(owner.name)}


def of_newsletter(configuration: Config, newsletter: Newsletter) -> dict[str, str]:
    """Return the sentences about a newsletter's settings, by the keys of the settings that they are about."""
    sentences = {}
    for cadence in newsletter.offered if newsletter.has_schedule else ():
        of_cadence = newsletter.at(cadence)
        key = "send" if cadence == newsletter.default_cadence else f"cadence.{cadence}.send"
        sentences[key] = late_sending(of_cadence.draft_moment, of_cadence.send_moment, cadence)
    provider = configuration.provider_of(newsletter)
    service = service_of_server(configuration.delivery.smtp.host) if provider == "smtp" else provider
    sentences["from"] = foreign_sender(newsletter.sender.domain, service)
    return {key: sentence for key, sentence in sentences.items() if sentence}


def show_beside(form: forms.Form, configuration: Config, newsletter: Newsletter) -> None:
    """Add the sentences about a newsletter's present settings to the help of their fields."""
    for key, sentence in of_newsletter(configuration, newsletter).items():
        if field := form.fields.get(key):
            field.help_text = format_html('{} <strong class="bad">{}</strong>', field.help_text, sentence)
