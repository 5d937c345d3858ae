"""What recipients would see: an edition written to files as HTML, text and the whole message, and every design with a
newsletter's own posts, those of its newest edition or its newest posts.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter import config
from newsletter.config import Config
from newsletter.config.theme import DesignName
from newsletter.domain.digest import Digest, Rendered
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import approved_content
from newsletter.editions.letterheads import list_headers
from newsletter.editions.rendering import Proof, digest_of, digest_with, make_proof
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import LOCKED_STATES, ApprovedContent, Edition, EditionPost, Post
from newsletter.render.edition import render
from newsletter.render.message import encoded
from newsletter.render.preview import recipient_html, recipient_text
from newsletter.render.theme.designs import DESIGNS
from subscribers.tokens import link_token_for_tests

_MOST = 12
"""The most posts of a sample, where no edition has any yet."""


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
        headers = list_headers(head, edition.period)
        mail = encoded(proof.rendered, head, date=at, list_id=headers["list_id"], feedback_id=headers["feedback_id"])
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
        "html": recipient_html(rendered, head, recipient).encode(),
        "text": recipient_text(rendered, head, recipient).encode(),
        "eml": as_sent(edition, proof, recipient, datetime.now(UTC)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"edition.{'txt' if kind == 'text' else kind}" for kind in contents}
    for kind, path in files.items():
        path.write_bytes(contents[kind])
    sizes = {"html": len(contents["html"]), "text": len(contents["text"]), "mail": len(contents["eml"])}
    return Written(proof, files, sizes)


@dataclass(frozen=True, slots=True)
class Sample:
    """A design as a recipient sees it."""

    design: DesignName
    html: str
    text: str


def sample_digest(configuration: Config, newsletter: config.Newsletter) -> Digest | None:
    """Return a digest of the newsletter's own posts; None if it has none yet."""
    written = EditionPost.objects.filter(included=True, edition__newsletter=newsletter.name, edition__standalone=False)
    newest = Edition.objects.filter(pk__in=written.values("edition")).order_by("-until", "-pk").first()
    return digest_of(newest, configuration) if newest else _of_newest_posts(configuration, newsletter)


def samples(configuration: Config, digest: Digest) -> tuple[Sample, ...]:
    """Return the digest in every design."""
    return tuple(sample(configuration, digest, design) for design in DESIGNS)


def sample(configuration: Config, digest: Digest, design: DesignName) -> Sample:
    """Return the digest in one design. Raises `TemplateProblem`."""
    head = digest.letterhead
    newsletter = configuration.newsletters[head.newsletter]
    head = replace(head, theme=replace(head.theme, design=design))
    rendered: Rendered = render(
        replace(digest, letterhead=head),
        configuration.folder / "templates",
        maximum_size=newsletter.maximum_size,
        excerpt_words=newsletter.excerpt_words,
    )
    recipient = sample_recipient()
    return Sample(design, recipient_html(rendered, head, recipient), recipient_text(rendered, head, recipient))


def _of_newest_posts(configuration: Config, newsletter: config.Newsletter) -> Digest | None:
    """Return a digest of the newest posts, which are in no edition yet."""
    stored = Post.objects.filter(newsletter=newsletter.name).prefetch_related("listings__source")
    posts = list(stored.exclude(published=None).order_by("-published")[:_MOST])
    times = [post.published for post in posts if post.published]
    if not times:
        return None
    since, until = min(times), max(times) + timedelta(seconds=1)
    period = f"{max(times).astimezone(newsletter.zone):%Y-%m-%d}"
    edition = Edition(newsletter=newsletter.name, period=period, since=since, until=until)
    return digest_with(edition, configuration, [EditionPost(edition=edition, post=post) for post in posts])
