"""Stores the approved content of an edition and its variants, and dates it when it is queued."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime

from newsletter.config import Config
from newsletter.domain.digest import Rendered
from newsletter.domain.segments import Header, Segments
from newsletter.editions import approved_content
from newsletter.editions.links.counted import store, with_counted_links
from newsletter.editions.local_links import ALLOWED
from newsletter.editions.rendering import Proof, list_headers
from newsletter.editions.variants.preparing import PreparedDraft
from newsletter.models import ApprovedContent, Edition, Variant
from newsletter.render.message import segments

AT_ONCE = 50


class _Freezer:
    """Turns proofs of one edition into emails; addresses in several variants have the same counted link."""

    def __init__(self, draft: Edition, configuration: Config, now: datetime) -> None:
        self._date = draft.due_at or now
        self._period = draft.period
        self._counts = configuration.newsletters[draft.newsletter].track == "links"
        self.tokens: Mapping[str, str] = {}

    def mail(self, looked_at: Proof) -> Segments:
        """Return the email of a proof."""
        rendered, head = looked_at.rendered, looked_at.letterhead
        if self._counts:
            rendered, tokens = with_counted_links(rendered, looked_at.digest, self.tokens)
            self.tokens = {**self.tokens, **tokens}
        return segments(rendered, head, date=self._date, **list_headers(head, self._period))


def freeze(draft: Edition, prepared: PreparedDraft, configuration: Config, now: datetime) -> None:
    """Store the approved content of a draft with its variants, in the caller's transaction."""
    freezer = _Freezer(draft, configuration, now)
    head, rendered = prepared.own.letterhead, prepared.own.rendered
    content, _ = ApprovedContent.objects.update_or_create(
        edition=draft,
        defaults={
            "revision": draft.revision,
            "subject": rendered.subject,
            "preheader": rendered.preheader,
            "html": rendered.html,
            "text": rendered.text,
            "page": rendered.page,
            "placeholders": _placeholders(rendered),
            "headers": {
                "from_name": head.sender_name,
                "from_address": head.sender_address,
                "reply_to": head.reply_to,
                **list_headers(head, draft.period),
                "site_url": head.site_url,
                "mailto_unsubscribe": head.mailto_unsubscribe,
                ALLOWED: configuration.allow_local_links,
                "provider": configuration.provider_of(configuration.newsletters[draft.newsletter]),
            },
            "segments": approved_content.pack(freezer.mail(prepared.own)),
        },
    )
    _freeze_variants(draft, prepared, freezer)
    store(content, freezer.tokens, [proof.digest for proof in prepared.proofs])


def _freeze_variants(draft: Edition, prepared: PreparedDraft, freezer: _Freezer) -> None:
    Variant.objects.filter(edition=draft).delete()
    made = []
    for position, each in enumerate(prepared.variants):
        variant = Variant(edition=draft, position=position, off_topic=each.planned.off_topic)
        variant.marks = [mark for mark, _picks in each.planned.readers]
        variant.picks = [picks for _mark, picks in each.planned.readers]
        variant.posts = [entry.post_id for entry in each.planned.entries]
        if each.proof is not None and not each.planned.own:
            rendered = each.proof.rendered
            variant.subject, variant.preheader = rendered.subject, rendered.preheader
            variant.html, variant.text = rendered.html, rendered.text
            variant.placeholders = _placeholders(rendered)
            variant.segments = approved_content.pack(freezer.mail(each.proof))
        made.append(variant)
    Variant.objects.bulk_create(made, batch_size=AT_ONCE)


def _placeholders(rendered: Rendered) -> list[list[str]]:
    return [[name, slot.value, slot.form, slot.fallback] for name, slot in rendered.placeholders]


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
