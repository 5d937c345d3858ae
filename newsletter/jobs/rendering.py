"""From an edition in the database to what render makes of it: the digest, the HTML, the findings.

Promises: a draft is rendered from its newest posts with what editors wrote in their stead; what is frozen is what was
approved, and nothing here makes it anew.
"""

from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from urllib.parse import urlsplit

from newsletter import config
from newsletter.config import Config
from newsletter.jobs.order import day_of
from newsletter.mail import Digest, DigestPost, Finding, Form, Image, Letterhead, Level, Rendered, Slot, Value
from newsletter.models import FROZEN, Edition, EditionPost, Frozen
from newsletter.render.dates import short_date
from newsletter.render.digest import excerpt, group
from newsletter.render.edition import render
from newsletter.render.headline import headline_of
from newsletter.render.lint import lint
from newsletter.render.markdown import markdown
from newsletter.render.subject import preheader, subject


@dataclass(frozen=True, slots=True)
class Proof:
    """An edition as it stands: rendered, with what lint finds in it."""

    letterhead: Letterhead
    digest: Digest
    rendered: Rendered
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop approval."""
        return tuple(f for f in self.findings if f.level == Level.ERROR)


def letterhead(configuration: Config, newsletter: config.Newsletter) -> Letterhead:
    """What stands on every mail of the newsletter."""
    return Letterhead(
        newsletter=newsletter.name,
        title=newsletter.title,
        description=newsletter.description,
        language=newsletter.language,
        timezone=newsletter.timezone,
        sender_name=newsletter.sender.name,
        sender_address=newsletter.sender.address,
        reply_to=newsletter.reply_to,
        postal_address=newsletter.address,
        site_url=configuration.site.url,
        accent=newsletter.theme.accent,
        logo=newsletter.theme.logo,
        font=newsletter.theme.font,
        template=newsletter.template,
        mailto_unsubscribe=_mailto(configuration),
    )


def digest_of(edition: Edition, configuration: Config) -> Digest:
    """The edition's posts in their groups, with its words; what editors wrote stands in for what the source said."""
    newsletter = configuration.newsletters[edition.newsletter]
    entries = edition.entries.filter(included=True).select_related("post").prefetch_related("post__listings__source")
    posts = [(entry, _post(entry, newsletter)) for entry in entries]
    full = [post for entry, post in posts if not entry.headline_only]
    groups = group(full, by=newsletter.group_by, order="given", zone=newsletter.zone, language=newsletter.language)
    digest = Digest(
        name=edition.name,
        letterhead=letterhead(configuration, newsletter),
        since=edition.since,
        until=edition.until,
        subject=edition.subject,
        preheader=edition.preheader,
        groups=groups,
        headlines=tuple(post for entry, post in posts if entry.headline_only),
        greeting=edition.greeting,
        closing=edition.closing,
        contents=newsletter.body != "title",
    )
    return replace(digest, subject=_subject(digest, newsletter), preheader=edition.preheader or preheader(digest.posts))


def proof(edition: Edition, configuration: Config) -> Proof:
    """A draft rendered as it stands now; a frozen edition as it was frozen."""
    digest = digest_of(edition, configuration)
    newsletter = configuration.newsletters[edition.newsletter]
    if edition.state in FROZEN and (frozen := Frozen.objects.filter(edition=edition).first()):
        digest = replace(digest, subject=frozen.subject, preheader=frozen.preheader)
        return Proof(digest.letterhead, digest, thawed(frozen), ())
    rendered = render(
        digest,
        configuration.folder / "templates",
        maximum_size=newsletter.maximum_size,
        excerpt_words=newsletter.excerpt_words,
    )
    return Proof(digest.letterhead, digest, rendered, lint(rendered, digest, maximum_size=newsletter.maximum_size))


def thawed(frozen: Frozen) -> Rendered:
    """What was frozen, as render made it."""
    placeholders = tuple(
        (name, Slot(Value(value), Form(form), fallback)) for name, value, form, fallback in frozen.placeholders
    )
    return Rendered(frozen.subject, frozen.preheader, frozen.html, frozen.text, placeholders)


def _post(entry: EditionPost, newsletter: config.Newsletter) -> DigestPost:
    post = entry.post
    html, whole = (markdown(entry.text), True) if entry.text else _body(entry, newsletter)
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
        language=post.language,
        image=Image(**post.image) if post.image else None,
        day=day_of(entry, newsletter),
    )


def _title(entry: EditionPost, newsletter: config.Newsletter) -> tuple[str, bool]:
    """The post's headline, made where it has none; and whether it then says all that stands in the post."""
    post = entry.post
    if entry.title or post.title:
        return entry.title or post.title, False
    title, says_all = headline_of(markdown(entry.text) if entry.text else post.html or post.summary)
    day = short_date(day_of(entry, newsletter), newsletter.language)
    made = title or ", ".join(filter(None, (_source_name(entry, newsletter), day)))
    return made, says_all and not post.image


def _body(entry: EditionPost, newsletter: config.Newsletter) -> tuple[str, bool]:
    html = entry.post.html or entry.post.summary
    if newsletter.body == "title":
        return "", False
    return (html, True) if newsletter.body == "full" else excerpt(html, newsletter.excerpt_words)


def _source_name(entry: EditionPost, newsletter: config.Newsletter) -> str:
    """The source's name in the configuration, else the title that it gives itself, else the host of the post."""
    names = {s.url: s.name for s in newsletter.sources}
    listings = sorted(entry.post.listings.all(), key=lambda x: x.pk)
    said = next((names.get(x.source.url) or x.source.title for x in listings), "")
    return said or (urlsplit(entry.post.url).hostname or "").removeprefix("www.")


def _subject(digest: Digest, newsletter: config.Newsletter) -> str:
    if digest.subject or not digest.posts:
        return digest.subject or newsletter.title
    return subject(newsletter.subject, digest.letterhead, digest.posts, digest.since, digest.until, newsletter.period)


def _mailto(configuration: Config) -> str:
    """Where a mail to unsubscribe goes; only where the mailbox that it comes to is read."""
    bounces = configuration.bounces
    if not (bounces.return_path and bounces.imap.host):
        return ""
    local, _, domain = bounces.return_path.rpartition("@")
    return f"{local}+u-{{token}}@{domain}"
