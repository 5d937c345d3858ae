"""Subscribers: find, add, change, remove and export. An item is a subscription: one person and one newsletter."""

from collections.abc import Collection
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
from subscribers.models import Subscription, clean_tag
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
    tie = Subscription.objects.select_related("subscriber").get(newsletter=newsletter.name, subscriber__key=key)
    _log(who, tie, acts.SUBSCRIBER_ADDED(), after={newsletter.name: outcome})
    if person.tags:
        _set_tags(who, tie, [*tie.tags, *person.tags])
    if outcome == "unchanged":
        _choose_cadence(who, tie, person.cadence)
        _choose_topics(who, tie, person.topics)
    headers = {"Location": f"/api/v1/subscribers/{tie.pk}"} if outcome == "added" else {}
    return ApiAnswer(_shown(who, [tie])[0], 201 if outcome == "added" else 200, headers)


@operation(router, "PATCH", "/subscribers/{subscription}", {200: SubscriberOut})
def change_subscriber(request: HttpRequest, subscription: Path[Number], change: SubscriberChange) -> ApiAnswer:
    """Change a person's name, or a subscription's tags, cadence or topics.

    The name is the same for all newsletters, so a token for some of them can't change that of a person who also
    subscribes to another.
    """
    who = caller(request)
    tie = _found(who, subscription)
    if change.cadence is not None:
        who.in_cadence(tie.newsletter, change.cadence)
    who.check_topics(tie.newsletter, change.topics or ())
    if change.name is not None:
        _check_shared(who, tie)
        admin_actions.rename(tie.subscriber, change.name)
        _log(who, tie, acts.NAME_CHANGED())
    if change.tags is not None:
        _set_tags(who, tie, change.tags)
    _choose_cadence(who, tie, change.cadence)
    _choose_topics(who, tie, change.topics)
    return ApiAnswer(_shown(who, [tie])[0])


@operation(router, "DELETE", "/subscribers/{subscription}", {204: None})
def remove_subscriber(request: HttpRequest, subscription: Path[Number]) -> ApiAnswer:
    """Unsubscribe a person from a newsletter. Only they can subscribe again."""
    who = caller(request)
    tie = _found(who, subscription)
    if preferences.unsubscribe(tie.pk, who.now):
        _log(who, tie, acts.UNSUBSCRIBED(), {tie.newsletter: tie.state}, {tie.newsletter: "unsubscribed"})
    return ApiAnswer(None, 204)


def _in_cadence(who: Caller, names: Collection[str], cadence: Cadence) -> Q:
    """Return the condition for subscriptions to these newsletters that have a cadence, chosen or by default."""
    condition = Q(pk__in=())
    for newsletter in (who.config.newsletters[name] for name in names):
        if cadence in newsletter.offered:
            ties = Subscription.objects.filter(newsletter=newsletter.name).in_cadence(newsletter.at(cadence))
            condition |= Q(pk__in=ties.values("pk"))
    return condition


def _choose_cadence(who: Caller, tie: Subscription, cadence: Cadence | None) -> None:
    if cadence is None or cadence == tie.cadence:
        return
    before = tie.cadence
    preferences.choose_cadence(tie, cadence)
    _log(who, tie, acts.CADENCE_CHANGED(), {tie.newsletter: before}, {tie.newsletter: cadence})


def _choose_topics(who: Caller, tie: Subscription, topics: Collection[str] | None) -> None:
    before = _topics_of(who, tie)
    if topics is None or not admin_actions.choose_topics(tie, topics, who.now, who.newsletter(tie.newsletter).topics):
        return
    tie.refresh_from_db(fields=["topics"])
    _log(who, tie, acts.TOPICS_CHANGED(), {tie.newsletter: before}, {tie.newsletter: _topics_of(who, tie)})


def _topics_of(who: Caller, tie: Subscription) -> list[str]:
    """Return the topics that a person picked and that the newsletter has now."""
    return list(names_in(in_force(tie.topics, who.newsletter(tie.newsletter).topics)))


def _set_tags(who: Caller, tie: Subscription, tags: list[str]) -> None:
    before = list(tie.tags)
    admin_actions.set_tags(tie, tags)
    _log(who, tie, acts.TAGS_CHANGED(), {tie.newsletter: before}, {tie.newsletter: list(tie.tags)})


def _log(who: Caller, tie: Subscription, what: Message, before: object = None, after: object = None) -> None:
    """Write a line of the audit log, which names people by their number."""
    history.log(who.by, what, f"subscriber {tie.subscriber_id}", who.now, before, after)


def _check_shared(who: Caller, tie: Subscription) -> None:
    """Raise Forbidden if the person also subscribes to newsletters that the token is not for: a name is theirs, too."""
    for each in tie.subscriber.subscriptions.all():
        if each.newsletter not in permitted(who.token, [each.newsletter]):
            raise Forbidden(messages.PERSON_SHARED())


def _found(who: Caller, number: int) -> Subscription:
    ties: QuerySet[Subscription] = Subscription.objects.filter(
        newsletter__in=permitted(who.token, who.config.newsletters)
    )
    tie = ties.select_related("subscriber").filter(pk=number).first()
    if tie is None:
        raise Refused(HTTPStatus.NOT_FOUND, messages.NO_SUBSCRIPTION(number=str(number)))
    return tie


def _shown(who: Caller, ties: list[Subscription]) -> list[SubscriberOut]:
    blocked = set(Subscription.objects.blocked().filter(pk__in=[t.pk for t in ties]).values_list("pk", flat=True))
    return [
        SubscriberOut(
            id=tie.pk,
            address=tie.subscriber.address,
            newsletter=tie.newsletter,
            state=cast(SubscriptionState, tie.state),
            blocked=tie.pk in blocked,
            paused_until=tie.paused_until,
            cadence=_cadence_of(who, tie),
            topics=_topics_of(who, tie),
            tags=list(tie.tags),
            created=tie.created,
            joined=tie.joined,
            unsubscribed_at=tie.unsubscribed_at,
            **personal_values(tie.subscriber),
        )
        for tie in ties
    ]


def _cadence_of(who: Caller, tie: Subscription) -> Cadence:
    return cast(Cadence, cadences.chosen(who.config.newsletters[tie.newsletter], tie.cadence))
