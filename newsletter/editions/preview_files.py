"""Write an edition to files: HTML, text and the whole message."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.config import Config
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import approved_content
from newsletter.editions.rendering import Proof, list_headers, make_proof
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import LOCKED_STATES, ApprovedContent, Edition
from newsletter.render import preview
from newsletter.render.message import encoded
from subscribers.tokens import link_token_for_tests


@dataclass(frozen=True, slots=True)
class Written:
    """The files, and the sizes of HTML, text and message in bytes."""

    proof: Proof
    files: dict[str, Path]
    sizes: dict[str, int]


def sample_recipient(address: str = "reader@example.org") -> Recipient:
    """Return a recipient whose links belong to no subscriber."""
    return Recipient(number=0, address=address, token=link_token_for_tests(), message_id="preview")


def as_sent(edition: Edition, proof: Proof, recipient: Recipient, now: datetime, position: int = 0) -> bytes:
    """Return a recipient's exact message, without a DKIM signature: as approved, or as approving now would give.

    `proof` is the rendering of the variant at this position.
    """
    packed = _approved(edition, position) if edition.state in LOCKED_STATES else None
    if packed is not None:
        mail = approved_content.unpack(packed)
    else:
        head, at = proof.letterhead, edition.due_at or now
        mail = encoded(proof.rendered, head, date=at, **list_headers(head, edition.period))
    return b"".join(MessageBuilder(mail).build(recipient).pieces)


def _approved(edition: Edition, position: int) -> bytes | None:
    variant = edition.variants.filter(position=position).exclude(segments=b"").first() if position else None
    content = variant or ApprovedContent.objects.filter(edition=edition).first()
    return bytes(content.segments) if content else None


def write(edition: Edition, configuration: Config, folder: Path) -> Written:
    """Write edition.html, edition.txt and edition.eml to a folder, which is created."""
    proof, recipient = make_proof(edition, configuration), sample_recipient()
    head, rendered = proof.letterhead, proof.rendered
    contents = {
        "html": preview.recipient_html(rendered, head, recipient).encode(),
        "text": preview.recipient_text(rendered, head, recipient).encode(),
        "eml": as_sent(edition, proof, recipient, datetime.now(UTC)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"edition.{'txt' if kind == 'text' else kind}" for kind in contents}
    for kind, path in files.items():
        path.write_bytes(contents[kind])
    sizes = {"html": len(contents["html"]), "text": len(contents["text"]), "mail": len(contents["eml"])}
    return Written(proof, files, sizes)
