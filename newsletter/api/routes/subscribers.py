"""Subscribers: find, add, change, remove and export. An item is a subscription: one person and one newsletter."""

from collections.abc import Collection
from datetime import date, datetime
from functools import reduce
from http import HTTPStatus
from typing import Annotated, Literal, cast

from django.db.models import Q
from django.http import HttpResponseBase, StreamingHttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from newsletter.api import paging
from newsletter.api.operations import ApiAnswer, ApiRequest, operation
from newsletter.api.permissions import Forbidden, permitted
from newsletter.api.refusals import Refused
from newsletter.api.schemas import NO_NUL, Line, Name, Number, RequestBody, Tag
from newsletter.config import Cadence
from newsletter.config.own_fields import MOST_FIELDS
from newsletter.domain.picks import in_force, names_in
from newsletter.messages import Message, acts, api as messages
from newsletter.models import Act
from subscribers import admin_actions, cadences, exporting, preferences
from subscribers.models import Subscription, clean_tag, in_cadence
from subscribers.personal_fields import BUILT_IN, own_values, value_of

MOST_TAGS = MOST_TOPICS = 50
TopicName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL)]
SubscriptionState = Literal["pending", "active", "unsubscribed"]


FieldValues = dict[str, Annotated[str, StringConstraints(max_length=1_000, pattern=NO_NUL)]]


