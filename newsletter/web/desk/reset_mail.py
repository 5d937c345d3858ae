"""The mail with which somebody chooses a new password.

Promises: whoever asks can't tell by the time that it takes whether the address is known; nobody is flooded with it.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.jobs.posting import post
from newsletter.jobs.rendering import letterhead
from newsletter.mail import Kind
from newsletter.render.letter import letter
from newsletter.render.message import letter_message
from newsletter.web.desk.access import desk_language
from newsletter.web.desk.words import language
from subscribers.models import Hits

log = logging.getLogger("newsletter.desk")

AT_MOST, WITHIN = 3, timedelta(hours=1)
_mailing = ThreadPoolExecutor(1, thread_name_prefix="password-mail")


def send(configuration: Config, user: User, link: str) -> None:
    """Mail the link, aside; at most three an hour to one person."""
    if Hits.objects.count_one(f"password {user.pk}", timezone.now(), WITHIN) > AT_MOST:
        return
    raw = _message(configuration, user.email, link)
    _mailing.submit(_post, configuration, user.email, raw)


def _message(configuration: Config, address: str, link: str) -> bytes:
    newsletter = next(iter(configuration.newsletters.values()))
    spoken = desk_language(language())
    head = replace(letterhead(configuration, newsletter), language=spoken)
    title = _("Choose a new password")
    context = {
        "subject": title,
        "preheader": _("The link works once, for three days."),
        "heading": title,
        "paragraphs": [
            _("Somebody, probably you, asked for a new password for the desk of %(title)s.")
            % {"title": newsletter.title},
            _("The link works once, for three days."),
        ],
        "button": title,
        "link": link,
        "note": _("If it was not you, do nothing: your password stays as it is."),
        "language": spoken,
    }
    worded = letter("notice", head, context, configuration.folder / "templates")
    return letter_message(worded, head, to=address, date=timezone.now(), message_id=f"password.{token_hex(8)}")


def _post(configuration: Config, address: str, raw: bytes) -> None:
    newsletter = next(iter(configuration.newsletters))
    outcome = post(configuration, newsletter, address, raw)
    if outcome.kind != Kind.ACCEPTED:
        log.warning("a password mail was %s: %s %s", outcome.kind, outcome.code or "", outcome.text)
