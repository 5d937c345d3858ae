"""Completes a restored database: what the recovery log knows is applied, and nothing is sent until a person confirms.

Whatever was begun without a known result is unknown. Without a complete log, everything that was not sent by then is.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from django.db import connections, models, transaction

from newsletter import later
from newsletter.backup.archive import Manifest
from newsletter.backup.replayed_sending import DeliveryLog, apply_deliveries, replay_offers
from newsletter.collecting.ledger import forget_removals
from newsletter.config import Config
from newsletter.delivery import journal
from newsletter.editions import held_back
from newsletter.editions.redeciding import decide_drafts_again
from newsletter.editions.states import change
from newsletter.messages import Message, acts, schedule as schedule_messages, sending as messages
from newsletter.models import (
    ApprovedContent,
    Delivery,
    Edition,
    EditionPost,
    Identity,
    LaterWork,
    Machine,
    Occurrence,
    Post,
    Retry,
    Source,
    State,
    Variant,
    WelcomeLetter,
    WelcomeMail,
    Worker,
)
from newsletter.models.later_work import NOTICE_EMAIL, NOTICE_POST
from newsletter.models.post import NOT_LISTED
from newsletter.models.source import PUSHED
from newsletter.recovery import entries, hold, log, older_copy
from newsletter.scheduling import schedule
from newsletter.sending import journals, lifecycle
from newsletter.sending.results import ResultRow, row_of
from subscribers import erasure, preferences
from subscribers.addresses import Address
from subscribers.models import Subscriber, Subscription, Suppression, TransactionalEmail

AT_ONCE = 1_000


def complete(manifest: Manifest, configuration: Config, folders: Sequence[Path], now: datetime) -> Message:
    """Complete the restored database, and return the reason why nothing is sent."""
    journals_into_log(journals.folder(configuration))
    records, is_complete, reason = _logged_since_backup(manifest, folders)
    made_at = datetime.fromisoformat(manifest.made_at)
    with log.suspended(), transaction.atomic():
        Identity.objects.update(name=secrets.token_hex(16), since=now)
        Machine.objects.all().delete()
        Worker.objects.all().delete()  # programs of the backup's time, which nobody has to hear from
        _apply_log(records, configuration, made_at, now, is_complete=is_complete)
        hold.place(made_at, reason, now)
    connections.close_all()
    return reason


def accept_older_copy(configuration: Config, now: datetime) -> bool:
    """Apply what the journals and the recovery log know of the time after an older copy; return whether it is one.

    Unlike `complete`, it may run beside the program, which sends nothing meanwhile.
    """
    made_at = older_copy.held_since()
    if made_at is None:
        return False
    journals_into_log(journals.folder(configuration))
    every_record = log.read([configuration.recovery_log])
    records = [record for record in every_record if record.at >= made_at.timestamp() - log.LEEWAY]
    logs = len({record.log for record in every_record})
    with transaction.atomic():
        _apply_log(records, configuration, made_at, now, is_complete=logs >= max(Machine.objects.count(), 1))
    return True


def _apply_log(
    records: Sequence[log.Record], configuration: Config, made_at: datetime, now: datetime, *, is_complete: bool
) -> None:
    """Apply records of the time since `made_at`; unless they are complete, what was not sent by then is unknown."""
    _withdraw_emails(now)
    begun = _in_order(records, configuration) | replay_welcomed(records)
    _erase(records)
    apply_deliveries(_deliveries(records), configuration.delivery, now, everything=not is_complete)
    if is_complete:
        lifecycle.complete(tuple(configuration.newsletters), now)
    _ask(made_at, begun)
    if not is_complete:
        WelcomeLetter.objects.filter(since__isnull=False).update(since=now)
        _skip_missed(configuration, now, made_at)
        for newsletter in configuration.newsletters.values():
            held_back.hold_back(newsletter, now)
            decide_drafts_again(newsletter, acts.HELD_BACK(), now)


def journals_into_log(folder: Path) -> None:
    """Move what is in the journals of processes that have ended into the recovery log: they belong to the database that
    is replaced. After a restart of the machine, their last records may be missing.
    """
    for path in journal.journals(folder):
        orphan = journal.take_over(path, journal.header(path).database)
        if orphan is None:
            continue
        rows_by_edition: dict[str, list[ResultRow]] = defaultdict(list)
        for entry in orphan.entries:
            rows_by_edition[entry.edition].append(row_of(entry.outcome))
        for edition, rows in rows_by_edition.items():
            entries.results(edition, rows)
        for edition, chunk in () if orphan.rebooted else orphan.chunks:
            entries.ended(edition, chunk)
        orphan.remove()


def _logged_since_backup(manifest: Manifest, folders: Sequence[Path]) -> tuple[Sequence[log.Record], bool, Message]:
    """Return the records since the backup, whether they are complete, and why nothing is sent.

    Logs that don't reach back to the backup are of no use.
    """
    records = log.read(folders)
    since = log.since_mark(records, manifest.id)
    if since is None:
        return (), False, messages.NO_LOG()
    machines, logs = len(manifest.machines), len({record.log for record in records})
    if logs < machines:
        return since, False, messages.LOG_INCOMPLETE(missing=machines - logs, machines=machines)
    return since, True, messages.LOG_COMPLETE()


def _in_order(records: Sequence[log.Record], configuration: Config) -> set[int]:
    """Restore the editions that began to be sent, with their content and audience, and what people did meanwhile.

    The order decides whose sets an edition changed. Returns the primary keys of the editions.
    """
    last_records = {record.values[0]: record for record in records if record.kind == entries.AUDIENCE}
    for record in records:
        if record.kind == entries.ARCHIVE:
            _archive(record)
        elif record.kind != entries.AUDIENCE:
            _person(record)
        elif last_records[record.values[0]] is record:
            _edition(record, configuration)
    return set(Edition.objects.filter(began_at__isnull=False).values_list("pk", flat=True))


def _edition(record: log.Record, configuration: Config) -> None:
    name, audience, packed, *offers = record.values
    rows = entries.unpacked_rows(packed)
    edition = next(row for row in rows if isinstance(row, Edition))
    newsletter, _, period = name.partition("/")
    present = Edition.objects.filter(newsletter=newsletter, period=period).first()
    if present is not None and (present.pk != edition.pk or present.began_at is not None):
        return  # it was begun before the backup, too
    restored = _save_posts(rows)
    numbers = entries.unpacked_numbers(audience)
    edition.state, edition.began_at = State.SENDING, datetime.fromtimestamp(record.at, UTC)
    edition.audience, edition.waiting, edition.reason = len(numbers), None, None
    for reference in ("corrects", "replaced_by"):
        if not Edition.objects.filter(pk=getattr(edition, f"{reference}_id")).exists():
            setattr(edition, reference, None)
    edition.save()
    ApprovedContent.objects.filter(edition=edition).delete()
    EditionPost.objects.filter(edition=edition).delete()
    Variant.objects.filter(edition=edition).delete()
    for row in rows:
        if isinstance(row, ApprovedContent | EditionPost | Variant):
            row.save()
    Delivery.objects.filter(edition=edition).delete()
    Delivery.objects.bulk_create(
        (Delivery(edition=edition, number=n, subscription_id=s) for n, s in enumerate(numbers, 1)), batch_size=AT_ONCE
    )
    if edition.newsletter in configuration.newsletters:
        began_at = datetime.fromtimestamp(record.at, UTC)
        replay_offers(configuration.newsletters[newsletter], edition, restored, began_at, *offers)


def _save_posts(rows: Iterable[models.Model]) -> set[int]:
    """Save the posts of a record, with their sources, that the backup doesn't have; return the posts' primary keys."""
    posts: list[Post] = []
    for row in rows:
        if isinstance(row, Source):
            _save_source(row)
        elif not isinstance(row, Edition | ApprovedContent | EditionPost | Variant) and _save_new(row):
            posts += [row] if isinstance(row, Post) else []
    forget_removals([post for post in posts if post.content_hash != NOT_LISTED])
    return {post.pk for post in posts}


def _save_source(source: Source) -> None:
    """Save a source that was first read after the backup.

    What it listed then is not in the record, only what editions had. So posts of before that time which it lists now
    count as those that the first reading had.
    """
    if source.url != PUSHED and not Source.objects.filter(pk=source.pk, first_read_at__isnull=False).exists():
        source.first_reached_back_to, source.read_at, source.memory = source.first_read_at, None, {}
        source.save()
    else:
        _save_new(source)


def _save_new(row: models.Model) -> bool:
    """Save a row that the backup doesn't have, and return whether it is one.

    Primary keys are not used again, so the same key is the same row. But a source may list a page since.
    """
    stored = type(row)._default_manager.filter(pk=row.pk)
    if (stored.exclude(content_hash=NOT_LISTED) if isinstance(row, Post) else stored).exists():
        return False
    row.save()
    return True


def _archive(record: log.Record) -> None:
    """Repeat that an edition was removed from the archive, or returned to it."""
    name, removed_text = record.values
    newsletter, _, period = name.partition("/")
    removed_at = datetime.fromisoformat(removed_text) if removed_text else None
    Edition.objects.filter(newsletter=newsletter, period=period).update(removed_from_archive_at=removed_at)


def _person(record: log.Record) -> None:
    """Apply a departure, a block, a question, a choice, or an import that was undone."""
    at = datetime.fromtimestamp(record.at, UTC)
    if record.kind == entries.LEFT:
        for number in record.values[0]:
            preferences.unsubscribe(number, at)
    elif record.kind == entries.ASKED:
        Subscription.objects.filter(pk__in=record.values[0]).update(asked_at=at)
    elif record.kind == entries.CHOSEN:
        for choice in record.values[0]:
            _choose(*choice, at=at)
    elif record.kind == entries.BLOCKED:
        _block(*record.values, at=at)
    elif record.kind == entries.UNDONE:
        _undo_import(*record.values)


def _block(kind: str, digest: str, reason: str, key_id: str, *, at: datetime) -> None:
    """Repeat a block; a stronger reason replaces a weaker one."""
    values = {"reason": reason, "key_id": key_id, "at": at}
    row, is_new = Suppression.objects.get_or_create(kind=kind, hash=digest, defaults=values)
    if not is_new and Suppression.WEIGHT[reason] > Suppression.WEIGHT[row.reason]:
        row.reason, row.note, row.at = reason, "", at
        row.save(update_fields=["reason", "note", "at"])


def _undo_import(returned: Iterable[tuple[int, str]], unblocked: Iterable[tuple[str, str]]) -> None:
    """Repeat that an import was undone, which had unsubscribed and blocked people."""
    for number, state in returned:
        unsubscribed = Subscription.objects.filter(pk=number, state=Subscription.State.UNSUBSCRIBED)
        unsubscribed.update(state=state, unsubscribed_at=None, reason="", returns=False)
    for kind, digest in unblocked:
        Suppression.objects.filter(kind=kind, hash=digest).delete()


def _choose(number: int, cadence: str, topics: str, paused_until: str | None, *, at: datetime) -> None:
    """Repeat a choice of how often, which topics, and until when not."""
    subscription = Subscription.objects.filter(pk=number).first()
    if subscription is not None:
        subscription.pick(topics, at)
        subscription.choose_cadence(cadence)
        subscription.paused_until = date.fromisoformat(paused_until) if paused_until else None
        subscription.save(update_fields=["paused_until"])


def _erase(records: Iterable[log.Record]) -> None:
    """Apply erasures."""
    for record in records:
        if record.kind == entries.ERASED:
            for person in Subscriber.objects.filter(pk__in=record.values[0]):
                erasure.forget(Address(person.address, person.key))


def _deliveries(records: Iterable[log.Record]) -> Mapping[str, DeliveryLog]:
    logs: dict[str, DeliveryLog] = defaultdict(DeliveryLog)
    for record in records:
        if record.kind == entries.BEGUN:
            logs[record.values[0]].add_begun(*record.values[1:])
        elif record.kind == entries.ENDED:
            logs[record.values[0]].add_ended(record.values[1])
        elif record.kind == entries.RESULTS:
            logs[record.values[0]].add_results(*record.values[1:])
    return logs


def _ask(made_at: datetime, begun: set[int]) -> None:
    """Let every unfinished edition wait for an editor."""
    why = messages.RESTORED(made_at=made_at)
    for edition in Edition.objects.filter(pk__in=begun, state__in=(State.SENDING, State.SENT)):
        if edition.state == State.SENDING or Retry.objects.filter(edition=edition).exists():
            change(edition, State.PAUSED, reason=why)
    question = messages.MAY_BE_SENT(made_at=made_at)
    for edition in Edition.objects.filter(state=State.QUEUED):
        change(edition, State.APPROVED)
    Edition.objects.filter(state=State.APPROVED, welcome=None).update(waiting=question)


def _withdraw_emails(now: datetime) -> None:
    """Give up emails to single persons that were waiting: most were sent since. 'newsletter mailq' shows them."""
    why = messages.UNKNOWN_SINCE()
    TransactionalEmail.objects.filter(sent_at=None, gave_up_at=None).update(gave_up_at=now, problem=why.to_text())
    later.give_up(LaterWork.objects.filter(kind__in=(NOTICE_EMAIL, NOTICE_POST)), now, why)


def _skip_missed(configuration: Config, now: datetime, made_at: datetime) -> None:
    """Let nothing be drafted and sent for times that have passed: it may have been."""
    for newsletter in configuration.newsletters.values():
        for cadence in newsletter.offered:
            schedule.plan(newsletter.at(cadence), now)
    missed = Occurrence.objects.filter(due_at__lte=now, done_at=None)
    missed.update(done_at=now, outcome=schedule_messages.FAILED(reason=messages.MAY_BE_SENT(made_at=made_at)))


def replay_welcomed(records: Iterable[log.Record]) -> set[int]:
    """Repeat what the records say, in their order; return the primary keys of the letters' editions.

    An edition that is newer than the backup is lost with its letter, so that nobody gets it again.
    """
    return {key for record in records if record.kind == entries.WELCOMED if (key := _welcomed(record)) is not None}


def _welcomed(record: log.Record) -> int | None:
    name, audience, packed = record.values
    newsletter, _, period = name.partition("/")
    edition = Edition.objects.filter(newsletter=newsletter, period=period, welcome__isnull=False).first()
    if edition is None or edition.welcome is None or (edition.audience or 0) != audience:
        return edition.pk if edition else None  # the backup has them
    letter, numbers = edition.welcome, dict(enumerate(entries.unpacked_numbers(packed), audience + 1))
    at = datetime.fromtimestamp(record.at, UTC)
    edition.state, edition.began_at, edition.audience = State.SENDING, at, audience + len(numbers)
    edition.ended_at = edition.reason = edition.waiting = edition.rolled_up_at = None
    edition.save()
    Delivery.objects.bulk_create(
        (Delivery(edition=edition, number=n, subscription_id=s) for n, s in numbers.items()), batch_size=AT_ONCE
    )
    existing = set(Subscription.objects.filter(pk__in=numbers.values()).values_list("pk", flat=True))
    rows = (
        WelcomeMail(letter=letter, subscription_id=s, edition=edition, number=n, at=at)
        for n, s in numbers.items()
        if s in existing
    )
    WelcomeMail.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return edition.pk