class ConsentIn(RequestBody):
    """The consent that a person gave elsewhere."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=NO_NUL)] = Field(
        description="what they agreed to, when and where"
    )


class SubscriberIn(RequestBody):
    """A person to subscribe."""

    address: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)]
    newsletter: Name
    name: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] = ""
    fields: FieldValues = Field(
        default={},
        max_length=MOST_FIELDS,
        description="values of own fields by their keys; a value that is stored already stays",
    )
    tags: list[Tag] = Field(default=[], max_length=MOST_TAGS)
    cadence: Cadence | None = Field(default=None, description="how often; by default as the newsletter has it")
    topics: list[TopicName] | None = Field(
        default=None, max_length=MOST_TOPICS, description="names of topics; by default they get all posts"
    )
    consent: ConsentIn | None = Field(
        default=None, description="without it, they are emailed a link, and are pending until they confirm"
    )


class SubscriberChange(RequestBody):
    """What to change about a subscription; what is left out stays."""

    name: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] | None = None
    fields: FieldValues = Field(
        default={}, max_length=MOST_FIELDS, description="values of own fields by their keys; empty removes one"
    )
    tags: list[Tag] | None = Field(default=None, max_length=MOST_TAGS, description="all tags")
    cadence: Cadence | None = Field(default=None, description="how often, from the next edition on")
    topics: list[TopicName] | None = Field(
        default=None,
        max_length=MOST_TOPICS,
        description="names of all topics, for editions that are approved from now on; none: all posts",
    )


class SubscriberOut(Schema):
    """A subscription and its subscriber."""

    id: int
    address: str
    name: str
    language: str
    fields: dict[str, str] = Field(description="values of own fields by their keys; empty: none")
    newsletter: str
    state: SubscriptionState
    blocked: bool
    paused_until: date | None
    cadence: Cadence = Field(description="how often they get it")
    topics: list[str] = Field(description="names of the topics that they picked; none: all posts")
    tags: list[str]
    created: datetime
    joined: datetime | None
    unsubscribed_at: datetime | None


class SubscriberList(Schema):
    """A page of subscriptions, the newest first."""

    items: list[SubscriberOut]
    next_cursor: str | None


router = Router(tags=["subscribers"])
NDJSON = "application/x-ndjson"


@operation(router, "GET", "/subscribers", {200: SubscriberList})
def list_subscribers(
    request: ApiRequest,
    newsletter: Query[Name | None] = None,
    address: Query[Line | None] = None,
    state: Query[SubscriptionState | None] = None,
    tag: Query[Tag | None] = None,
    cadence: Query[Cadence | None] = None,
    cursor: Query[Line | None] = None,
    limit: int = paging.LIMIT_PARAMETER,
) -> ApiAnswer:
    """Find subscriptions."""
    names = request.names(newsletter)
    condition = Q(newsletter__in=names)
    if address is not None:
        condition &= Q(subscriber__key=address.strip().lower())
    if state is not None:
        condition &= Q(state=state)
    if tag is not None:
        condition &= Q(tags__contains=f"|{clean_tag(tag)}|")
    if cadence is not None:
        condition &= _in_cadence(request, names, cadence)
    rows, next_cursor = paging.after(
        Subscription.objects.filter(condition).select_related("subscriber"), "subscribers", cursor, limit
    )
    return ApiAnswer(SubscriberList(items=_subscribers_out(request, rows), next_cursor=next_cursor))


@operation(router, "GET", "/subscribers/export", {200: None})
def export_subscribers(request: ApiRequest, newsletter: Query[Name]) -> HttpResponseBase:
    """Export all subscriptions of a newsletter.

    One JSON object a line, with the consent.
    """
    rows = exporting.json_lines(request.newsletter(newsletter).name)
    return StreamingHttpResponse(rows, content_type=NDJSON)


@operation(router, "GET", "/subscribers/{subscription}", {200: SubscriberOut})
def read_subscriber(request: ApiRequest, subscription: Path[Number]) -> ApiAnswer:
    """Read a subscription."""
    return ApiAnswer(_subscribers_out(request, [_subscription_of(request, subscription)])[0])


@operation(router, "POST", "/subscribers", {200: SubscriberOut, 201: SubscriberOut})
def add_subscriber(request: ApiRequest, person: SubscriberIn) -> ApiAnswer:
    """Subscribe a person.

    Without `consent` they are emailed a link, and are pending until they confirm. Whoever has unsubscribed is only
    subscribed again by confirming. An existing active subscription is answered with 200; its tags are added to, and
    its cadence and topics are changed if they are given.
    """
    newsletter = request.newsletter(person.newsletter)
    if person.cadence is not None:
        request.in_cadence(newsletter.name, person.cadence)
    request.check_topics(newsletter.name, person.topics or ())
    outcome = admin_actions.add(
        person.address,
        newsletter.name,
        consent=person.consent.text if person.consent else "",
        confirm_by_mail=person.consent is None,
        name=" ".join(person.name.split()),
        cadence=person.cadence or "",
        topics=person.topics or (),
        values=admin_actions.values_entered(person.fields),
    )
    key = admin_actions.address_given(person.address).key
    subscription = Subscription.objects.select_related("subscriber").get(
        newsletter=newsletter.name, subscriber__key=key
    )
    _log(request, subscription, acts.SUBSCRIBER_ADDED(), after=outcome)
    if person.tags:
        _set_tags(request, subscription, [*subscription.tags, *person.tags])
    if outcome == "unchanged":
        _choose_cadence(request, subscription, person.cadence)
        _choose_topics(request, subscription, person.topics)
    headers = {"Location": f"/api/v1/subscribers/{subscription.pk}"} if outcome == "added" else {}
    return ApiAnswer(_subscribers_out(request, [subscription])[0], 201 if outcome == "added" else 200, headers)


@operation(router, "PATCH", "/subscribers/{subscription}", {200: SubscriberOut})
def change_subscriber(request: ApiRequest, subscription: Path[Number], change: SubscriberChange) -> ApiAnswer:
    """Change a person's name or values of own fields, or a subscription's tags, cadence or topics.

    The name and the values are the same for all newsletters, so a token for some of them can't change those of a person
    who also subscribes to another.
    """
    current = _subscription_of(request, subscription)
    values = admin_actions.values_entered(change.fields)
    if change.cadence is not None:
        request.in_cadence(current.newsletter, change.cadence)
    request.check_topics(current.newsletter, change.topics or ())
    if change.name is not None:
        _check_shared(request, current)
        admin_actions.rename(current.subscriber, change.name)
        _log(request, current, acts.NAME_CHANGED())
    if change.fields:
        _check_shared(request, current)
        if admin_actions.change_values(current.subscriber, values):
            _log(request, current, acts.VALUES_CHANGED())
    if change.tags is not None:
        _set_tags(request, current, change.tags)
    _choose_cadence(request, current, change.cadence)
    _choose_topics(request, current, change.topics)
    return ApiAnswer(_subscribers_out(request, [current])[0])


@operation(router, "DELETE", "/subscribers/{subscription}", {204: None})
def remove_subscriber(request: ApiRequest, subscription: Path[Number]) -> ApiAnswer:
    """Unsubscribe a person from a newsletter. Only they can subscribe again."""
    current = _subscription_of(request, subscription)
    if preferences.unsubscribe(current.pk, request.now):
        _log(request, current, acts.UNSUBSCRIBED(), current.state, "unsubscribed")
    return ApiAnswer(None, 204)


def _in_cadence(request: ApiRequest, names: Collection[str], cadence: Cadence) -> Q:
    """Return the condition for subscriptions to these newsletters that have a cadence, chosen or by default."""
    conditions = (Q(newsletter=name) & in_cadence(cadence, request.config.newsletters[name]) for name in names)
    return reduce(Q.__or__, conditions, Q(pk__in=()))


def _choose_cadence(request: ApiRequest, subscription: Subscription, cadence: Cadence | None) -> None:
    if cadence is None or cadence == subscription.cadence:
        return
    earlier = subscription.cadence
    preferences.choose_cadence(subscription, cadence)
    _log(request, subscription, acts.CADENCE_CHANGED(), earlier, cadence)


def _choose_topics(request: ApiRequest, subscription: Subscription, topics: Collection[str] | None) -> None:
    earlier = _topics_of(request, subscription)
    if topics is None or not admin_actions.choose_topics(
        subscription, topics, request.now, request.newsletter(subscription.newsletter).topics
    ):
        return
    subscription.refresh_from_db(fields=["topics"])
    _log(request, subscription, acts.TOPICS_CHANGED(), earlier, _topics_of(request, subscription))


def _topics_of(request: ApiRequest, subscription: Subscription) -> list[str]:
    """Return the topics that a person picked and that the newsletter has now."""
    return list(names_in(in_force(subscription.topics, request.newsletter(subscription.newsletter).topics)))


def _set_tags(request: ApiRequest, subscription: Subscription, tags: list[str]) -> None:
    earlier = list(subscription.tags)
    admin_actions.set_tags(subscription, tags)
    _log(request, subscription, acts.TAGS_CHANGED(), earlier, list(subscription.tags))


def _log(
    request: ApiRequest, subscription: Subscription, act: Message, before: object = None, after: object = None
) -> None:
    """Write a line of the audit log, which names people by their number, with values of this subscription."""
    old, new = (None if value is None else {subscription.newsletter: value} for value in (before, after))
    Act.objects.log(request.by, act, f"subscriber {subscription.subscriber_id}", old, new, now=request.now)


def _check_shared(request: ApiRequest, subscription: Subscription) -> None:
    """Raise Forbidden if the person also subscribes to newsletters that the token is not for: a name is theirs, too."""
    names = list(subscription.subscriber.subscriptions.values_list("newsletter", flat=True))
    if permitted(request.token, names) != names:
        raise Forbidden(messages.PERSON_SHARED())


def _subscription_of(request: ApiRequest, number: int) -> Subscription:
    subscriptions = Subscription.objects.filter(pk=number, newsletter__in=request.newsletters)
    subscription = subscriptions.select_related("subscriber").first()
    if subscription is None:
        raise Refused(HTTPStatus.NOT_FOUND, messages.NO_SUBSCRIPTION(number=str(number)))
    return subscription


def _subscribers_out(request: ApiRequest, subscriptions: list[Subscription]) -> list[SubscriberOut]:
    newsletters = request.config.newsletters
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
            cadence=cast(Cadence, cadences.chosen(newsletters[subscription.newsletter], subscription.cadence)),
            topics=_topics_of(request, subscription),
            tags=list(subscription.tags),
            created=subscription.created,
            joined=subscription.joined,
            unsubscribed_at=subscription.unsubscribed_at,
            **{key: value_of(subscription.subscriber, key) for key in BUILT_IN},
            fields=own_values(subscription.subscriber),
        )
        for subscription in subscriptions
    ]
