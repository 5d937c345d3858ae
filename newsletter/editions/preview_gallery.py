"""Every design with a newsletter's own posts: those of its newest edition, or its newest posts."""

from dataclasses import dataclass, replace
from datetime import timedelta

from newsletter import config
from newsletter.config import Config
from newsletter.config.theme import DesignName
from newsletter.domain.digest import Digest, Rendered
from newsletter.editions.preview_files import sample_recipient
from newsletter.editions.rendering import digest_of, digest_with
from newsletter.models import Edition, EditionPost, Post
from newsletter.render.edition import render
from newsletter.render.preview import recipient_html, recipient_text
from newsletter.render.theme.designs import DESIGNS

_MOST = 12


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
