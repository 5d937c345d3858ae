"""The email with which an admin invites somebody to the desk, or sends them a link to choose another password.

The link works once, for three days, and can be sent again. Where no email can be sent, the caller shows the link.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions.local_links import LinkProblem, check_addresses
from newsletter.letters.transport import post
from newsletter.messages import history as acts
from newsletter.web.desk import audit, formatting, users
from newsletter.web.desk.login import desk_email
from newsletter.web.desk.login.desk_email import DeskEmail
from newsletter.web.desk.pages import as_sentence


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation: its link, and why it could not be sent by email ("" if it was)."""

    link: str
    problem: str


def send(configuration: Config, user: User, by: User) -> Invitation:
    """Send a person a link with which they choose a password, now."""
    link = users.invitation(user, configuration.site.url)
    problem = _send(configuration, user, by, link)
    if not problem:
        audit.note(by.username, acts.INVITATION_SENT(), user.username)
    return Invitation(link, problem)


def _send(configuration: Config, user: User, by: User, link: str) -> str:
    """Send the link; return in a sentence why that was impossible, otherwise ""."""
    newsletter = next(iter(configuration.newsletters.values()))
    if configuration.provider_of(newsletter) == "file":
        return _("Emails are written to a folder, not sent.")
    try:
        check_addresses(configuration, newsletter.name, [user.email])
    except LinkProblem as problem:
        return as_sentence(problem)
    email = desk_email.compose(configuration, newsletter, user.email, _texts(newsletter.title, user, by, link))
    outcome = post(configuration, newsletter.name, email)
    if outcome.kind == OutcomeKind.ACCEPTED:
        return ""
    words = formatting.message(outcome.explanation) or str(outcome.code or "")
    return _("The email could not be sent: %(reason)s") % {"reason": formatting.sentence(words)}


def _texts(title: str, user: User, by: User, link: str) -> DeskEmail:
    values = {"who": by.get_full_name() or by.username, "title": title}
    once = _("The link works once, for three days.")
    if user.has_usable_password():
        subject = _("Choose a new password")
        first = _("%(who)s sends you a link to choose a new password for the desk of %(title)s.") % values
        note = _("Until you follow the link, your password stays the same.")
    else:
        subject = _("Invitation to the desk of %(title)s") % values
        first = _("%(who)s invites you to work on %(title)s. Choose a password, and log in with this address.") % values
        note = _("If you don’t know what this is about, ignore this email.")
    button = _("Choose a password")
    return DeskEmail("invitation", subject, once, (first, once), button, link, note)
