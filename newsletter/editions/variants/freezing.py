"""Stores the approved content of an edition and its variants, and dates it when it is queued."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from itertools import chain
from typing import Any

from newsletter.config import Config
from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import Header, Slot
from newsletter.editions import approved_content
from newsletter.editions.counted_links import add as add_links, known_tokens, with_counted_links
from newsletter.editions.dating import last_day_of
from newsletter.editions.history import BY_SCHEDULE
from newsletter.editions.letterheads import list_headers
from newsletter.editions.local_links import ALLOWED
from newsletter.editions.render_cache import cached
from newsletter.editions.rendering import Proof, digest_of, digest_with, proof_of, proof_of_variant, rendered_of
from newsletter.editions.selection import ordering
from newsletter.editions.selection.windows import just_after
from newsletter.editions.variants import locked_posts
from newsletter.editions.variants.planning import PreparedDraft
from newsletter.models import ApprovedContent, CountedLink, Edition, Variant
from newsletter.render.dates import last_day
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.message import encoded
from newsletter.render.placeholders import fill

AT_ONCE = 50
log = logging.getLogger("newsletter.editions")


class _Freezer:
    """Turns proofs of one edition into emails; addresses in several variants have the same counted link."""

    def __init__(self, draft: Edition, configuration: Config, now: datetime, *, automatic: bool) -> None:
        self._automatic = automatic
        self._date = draft.due_at or now
        self._period = draft.period
        self.counts = configuration.newsletters[draft.newsletter].track == "links"
        self.tokens: Mapping[str, str] = {}

    def pack(self, proof: Proof) -> bytes:
        """Return the email of a proof, as it is stored."""
        key = ("email", id(proof), self._date, self._period, self._automatic, self.counts)
        packed, self.tokens = cached(key, (proof, self.tokens), lambda: self._pack(proof))
        return packed

    def _pack(self, proof: Proof) -> tuple[bytes, Mapping[str, str]]:
        rendered, head, tokens = proof.rendered, proof.letterhead, self.tokens
        if self.counts:
            rendered, new_tokens = with_counted_links(rendered, proof.digest, tokens)
            tokens = {**tokens, **new_tokens}
        headers = list_headers(head, self._period)
        email = encoded(rendered, head, date=self._date, automatic=self._automatic, **headers)
        return approved_content.pack(email), tokens


def encode(
    draft: Edition, prepared: PreparedDraft, configuration: Config, now: datetime, *, automatic: bool = False
) -> list[bytes]:
    """Return the emails that `freeze` stores, made in the same order before its transaction (see `render_cache`)."""
    freezer = _Freezer(draft, configuration, now, automatic=automatic)
    _pack_posts(prepared)
    return [freezer.pack(proof) for proof in prepared.proofs]


def freeze(
    draft: Edition, prepared: PreparedDraft, configuration: Config, now: datetime, *, automatic: bool = False
) -> None:
    """Store the approved content of a draft with its variants, in the caller's transaction.

    `automatic` says that no person approved it, as its header does.
    """
    freezer = _Freezer(draft, configuration, now, automatic=automatic)
    head, rendered = prepared.own.letterhead, prepared.own.rendered
    content, _ = ApprovedContent.objects.update_or_create(
        edition=draft,
        defaults={
            "revision": draft.revision,
            **_texts(rendered),
            "headers": {
                **_headers(head, draft.period),
                ALLOWED: configuration.allow_local_links,
                "provider": configuration.provider_of(configuration.newsletters[draft.newsletter]),
            },
            "segments": freezer.pack(prepared.own),
            "posts": _pack_posts(prepared),
        },
    )
    _freeze_variants(draft, prepared, freezer)
    CountedLink.objects.filter(content=content).delete()
    add_links(content, freezer.tokens, [proof.digest for proof in prepared.proofs])


def _pack_posts(prepared: PreparedDraft) -> bytes:
    return locked_posts.pack([entry.post for entry in prepared.plan.entries]) if prepared.plan else b""


def _texts(rendered: Rendered) -> dict[str, Any]:
    return {**approved_content.texts_of(rendered), "page": rendered.page}


def _headers(head: Letterhead, period: str) -> dict[str, str]:
    return {
        "from_name": head.sender_name,
        "from_address": head.sender_address,
        "reply_to": head.reply_to,
        **list_headers(head, period),
        "site_url": head.site_url,
        "mailto_unsubscribe": head.mailto_unsubscribe,
    }


def _freeze_variants(draft: Edition, prepared: PreparedDraft, freezer: _Freezer) -> None:
    Variant.objects.filter(edition=draft).delete()
    variants = []
    for position, prepared_variant in enumerate(prepared.variants):
        posts = [entry.post_id for entry in prepared_variant.planned.entries]
        variant = Variant(edition=draft, position=position, posts=posts)
        if not prepared_variant.planned.own:
            _write(variant, prepared_variant.proof, freezer)
        variants.append(variant)
    Variant.objects.bulk_create(variants, batch_size=AT_ONCE)


def _write(variant: Variant, proof: Proof, freezer: _Freezer) -> None:
    for field, value in approved_content.texts_of(proof.rendered).items():
        setattr(variant, field, value)
    variant.segments = freezer.pack(proof)


def add_variants(
    edition: Edition, posts_of_variants: Sequence[Collection[int]], configuration: Config, now: datetime
) -> list[Variant | None]:
    """Store variants of an approved edition with some of its posts, as they were when it was approved.

    `posts_of_variants` has the primary keys of each one's posts. The list has None for one that can't be rendered.
    """
    newest = edition.variants.order_by("-position").first()
    position = newest.position + 1 if newest else 0
    variants: list[Variant | None] = []
    freezer = _later_freezer(edition, configuration, now)
    for posts, proof in _proofs_of_later(edition, posts_of_variants, configuration):
        if proof is None:
            variants.append(None)
            continue
        variant = Variant(edition=edition, position=position, posts=posts)
        _write(variant, proof, freezer)
        variant.save()
        add_links(edition.approved_content, freezer.tokens, [proof.digest])
        variants.append(variant)
        position += 1
    return variants


def render_variants(
    edition: Edition, posts_of_variants: Sequence[Collection[int]], configuration: Config, now: datetime
) -> None:
    """Render what `add_variants` stores, in the same order, before its transaction (see `render_cache`)."""
    freezer = _later_freezer(edition, configuration, now)
    for _posts, proof in _proofs_of_later(edition, posts_of_variants, configuration):
        if proof is not None:
            freezer.pack(proof)


def _later_freezer(edition: Edition, configuration: Config, now: datetime) -> _Freezer:
    freezer = _Freezer(edition, configuration, now, automatic=edition.approved_by == BY_SCHEDULE)
    freezer.tokens = known_tokens(edition.approved_content)
    return freezer


def _proofs_of_later(
    edition: Edition, posts_of_variants: Sequence[Collection[int]], configuration: Config
) -> Iterator[tuple[list[int], Proof | None]]:
    """Yield the posts of each variant in the order of the email, and its proof, or None if that is not possible."""
    newsletter = configuration.edited(edition)
    needed = set(chain.from_iterable(posts_of_variants))
    entries = locked_posts.entries_of(edition, bytes(edition.approved_content.posts), needed)
    on_page = [str(key) for key in edition.entries.filter(included=True).values_list("post_id", flat=True)]
    for posts in posts_of_variants:
        arranged = ordering.arranged([entry for entry in entries if entry.post_id in posts], newsletter)
        proof = None
        if len(arranged) == len(posts):
            digest = digest_with(edition, configuration, arranged)
            try:
                proof = proof_of_variant(digest, configuration, newsletter, on_page)
            except TemplateProblem as problem:
                log.warning("%s: a variant can't be rendered: %s", edition.name, problem)
        yield [entry.post_id for entry in arranged], proof


def date_letter(letter: Edition, content: ApprovedContent, configuration: Config, at: datetime) -> datetime:
    """Store an approved letter as it is on the day on which it is sent, and return the end of its window."""
    letter.until, dated = _letter_at(letter, content, configuration, at)
    if dated is not None:
        for key, value in _texts(dated.proof.rendered).items():
            setattr(content, key, value)
        content.segments = dated.email
        content.save()
    return letter.until


@dataclass(frozen=True, slots=True)
class _DatedLetter:
    proof: Proof
    email: bytes


def _letter_at(
    letter: Edition, content: ApprovedContent, configuration: Config, at: datetime
) -> tuple[datetime, _DatedLetter | None]:
    """Return the end of the window of a letter that is sent at a time, and its email if that has another date.

    Nothing but its date may change: if it would, because settings, templates or images changed since it was approved,
    its content stays as it is, with the date of its approval.
    """
    newsletter = configuration.edited(letter)
    until = just_after(at)
    if last_day_of(letter, newsletter) == last_day(until, newsletter.zone):
        return until, None
    proof = proof_of(digest_of(letter, configuration), configuration, newsletter)
    as_approved = _headers(proof.letterhead, letter.period).items() <= content.headers.items()
    if not as_approved or _comparable(proof.rendered) != _comparable(rendered_of(content)):
        log.warning("%s keeps the date of its approval, since settings or images changed after it", letter.name)
        return letter.until, None
    letter = copy(letter)
    approved_until, letter.until = letter.until, until
    dated = proof_of(digest_of(letter, configuration), configuration, newsletter)
    if dated.rendered.shortened != proof.rendered.shortened:
        return approved_until, None
    freezer = _Freezer(letter, configuration, at, automatic=letter.approved_by == BY_SCHEDULE)
    freezer.tokens = known_tokens(content)
    freezer.counts = bool(freezer.tokens)
    return until, _DatedLetter(dated, freezer.pack(dated))


def _comparable(rendered: Rendered) -> tuple[str, ...]:
    """Return the texts of an email with the meaning of each placeholder in its place, which is random."""

    def meaning(slot: Slot) -> str:
        return f"\0{slot.value}\0{slot.form}\0{slot.fallback}\0"

    texts = (
        *(rendered.subject, rendered.personal_subject, rendered.preheader),
        *(rendered.html, rendered.text, rendered.page),
    )
    return tuple(fill(text, rendered.placeholders, meaning) for text in texts)


def date_again(content: ApprovedContent, at: datetime) -> None:
    """Store the time of sending as the Date of the email and its variants (RFC 5322 3.6.1)."""
    content.segments = with_date(content.segments, at)
    content.save(update_fields=["segments"])
    for variant in _with_own_email(content):
        variant.segments = with_date(variant.segments, at)
        variant.save(update_fields=["segments"])


def date_ahead(edition: Edition, configuration: Config, at: datetime) -> None:
    """Make what `date_letter` and `date_again` store, before their transaction (see `render_cache`)."""
    content, letter = ApprovedContent.objects.filter(edition=edition).first(), None
    if content is None:
        return
    if edition.standalone:
        _until, letter = _letter_at(edition, content, configuration, at)
    with_date(letter.email if letter else content.segments, at)
    for variant in _with_own_email(content):
        with_date(variant.segments, at)


def with_date(packed: bytes | memoryview, at: datetime) -> bytes:
    """Return a packed email with another time in its Date."""
    octets = bytes(packed)
    return cached(("date", octets), at, lambda: _with_date(octets, at))


def _with_own_email(content: ApprovedContent) -> Iterable[Variant]:
    return Variant.objects.filter(edition_id=content.edition_id).exclude(segments=b"").only("segments")


def _with_date(packed: bytes, at: datetime) -> bytes:
    mail = approved_content.unpack(packed)
    date = Header("Date", (format_datetime(at).encode(),))
    headers = tuple(date if h.name == "Date" else h for h in mail.headers)
    return approved_content.pack(replace(mail, headers=headers))
