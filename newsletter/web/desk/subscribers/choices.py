"""A subscriber's frequency and topics at the desk: what they could choose themselves."""

from datetime import datetime

from django.http import QueryDict

from newsletter.config import Config
from newsletter.domain.picks import names_in
from newsletter.messages import acts
from newsletter.models import Act
from newsletter.web.desk import formatting
from subscribers import admin_actions, cadences
from subscribers.models import Subscription


def choices_of(configuration: Config, subscription: Subscription) -> dict[str, list[dict[str, object]]] | None:
    """Return the frequencies and topics that can be chosen for a subscription; None if its newsletter offers no choice
    or has been removed.
    """
    newsletter = configuration.newsletters.get(subscription.newsletter)
    if newsletter is None:
        return None
    chosen, picked = cadences.chosen(newsletter, subscription.cadence), names_in(subscription.topics)
    offered = newsletter.offered if len(newsletter.offered) > 1 else ()
    choices = {
        "cadences": [_choice(cadence, formatting.cadence(cadence), cadence == chosen) for cadence in offered],
        "topics": [_choice(name, topic.title or name, name in picked) for name, topic in newsletter.topics.items()],
    }
    return choices if any(choices.values()) else None


def _choice(value: str, label: str, chosen: bool) -> dict[str, object]:
    return {"value": value, "label": label, "chosen": chosen}


def choose(configuration: Config, subscription: Subscription, posted: QueryDict, by: str, now: datetime) -> None:
    """Store the frequency and the topics of a form, and write what changed into the log."""
    newsletter = configuration.newsletters[subscription.newsletter]
    about, cadence = f"subscriber {subscription.subscriber_id}", posted.get("cadence", "")
    before, picked = cadences.chosen(newsletter, subscription.cadence), list(names_in(subscription.topics))
    if cadence in newsletter.offered and cadence != before and admin_actions.choose_cadence(subscription, cadence):
        Act.objects.log(by, acts.CADENCE_CHANGED(), about, {newsletter.name: before}, {newsletter.name: cadence})
    shown = posted.getlist("offered") or newsletter.topics
    offered = [name for name in newsletter.topics if name in shown]
    topics = [name for name in newsletter.topics if name in posted.getlist("topics")]
    if newsletter.topics and admin_actions.choose_topics(subscription, topics, now, offered):
        Act.objects.log(by, acts.TOPICS_CHANGED(), about, {newsletter.name: picked}, {newsletter.name: topics})
