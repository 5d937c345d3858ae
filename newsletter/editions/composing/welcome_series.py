"""The welcome series of a newsletter: up to five letters, each at its distance from the confirmation.

A letter's texts are written in an edition outside the schedule, named after its number (`welcome-1`). Once it is
approved it is sent to each new subscriber when it is due. A change is a new edition (`welcome-1.2`), which takes the
place of the one before when it is approved; until then the one before goes on.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.editions.composing import standalone
from newsletter.editions.problems import Impossible, refuse_inactive
from newsletter.editions.states import change
from newsletter.messages import acts, editions as messages
from newsletter.models import Act, Edition, Numbering, State, WelcomeLetter

MOST, LONGEST = 5, 365
"""The most letters of a series, and the most days from the confirmation."""


def series(newsletter: str) -> QuerySet[WelcomeLetter]:
    """Return the letters of a newsletter's series, in the order in which subscribers get them."""
    return WelcomeLetter.objects.filter(newsletter=newsletter, removed_at=None).order_by("days", "number")


def current(letter: WelcomeLetter) -> Edition | None:
    """Return the edition that new subscribers get: the one that was approved last, whatever became of it since."""
    approved = letter.editions.filter(approved_content__isnull=False).exclude(state=State.CANCELLED, began_at=None)
    return approved.select_related("approved_content").order_by("-approved_at", "-pk").first()


def draft_of(letter: WelcomeLetter) -> Edition | None:
    """Return the draft of a letter, or of a change to it, that nobody has approved yet."""
    return letter.editions.filter(state=State.DRAFT).order_by("-pk").first()


def add(configuration: Config, newsletter: config.Newsletter, days: int, *, now: datetime, by: str = "") -> Edition:
    """Add a letter to the series; return its draft. Raises Impossible for a distance that is taken or too long."""
    refuse_inactive(newsletter)
    with transaction.atomic():
        Numbering.locked(newsletter.name)
        if series(newsletter.name).count() >= MOST:
            raise Impossible(messages.WELCOME_FULL(most=MOST))
        _check_days(newsletter.name, days)
        numbers = WelcomeLetter.objects.filter(newsletter=newsletter.name)
        number = (numbers.aggregate(last=Max("number"))["last"] or 0) + 1
        letter = WelcomeLetter.objects.create(newsletter=newsletter.name, number=number, days=days, created_at=now)
        return standalone.make(configuration, newsletter, now=now, welcome=letter, by=by)


def revise(configuration: Config, letter: WelcomeLetter, *, now: datetime, by: str = "") -> Edition:
    """Return the draft of a letter, or make one with the texts that are sent now."""
    with transaction.atomic():
        Numbering.locked(letter.newsletter)
        if draft := draft_of(letter):
            return draft
        newest = letter.editions.order_by("-approved_at", "-pk").first()
        if newest is None or letter.removed_at:
            raise Impossible(messages.WELCOME_GONE())
        return standalone.duplicate(configuration, newest, now=now, welcome=letter, by=by)


def set_days(letter: WelcomeLetter, days: int, *, now: datetime, by: str = "") -> None:
    """Change how long after the confirmation a letter is sent; nobody gets it who was due by the new distance before
    now.
    """
    with transaction.atomic():
        Numbering.locked(letter.newsletter)
        locked = WelcomeLetter.objects.select_for_update().get(pk=letter.pk)
        if locked.removed_at:
            raise Impossible(messages.WELCOME_GONE())
        if locked.days == days:
            return
        _check_days(locked.newsletter, days)
        earlier, locked.days = locked.days, days
        locked.since = now if locked.since else None
        locked.save(update_fields=["days", "since"])
        Act.objects.log(
            by, acts.WELCOME_MOVED(), _name(locked), before={"days": earlier}, after={"days": days}, now=now
        )


def remove(letter: WelcomeLetter, *, now: datetime, by: str = "") -> None:
    """Take a letter out of the series: nobody else gets it. Its drafts are cancelled; what was sent stays."""
    with transaction.atomic():
        locked = WelcomeLetter.objects.select_for_update().get(pk=letter.pk)
        if locked.removed_at:
            return
        locked.removed_at = now
        locked.save(update_fields=["removed_at"])
        for edition in locked.editions.select_for_update().filter(state__in=(State.DRAFT, State.APPROVED)):
            change(edition, State.CANCELLED, ended_at=now, reason=messages.WELCOME_REMOVED(), waiting=None)
        Act.objects.log(by, acts.WELCOME_REMOVED(), _name(locked), now=now)


def _check_days(newsletter: str, days: int) -> None:
    if not 0 <= days <= LONGEST:
        raise Impossible(messages.WELCOME_DAYS(longest=LONGEST))
    if series(newsletter).filter(days=days).exists():
        raise Impossible(messages.WELCOME_TAKEN(days=days))


def _name(letter: WelcomeLetter) -> str:
    return f"{letter.newsletter}/welcome-{letter.number}"
