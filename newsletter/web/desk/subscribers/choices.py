"""A subscriber's frequency and topics at the desk: what they could choose themselves."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from newsletter.config import Config
from newsletter.domain.picks import names_in
from newsletter.messages import history as acts
from newsletter.web.desk import audit, formatting
from subscribers import admin_actions, cadences
from subscribers.models import Subscription


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values of a field."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The frequencies and topics that a newsletter offers; none where there is nothing to choose."""

    cadences: tuple[Choice, ...]
    topics: tuple[Choice, ...]


def choices_of(configuration: Config, subscription: Subscription) -> Choices | None:
    """Return what can be chosen for a subscription; None if its newsletter offers no choice or has been removed."""
    newsletter = configuration.newsletters.get(subscription.newsletter)
    if newsletter is None:
        return None
    chosen, picked = cadences.chosen(newsletter, subscription.cadence), names_in(subscription.topics)
    offered = newsletter.offered if len(newsletter.offered) > 1 else ()
    choices = Choices(
        tuple(Choice(each, formatting.cadence(each), each == chosen) for each in offered),
        tuple(Choice(name, topic.title or name, name in picked) for name, topic in newsletter.topics.items()),
    )
    return choices if choices.cadences or choices.topics else None


def choose(configuration: Config, subscription: Subscription, posted: QueryDict, by: str, now: datetime) -> None:
    """Store the frequency and the topics of a form, and write what changed into the log."""
    newsletter = configuration.newsletters[subscription.newsletter]
    about, cadence = f"subscriber {subscription.subscriber_id}", posted.get("cadence", "")
    before, picked = cadences.chosen(newsletter, subscription.cadence), list(names_in(subscription.topics))
    if cadence in newsletter.offered and cadence != before and admin_actions.choose_cadence(subscription, cadence):
        audit.note(
            by, acts.CADENCE_CHANGED(), about, {subscription.newsletter: before}, {subscription.newsletter: cadence}
        )
    shown = posted.getlist("offered") or newsletter.topics
    offered = [name for name in newsletter.topics if name in shown]
    topics = [name for name in newsletter.topics if name in posted.getlist("topics")]
    if newsletter.topics and admin_actions.choose_topics(subscription, topics, now, offered):
        audit.note(
            by, acts.TOPICS_CHANGED(), about, {subscription.newsletter: picked}, {subscription.newsletter: topics}
        )
