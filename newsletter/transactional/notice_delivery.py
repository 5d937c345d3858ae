"""Emails each notice to a newsletter's editors, and posts it to `alert_url`.

The two are independent: a notice that the mail server refuses the login is posted at once, and shown at the desk and in
the log, while its email waits. Each editor gets a notice once, however often it is retried for another one, whose
server defers or refuses it.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, Q
from django.utils import translation

from newsletter.config import Config, Newsletter
from newsletter.delivery import retries
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.editions import edition_names, notices
from newsletter.editions.rendering import letterhead
from newsletter.editions.titles import period_title
from newsletter.messages import (
    Message,
    editions as editions_messages,
    notices as messages,
    render,
    schedule as schedule_messages,
)
from newsletter.messages.general import ABOUT
from newsletter.messages.localized import Localized
from newsletter.models import Edition, Notice
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.message import encoded_transactional
from newsletter.render.transactional import render_email
from newsletter.transactional import alert_webhook, mail_queue
from newsletter.transactional.transport import Outgoing, outgoing, post_all, unsent

log = logging.getLogger("newsletter.notices")

AT_ONCE = 200

REFUSED_ATTEMPTS = 10
"""Attempts, about four hours, after which an editor whose server refuses a notice is not tried any more.

The refusal may be our fault: a server that relays nothing for us today does so once that is corrected.
"""

_ENGLISH = "en"
_ALIASES = {"no": "nb"}

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


def tell_due(configuration: Config, now: datetime) -> int:
    """Post and email every notice that is due; return the number that all editors have."""
    due = list(_due(now))
    for row in due:  # before any email: that may take its time, or be what is broken
        _post_alert(configuration, row, now)
    unreachable: dict[str, Message | None] = {}
    for row in due:
        newsletter = configuration.newsletters.get(row.newsletter)
        provider = configuration.provider_of(newsletter) if newsletter else ""
        if row.mailed_at is None and provider in unreachable:
            _save(row, problem=_text(unreachable[provider]))
        elif row.mailed_at is None:
            failed_outcome = _mail(configuration, row, now)
            if failed_outcome and mail_queue.is_our_side(failed_outcome):
                unreachable[provider] = failed_outcome.explanation
                mail_queue.hold_back(configuration, row.newsletter, now)
        incomplete = row.gave_up_at is None and (row.mailed_at is None or row.posted_at is None)
        if incomplete and row.attempts >= retries.MOST_TRANSACTIONAL_ATTEMPTS:
            _give_up(row, now)
    return Notice.objects.filter(pk__in=[row.pk for row in due], mailed_at=now).count()


def is_due(now: datetime) -> bool:
    """Return whether a notice may be sent now."""
    return mail_queue.notices().filter(_reached(now), gave_up_at=None).exists()


def _reached(now: datetime) -> Q:
    return Q(next_try_at=None) | Q(next_try_at__lte=now)


def _due(now: datetime) -> Iterator[Notice]:
    for row in mail_queue.notices().filter(_reached(now), gave_up_at=None).order_by("pk")[:AT_ONCE]:
        taken = Notice.objects.filter(_reached(now), pk=row.pk, attempts=row.attempts)
        if taken.update(attempts=F("attempts") + 1, next_try_at=now + retries.transactional_pause(row.attempts + 1)):
            row.attempts += 1
            yield row


def _mail(configuration: Config, row: Notice, now: datetime) -> Outcome | None:
    """Email the editors who don't have the notice yet, and return the outcome because of which it must be retried, if
    any.
    """
    newsletter = configuration.newsletters.get(row.newsletter)
    if newsletter is None:
        _save(row, problem=messages.NEWSLETTER_REMOVED(newsletter=row.newsletter).to_text())
        if row.posted_at is not None:
            _give_up(row, now)
        return None
    try:
        failed_outcome = _mail_to_editors(configuration, newsletter, row, now)
    except TemplateProblem as e:
        _put_off(row, e.message)
        return None
    if failed_outcome is None:
        _save(row, mailed_at=now)
    elif failed_outcome.kind is OutcomeKind.REFUSED and row.attempts >= REFUSED_ATTEMPTS:
        if set(row.editors.values()) == {OutcomeKind.REFUSED.value}:  # no other editor has it
            _give_up(row, now)
        else:
            _save(row, mailed_at=now)
    else:
        why = (
            failed_outcome.explanation
            if mail_queue.is_our_side(failed_outcome)
            else f"{failed_outcome.code} {failed_outcome.status}"
        )
        log.warning("notice %s (%s) could not be emailed and is tried again: %s", row.pk, row.kind, why)
        _save(row, problem=_text(failed_outcome.explanation))
    return failed_outcome


def _put_off(row: Notice, problem: Message) -> None:
    """Let a notice wait until an invalid template is fixed, which uses none of its attempts."""
    log.error("notice %s can't be written: %s", row.pk, problem)
    row.attempts -= 1
    _save(row, attempts=row.attempts, problem=problem.to_text())


def _mail_to_editors(configuration: Config, newsletter: Newsletter, row: Notice, now: datetime) -> Outcome | None:
    lacking = (None, OutcomeKind.REFUSED.value)
    editors = {n: address for n, address in enumerate(newsletter.editors) if row.editors.get(address) in lacking}
    emails = [_message(configuration, newsletter, row, number, now) for number in editors]
    outcomes: list[Outcome] = []
    problem = (
        post_all(configuration, configuration.provider_of(newsletter), emails, outcomes.extend) if emails else None
    )
    failed_outcome = unsent(0, problem) if len(outcomes) < len(emails) else None
    for outcome in outcomes:
        if outcome.kind is OutcomeKind.DEFERRED:
            failed_outcome = failed_outcome or outcome
            continue
        if outcome.kind is OutcomeKind.REFUSED:
            failed_outcome = failed_outcome or outcome
            log.error("notice %s (%s) was refused for an editor: %s %s", row.pk, row.kind, outcome.code, outcome.status)
        _save(
            row,
            editors={**row.editors, editors[outcome.number]: outcome.kind.value},
            problem=_text(outcome.explanation),
        )
    return failed_outcome


def _give_up(row: Notice, now: datetime) -> None:
    log.error("notice %s (%s) is given up after %s attempts", row.pk, row.kind, row.attempts)
    _save(row, gave_up_at=now)


def _text(problem: Message | None) -> str:
    return problem.to_text() if problem else ""


def _save(row: Notice, **values: Any) -> None:
    """Set only these columns, also in the object; housekeeping may have deleted the row."""
    for name, value in values.items():
        setattr(row, name, value)
    Notice.objects.filter(pk=row.pk).update(**values)


def _message(configuration: Config, newsletter: Newsletter, row: Notice, number: int, now: datetime) -> Outgoing:
    language = _language(newsletter)
    head = replace(letterhead(configuration, newsletter), language=language)
    desk = f"{configuration.site.url}/desk/"
    with translation.override(language):
        localized = Localized(language, translation.gettext, translation.ngettext, newsletter.zone)
        titles = edition_names.titles([row.text], lambda edition: period_title(edition.period, language))
        text = render(row.text.changed(lambda part: titles.get(part, part)), localized)
        text += "" if text.endswith((".", "!", "?")) else "."
        about = render(_subject(row, language), localized)
        button = render(messages.OPEN_THE_EDITION() if row.edition else messages.OPEN_THE_DESK(), localized)
    context = {
        "subject": about,
        "preheader": text[:140],
        "heading": about,
        "paragraphs": [text],
        "button": button,
        "link": f"{desk}editions/{row.edition}/" if row.edition else desk,
        "note": "",
        "language": language,
    }
    worded = render_email("notice", head, context, configuration.folder / "templates")
    email = encoded_transactional(worded, head, date=now)
    return outgoing(email, newsletter.editors[number], f"notice.{row.pk}.{number}", number, row.attempts)


def _language(newsletter: Newsletter) -> str:
    """Return the language of a newsletter's notices: its own if the program is translated into it, else English."""
    base = newsletter.language.partition("-")[0].lower()
    language = _ALIASES.get(base, base)
    catalogue = Path(__file__).parents[1] / "locale" / language
    return language if catalogue.is_dir() else _ENGLISH


def _subject(row: Notice, language: str) -> Message:
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
    reason = dict(text.params)["reason"] if schedule_messages.WAITING.matches(text) else None
    return isinstance(reason, Message) and editions_messages.NOT_APPROVED.matches(reason)


def _post_alert(configuration: Config, row: Notice, now: datetime) -> None:
    """Post a notice, unless it is posted already or is of a kind that needs no attention."""
    if row.posted_at is not None:
        return
    is_alert = configuration.site.alert_url and row.kind in notices.POSTED
    if is_alert and (
        problem := alert_webhook.post(configuration, row.at, row.kind, row.text, row.newsletter, row.edition)
    ):
        log.warning("site.alert_url could not be told of notice %s (%s): %s", row.pk, row.kind, problem)
        _save(row, problem=ABOUT(subject="alert_url", message=problem).to_text())
    else:
        _save(row, posted_at=now)
