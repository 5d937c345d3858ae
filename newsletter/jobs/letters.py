"""Mails to one person: what subscribers wrote down (confirm, welcome …), and what editors must be told.

Promises: a letter is a row before it is a mail, so that a kill loses none; it is taken with a lease, tried again with
growing pauses, and given up with a reason after `TRIES`. One that was in flight at a kill may come twice.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import requests
from django.db.models import F, Q

from newsletter.config import Config
from newsletter.jobs import notices
from newsletter.jobs.posting import post
from newsletter.jobs.rendering import letterhead
from newsletter.mail import Kind, Letterhead, Outcome
from newsletter.models import Edition, Notice
from newsletter.render.letter import letter
from newsletter.render.loader import TemplateProblem
from newsletter.render.message import letter_message
from subscribers.letters import Composed, Latest, compose
from subscribers.models import Letter

log = logging.getLogger("newsletter.letters")

LEASE = timedelta(minutes=5)
TRIES = 8
AT_ONCE = 200
ALERT_SECONDS = 10
SUBJECTS = {
    notices.DRAFT: "a draft is there",
    notices.WAITING: "an edition waits for you",
    notices.PAUSED: "an edition was paused",
    notices.SOURCE: "a source is silent",
    notices.SKIPPED: "an edition was skipped",
    notices.SENT: "an edition was sent",
}


def send_due(configuration: Config, now: datetime) -> int:
    """Send every letter and notice that is due; gives how many were accepted."""
    sent = sum(_send_letter(configuration, each, now) for each in _due_letters(now))
    return sent + sum(_tell(configuration, each, now) for each in _due_notices(now))


def _due_letters(now: datetime) -> Iterator[Letter]:
    """Letters that are due, each leased to us as it is given."""
    waiting = Letter.objects.filter(sent_at=None, due__lte=now, attempts__lt=TRIES).order_by("due", "pk")
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    for row in waiting.filter(free).select_related("subscriber", "subscription")[:AT_ONCE]:
        taken = Letter.objects.filter(free, pk=row.pk, sent_at=None)
        if taken.update(leased_until=now + LEASE, attempts=F("attempts") + 1):
            row.attempts += 1
            yield row


def _send_letter(configuration: Config, row: Letter, now: datetime) -> bool:
    composed = compose(row, _latest(row.newsletter) if row.kind == Letter.Kind.WELCOME else None)
    if composed is None:
        Letter.objects.filter(pk=row.pk).update(sent_at=now, leased_until=None, problem="nothing was left to say")
        return False
    try:
        outcome = _post(configuration, composed, f"letter.{row.pk}", now)
    except TemplateProblem as problem:
        _put_off(row, str(problem), now)
        return False
    if outcome.kind in (Kind.ACCEPTED, Kind.UNKNOWN):
        Letter.objects.filter(pk=row.pk).update(sent_at=now, leased_until=None, problem="")
        return outcome.kind == Kind.ACCEPTED
    tries = TRIES if outcome.kind == Kind.REFUSED else row.attempts
    Letter.objects.filter(pk=row.pk).update(
        attempts=tries, leased_until=None, due=now + _pause(row.attempts), problem=outcome.text[:500]
    )
    log.warning("letter %s was %s: %s %s", row.pk, outcome.kind, outcome.code or "", outcome.status)
    return False


def _latest(newsletter: str) -> Latest | None:
    """The newest edition that stands in the archive: one of which a mail has left."""
    begun = Edition.objects.filter(newsletter=newsletter, began_at__isnull=False, frozen__isnull=False)
    edition = begun.select_related("frozen").order_by("-until", "-pk").first()
    return Latest(edition.frozen.subject, f"/n/{edition.name}/") if edition else None


def _put_off(row: Letter, problem: str, now: datetime) -> None:
    """A template of ours that is broken uses none of a letter's tries up: it waits until that is mended."""
    log.error("letter %s can't be written: %s", row.pk, problem)
    Letter.objects.filter(pk=row.pk).update(
        attempts=row.attempts - 1, leased_until=None, due=now + LEASE, problem=problem[:500]
    )


