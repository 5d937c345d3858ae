"""The email with a link to choose a new password.

Promises: whoever asks can't tell by the time that it takes whether the address is known; nobody is flooded with it.
"""

import logging
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.letters.transport import post
from newsletter.messages import history as acts
from newsletter.web.desk import audit, users
from newsletter.web.desk.login import desk_email
from newsletter.web.desk.login.desk_email import DeskEmail
from subscribers.models import Hits

log = logging.getLogger("newsletter.desk")

AT_MOST, WITHIN = 3, timedelta(hours=1)


def send_later(address: str, spoken: str) -> None:
    """Mail a link to whoever logs in with this address, in the background; at most three an hour to one person.

    Nothing here depends on whether anyone does.
    """
    enqueue(PASSWORD_EMAIL, address, address=address, spoken=spoken)


def _email(configuration: Config, address: str, spoken: str) -> None:
    with translation.override(spoken):
        _send(configuration, address)


PASSWORD_EMAIL = Task("password email", _email)


def _send(configuration: Config, address: str) -> None:
    user = User.objects.filter(username=address, is_active=True).first()
    if user is None or Hits.objects.increment_and_count(f"password {user.pk}", timezone.now(), WITHIN) > AT_MOST:
        return
    audit.note(user.username, acts.PASSWORD_LINK(), user.username)
    newsletter = next(iter(configuration.newsletters.values()))
    texts = _texts(newsletter.title, users.invitation(user, configuration.site.url))
    outcome = post(configuration, newsletter.name, desk_email.compose(configuration, newsletter, user.email, texts))
    if outcome.kind != OutcomeKind.ACCEPTED:
        log.warning("a password mail was %s: %s %s", outcome.kind, outcome.code or "", outcome.explanation)


def _texts(newsletter: str, link: str) -> DeskEmail:
    title = _("Choose a new password")
    return DeskEmail(
        kind="password",
        subject=title,
        preheader=_("The link works once, for three days."),
        paragraphs=(
            _("Someone, probably you, asked for a new password for the desk of %(title)s.") % {"title": newsletter},
            _("The link works once, for three days."),
        ),
        button=title,
        link=link,
        note=_("If it wasn’t you, ignore this email. Your password stays the same."),
    )
