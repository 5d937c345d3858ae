"""Render an edition of the database: digest, HTML and lint findings.

A draft is rendered from the current posts with editors' changes. An approved edition is never rendered again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from django.db.models import QuerySet

from newsletter import config
from newsletter.collecting import hosted_images, pictures
from newsletter.config import Config
from newsletter.domain.digest import Block, Digest, DigestPost, Finding, Letterhead, Level, Preview, Rendered
from newsletter.domain.encoded_email import Slot, SlotEncoding, SlotValue
from newsletter.domain.found_post import Image
from newsletter.editions.counted_links import added_size
from newsletter.editions.dating import dated_window, subject_template
from newsletter.editions.letterheads import letterhead
from newsletter.editions.render_cache import cached, values_of
from newsletter.editions.selection.ordering import day_of
from newsletter.feeds.document import split_address
from newsletter.images import names
from newsletter.messages import Message, sources
from newsletter.messages.general import ABOUT
from newsletter.models import (
    LOCKED_STATES,
    ApprovedContent,
    Edition,
    EditionPost,
    State,
    Variant,
    VideoPreview,
)
from newsletter.render.content.excerpt import reading_minutes
from newsletter.render.content.headline import headline_of
from newsletter.render.content.markdown import markdown
from newsletter.render.content.post_images import addresses, hosted, measured, unmeasured, without_images
from newsletter.render.content.videos import may_have_video, video_links
from newsletter.render.dates import short_date
from newsletter.render.edition import render, size
from newsletter.render.grouping import body, group
from newsletter.render.lint import lint
from newsletter.render.personal_text import with_slots, without_values
from newsletter.render.subject import beginning, preheader, subject


@dataclass(frozen=True, slots=True)
class Proof:
    """The current rendering of an edition, with lint findings."""

    letterhead: Letterhead
    digest: Digest
    rendered: Rendered
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that block approval."""
        return tuple(f for f in self.findings if f.level == Level.ERROR)


def digest_of(edition: Edition, configuration: Config, now: datetime | None = None) -> Digest:
    """Return the digest of an edition: its texts and its posts in groups, with editors' changes."""
    return digest_with(edition, configuration, included_entries(edition), now)


def digest_with(
    edition: Edition, configuration: Config, entries: Iterable[EditionPost], now: datetime | None = None
) -> Digest:
    """Return the digest of an edition, which need not be stored, with these posts.

    A letter that is a draft has the day of its send time, or of `now`.
    """
    newsletter = configuration.edited(edition)
    posts = [(entry, _post(entry, newsletter)) for entry in entries]
    if newsletter.images == "none":
        posts = [(entry, without_images(post)) for entry, post in posts]
    if newsletter.images == "source":
        sizes = pictures.sizes({url for _, post in posts for url in unmeasured(post.html, post.image)})
        posts = [(entry, measured(post, sizes)) for entry, post in posts]
    if newsletter.images != "none":
        posts = _with_previews(posts, configuration.site.url)
    not_hosted: tuple[Message, ...] = ()
    left_out: tuple[str, ...] = ()
    if newsletter.images == "hosted":
        posts, not_hosted, left_out = _hosted(posts, configuration)
    digest = _digest(edition, configuration, posts, now)
    shows_images = newsletter.images != "none"
    return replace(
        digest,
        previews=tuple(_previews(_videos_in(_words(edition)), configuration.site.url).values()) if shows_images else (),
        subject=_subject(digest, subject_template(edition, newsletter)),
        preheader=digest.preheader or preheader(digest.posts, newsletter.language) or beginning(edition.greeting),
        images_not_hosted=not_hosted,
        images_left_out=left_out,
    )


def image_addresses(edition: Edition, configuration: Config) -> set[str]:
    """Return the addresses of the images of an edition's posts, as they are fetched."""
    newsletter = configuration.edited(edition)
    posts = (_post(entry, newsletter) for entry in included_entries(edition))
    return {url for post in posts for url in addresses(post, configuration.site.url)}


