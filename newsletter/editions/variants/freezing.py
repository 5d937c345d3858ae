"""Stores the approved content of an edition and its variants, and dates it when it is queued."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from newsletter.config import Config
from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import EncodedEmail, Header, Slot
from newsletter.editions import approved_content
from newsletter.editions.counted_links import add as add_links, known_tokens, with_counted_links
from newsletter.editions.dating import last_day_of
from newsletter.editions.history import BY_SCHEDULE
from newsletter.editions.local_links import ALLOWED
from newsletter.editions.rendering import (
    Proof,
    digest_of,
    digest_with,
    list_headers,
    proof_of,
    proof_of_variant,
    rendered_of,
)
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

    def mail(self, proof: Proof) -> EncodedEmail:
        """Return the email of a proof."""
        rendered, head = proof.rendered, proof.letterhead
        if self.counts:
            rendered, tokens = with_counted_links(rendered, proof.digest, self.tokens)
            self.tokens = {**self.tokens, **tokens}
        return encoded(rendered, head, date=self._date, automatic=self._automatic, **list_headers(head, self._period))


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
            "segments": approved_content.pack(freezer.mail(prepared.own)),
            "posts": locked_posts.pack([entry.post for entry in prepared.plan.entries]) if prepared.plan else b"",
        },
    )
    _freeze_variants(draft, prepared, freezer)
    CountedLink.objects.filter(content=content).delete()
    add_links(content, freezer.tokens, [proof.digest for proof in prepared.proofs])


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
    variant.segments = approved_content.pack(freezer.mail(proof))


def add_variant(edition: Edition, posts: Collection[int], configuration: Config, now: datetime) -> Variant | None:
    """Render and store a variant of an approved edition with some of its posts, as they were when it was approved.

    `posts` has their primary keys. Return None if that is not possible.
    """
    newsletter, content = configuration.edited(edition), edition.approved_content
    entries = locked_posts.entries_of(edition, bytes(content.posts), posts)
    if len(entries) < len(posts):
        return None
    arranged = ordering.arranged(entries, newsletter)
    on_page = [str(key) for key in edition.entries.filter(included=True).values_list("post_id", flat=True)]
    try:
        proof = proof_of_variant(digest_with(edition, configuration, arranged), configuration, newsletter, on_page)
    except TemplateProblem as problem:
        log.warning("%s: a variant can't be rendered: %s", edition.name, problem)
        return None
    freezer = _Freezer(edition, configuration, now, automatic=edition.approved_by == BY_SCHEDULE)
    freezer.tokens = known_tokens(content)
    newest = edition.variants.order_by("-position").first()
    posts_in_order = [entry.post_id for entry in arranged]
    variant = Variant(edition=edition, position=newest.position + 1 if newest else 0, posts=posts_in_order)
    _write(variant, proof, freezer)
    variant.save()
    add_links(content, freezer.tokens, [proof.digest])
    return variant


def date_letter(letter: Edition, content: ApprovedContent, configuration: Config, at: datetime) -> datetime:
    """Render an approved letter again for the day on which it is sent, and return the end of its window.

    Nothing but its date may change: if it would, because settings, templates or images changed since it was approved,
    its content stays as it is, with the date of its approval.
    """
    newsletter = configuration.edited(letter)
    until = just_after(at)
    if last_day_of(letter, newsletter) == last_day(until, newsletter.zone):
        return until
    proof = proof_of(digest_of(letter, configuration), configuration, newsletter)
    as_approved = _headers(proof.letterhead, letter.period).items() <= content.headers.items()
    if not as_approved or _comparable(proof.rendered) != _comparable(rendered_of(content)):
        log.warning("%s keeps the date of its approval, since settings or images changed after it", letter.name)
        return letter.until
    tokens = known_tokens(content)
    approved_until, letter.until = letter.until, until
    dated = proof_of(digest_of(letter, configuration), configuration, newsletter)
    if dated.rendered.shortened != proof.rendered.shortened:
        letter.until = approved_until
        return approved_until
    freezer = _Freezer(letter, configuration, at, automatic=letter.approved_by == BY_SCHEDULE)
    freezer.counts, freezer.tokens = bool(tokens), tokens
    for key, value in _texts(dated.rendered).items():
        setattr(content, key, value)
    content.segments = approved_content.pack(freezer.mail(dated))
    content.save()
    return until


def _comparable(rendered: Rendered) -> tuple[str, ...]:
    """Return the texts of an email with the meaning of each placeholder in its place, which is random."""

    def meaning(slot: Slot) -> str:
        return f"\0{slot.value}\0{slot.form}\0{slot.fallback}\0"

    texts = (rendered.subject, rendered.preheader, rendered.html, rendered.text, rendered.page)
    return tuple(fill(text, rendered.placeholders, meaning) for text in texts)


def date_again(content: ApprovedContent, at: datetime) -> None:
    """Store the time of sending as the Date of the email and its variants (RFC 5322 3.6.1)."""
    content.segments = _dated(bytes(content.segments), at)
    content.save(update_fields=["segments"])
    for variant in Variant.objects.filter(edition_id=content.edition_id).exclude(segments=b""):
        variant.segments = _dated(bytes(variant.segments), at)
        variant.save(update_fields=["segments"])


def _dated(packed: bytes, at: datetime) -> bytes:
    mail = approved_content.unpack(packed)
    date = Header("Date", (format_datetime(at).encode(),))
    headers = tuple(date if h.name == "Date" else h for h in mail.headers)
    return approved_content.pack(replace(mail, headers=headers))
