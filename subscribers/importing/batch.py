"""A batch of lines: the result of each, compared with existing rows, and the rows to write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max

from newsletter.messages import Message, subscriptions as messages
from subscribers.importing.block_list import BlockList
from subscribers.importing.headers import OwnExportValues, PersonRow
from subscribers.importing.line_results import (
    ACTIVATED,
    ACTIVE,
    COMPLETED,
    SUPPRESSED,
    UNCHANGED,
    WAITING,
    LineResult,
    Person,
)
from subscribers.importing.tools import BLOCKING, Standing
from subscribers.models import (
    Consent,
    ImportChange,
    Subscriber,
    Subscription,
    Suppression,
    TopicChange,
    choices_changed,
    locked_bases,
    store_sets,
    stored,
    subscriptions_ended,
)
from subscribers.models.inserts import insert_numbered, insert_values, stored_values, unsaved
from subscribers.models.people import clean_tag
from subscribers.personal_fields import COLUMNS, personal_columns, value_of
from subscribers.signup import invite
from subscribers.tokens import fingerprint

State = Subscription.State
SUBSCRIPTION_FIELDS = (
    "state", "joined", "unsubscribed_at", "reason", "returns", "tags", "cadence", "topics", "paused_until",
    "welcome_from",
)  # fmt: skip
IMPORTED = str(Consent.How.IMPORT)


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """The settings of an import: newsletter, consent, state, and whether active subscribers get the welcome series."""

    newsletter: str
    consent: str
    state: Subscription.State
    confirm_by_mail: bool
    at: datetime
    welcome: bool = False


@dataclass
class ImportBatch:
    """Lines imported together: `judge` each, then `save`, in one transaction; a dry run only calls `judge`."""

    settings: ImportSettings
    people: dict[str, Subscriber] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)
    blocks: BlockList = field(default_factory=BlockList)
    confirmed: dict[int, datetime] = field(default_factory=dict)
    new_people: list[Subscriber] = field(default_factory=list)
    new_subscriptions: list[Subscription] = field(default_factory=list)
    activated: list[Subscription] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    before_of_people: dict[str, Mapping[str, object]] = field(default_factory=dict)
    before_of_subscriptions: dict[str, dict[str, object]] = field(default_factory=dict)
    topic_changes: list[TopicChange] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    own_values: dict[int, OwnExportValues] = field(default_factory=dict)

    def look_up(self, people: Sequence[Person], *, lock: bool = False) -> None:
        """Read the existing rows of these addresses, and lock them if they are to be saved.

        The bases are locked first, as by everyone who needs both.
        """
        keys = list({person.address.key for person in people})
        present = list(stored_values(Subscriber, "key", keys))
        self.people = {s.key: s for s in Subscriber.objects.filter(key__in=present)} if present else {}
        by_number = {s.pk: s.key for s in self.people.values()}
        if by_number:
            subscriptions = Subscription.objects.filter(
                newsletter=self.settings.newsletter, subscriber__in=list(by_number)
            )
            if lock:
                locked_bases(self.settings.newsletter)
                subscriptions = subscriptions.select_for_update().order_by("pk")
            self.subscriptions = {by_number[t.subscriber_id]: t for t in subscriptions}
        if Suppression.objects.exists():
            self.suppressed = Suppression.objects.suppressed(keys)
            if Suppression.objects.exclude(key_id=fingerprint()).exists():
                for key in self.suppressed:
                    Suppression.objects.rekey(key)
        leaving = {person.address.key for person in people if person.row.standing > Standing.WAITING}
        if leaving:
            self.blocks.look_up([(Suppression.Kind.ADDRESS, key) for key in leaving])
            self.confirmed = _confirmed(
                [subscription for key in leaving if (subscription := self.subscriptions.get(key)) and subscription.pk]
            )

    def judge(self, person: Person) -> LineResult | Message:
        """Return what becomes of a line, or a message that says why it is refused."""
        key, row = person.address.key, person.row
        subscription = self.subscriptions.get(key)
        if row.standing > Standing.WAITING:
            return self._stop(person, subscription)
        if key in self.suppressed:
            return messages.BLOCKED(reason=self.suppressed[key])
        if subscription and subscription.state == State.UNSUBSCRIBED:
            return messages.LEFT(newsletter=self.settings.newsletter)
        state = State.PENDING if row.standing == Standing.WAITING else self.settings.state
        if subscription is None:
            self._add(person, state)
            return ACTIVE if state == State.ACTIVE else WAITING
        is_completed = self._complete(key, subscription, row)
        if subscription.state == State.PENDING and state == State.ACTIVE:
            self._remember_subscription(key, subscription)
            subscription.state, subscription.joined = State.ACTIVE, row.joined or self.settings.at
            subscription.welcome_from = self.settings.at if self.settings.welcome else None
            self._take_own_values(subscription, row.own_values)
            if subscription.pk:
                self.activated.append(subscription)
            return ACTIVATED
        return COMPLETED if is_completed else UNCHANGED

    def became(self, person: Person) -> str:
        """Return the state of a person's subscription, or the reason why the file blocks the address."""
        reason = self.suppressed.get(person.address.key, "")
        return reason if reason in BLOCKING.values() else str(self.subscriptions[person.address.key].state)

    def pretend(self, person: Person, became: str) -> None:
        """Assume in a dry run what became of a person by an earlier line."""
        key = person.address.key
        if became in BLOCKING.values():
            self.suppressed[key] = became
            self.blocks.block((Suppression.Kind.ADDRESS, key), became, "", self.settings.at)
        elif subscription := self.subscriptions.get(key):
            subscription.state = State(became)
        else:
            self._add(person, State(became))

    def _stop(self, person: Person, subscription: Subscription | None) -> LineResult | Message:
        """Unsubscribe a person who left elsewhere, or block an address that bounced, complained or was blocked there.

        Whoever confirmed here later stays subscribed, unless they complained or were blocked.
        """
        key, row = person.address.key, person.row
        at = min(row.left or self.settings.at, self.settings.at)
        confirmed_at = (
            self.confirmed.get(subscription.pk) if subscription and subscription.state == State.ACTIVE else None
        )
        if confirmed_at and row.standing <= Standing.BOUNCED and (row.left is None or row.left <= confirmed_at):
            return messages.CONFIRMED_HERE(at=confirmed_at)
        if row.standing in BLOCKING:
            reason = BLOCKING[row.standing]
            if not self.blocks.block((Suppression.Kind.ADDRESS, key), reason, "", at):
                return UNCHANGED
            self.suppressed[key] = reason
            return SUPPRESSED
        if subscription is None and key in self.suppressed:
            return UNCHANGED
        if subscription is None:
            subscription = self._add(person, State.UNSUBSCRIBED)
        elif subscription.state == State.UNSUBSCRIBED:
            return UNCHANGED
        else:
            self._remember_subscription(key, subscription)
            if subscription.pk:
                self.ended.append(subscription.pk)
                if subscription.state == State.ACTIVE and subscription.returns:
                    self.moved.append(subscription.pk)  # they have what their cadence had when they came back
        subscription.state, subscription.unsubscribed_at, subscription.reason, subscription.returns = (
            State.UNSUBSCRIBED,
            at,
            row.why[:500],
            True,
        )
        return SUPPRESSED

    def _add(self, person: Person, state: Subscription.State) -> Subscription:
        key, row, at = person.address.key, person.row, self.settings.at
        subscriber = self.people.get(key)
        is_known = subscriber is not None
        if subscriber is None:
            subscriber = unsaved(
                Subscriber,
                address=person.address.written,
                key=key,
                created=at,
                **personal_columns(row.personal),
                **Subscriber.hashed(key),
            )
            self.people[key] = subscriber
            self.new_people.append(subscriber)
        active = state == State.ACTIVE
        joined = row.joined if active or row.own_values or state == State.UNSUBSCRIBED else None
        subscription = unsaved(
            Subscription,
            newsletter=self.settings.newsletter,
            state=str(state),
            tags=_cleaned(row.tags) if row.tags else (),
            cadence=row.cadence,
            topics=row.topics,
            created=at,
            joined=joined or (at if active else None),
            welcome_from=at if self.settings.welcome and active else None,
        )
        subscription._state.fields_cache["subscriber"] = subscriber
        self.subscriptions[key] = subscription
        self.new_subscriptions.append(subscription)
        self._take_own_values(subscription, row.own_values)
        if is_known:
            self._complete(key, subscription, row)
        return subscription

    def _take_own_values(self, subscription: Subscription, earlier: OwnExportValues | None) -> None:
        """Keep the data of our own export for a created or activated subscription of the same newsletter."""
        if earlier is None or earlier.newsletter != self.settings.newsletter:
            return
        if earlier.at and earlier.text:
            self.own_values[id(subscription)] = earlier
        if subscription.state == State.ACTIVE and subscription.paused_until is None:
            subscription.paused_until = earlier.paused_until

    def _complete(self, key: str, subscription: Subscription, row: PersonRow) -> bool:
        """Fill in missing values and add tags; existing values are kept."""
        is_completed = self._complete_person(key, row)
        tags = set(_cleaned(row.tags)) - set(subscription.tags) if row.tags else set()
        if tags:
            self._remember_subscription(key, subscription)
            subscription.tags = tuple(sorted({*subscription.tags, *tags}))
            is_completed = True
        return self._choose(key, subscription, row) or is_completed

    def _complete_person(self, key: str, row: PersonRow) -> bool:
        """Fill in the personal fields that have no value."""
        subscriber = self.people[key]
        missing = {name: value for name, value in row.personal.items() if value and not value_of(subscriber, name)}
        if missing and subscriber.pk:
            self.before_of_people.setdefault(key, _columns_of(subscriber))
        for column, value in personal_columns(missing, subscriber.field_values).items():
            setattr(subscriber, column, value)
        return bool(missing)

    def _choose(self, key: str, subscription: Subscription, row: PersonRow) -> bool:
        """Set the cadence and the topics of a person who has chosen none."""
        if not (row.cadence or row.topics):
            return False
        missing = [name for name in ("cadence", "topics") if getattr(row, name) and not getattr(subscription, name)]
        if missing:
            self._remember_subscription(key, subscription)
        for name in missing:
            setattr(subscription, name, getattr(row, name))
        if missing and subscription.pk:
            if "cadence" in missing:
                self.moved.append(subscription.pk)
            if "topics" in missing and subscription.state == State.ACTIVE:
                self.topic_changes.append(TopicChange(subscription=subscription, at=self.settings.at))
        return bool(missing)

    def _remember_subscription(self, key: str, subscription: Subscription) -> None:
        """Note what an existing subscription is like before it is changed."""
        if subscription.pk and key not in self.before_of_subscriptions:
            self.before_of_subscriptions[key] = _values(subscription, SUBSCRIPTION_FIELDS)

    def save(self, imported: int) -> None:
        """Write the resulting rows, and what changed in existing ones."""
        insert_numbered(self.new_people)
        for subscription in self.new_subscriptions:
            subscriber = subscription._state.fields_cache["subscriber"]
            subscription.__dict__.update(
                imported=imported, subscriber_id=subscriber.id
            )  # descriptors take five times as long
        insert_numbered(self.new_subscriptions)
        changes = [*self.blocks.save(imported), *self._changes(imported)]
        if self.moved:
            store_sets(Subscription.objects.filter(pk__in=self.moved), self.settings.newsletter)
        if self.before_of_people:
            people = [self.people[key] for key in self.before_of_people]
            Subscriber.objects.bulk_update(people, COLUMNS, batch_size=200)
        if self.before_of_subscriptions:
            subscriptions = [self.subscriptions[key] for key in self.before_of_subscriptions]
            Subscription.objects.bulk_update(subscriptions, SUBSCRIPTION_FIELDS, batch_size=100)
            choices_changed.send(Subscription, numbers=[subscription.pk for subscription in subscriptions])
        if self.ended:
            subscriptions_ended.send(Subscription, newsletters=dict.fromkeys(self.ended, self.settings.newsletter))
        TopicChange.objects.bulk_create(self.topic_changes)
        insert_values(Consent, (self._consent(t) for t in self.new_subscriptions if self._consented(t)))
        self._consent_of_activated(changes)
        ImportChange.objects.bulk_create(changes)
        if self.settings.confirm_by_mail:
            for subscription in filter(self._is_invited, self.new_subscriptions):
                invite(subscription, Consent.How.IMPORT, self.settings.consent, self.settings.at)

    def _changes(self, imported: int) -> Iterator[ImportChange]:
        for key, old_values in self.before_of_people.items():
            person = self.people[key]
            yield ImportChange(of_id=imported, subscriber=person, before=old_values, after=_columns_of(person))
        for key, old_values in self.before_of_subscriptions.items():
            subscription = self.subscriptions[key]
            yield ImportChange(
                of_id=imported,
                subscription=subscription,
                before=old_values,
                after=_values(subscription, SUBSCRIPTION_FIELDS),
            )

    def _consent_of_activated(self, changes: Sequence[ImportChange]) -> None:
        """Write the consents of subscriptions that were pending, and note them, so that an undo removes them."""
        consents = {subscription.pk: Consent(**self._consent(subscription)) for subscription in self.activated}
        Consent.objects.bulk_create(consents.values())
        for change in changes:
            if change.subscription_id in consents:
                change.consent = consents[change.subscription_id].pk

    def _consented(self, subscription: Subscription) -> bool:
        """Return whether a consent is stored with a new subscription: for those who left, only that of our own export;
        those who are asked to confirm by email get a request instead.
        """
        return id(subscription) in self.own_values or (
            subscription.state != State.UNSUBSCRIBED and not self._is_invited(subscription)
        )

    def _is_invited(self, subscription: Subscription) -> bool:
        """Return whether the person is asked to confirm by email, so that the consent is only a request."""
        return self.settings.confirm_by_mail and subscription.state == State.PENDING

    def _consent(self, subscription: Subscription) -> dict[str, Any]:
        """Return the values of a subscription's consent: from our own export, else from the settings of the import."""
        earlier, at = self.own_values.get(id(subscription)), self.settings.at
        if earlier is None or earlier.at is None:
            confirmed_at = (
                subscription.joined if subscription.state == State.ACTIVE else None
            )  # the file's date, else that of the import
            return {
                "subscription_id": subscription.id,
                "how": IMPORTED,
                "text": self.settings.consent,
                "at": at,
                "confirmed_at": confirmed_at,
            }
        return {
            "subscription_id": subscription.id,
            "how": earlier.how if earlier.how in Consent.How.values else Consent.How.IMPORT,
            "wording": earlier.wording[:20],
            "text": earlier.text,
            "language": earlier.language[:35],
            "at": earlier.at,
            "network": earlier.network[:45],
            "page": earlier.page[:500],
            "confirmed_at": earlier.confirmed_at or (at if subscription.state == State.ACTIVE else None),
        }


@lru_cache(maxsize=4096)
def _cleaned(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return tags as they are stored."""
    return tuple(sorted({tag for word in tags if (tag := clean_tag(word))}))


def _columns_of(subscriber: Subscriber) -> dict[str, object]:
    return {column: getattr(subscriber, column) for column in COLUMNS}


def _values(row: Subscription, names: Sequence[str]) -> dict[str, object]:
    return {name: stored(getattr(row, name)) for name in names}


def _confirmed(subscriptions: Sequence[Subscription]) -> dict[int, datetime]:
    """Return when people last confirmed here that they want the newsletter, or gave another sign, if they ever did.

    What came with an import is older than the subscription, and doesn't count.
    """
    signs = {subscription.pk: subscription.heard_at for subscription in subscriptions}
    created = {subscription.pk: subscription.created for subscription in subscriptions}
    consents = Consent.objects.filter(subscription__in=list(signs)).exclude(how=Consent.How.IMPORT)
    confirmed = consents.exclude(confirmed_at=None).order_by()
    for number, at in confirmed.values_list("subscription").annotate(Max("confirmed_at")):
        if at >= created[number]:
            signs[number] = max(signs[number] or at, at)
    return {number: at for number, at in signs.items() if at}
