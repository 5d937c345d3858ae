"""When and to whom an edition would be sent now, and the subscribers who are left out, with the reasons."""

from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from newsletter.config import Config, Newsletter
from newsletter.editions.offers import having
from newsletter.models import WITHOUT_POSTS, Edition, Post, State, Tally
from newsletter.sending import audience
from newsletter.web.desk import formatting
from newsletter.web.desk.settings.delivery_pages import PROVIDER_CHOICES
from subscribers.models import Subscription

KEPT_SECONDS = 30
PROVIDER_LABELS = dict(PROVIDER_CHOICES)
"""How pages call the providers."""
MEASURED_ABOVE = 100
"""The speed of an edition to fewer recipients than this says little."""
TYPED_ABOVE = 1_000
"""Sending to more recipients than this wants their number typed."""


@dataclass(frozen=True, slots=True)
class Departure:
    """`by_itself`: it leaves without a further act once it is approved; `when` says when.

    `goes` says for the header of the edition's page when it leaves and to how many, "" once it has left. `due` is that
    time for a form's hidden field, "" for none. `to_new_readers` says when a letter of the welcome series is sent.
    """

    recipients: int
    recipients_text: str
    provider: str
    by_itself: bool
    when: str
    goes: str
    approve: str
    send_now: str
    typed: bool
    due: str
    to_new_subscribers: str = ""


def departure(configuration: Config, edition: Edition, newsletter: Newsletter) -> Departure:
    """For a draft or an approved edition, as it would leave now."""
    recipients = edition.audience if edition.audience is not None else count(newsletter, edition)
    due = edition.due_at if edition.due_at and edition.due_at > timezone.now() else None
    at_once = newsletter.at(edition.cadence).by_post and edition.state in (State.DRAFT, State.APPROVED)
    when = _("at once") if at_once else formatting.moment(due, newsletter.zone)
    counted, to_new_subscribers = formatting.subscribers(recipients), _to_new_subscribers(edition)
    if when:
        label = _("Approve – goes to %(readers)s %(when)s") % {"when": when, "readers": counted}
    elif to_new_subscribers:
        label = _("Approve – new subscribers get it")
    else:
        label = _("Approve and choose when to send")
    by_itself = bool(when) and edition.state in (State.DRAFT, State.APPROVED)
    provider = configuration.provider_of(newsletter)
    return Departure(
        recipients=recipients,
        recipients_text=counted,
        provider=str(PROVIDER_LABELS.get(provider, provider)),
        by_itself=by_itself,
        when=when,
        goes=_goes(edition, when, counted, to_new_subscribers),
        approve=label,
        send_now=_("Send now to %(readers)s") % {"readers": counted},
        typed=recipients > TYPED_ABOVE,
        due=due.isoformat() if due else "",
        to_new_subscribers=to_new_subscribers,
    )


def _goes(edition: Edition, when: str, counted: str, to_new_subscribers: str) -> str:
    if edition.state not in (State.DRAFT, State.APPROVED):
        return ""
    if to_new_subscribers:
        return to_new_subscribers
    if not when:
        return _("For %(readers)s, not scheduled yet.") % {"readers": counted}
    if edition.state == State.APPROVED:
        return _("Sends automatically %(when)s to %(who)s.") % {"when": when, "who": counted}
    return _("Goes to %(readers)s %(when)s, once approved.") % {"readers": counted, "when": when}


def _to_new_subscribers(edition: Edition) -> str:
    if edition.welcome is None:
        return ""
    days = edition.welcome.days
    if not days:
        return _("Sent to each new subscriber right after they confirm.")
    return ngettext(
        "Sent to each new subscriber %(n)s day after they confirm.",
        "Sent to each new subscriber %(n)s days after they confirm.",
        days,
    ) % {"n": formatting.number(days)}


