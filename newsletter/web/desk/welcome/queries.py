"""The letters of a welcome series with their counts, and what of it was sent to a person or is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletter.config import Config, Newsletter
from newsletter.editions.composing import welcome_series
from newsletter.editions.titles import subjects
from newsletter.models import Edition, Result, State, Tally, WelcomeLetter, WelcomeMail
from newsletter.sending import progress
from newsletter.sending.enrolling import LATE
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import as_sentence
from subscribers.models import Subscription

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter on the page of the series. `sent` are accepted deliveries, `soon` those due within a week."""

    letter: WelcomeLetter
    subject: str
    distance: str
    state: str
    mark: str
    standing: str
    current: Edition | None
    draft: Edition | None
    sent: str
    failed: str
    soon: str


@dataclass(frozen=True, slots=True)
class PersonalLetter:
    """A letter of the series for one person: when it was sent and what became of it, or when it is due."""

    newsletter: str
    subject: str
    outcome: str
    when: str


def distance(days: int) -> str:
    """Return when a letter is sent, in words."""
    if not days:
        return _("Right away")
    return ngettext("After %(n)s day", "After %(n)s days", days) % {"n": formatting.number(days)}


def lines(configuration: Config, newsletter: Newsletter, now: datetime) -> list[LetterLine]:
    """Return the letters of a series, in the order in which readers get them."""
    return [_line(configuration, newsletter, each, now) for each in welcome_series.series(newsletter.name)]


def _line(configuration: Config, newsletter: Newsletter, letter: WelcomeLetter, now: datetime) -> LetterLine:
    current, draft = welcome_series.current(letter), welcome_series.draft_of(letter)
    revision = current or draft
    state, mark = _state(current)
    sums = Tally.objects.filter(edition__welcome=letter).aggregate(
        accepted=Sum("accepted", default=0), refused=Sum("refused", default=0), unknown=Sum("unknown", default=0)
    )
    return LetterLine(
        letter,
        subjects([revision], configuration)[revision.pk] if revision else _("Email %(n)s") % {"n": letter.number},
        distance(letter.days),
        state,
        mark,
        _standing(current, draft),
        current,
        draft,
        formatting.number(sums["accepted"]),
        formatting.number(sums["refused"] + sums["unknown"]),
        formatting.number(_due(newsletter, letter, current, now)),
    )


def _state(current: Edition | None) -> tuple[str, str]:
    """Return a letter's state in words, and the name of the mark that stands for it."""
    if current is None:
        return _("Not approved"), State.DRAFT.value
    if current.state in (State.PAUSED, State.CANCELLED):
        return formatting.state(current.state), current.state
    return _("In use"), State.SENT.value


def _standing(current: Edition | None, draft: Edition | None) -> str:
    if current and current.waiting:
        return as_sentence(current.waiting)
    if current is None:
        return _("Nobody gets it until it is approved.")
    if current.state == State.PAUSED:
        return _("New subscribers don’t get it until sending is resumed.")
    if current.state == State.CANCELLED:
        return _("No one gets it any more. Edit it to start again.")
    return _("A change is waiting for approval. Until then, the previous version is sent.") if draft else ""


def _due(newsletter: Newsletter, letter: WelcomeLetter, current: Edition | None, now: datetime) -> int:
    """Count who gets a letter within the next week, if nobody leaves."""
    if current is None or current.state == State.CANCELLED or letter.since is None:
        return 0
    away = timedelta(days=letter.days)
    begun = Subscription.objects.receiving(newsletter, now).filter(
        welcome_from__gt=max(now - LATE, letter.since) - away, welcome_from__lte=now + SOON - away
    )
    return begun.exclude(welcome_mails__letter=letter).count()


def personal(configuration: Config, subscriptions: list[Subscription], now: datetime) -> list[PersonalLetter]:
    """Return what of the series was sent to a person and what is due, by newsletter and time."""
    return [line for subscription in subscriptions for line in _personal(configuration, subscription, now)]


def _personal(configuration: Config, subscription: Subscription, now: datetime) -> list[PersonalLetter]:
    newsletter = configuration.newsletters.get(subscription.newsletter)
    title = newsletter.title if newsletter else subscription.newsletter
    zone: tzinfo = newsletter.zone if newsletter else UTC
    mails = list(
        WelcomeMail.objects.filter(subscription=subscription).select_related("edition", "letter").order_by("at")
    )
    named = subjects([mail.edition for mail in mails], configuration) if newsletter else {}
    letters = [
        PersonalLetter(
            title,
            named.get(mail.edition_id, mail.edition.period),
            formatting.outcomes()[_outcome(mail)],
            formatting.moment(mail.at, zone),
        )
        for mail in mails
    ]
    if newsletter is None or subscription.state != Subscription.State.ACTIVE or subscription.welcome_from is None:
        return letters
    had = {mail.letter_id for mail in mails}
    for letter in welcome_series.series(subscription.newsletter).filter(since__isnull=False).exclude(pk__in=had):
        due, current = subscription.welcome_from + timedelta(days=letter.days), welcome_series.current(letter)
        if current and letter.since and due > max(letter.since, now - LATE) and current.state != State.CANCELLED:
            subject = subjects([current], configuration)[current.pk]
            letters.append(PersonalLetter(title, subject, _("Due"), formatting.moment(max(due, now), zone)))
    return letters


def _outcome(mail: WelcomeMail) -> str:
    """Return what became of a letter; an old one has no result any more, as it was accepted."""
    kind = Result.objects.filter(edition=mail.edition_id, number=mail.number).values_list("kind", flat=True).first()
    if kind:
        return kind
    return "accepted" if mail.edition.rolled_up_at else progress.state_without_result(mail.edition)