def included_entries(edition: Edition) -> QuerySet[EditionPost]:
    """Return the entries of the posts that are in an edition, with what rendering reads of them."""
    entries = edition.entries.filter(included=True).select_related("post")
    return entries.prefetch_related("post__listings__source")


def _with_previews(posts: list[tuple[EditionPost, DigestPost]], site: str) -> list[tuple[EditionPost, DigestPost]]:
    """Return the posts with what is known of their videos."""
    urls = {entry.pk: tuple(video_links(post.html)) for entry, post in posts}
    previews = _previews({url for urls_of_post in urls.values() for url in urls_of_post}, site)
    return [
        (entry, replace(post, previews=tuple(previews[url] for url in urls[entry.pk] if url in previews)))
        for entry, post in posts
    ]


def _previews(urls: set[str], site: str) -> dict[str, Preview]:
    """Return what is known of videos, by the addresses of their pages."""

    def preview(row: VideoPreview) -> Preview:
        size = names.size_of(row.name)
        image = Image(f"{site}{names.PATH}{row.name}", "", *size) if size else None
        return Preview(row.url, row.title, image)

    return {url: preview(row) for url, row in pictures.previews(urls).items()}


def _words(edition: Edition) -> list[str]:
    """Return the editors' texts of an edition that are no posts."""
    return [edition.greeting, edition.closing, *(block["text"] for block in edition.blocks if block.get("text"))]


def _videos_in(texts: Iterable[str]) -> set[str]:
    return {url for text in texts if may_have_video(text) for url in video_links(markdown(text))}


def video_addresses(edition: Edition) -> set[str]:
    """Return the addresses of the videos in all of an edition's texts that editors wrote."""
    posts = edition.entries.filter(included=True).exclude(text="").values_list("text", flat=True)
    return _videos_in([*_words(edition), *posts])


def _hosted(
    posts: list[tuple[EditionPost, DigestPost]], configuration: Config
) -> tuple[list[tuple[EditionPost, DigestPost]], tuple[Message, ...], tuple[str, ...]]:
    """Return the posts with the images that are stored, why others keep their source, and the addresses of those that
    are left out.
    """
    site = configuration.site.url
    urls = list(dict.fromkeys(url for _, post in posts for url in addresses(post, site)))
    images = hosted_images.known(urls)
    names = {url: image.name for url, image in images.items() if image.name or image.unusable}
    problems = {url: image.problem for url, image in images.items()}
    not_hosted = tuple(
        problems.get(url) or ABOUT(subject=url, message=sources.IMAGE_NOT_FETCHED()) for url in urls if url not in names
    )
    left_out = tuple(url for url, name in names.items() if not name)
    return [(entry, hosted(post, site, names)) for entry, post in posts], not_hosted, left_out


def _digest(
    edition: Edition,
    configuration: Config,
    posts: list[tuple[EditionPost, DigestPost]],
    now: datetime | None = None,
) -> Digest:
    """Return the digest with these posts, and only subject and preview text of an editor."""
    newsletter = configuration.edited(edition)
    since, until = dated_window(edition, newsletter, now)
    head = letterhead(configuration, newsletter)
    if edition.welcome_id:  # whose emails are sent on many days
        head = replace(head, theme=replace(head.theme, dates=False))
    subject, personal_subject = _personal(edition.subject, head)
    preheader, personal_preheader = _personal(edition.preheader, head)
    full = [post for entry, post in posts if not entry.headline_only]
    groups = group(
        full,
        by=newsletter.group_by,
        order="given",
        zone=newsletter.zone,
        language=newsletter.language,
        sections=newsletter.theme.sections,
    )
    return Digest(
        name=edition.name,
        letterhead=head,
        since=since,
        until=until,
        subject=subject,
        preheader=preheader,
        groups=groups,
        headlines=tuple(post for entry, post in posts if entry.headline_only),
        greeting=edition.greeting,
        closing=edition.closing,
        contents=newsletter.body != "title",
        standalone=edition.is_unscheduled,
        blocks=tuple(Block(**block) for block in edition.blocks),
        personal_subject=personal_subject,
        personal_preheader=personal_preheader,
    )