def duration(configuration: Config, recipients: int) -> str:
    """Return about how long sending takes, in words, "" if that isn't known.

    The rate is that of the latest edition that was sent to 100 or more, at most the configured one.
    """
    if configuration.delivery.warm_up.first_day:
        return ""
    rates = [configuration.delivery.rate.per_second, _latest_rate()]
    known = [rate for rate in rates if rate]
    if not known or not recipients:
        return ""
    return formatting.span(timedelta(seconds=max(1, round(recipients / min(known)))))


def _latest_rate() -> float:
    """Return how many emails a second were sent of the latest edition that had 100 recipients or more; 0.0 for none.

    The last tenth is left out, because what a mail server asks to be sent later takes hours.
    """
    sent = Edition.objects.filter(state=State.SENT, audience__gte=MEASURED_ABOVE, began_at__isnull=False)
    latest = sent.order_by("-ended_at").first()
    if latest is None or latest.audience is None or latest.began_at is None:
        return 0.0
    accepted = 0
    for at, more in Tally.objects.filter(edition=latest).order_by("at").values_list("at", "accepted"):
        accepted += more
        if accepted >= latest.audience * 0.9:
            return accepted / max(1.0, (at - latest.began_at).total_seconds())
    return 0.0


def count(newsletter: Newsletter, edition: Edition) -> int:
    """Return how many would receive an edition now; queried at most twice a minute."""
    key = f"audience-{newsletter.name}-{edition.corrects_id or ''}-{cache.get(f'audience-{newsletter.name}', 0)}"
    key += f"-{edition.cadence}-{edition.standalone}"
    key += f"-{sha256(edition.segment_where.encode()).hexdigest()[:16]}"
    if edition.segment_where == WITHOUT_POSTS:
        key += f"-{edition.period}-{having.posts_of(edition)}"
    number = cache.get(key)
    if number is None:
        number = audience.receiving(newsletter.at(edition.cadence), edition, timezone.now()).count()
        cache.set(key, number, KEPT_SECONDS)
    return int(number)


def count_all(newsletter: Newsletter, edition: Edition) -> int:
    """Return how many would receive an edition now if it had no segment."""
    to_all = copy(edition)
    to_all.segment_where = ""
    return count(newsletter, to_all)


def excluded(edition: Edition, newsletter: Newsletter) -> list[tuple[str, int]]:
    """Return the numbers of recipients who would be left out, by reason, each counted once; none once sending has
    begun. Of a correction, only those outside its segment.
    """
    if edition.audience is not None:
        return []
    reasons = {
        "pending": _("not confirmed yet"),
        "unsubscribed": _("unsubscribed"),
        "paused": _("paused their subscription"),
        "suppressed": _("blocked"),
        "filter": _("outside the newsletter’s filter"),
        "segment": _("had one of its posts, or joined after it was sent")
        if edition.segment_where == WITHOUT_POSTS
        else _("outside the segment “%(name)s”") % {"name": edition.segment},
    }
    numbers = {} if edition.corrects_id else Subscription.objects.excluded(newsletter, timezone.now())
    if edition.segment_where:
        numbers["segment"] = count_all(newsletter, edition) - count(newsletter, edition)
    return [(reasons.get(key, key), number) for key, number in numbers.items() if number]


def repeated_posts(edition: Edition, newsletter: Newsletter) -> list[str]:
    """Return how many recipients of a letter had each of its posts before, in words; none once sending has begun.

    Letters of a welcome series go to new subscribers.
    """
    if edition.audience is not None or not edition.standalone or edition.welcome_id:
        return []
    counts = having.had_by(newsletter, edition, audience.receiving(newsletter, edition, timezone.now()))
    titles = dict(edition.entries.filter(post__in=counts).values_list("post_id", "title"))
    posts = Post.objects.filter(pk__in=counts).order_by("ordinal").only("title", "url")
    return [f"{titles[post.pk] or post.title or post.url}: {formatting.subscribers(counts[post.pk])}" for post in posts]
