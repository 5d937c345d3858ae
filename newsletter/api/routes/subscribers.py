"""Subscribers: find, add, change, remove and export. An item is a subscription: one person and one newsletter."""

from collections.abc import Collection
from functools import reduce
from http import HTTPStatus
from typing import cast

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Path, Query, Router

from newsletter.api import paging
from newsletter.api.operations import ApiAnswer, Caller, caller, operation
from newsletter.api.permissions import Forbidden, permitted
from newsletter.api.problem_documents import Refused
from newsletter.api.schemas import Line, Name, Number, Tag
from newsletter.api.subscriber_schemas import (
    SubscriberChange,
    SubscriberIn,
    SubscriberList,
    SubscriberOut,
    SubscriptionState,
)
from newsletter.config import Cadence
from newsletter.domain.picks import in_force, names_in
from newsletter.editions import history
from newsletter.messages import Message
from newsletter.messages import api as messages
from newsletter.messages import history as acts
from subscribers import admin_actions, cadences, exporting, preferences
from subscribers.models import Subscription, clean_tag, in_cadence
from subscribers.personal_fields import personal_values

router = Router(tags=["subscribers"])
NDJSON = "application/x-ndjson"


@operation(router, "GET", "/subscribers", {200: SubscriberList})
def list_subscribers(
    request: HttpRequest,
    newsletter: Query[Name | None] = None,
    address: Query[Line | None] = None,
    state: Query[SubscriptionState | None] = None,
    tag: Query[Tag | None] = None,
    cadence: Query[Cadence | None] = None,
    cursor: Query[Line | None] = None,
    limit: int = paging.LIMIT_PARAMETER,
) -> ApiAnswer:
    """Find subscriptions."""
    who = caller(request)
    names = [who.newsletter(newsletter).name] if newsletter else permitted(who.token, who.config.newsletters)
    wanted = Q(newsletter__in=names)
    if address is not None:
        wanted &= Q(subscriber__key=address.strip().lower())
    if state is not None:
        wanted &= Q(state=state)
    if tag is not None:
        wanted &= Q(tags__contains=f"|{clean_tag(tag)}|")
    if cadence is not None:
        wanted &= _in_cadence(who, names, cadence)
    page = paging.after(Subscription.objects.filter(wanted).select_related("subscriber"), "subscribers", cursor, limit)
    return ApiAnswer(SubscriberList(items=_shown(who, page.rows), next_cursor=page.next_cursor))


@operation(router, "GET", "/subscribers/export", {200: None})
def export_subscribers(request: HttpRequest, newsletter: Query[Name]) -> HttpResponseBase:
    """Export all subscriptions of a newsletter.

    One JSON object a line, with the consent.
    """
    who = caller(request)
    rows = exporting.json_lines(who.newsletter(newsletter).name)
    return StreamingHttpResponse(rows, content_type=NDJSON)


@operation(router, "GET", "/subscribers/{subscription}", {200: SubscriberOut})
def read_subscriber(request: HttpRequest, subscription: Path[Number]) -> ApiAnswer:
    """Read a subscription."""
    who = caller(request)
    return ApiAnswer(_shown(who, [_found(who, subscription)])[0])


@operation(router, "POST", "/subscribers", {200: SubscriberOut, 201: SubscriberOut})
def add_subscriber(request: HttpRequest, person: SubscriberIn) -> ApiAnswer:
    """Subscribe a person.

    Without `consent` they are emailed a link, and are pending until they confirm. Whoever has unsubscribed is only
    subscribed again by confirming. An existing active subscription is answered with 200; its tags are added to, and
    its cadence and topics are changed if they are given.
    """
    who = caller(request)
    newsletter = who.newsletter(person.newsletter)
    if person.cadence is not None:
        who.in_cadence(newsletter.name, person.cadence)
    who.check_topics(newsletter.name, person.topics or ())
    outcome = admin_actions.add(
        person.address,
        newsletter.name,
        consent=person.consent.text if person.consent else "",
        confirm_by_mail=person.consent is None,
        name=" ".join(person.name.split()),
        cadence=person.cadence or "",
        topics=person.topics or (),
    )
    key = admin_actions.address_given(person.address).key
    subscription = Subscription.objects.select_related("subscriber").get(
        newsletter=newsletter.name, subscriber__key=key
    )
    _log(who, subscription, acts.SUBSCRIBER_ADDED(), after={newsletter.name: outcome})
    if person.tags:
        _set_tags(who, subscription, [*subscription.tags, *person.tags])
    if outcome == "unchanged":
        _choose_cadence(who, subscription, person.cadence)
        _choose_topics(who, subscription, person.topics)
    headers = {"Location": f"/api/v1/subscribers/{subscription.pk}"} if outcome == "added" else {}
    return ApiAnswer(_shown(who, [subscription])[0], 201 if outcome == "added" else 200, headers)


