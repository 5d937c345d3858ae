"""Subjects and language of emails to editors: what is needed, and of which period."""

from pathlib import Path

from newsletter.config import Newsletter
from newsletter.editions import notices
from newsletter.editions.titles import period_title
from newsletter.messages import Message, editions
from newsletter.messages import notices as messages
from newsletter.messages.schedule import WAITING
from newsletter.models import Edition, Notice

ENGLISH = "en"
ALIASES = {"no": "nb"}

_OF_SITE = {
    notices.SERVICE: messages.ABOUT_SERVICE,
    notices.RECOVERED: messages.ABOUT_RECOVERED,
    notices.MAIL: messages.ABOUT_EMAILS,
    notices.MAILBOX: messages.ABOUT_BOUNCE,
    notices.COMPLAINTS: messages.ABOUT_COMPLAINTS,
    notices.TASK: messages.ABOUT_PROBLEM,
    notices.MACHINE: messages.ABOUT_MACHINE,
    notices.SIGN_UPS: messages.ABOUT_SIGN_UPS,
}
_OF_EDITION = {
    notices.WAITING: messages.ABOUT_WAITING,
    notices.PAUSED: messages.ABOUT_PAUSED,
    notices.FALLBACK: messages.ABOUT_FALLBACK,
    notices.STALLED: messages.ABOUT_STALLED,
    notices.RECOVERED: messages.ABOUT_GOES_ON,
    notices.UNKNOWN: messages.ABOUT_WAITING,
    notices.SOURCE: messages.ABOUT_SOURCE,
    notices.SKIPPED: messages.ABOUT_SKIPPED,
    notices.SENT: messages.ABOUT_SENT,
    notices.UNDELIVERED: messages.ABOUT_UNDELIVERED,
}


def language_of(newsletter: Newsletter) -> str:
    """Return the language of a newsletter's notices: its own if the program is translated into it, else English."""
    base = newsletter.language.partition("-")[0].lower()
    language = ALIASES.get(base, base)
    catalogue = Path(__file__).parents[1] / "locale" / language
    return language if catalogue.is_dir() else ENGLISH


def subject_of(row: Notice, language: str) -> Message:
    """Return the subject of a notice."""
    if row.kind in _OF_SITE and not (row.edition and row.kind in _OF_EDITION):
        return _OF_SITE[row.kind]()
    name, _, period = row.edition.partition("/")
    edition = Edition.objects.filter(newsletter=name, period=period).first()
    if edition is None:
        return messages.ABOUT_PROBLEM()
    subject = edition.subject if edition.standalone else ""
    short = subject or period_title(period, language).partition(",")[0]
    if row.kind == notices.DRAFT:
        return messages.ABOUT_DRAFT(period=short, count=edition.entries.filter(included=True).count())
    if _needs_approval(row.text):
        return messages.ABOUT_APPROVAL(period=short)
    return _OF_EDITION[row.kind](period=short)


def _needs_approval(text: Message) -> bool:
    reason = dict(text.params)["reason"] if WAITING.matches(text) else None
    return isinstance(reason, Message) and editions.NOT_APPROVED.matches(reason)
