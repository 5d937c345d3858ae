"""Repeats in a restored database what sending did: which posts an audience was offered, and what the recovery log says
about deliveries. What it does not know is made unknown.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Max

from newsletter.config import Cadence, DeliverySettings, Newsletter
from newsletter.domain.offers import not_due
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.approved import offers_of
from newsletter.messages import sending as messages
from newsletter.models import Chunk, Delivery, DeliveryStatus, Edition, Numbering, Post, Result, Retry, State
from newsletter.recovery import entries
from newsletter.sending.outbox import last_claimed
from newsletter.sending.results import ResultRow, record
from newsletter.sending.sql.growth import grow_again, grow_by_letter, subscriptions_in
from subscribers.models import OfferedSet, Subscription, sets_of

AT_ONCE = 500


def replay_offers(
    configured: Newsletter,
    edition: Edition,
    restored: set[int],
    at: datetime,
    waiting: Sequence[tuple[str, str]] = (),
    offered: Sequence[Cadence] = (),
) -> None:
    """Let the sets of an edition's subscribers grow as when it began.

    `restored` has the primary keys of the posts that the database did not have before, `waiting` has posts with
    those who wait for them, `offered` the cadences at that time, which earlier versions did not record.
    """
    newsletter = _with_cadences(configured, offered).at(edition.cadence)
    _complete_candidates(edition)
    _count_ordinals(edition)
    stored_bases = bases.update(newsletter, at)
    of_cadence = Ordinals() if edition.standalone else edition.candidate_ordinals
    bases.restore_behind(newsletter, stored_bases, restored, of_cadence)
    if edition.corrects_id or not edition.candidates:
        return
    if edition.standalone:
        grow_by_letter(edition, stored_bases)
        return
    base = stored_bases[newsletter.period]
    Subscription.objects.filter(newsletter=newsletter.name, waited__gt=0).update(waited=0)
    for posts, packed in waiting:
        keys = entries.unpacked_numbers(packed)
        _let_wait(keys, base.ordinals, edition.candidate_ordinals - Ordinals.parse(posts))
    audience = Delivery.objects.filter(edition=edition).values("subscription_id")
    offer_to = offers_of(edition, newsletter)
    for each in bases.on(stored_bases):
        subscriptions = subscriptions_in(each, stored_bases).filter(waited=0)
        if each.pk == base.pk:
            grow_again(newsletter, edition, subscriptions, base, offer_to, with_base=True)
        else:  # some of the audience may be in another cadence now
            in_audience = subscriptions.filter(pk__in=audience)
            grow_again(newsletter, edition, in_audience, each, offer_to, with_base=False)


def _with_cadences(newsletter: Newsletter, offered: Sequence[Cadence]) -> Newsletter:
    """Return a newsletter with the cadences that it offered once, the default first."""
    if not offered or tuple(offered) == newsletter.offered:
        return newsletter
    default, *other_cadences = offered
    settings_by_cadence = {
        cadence: settings for cadence, settings in newsletter.cadence.items() if cadence in other_cadences
    }
    cadences = (default, *other_cadences) if other_cadences else ()
    return replace(newsletter, period=default, cadences=cadences, cadence=settings_by_cadence, draft=None, send=None)


def _complete_candidates(edition: Edition) -> None:
    """Fill in the candidates of an edition that an earlier version approved."""
    if edition.candidates is None:
        posts = set(edition.entries.filter(included=True).values_list("post_id", flat=True))
        posts.update(post for variant in edition.variants.all() for post in variant.posts)
        rows = Post.objects.filter(pk__in=posts).order_by("ordinal").values_list("ordinal", "pk")
        edition.candidates = [[ordinal, post, []] for ordinal, post in rows]
        edition.save(update_fields=["candidates"])


def _count_ordinals(edition: Edition) -> None:
    """Let new posts get ordinals after those of the restored ones."""
    last_ordinal = Post.objects.filter(newsletter=edition.newsletter).aggregate(last=Max("ordinal"))["last"] or 0
    Numbering.objects.get_or_create(newsletter=edition.newsletter)
    Numbering.objects.filter(newsletter=edition.newsletter, last__lt=last_ordinal).update(last=last_ordinal)


def _let_wait(keys: Sequence[int], base: Ordinals, posts: Ordinals) -> None:
    """Add posts to the sets of subscribers who wait for others."""
    for start in range(0, len(keys), AT_ONCE):
        subscriptions = Subscription.objects.filter(pk__in=keys[start : start + AT_ONCE], waited=0)
        rows = list(subscriptions.order_by().values_list("newsletter", "offered").distinct())
        sets = sets_of(key for _newsletter, key in rows)
        for newsletter, key in rows:
            had = base if key is None else sets[key]
            subscriptions.filter(offered=key).update(
                offered=OfferedSet.objects.key_of(newsletter, had | (posts - not_due(had))), waited=1
            )


ROWS = 5_000
UNFINISHED = (State.SENDING, State.PAUSED, State.SENT)
UNKNOWN = DeliveryStatus.UNKNOWN.value
NOBODY = "restored"
"""The machine and holder of a chunk that stands for what was claimed after the backup."""


@dataclass(slots=True)
class DeliveryLog:
    """What was begun and what came of it: the attempts of chunks that have not ended, and results, by number."""

    chunks: dict[int, dict[int, int]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    results: dict[int, ResultRow] = field(default_factory=dict)
    highest: int = 0

    @property
    def begun(self) -> dict[int, int]:
        """Return the attempts that may have been made, by number."""
        return {n: attempt for chunk in self.chunks.values() for n, attempt in chunk.items()}

    def add_begun(self, chunk: int, ranges: Iterable[Sequence[int]]) -> None:
        """Add what a record says."""
        numbers = self.chunks.setdefault(chunk, {})
        for first, last, attempt in ranges:
            numbers.update(dict.fromkeys(range(first, last + 1), attempt))
            self.highest = max(self.highest, last)

    def add_ended(self, chunk: int) -> None:
        """Add what a record says: what has no result was not sent."""
        self.chunks.pop(chunk, None)
        self.ended.add(chunk)

    def add_results(self, at: float, accepted: Iterable[Sequence[int]], others: Iterable[Sequence[Any]]) -> None:
        """Add what a record says; a newer attempt replaces an older one."""
        for first, last, attempt in accepted:
            for number in range(first, last + 1):
                self._add(ResultRow(number, attempt, DeliveryStatus.ACCEPTED.value, at))
        for number, attempt, kind, when, fault, code, status in others:
            self._add(ResultRow(number, attempt, kind, when, fault, code, status))

    def _add(self, row: ResultRow) -> None:
        result = self.results.get(row.number)
        if result is None or (result.attempt, result.kind != UNKNOWN) <= (row.attempt, row.kind != UNKNOWN):
            self.results[row.number] = row


def apply_deliveries(
    logs: Mapping[str, DeliveryLog], settings: DeliverySettings, now: datetime, *, everything: bool
) -> None:
    """Apply the logs to every edition that began; with `everything`, what has no result is unknown, begun or not.

    What was refused before may have been sent again since, so nothing of that is offered again with `everything`.
    """
    for edition in Edition.objects.filter(began_at__isnull=False).exclude(state=State.CANCELLED):
        delivery_log = logs.get(edition.name) or DeliveryLog()
        is_unfinished = edition.state != State.SENT or Retry.objects.filter(edition=edition).exists()
        if edition.state in UNFINISHED and (delivery_log.results or delivery_log.highest or is_unfinished):
            _apply(edition, delivery_log, settings, now, everything=everything)
    if everything:
        Result.objects.filter(kind=DeliveryStatus.REFUSED).exclude(kind=DeliveryStatus.ACCEPTED).update(settled=True)


def _apply(
    edition: Edition, delivery_log: DeliveryLog, settings: DeliverySettings, now: datetime, *, everything: bool
) -> None:
    for rows in _batches(delivery_log.results.values()):
        record(edition, rows, settings, now)
    begun = _begun_before(edition, delivery_log.ended) | delivery_log.begun
    claimed = max(last_claimed(edition), delivery_log.highest, max(delivery_log.results, default=0))
    last = (edition.audience or 0) if everything else claimed
    _claim(edition, last, now)
    attempts = _without_result(edition, last, begun)
    unknown = {n: begun.get(n, attempt) for n, attempt in attempts.items() if everything or begun.get(n, 0) >= attempt}
    why = messages.UNKNOWN_SINCE().to_text()
    lost = (
        ResultRow(n, attempt, DeliveryStatus.UNKNOWN.value, now.timestamp(), "connection", text=why)
        for n, attempt in unknown.items()
    )
    for batch in _batches(lost):
        record(edition, batch, settings, now)
    Retry.objects.filter(edition=edition).update(chunk=None)
    retries = (Retry(edition=edition, number=n, attempt=1, due=now) for n in attempts if n not in unknown)
    Retry.objects.bulk_create(retries, batch_size=1_000, ignore_conflicts=True)


def _begun_before(edition: Edition, ended: Collection[int]) -> dict[int, int]:
    """Return the numbers in chunks that were begun and open when the backup was made, and haven't ended since."""
    attempts: dict[int, int] = {}
    for chunk in Chunk.objects.filter(edition=edition, closed_at=None, begun_at__isnull=False).exclude(pk__in=ended):
        if chunk.first is not None and chunk.last is not None:
            attempts.update(dict.fromkeys(range(chunk.first, chunk.last + 1), 1))
        else:
            attempts.update(Retry.objects.filter(chunk=chunk).values_list("number", "attempt"))
    return attempts