@operation(router, "PATCH", "/subscribers/{subscription}", {200: SubscriberOut})
def change_subscriber(request: HttpRequest, subscription: Path[Number], change: SubscriberChange) -> ApiAnswer:
    """Change a person's name, or a subscription's tags, cadence or topics.

    The name is the same for all newsletters, so a token for some of them can't change that of a person who also
    subscribes to another.
    """
    who = caller(request)
    current = _found(who, subscription)
    if change.cadence is not None:
        who.in_cadence(current.newsletter, change.cadence)
    who.check_topics(current.newsletter, change.topics or ())
    if change.name is not None:
        _check_shared(who, current)
        admin_actions.rename(current.subscriber, change.name)
        _log(who, current, acts.NAME_CHANGED())
    if change.tags is not None:
        _set_tags(who, current, change.tags)
    _choose_cadence(who, current, change.cadence)
    _choose_topics(who, current, change.topics)
    return ApiAnswer(_shown(who, [current])[0])


@operation(router, "DELETE", "/subscribers/{subscription}", {204: None})
def remove_subscriber(request: HttpRequest, subscription: Path[Number]) -> ApiAnswer:
    """Unsubscribe a person from a newsletter. Only they can subscribe again."""
    who = caller(request)
    current = _found(who, subscription)
    if preferences.unsubscribe(current.pk, who.now):
        _log(
            who, current, acts.UNSUBSCRIBED(), {current.newsletter: current.state}, {current.newsletter: "unsubscribed"}
        )
    return ApiAnswer(None, 204)


def _in_cadence(who: Caller, names: Collection[str], cadence: Cadence) -> Q:
    """Return the condition for subscriptions to these newsletters that have a cadence, chosen or by default."""
    conditions = (Q(newsletter=name) & in_cadence(cadence, who.config.newsletters[name]) for name in names)
    return reduce(Q.__or__, conditions, Q(pk__in=()))


def _choose_cadence(who: Caller, subscription: Subscription, cadence: Cadence | None) -> None:
    if cadence is None or cadence == subscription.cadence:
        return
    before = subscription.cadence
    preferences.choose_cadence(subscription, cadence)
    _log(
        who, subscription, acts.CADENCE_CHANGED(), {subscription.newsletter: before}, {subscription.newsletter: cadence}
    )


def _choose_topics(who: Caller, subscription: Subscription, topics: Collection[str] | None) -> None:
    before = _topics_of(who, subscription)
    if topics is None or not admin_actions.choose_topics(
        subscription, topics, who.now, who.newsletter(subscription.newsletter).topics
    ):
        return
    subscription.refresh_from_db(fields=["topics"])
    _log(
        who,
        subscription,
        acts.TOPICS_CHANGED(),
        {subscription.newsletter: before},
        {subscription.newsletter: _topics_of(who, subscription)},
    )


def _topics_of(who: Caller, subscription: Subscription) -> list[str]:
    """Return the topics that a person picked and that the newsletter has now."""
    return list(names_in(in_force(subscription.topics, who.newsletter(subscription.newsletter).topics)))


def _set_tags(who: Caller, subscription: Subscription, tags: list[str]) -> None:
    before = list(subscription.tags)
    admin_actions.set_tags(subscription, tags)
    _log(
        who,
        subscription,
        acts.TAGS_CHANGED(),
        {subscription.newsletter: before},
        {subscription.newsletter: list(subscription.tags)},
    )


def _log(who: Caller, subscription: Subscription, what: Message, before: object = None, after: object = None) -> None:
    """Write a line of the audit log, which names people by their number."""
    history.log(who.by, what, f"subscriber {subscription.subscriber_id}", who.now, before, after)


def _check_shared(who: Caller, subscription: Subscription) -> None:
    """Raise Forbidden if the person also subscribes to newsletters that the token is not for: a name is theirs, too."""
    for each in subscription.subscriber.subscriptions.all():
        if each.newsletter not in permitted(who.token, [each.newsletter]):
            raise Forbidden(messages.PERSON_SHARED())


def _found(who: Caller, number: int) -> Subscription:
    subscriptions: QuerySet[Subscription] = Subscription.objects.filter(
        newsletter__in=permitted(who.token, who.config.newsletters)
    )
    subscription = subscriptions.select_related("subscriber").filter(pk=number).first()
    if subscription is None:
        raise Refused(HTTPStatus.NOT_FOUND, messages.NO_SUBSCRIPTION(number=str(number)))
    return subscription


def _shown(who: Caller, subscriptions: list[Subscription]) -> list[SubscriberOut]:
    blocked = set(
        Subscription.objects.blocked().filter(pk__in=[t.pk for t in subscriptions]).values_list("pk", flat=True)
    )
    return [
        SubscriberOut(
            id=subscription.pk,
            address=subscription.subscriber.address,
            newsletter=subscription.newsletter,
            state=cast(SubscriptionState, subscription.state),
            blocked=subscription.pk in blocked,
            paused_until=subscription.paused_until,
            cadence=_cadence_of(who, subscription),
            topics=_topics_of(who, subscription),
            tags=list(subscription.tags),
            created=subscription.created,
            joined=subscription.joined,
            unsubscribed_at=subscription.unsubscribed_at,
            **personal_values(subscription.subscriber),
        )
        for subscription in subscriptions
    ]


def _cadence_of(who: Caller, subscription: Subscription) -> Cadence:
    return cast(Cadence, cadences.chosen(who.config.newsletters[subscription.newsletter], subscription.cadence))