def _post(configuration: Config, composed: Composed, message_id: str, now: datetime) -> Outcome:
    head = _letterhead(configuration, composed.newsletter, composed.language)
    worded = letter(composed.template, head, dict(composed.context), configuration.folder / "templates")
    raw = letter_message(worded, head, to=composed.address, name=composed.name, date=now, message_id=message_id)
    return post(configuration, head.newsletter, composed.address, raw)


def _letterhead(configuration: Config, newsletter: str, language: str) -> Letterhead:
    """That of the newsletter; one that is gone writes under the first one's."""
    known = configuration.newsletters.get(newsletter) or next(iter(configuration.newsletters.values()))
    return replace(letterhead(configuration, known), language=language or known.language)


def _due_notices(now: datetime) -> Iterator[Notice]:
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    waiting = Notice.objects.filter(due, attempts__lt=TRIES).filter(Q(mailed_at=None) | Q(posted_at=None))
    for row in waiting.order_by("pk")[:AT_ONCE]:
        later = now + max(LEASE, _pause(row.attempts))
        taken = Notice.objects.filter(due, pk=row.pk, attempts=row.attempts)
        if taken.update(attempts=F("attempts") + 1, next_try_at=later):
            yield row


def _tell(configuration: Config, row: Notice, now: datetime) -> bool:
    """Mail a notice to the newsletter's editors and post it to `alert_url`, each once."""
    try:
        if row.mailed_at is None and _mail_notice(configuration, row, now):
            Notice.objects.filter(pk=row.pk).update(mailed_at=now)
    except TemplateProblem as problem:
        log.error("notice %s can't be written: %s", row.pk, problem)  # noqa: TRY400 - the sentence says it all
        Notice.objects.filter(pk=row.pk).update(attempts=row.attempts)
    if row.posted_at is None and _post_alert(configuration, row):
        Notice.objects.filter(pk=row.pk).update(posted_at=now)
    return not Notice.objects.filter(pk=row.pk, mailed_at=None).exists()


def _mail_notice(configuration: Config, row: Notice, now: datetime) -> bool:
    known = configuration.newsletters.get(row.newsletter)
    if known is None or not known.editors:
        return True
    head = replace(letterhead(configuration, known), language="en")
    link = (
        f"{configuration.site.url}/desk/editions/{row.edition}/" if row.edition else f"{configuration.site.url}/desk/"
    )
    about = f"{known.title}: {SUBJECTS[row.kind]}"
    context = {
        "subject": about,
        "preheader": row.text[:140],
        "heading": about,
        "paragraphs": [row.text],
        "button": "Open the desk",
        "link": link,
        "note": "",
        "language": "en",
    }
    worded = letter("notice", head, context, configuration.folder / "templates")
    outcomes = []
    for number, address in enumerate(known.editors):
        raw = letter_message(worded, head, to=address, date=now, message_id=f"notice.{row.pk}.{number}")
        outcomes.append(post(configuration, known.name, address, raw).kind)
    return all(kind != Kind.DEFERRED for kind in outcomes)


def _post_alert(configuration: Config, row: Notice) -> bool:
    if not configuration.site.alert_url or row.kind not in notices.POSTED:
        return True
    body = {"newsletter": row.newsletter, "kind": row.kind, "edition": row.edition or None, "text": row.text}
    try:
        answer = requests.post(configuration.site.alert_url, json=body, timeout=ALERT_SECONDS, allow_redirects=False)
    except requests.RequestException as e:
        log.warning("site.alert_url could not be told of notice %s: %s", row.pk, type(e).__name__)
        return False
    return answer.ok


def _pause(attempts: int) -> timedelta:
    """One minute, doubled for each try."""
    return timedelta(minutes=2 ** max(0, attempts - 1))