def _claim(edition: Edition, last: int, now: datetime) -> None:
    """Close every chunk, and add one for what was claimed after the backup, so that it isn't claimed again."""
    first = last_claimed(edition) + 1
    Chunk.objects.filter(edition=edition, closed_at=None).update(closed_at=now)
    if last >= first:
        times = {"claimed_at": now, "begun_at": now, "leased_until": now, "closed_at": now}
        Chunk.objects.create(edition=edition, first=first, last=last, machine=NOBODY, holder=NOBODY, **times)


def _without_result(edition: Edition, last: int, begun: Mapping[int, int]) -> dict[int, int]:
    """Return the numbers up to `last` without a result that is final, with the next attempt of each.

    A result is not final if a later attempt was begun: an editor had the email sent again.
    """
    final = Result.objects.filter(edition=edition).exclude(kind=DeliveryStatus.DEFERRED)
    retries = dict(Retry.objects.filter(edition=edition).values_list("number", "attempt"))
    rows = final.values_list("number", "attempt").iterator(chunk_size=10_000)
    final_numbers = {number for number, attempt in rows if begun.get(number, attempt) <= attempt}
    attempts = {number: retries.get(number, 1) for number in range(1, last + 1) if number not in final_numbers}
    return attempts | {number: attempt for number, attempt in retries.items() if number not in final_numbers}


def _batches(rows: Iterable[ResultRow]) -> Iterator[list[ResultRow]]:
    ordered = iter(rows)
    while batch := list(islice(ordered, ROWS)):
        yield batch