def _personal(line: str, head: Letterhead) -> tuple[str, str]:
    """Return an editor's line as somebody without values reads it, and the line if it has values.

    A line that would be empty for them has none for anybody.
    """
    text = with_slots(line, head.fields)
    if not text.has_slots:
        return line, ""
    shared = without_values(text)
    return shared, line if shared else ""


def default_subject(edition: Edition, configuration: Config, entries: Iterable[EditionPost]) -> str:
    """Return the subject that the newsletter's template gives for these posts; their texts aren't read.

    Raises `TemplateProblem` if the template can't be rendered.
    """
    newsletter = configuration.edited(edition)
    posts = [(entry, _post(entry, newsletter, with_text=False)) for entry in entries]
    return _subject(_digest(edition, configuration, posts), subject_template(edition, newsletter))


def subject_from(template: str, edition: Edition, configuration: Config) -> str:
    """Return the subject that a template gives for the posts of an edition; their texts aren't read.

    Raises `TemplateProblem` if the template can't be rendered.
    """
    newsletter = configuration.edited(edition)
    posts = [(entry, _post(entry, newsletter, with_text=False)) for entry in included_entries(edition)]
    digest = _digest(edition, configuration, posts)
    return subject(template, digest.letterhead, digest.posts, digest.since, digest.until)


def make_proof(edition: Edition, configuration: Config, now: datetime | None = None) -> Proof:
    """Return the rendering of a draft as it is at `now`, or of an approved edition as approved."""
    digest = digest_of(edition, configuration, now)
    newsletter = configuration.edited(edition)
    if edition.state in (*LOCKED_STATES, State.IMPORTED) and (
        approved := ApprovedContent.objects.filter(edition=edition).first()
    ):
        digest = replace(digest, subject=approved.subject, preheader=approved.preheader)
        return Proof(digest.letterhead, digest, rendered_of(approved), ())
    return proof_of(digest, configuration, newsletter)


def proof_of(digest: Digest, configuration: Config, newsletter: config.Newsletter) -> Proof:
    """Return the rendering of a digest, with lint findings."""
    posts = tuple(post.id for post in digest.posts)
    key = ("proof", posts, digest.until, newsletter.maximum_size, newsletter.excerpt_words, newsletter.track)
    return cached(key, digest, lambda: _proof(digest, configuration, newsletter))


def _proof(digest: Digest, configuration: Config, newsletter: config.Newsletter) -> Proof:
    rendered = _rendered(digest, configuration, newsletter, newsletter.maximum_size)
    added = added_size(rendered, digest) if newsletter.track == "links" else 0
    if added and size(rendered, digest.letterhead) + added > newsletter.maximum_size:
        rendered = _rendered(digest, configuration, newsletter, newsletter.maximum_size - added)
    return Proof(digest.letterhead, digest, rendered, lint(rendered, digest, maximum_size=newsletter.maximum_size))


