"""A batch of lines: the result of each, compared with existing rows, and the rows to write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.messages import Message
from newsletter.messages import importing as messages
from subscribers.addresses import Address
from subscribers.importing.headers import Kept, PersonRow
from subscribers.models import (
    Consent,
    Subscriber,
    Subscription,
    Suppression,
    TopicChange,
    choices_changed,
    store_sets,
)
from subscribers.models.inserts import insert_all, insert_people, insert_ties
from subscribers.models.people import clean_tag
from subscribers.pages import supported
from subscribers.signup import invite
from subscribers.tokens import fingerprint

State = Subscription.State


@dataclass(frozen=True, slots=True)
class Order:
    """The settings of an import: newsletter, consent and state, and whether active readers get the welcome series."""

    newsletter: str
    consent: str
    state: Subscription.State
    confirm_by_mail: bool
    at: datetime
    welcome: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A line with a valid address."""

    line: int
    address: Address
    row: PersonRow


@dataclass
class ImportBatch:
    """Lines imported together: `judge` each, then `save`, in one transaction; a dry run only calls `judge`."""

    order: Order
    people: dict[str, Subscriber] = field(default_factory=dict)
    ties: dict[str, Subscription] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)
    new_people: list[Subscriber] = field(default_factory=list)
    new_ties: list[Subscription] = field(default_factory=list)
    activated: list[Subscription] = field(default_factory=list)
    changed_people: dict[str, Subscriber] = field(default_factory=dict)
    changed_ties: dict[str, Subscription] = field(default_factory=dict)
    topic_changes: list[TopicChange] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    kept: dict[int, Kept] = field(default_factory=dict)

    def look_up(self, keys: Sequence[str]) -> None:
        """Read the existing rows of these addresses."""
        self.people = {s.key: s for s in Subscriber.objects.filter(key__in=keys)}
        by_number = {s.pk: s.key for s in self.people.values()}
        if by_number:
            ties = Subscription.objects.filter(newsletter=self.order.newsletter, subscriber__in=list(by_number))
            self.ties = {by_number[t.subscriber_id]: t for t in ties}
        if Suppression.objects.exists():
            self.suppressed = Suppression.objects.suppressed(keys)
            if Suppression.objects.exclude(key_id=fingerprint()).exists():
                for key in self.suppressed:
                    Suppression.objects.rekey(key)

    def judge(self, person: Person) -> str | Message:
        """Return "added", "updated" or "unchanged", or a message that says why the line is refused."""
        key, row = person.address.key, person.row
        tie = self.ties.get(key)
        if key in self.suppressed:
            return messages.BLOCKED(reason=self.suppressed[key])
        if tie and tie.state == State.UNSUBSCRIBED:
            return messages.LEFT(newsletter=self.order.newsletter)
        if row.state == "left":
            return messages.LEFT_IN_FILE()
        state = State.PENDING if row.state == "waiting" else self.order.state
        if tie is None:
            self._add(person, state)
            return "added"
        changed = self._complete(key, tie, row)
        if tie.state == State.PENDING and state == State.ACTIVE:
            tie.state, tie.joined = State.ACTIVE, row.joined or self.order.at
            tie.welcome_from = self.order.at if self.order.welcome else None
            self._keep(tie, row.kept)
            if tie.pk:
                self.activated.append(tie)
                self.changed_ties[key] = tie
            changed = True
        return "updated" if changed else "unchanged"

    def _add(self, person: Person, state: Subscription.State) -> None:
        key, row, at = person.address.key, person.row, self.order.at
        subscriber = self.people.get(key)
        if subscriber is None:
            subscriber = Subscriber(
                address=person.address.written,
                key=key,
                name=row.name[:100],
                language=supported(row.language),
                created=at,
                **Subscriber.hashed(key),
            )
            self.people[key] = subscriber
            self.new_people.append(subscriber)
        tie = Subscription(
            subscriber=subscriber,
            newsletter=self.order.newsletter,
            state=state,
            tags=row.tags,
            cadence=row.cadence,
            topics=row.topics,
            created=at,
            joined=(row.joined or at) if state == State.ACTIVE else None,
            welcome_from=at if self.order.welcome and state == State.ACTIVE else None,
        )
        self.ties[key] = tie
        self.new_ties.append(tie)
        self._keep(tie, row.kept)
        self._complete(key, tie, row)

    def _keep(self, tie: Subscription, kept: Kept | None) -> None:
        """Keep the data of our own export for a created or activated subscription of the same newsletter."""
        if kept is None or kept.newsletter != self.order.newsletter:
            return
        if kept.at and kept.text:
            self.kept[id(tie)] = kept
        if tie.state == State.ACTIVE and tie.paused_until is None:
            tie.paused_until = kept.paused_until

    def _complete(self, key: str, tie: Subscription, row: PersonRow) -> bool:
        """Fill in missing values and add tags; existing values are kept."""
        subscriber, changed = self.people[key], False
        for name, value in (("name", row.name[:100]), ("language", supported(row.language))):
            if value and not getattr(subscriber, name):
                setattr(subscriber, name, value)
                changed = True
                if subscriber.pk:
                    self.changed_people[key] = subscriber
        tags = {t for word in row.tags if (t := clean_tag(word))} - set(tie.tags) if row.tags else set()
        if tags:
            tie.tags = tuple(sorted({*tie.tags, *tags}))
            changed = True
            if tie.pk:
                self.changed_ties[key] = tie
        return self._choose(key, tie, row) or changed

    def _choose(self, key: str, tie: Subscription, row: PersonRow) -> bool:
        """Set the cadence and the topics of a person who has chosen none."""
        missing = [name for name in ("cadence", "topics") if getattr(row, name) and not getattr(tie, name)]
        for name in missing:
            setattr(tie, name, getattr(row, name))
        if missing and tie.pk:
            self.changed_ties[key] = tie
            if "cadence" in missing:
                self.moved.append(tie.pk)
            if "topics" in missing and tie.state == State.ACTIVE:
                self.topic_changes.append(TopicChange(subscription=tie, at=self.order.at))
        return bool(missing)

    def save(self) -> None:
        """Write the resulting rows."""
        insert_people(self.new_people)
        insert_ties(self.order.newsletter, self.new_ties)
        if self.changed_people:
            Subscriber.objects.bulk_update(self.changed_people.values(), ["name", "language"], batch_size=200)
        if self.moved:
            store_sets(Subscription.objects.filter(pk__in=self.moved), self.order.newsletter)
        if self.changed_ties:
            Subscription.objects.bulk_update(
                self.changed_ties.values(),
                ["state", "joined", "tags", "cadence", "topics", "paused_until", "welcome_from"],
                batch_size=200,
            )
            choices_changed.send(Subscription, numbers=[tie.pk for tie in self.changed_ties.values()])
        TopicChange.objects.bulk_create(self.topic_changes)
        insert_all(self._consent(t) for t in (*self.new_ties, *self.activated) if not self._asked(t))
        for tie in filter(self._asked, self.new_ties):
            invite(tie, Consent.How.IMPORT, self.order.consent, self.order.at)

    def _asked(self, tie: Subscription) -> bool:
        """Return whether the person is asked to confirm by email, so that the consent is only a request."""
        return self.order.confirm_by_mail and tie.state == State.PENDING

    def _consent(self, tie: Subscription) -> Consent:
        """Return the consent of a subscription: from our own export, else from the settings of the import."""
        kept, at = self.kept.get(id(tie)), self.order.at
        if kept is None or kept.at is None:
            confirmed = tie.joined if tie.state == State.ACTIVE else None  # the file's date, else that of the import
            return Consent(
                subscription=tie, how=Consent.How.IMPORT, text=self.order.consent, at=at, confirmed_at=confirmed
            )
        return Consent(
            subscription=tie,
            how=kept.how if kept.how in Consent.How.values else Consent.How.IMPORT,
            wording=kept.wording[:20],
            text=kept.text,
            language=kept.language[:35],
            at=kept.at,
            network=kept.network[:45],
            page=kept.page[:500],
            confirmed_at=kept.confirmed_at or (at if tie.state == State.ACTIVE else None),
        )
