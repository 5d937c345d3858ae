"""Emails each notice to a newsletter's editors, and posts it to `alert_url`.

The two are independent: a notice that the mail server refuses the login is posted at once, and shown at the desk and in
the log, while its email waits. Each editor gets a notice once, however often it is retried for another one, whose
server defers or refuses it. One that is killed while it emails a notice may email it again to those whose outcome
it had not recorded.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext_noop

from newsletter.config import Config, Newsletter
from newsletter.delivery import retries
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.editions import edition_names, notices
from newsletter.editions.letterheads import letterhead
from newsletter.editions.titles import period_title
from newsletter.later import InVain, NotNow, later
from newsletter.messages import (
    Message,
    editions as editions_messages,
    notices as messages,
    render,
    schedule as schedule_messages,
)
from newsletter.messages.delivery import NOT_NOW
from newsletter.messages.general import ABOUT
from newsletter.messages.localized import Localized
from newsletter.models import Edition, LaterWork, Notice
from newsletter.models.later_work import NOTICE_EMAIL, NOTICE_POST
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.message import encoded_transactional
from newsletter.render.transactional import render_email
from newsletter.transactional import alert_webhook, mail_queue
from newsletter.transactional.transport import Outgoing, outgoing, post_all, unsent

log = logging.getLogger("newsletter.notices")

LEASE = timedelta(minutes=5)

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
    notices.STANDSTILL: messages.ABOUT_STANDSTILL,
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


@later(
    NOTICE_EMAIL,
    gettext_noop("Notice to editors"),
    pauses=retries.TRANSACTIONAL_PAUSES,
    queue="letters",
    lease=LEASE,
)
def email(configuration: Config, work: LaterWork, now: datetime) -> None:
    """Email a notice to the editors who don't have it yet."""
    row = Notice.objects.filter(pk=work.payload["notice"]).first()
    if row is None:
        return  # it has expired
    newsletter = configuration.newsletters.get(row.newsletter)
    if newsletter is None:
        raise InVain(messages.NEWSLETTER_REMOVED(newsletter=row.newsletter))
    try:
        failed_outcome = _mail_to_editors(configuration, newsletter, row, work.attempts, now)
    except TemplateProblem as e:
        log.error("notice %s can't be written: %s", row.pk, e.message)  # noqa: TRY400 - the message says where
        raise NotNow(e.message, counts=False) from e
    if failed_outcome is not None:
        _fail(configuration, row, work, failed_outcome, now)


def _fail(configuration: Config, row: Notice, work: LaterWork, outcome: Outcome, now: datetime) -> None:
    """Let a notice be tried again because of this outcome. An editor whose server goes on refusing it gets none."""
    problem = outcome.explanation or NOT_NOW()
    if outcome.kind is OutcomeKind.REFUSED and work.attempts >= REFUSED_ATTEMPTS:
        if set(row.editors.values()) == {OutcomeKind.REFUSED.value}:  # no other editor has it
            raise InVain(problem)
        return
    is_ours = mail_queue.is_our_side(outcome)
    why = problem if is_ours else f"{outcome.code} {outcome.status}"
    log.warning("notice %s (%s) could not be emailed and is tried again: %s", row.pk, row.kind, why)
    if is_ours:
        mail_queue.hold_back(configuration, row.newsletter, problem, now)
    raise NotNow(problem)


@later(NOTICE_POST, gettext_noop("Notice to site.alert_url"), pauses=retries.TRANSACTIONAL_PAUSES, queue="webhooks")
def post(configuration: Config, work: LaterWork, _now: datetime) -> None:
    """Post a notice to `alert_url`, if there is one."""
    row = Notice.objects.filter(pk=work.payload["notice"]).first()
    if row is None or not configuration.site.alert_url:
        return
    problem = alert_webhook.post(configuration, row.at, row.kind, row.text, row.newsletter, row.edition)
    if problem is not None:
        log.warning("site.alert_url could not be told of notice %s (%s): %s", row.pk, row.kind, problem)
        raise NotNow(ABOUT(subject="alert_url", message=problem))


def _mail_to_editors(
    configuration: Config, newsletter: Newsletter, row: Notice, attempt: int, now: datetime
) -> Outcome | None:
    """Email the editors who don't have the notice yet, and return the outcome because of which it must be retried, if
    any.
    """
    lacking = (None, OutcomeKind.REFUSED.value)
    editors = {n: address for n, address in enumerate(newsletter.editors) if row.editors.get(address) in lacking}
    emails = [_message(configuration, newsletter, row, number, attempt, now) for number in editors]
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
        row.editors = {**row.editors, editors[outcome.number]: outcome.kind.value}
        Notice.objects.filter(pk=row.pk).update(editors=row.editors)
    return failed_outcome


def _message(
    configuration: Config, newsletter: Newsletter, row: Notice, number: int, attempt: int, now: datetime
) -> Outgoing:
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
    return outgoing(email, newsletter.editors[number], f"notice.{row.pk}.{number}", number, attempt)


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
