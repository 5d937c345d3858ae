"""The email of the first draft, made without a database: with the posts that it will have, or with older posts."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from newsletter.config import PLACEHOLDER_POSTAL_ADDRESS, Config, Newsletter
from newsletter.domain.digest import Digest, DigestPost, Letterhead
from newsletter.domain.found_post import FoundPost
from newsletter.editions.letterheads import letterhead
from newsletter.editions.previews import sample_recipient
from newsletter.editions.selection.windows import of_first_draft
from newsletter.feeds.document import split_address
from newsletter.render import preview
from newsletter.render.edition import render
from newsletter.render.grouping import body, group
from newsletter.render.subject import preheader, subject
from newsletter.setup.blog_profile import BlogProfile

_MOST = 12
_DAYS = {"day": 1, "week": 7, "month": 31}


def sample_html(configuration: Config, blog: BlogProfile, now: datetime) -> str:
    """Return the email of the first draft; one of older posts, if the draft will have none; a letter without a blog."""
    newsletter = next(iter(configuration.newsletters.values()))
    is_placeholder = newsletter.address == PLACEHOLDER_POSTAL_ADDRESS
    with_address = replace(newsletter, address=_("Your postal address")) if is_placeholder else newsletter
    head = letterhead(configuration, with_address)
    posts = of_first_draft(blog.posts, newsletter, now) or _latest(blog.posts, newsletter)
    digest = _digest(newsletter, head, posts, now)
    return preview.recipient_html(render(digest, configuration.folder / "templates"), head, sample_recipient())


def _latest(posts: tuple[FoundPost, ...], newsletter: Newsletter) -> list[FoundPost]:
    """Return the posts of the last period that has any; all of them where none is dated."""
    dated = sorted((p for p in posts if p.published), key=_published, reverse=True)
    if not dated:
        return list(posts[:_MOST])
    since = _published(dated[0]) - timedelta(days=_DAYS[newsletter.period])
    return [post for post in dated if _published(post) > since][:_MOST]


def _published(post: FoundPost) -> datetime:
    assert post.published is not None
    return post.published


def _digest(newsletter: Newsletter, head: Letterhead, posts: list[FoundPost], now: datetime) -> Digest:
    digest_posts = [_digest_post(number, post, newsletter) for number, post in enumerate(posts)]
    groups = group(
        digest_posts, by=newsletter.group_by, order="newest", zone=newsletter.zone, language=newsletter.language
    )
    times = [post.published for post in posts if post.published] or [now]
    since, until = min(times), max(times) + timedelta(seconds=1)
    digest = Digest(newsletter.name, head, since, until, newsletter.title, "", groups)
    if not newsletter.sources:
        return replace(digest, standalone=True, greeting=_("Your letter will be here."))
    if not posts:
        return digest
    line = subject(newsletter.subject, head, digest.posts, since, until)
    return replace(digest, subject=line, preheader=preheader(digest.posts, newsletter.language))


def _digest_post(number: int, post: FoundPost, newsletter: Newsletter) -> DigestPost:
    html, whole = body(
        post.html or post.summary,
        post.summary,
        length=newsletter.body,
        of=newsletter.excerpt,
        words=newsletter.excerpt_words,
    )
    return DigestPost(
        id=str(number),
        url=post.url,
        title=post.title or (split_address(post.url).hostname or ""),
        html=html,
        whole=whole,
        published=post.published,
        author=post.author,
        categories=post.categories,
        language=post.language,
        image=post.image,
        partial=post.partial,
        comments_url=post.comments_url,
    )