def proof_of_variant(
    digest: Digest, configuration: Config, newsletter: config.Newsletter, on_page: Collection[str]
) -> Proof:
    """Return the proof of a variant, larger than the newsletter's emails may be if that is what its titles need.

    Those of posts `on_page` can be left out, as the edition's page has them.
    """
    while set((proof := proof_of(digest, configuration, newsletter)).rendered.unlisted) - set(on_page):
        newsletter = replace(newsletter, maximum_size=newsletter.maximum_size * 3 // 2)
    return proof


def _rendered(digest: Digest, configuration: Config, newsletter: config.Newsletter, maximum_size: int) -> Rendered:
    templates = configuration.folder / "templates"
    return render(digest, templates, maximum_size=maximum_size, excerpt_words=newsletter.excerpt_words)


def rendered_of(content: ApprovedContent | Variant) -> Rendered:
    """Return the approved content, or that of a variant, as a rendered message."""
    page = content.page if isinstance(content, ApprovedContent) else ""
    placeholders = placeholders_of(content)
    return Rendered(
        content.subject,
        content.preheader,
        content.html,
        content.text,
        placeholders,
        page=page,
        personal_subject=content.personal_subject,
    )


def placeholders_of(content: ApprovedContent | Variant) -> tuple[tuple[str, Slot], ...]:
    """Return the placeholders of the approved content, or of a variant, with their slots."""
    return tuple(
        (name, Slot(SlotValue(value), SlotEncoding(form), fallback, field=field[0] if field else "name"))
        for name, value, form, fallback, *field in content.placeholders
    )


def _post(entry: EditionPost, newsletter: config.Newsletter, *, with_text: bool = True) -> DigestPost:
    """Return a post of an edition as its emails have it; most variants have the same ones."""
    if not with_text:  # whose text wasn't read from the database
        return _made_post(entry, newsletter, with_text=False)
    by_editor = (entry.title, entry.text, entry.moved_to)
    source = (by_editor, values_of(entry.post), _source_name(entry, newsletter), newsletter)
    key = ("post", entry.post_id, entry.headline_only)
    return cached(key, source, lambda: _made_post(entry, newsletter, with_text=True))


def _made_post(entry: EditionPost, newsletter: config.Newsletter, *, with_text: bool) -> DigestPost:
    post = entry.post
    partial = post.partial and not entry.text
    if not with_text:
        html, whole = "", False
    elif entry.text:
        html, whole = markdown(entry.text), True
    else:
        html, whole = body(
            post.html or post.summary,
            post.summary,
            length=newsletter.body,
            of=newsletter.excerpt,
            words=newsletter.excerpt_words,
        )
    title, says_all = _title(entry, newsletter)
    offset = timezone(timedelta(minutes=post.published_offset))
    return DigestPost(
        id=str(post.pk),
        url=post.url,
        title=title,
        html="" if entry.headline_only or says_all else html,
        whole=whole,
        published=post.published.astimezone(offset) if post.published else None,
        author=post.author,
        source=_source_name(entry, newsletter),
        categories=tuple(post.categories),
        # Detection knows no scripts and regions, such as that of "zh-TW".
        language=newsletter.language if post.language == newsletter.language.partition("-")[0] else post.language,
        image=Image(**post.image) if post.image else None,
        day=day_of(entry, newsletter),
        written=with_text and bool(entry.text),
        minutes=reading_minutes(entry.text or post.html or post.summary) if with_text and not partial else 0,
        partial=partial,
        comments_url=post.comments_url,
    )


def _title(entry: EditionPost, newsletter: config.Newsletter) -> tuple[str, bool]:
    """Return the post's headline, generated if it has none, and whether it then contains the whole text."""
    post = entry.post
    if entry.title or post.title:
        return entry.title or post.title, False
    title, says_all = headline_of(markdown(entry.text) if entry.text else post.html or post.summary)
    day = short_date(day_of(entry, newsletter), newsletter.language)
    headline = title or ", ".join(filter(None, (_source_name(entry, newsletter), day)))
    return headline, says_all and not post.image


def _source_name(entry: EditionPost, newsletter: config.Newsletter) -> str:
    """Return the source's configured name, else its own title, else the host of the post."""
    names = {s.url: s.name for s in newsletter.sources}
    listings = sorted(entry.post.listings.all(), key=lambda x: x.pk)
    name = next((names.get(x.source.url) or x.source.title for x in listings), "")
    return name or (split_address(entry.post.url).hostname or "").removeprefix("www.")


def _subject(digest: Digest, template: str) -> str:
    if digest.subject or not digest.posts:
        return digest.subject or digest.letterhead.title
    return subject(template, digest.letterhead, digest.posts, digest.since, digest.until)
