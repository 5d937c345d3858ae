"""Emails with a link to choose a password: an admin invites somebody, or somebody has forgotten theirs.

Promises: the link works once, for three days, and can be sent again. Whoever asks for a new password can't tell by the
time that it takes whether the address is known; nobody is flooded with it. Where an invitation can't be sent, the
caller shows the link.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

from django.contrib.auth.models import User
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions.letterheads import letterhead
from newsletter.editions.local_links import LinkProblem, check_addresses
from newsletter.messages import acts
from newsletter.models import Act
from newsletter.render.message import encoded_transactional
from newsletter.render.transactional import render_email
from newsletter.transactional.transport import Outgoing, outgoing, post
from newsletter.web.desk import formatting, users
from newsletter.web.desk.pages import as_sentence
from newsletter.web.middleware import desk_language
from subscribers.models import Hits

log = logging.getLogger("newsletter.desk")

AT_MOST, WITHIN = 3, timedelta(hours=1)
"""How many emails somebody who has forgotten their password gets."""


def invite(configuration: Config, user: User, by: User) -> dict[str, str]:
    """Send a person a link with which they choose a password, now; return it with the problem if that failed."""
    link = users.invitation(user, configuration.site.url)
    problem = _invite(configuration, user, by, link)
    if not problem:
        Act.objects.log(by.username, acts.INVITATION_SENT(), user.username)
    return {"link": link, "problem": problem}


def _invite(configuration: Config, user: User, by: User, link: str) -> str:
    """Send the link; return in a sentence why that was impossible, otherwise ""."""
    newsletter = next(iter(configuration.newsletters.values()))
    if configuration.provider_of(newsletter) == "file":
        return _("Emails are written to a folder, not sent.")
    try:
        check_addresses(configuration, newsletter.name, [user.email])
    except LinkProblem as problem:
        return as_sentence(problem)
    message = _message(configuration, user.email, link, "invitation", _of_invitation(user, by, newsletter.title))
    outcome = post(configuration, newsletter.name, message)
    if outcome.kind == OutcomeKind.ACCEPTED:
        return ""
    words = formatting.message(outcome.explanation) or str(outcome.code or "")
    return _("The email could not be sent: %(reason)s") % {"reason": formatting.sentence(words)}


def _of_invitation(user: User, by: User, title: str) -> dict[str, str]:
    values = {"who": by.get_full_name() or by.username, "title": title}
    if user.has_usable_password():
        subject = _("Choose a new password")
        text = _("%(who)s sends you a link to choose a new password for the desk of %(title)s.") % values
        note = _("Until you follow the link, your password stays the same.")
    else:
        subject = _("Invitation to the desk of %(title)s") % values
        text = _("%(who)s invites you to work on %(title)s. Choose a password, and log in with this address.") % values
        note = _("If you don’t know what this is about, ignore this email.")
    return {"subject": subject, "text": text, "button": _("Choose a password"), "note": note}


def send_later(address: str, spoken: str) -> None:
    """Mail a link to whoever logs in with this address, in the background; at most three an hour to one person.

    Nothing here depends on whether anyone does.
    """
    enqueue(PASSWORD_EMAIL, address, address=address, spoken=spoken)


def _send(configuration: Config, address: str, spoken: str) -> None:
    user = User.objects.filter(username=address, is_active=True).first()
    if user is None or Hits.objects.increment_and_count(f"password {user.pk}", timezone.now(), WITHIN) > AT_MOST:
        return
    Act.objects.log(user.username, acts.PASSWORD_LINK(), user.username)
    newsletter = next(iter(configuration.newsletters.values()))
    link = users.invitation(user, configuration.site.url)
    with translation.override(spoken):
        message = _message(configuration, user.email, link, "password", _of_forgotten_password(newsletter.title))
    outcome = post(configuration, newsletter.name, message)
    if outcome.kind != OutcomeKind.ACCEPTED:
        log.warning("a password mail was %s: %s %s", outcome.kind, outcome.code or "", outcome.explanation)


PASSWORD_EMAIL = Task("password email", _send)


def _of_forgotten_password(title: str) -> dict[str, str]:
    subject = _("Choose a new password")
    text = _("Someone, probably you, asked for a new password for the desk of %(title)s.") % {"title": title}
    note = _("If it wasn’t you, ignore this email. Your password stays the same.")
    return {"subject": subject, "text": text, "button": subject, "note": note}


def _message(configuration: Config, address: str, link: str, kind: str, texts: dict[str, str]) -> Outgoing:
    """Return the message to an address, in the first newsletter's design and from its sender.

    `kind` begins its Message-ID, and `button` is the text of the link.
    """
    spoken = desk_language(formatting.language())
    newsletter = next(iter(configuration.newsletters.values()))
    head = replace(letterhead(configuration, newsletter), language=spoken)
    once = _("The link works once, for three days.")
    context = {
        **texts,
        "preheader": once,
        "heading": texts["subject"],
        "paragraphs": [texts["text"], once],
        "link": link,
        "language": spoken,
    }
    worded = render_email("notice", head, context, configuration.folder / "templates")
    email = encoded_transactional(worded, head, date=timezone.now())
    return outgoing(email, address, f"{kind}.{token_hex(8)}")
