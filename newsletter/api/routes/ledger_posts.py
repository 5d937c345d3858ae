"""Posts of a newsletter: list, read and push."""

from collections.abc import Iterable
from http import HTTPStatus

from django.http.response import HttpResponseBase
from ninja import Path, Query, Router

from newsletter.api import paging
from newsletter.api.operations import ApiAnswer, ApiRequest, Run, operation
from newsletter.api.refusals import Refused
from newsletter.api.schemas import Line, Name, Number, PostList, PostOut, PushedPost
from newsletter.collecting import ledger
from newsletter.domain.found_post import Image
from newsletter.editions.problems import refuse_inactive
from newsletter.feeds.post import Raw, finish
from newsletter.messages import api as messages
from newsletter.models import EditionPost, Post
from newsletter.render.content.markdown import markdown

CLEANED = "newsletter.cleaned-post"
"""The key of a request's META under which its cleaned post is."""

router = Router(tags=["posts"])


@operation(router, "GET", "/posts", {200: PostList})
def list_posts(
    request: ApiRequest,
    newsletter: Query[Name | None] = None,
    cursor: Query[Line | None] = None,
    limit: int = paging.LIMIT_PARAMETER,
) -> ApiAnswer:
    """List the posts of the ledger."""
    posts = Post.objects.filter(newsletter__in=request.names(newsletter))
    rows, next_cursor = paging.after(posts, "posts", cursor, limit)
    return ApiAnswer(PostList(items=_posts_out(rows), next_cursor=next_cursor))


@operation(router, "GET", "/posts/{post}", {200: PostOut})
def read_post(request: ApiRequest, post: Path[Number]) -> ApiAnswer:
    """Read a post of the ledger."""
    row = Post.objects.filter(pk=post, newsletter__in=request.newsletters).first()
    if row is None:
        raise Refused(HTTPStatus.NOT_FOUND, messages.NOT_FOUND(path=request.http.path))
    return ApiAnswer(_posts_out([row])[0])


def _cleaned(run: Run, request: ApiRequest, post: PushedPost) -> HttpResponseBase:
    """Clean the text of a post before the transaction, in which others would wait for it."""
    request.http.META[CLEANED], _problems = finish(_raw(request, post), post.url)
    return run()


@operation(router, "POST", "/posts", {200: PostOut, 201: PostOut}, around=_cleaned)
def push_post(request: ApiRequest, post: PushedPost) -> ApiAnswer:
    """Push a post.

    It follows the rules of collected posts: the edition of its date includes it. Pushing the same `id` again updates it
    and answers 200.
    """
    newsletter = request.newsletter(post.newsletter)
    refuse_inactive(newsletter)
    row, is_new = ledger.push(newsletter.name, request.http.META[CLEANED], request.now)
    headers = {"Location": f"/api/v1/posts/{row.pk}"} if is_new else {}
    return ApiAnswer(_posts_out([row])[0], 201 if is_new else 200, headers)


def _raw(request: ApiRequest, post: PushedPost) -> Raw:
    return Raw(
        uid=post.id,
        link=post.url,
        title=post.title,
        html=post.html or markdown(post.markdown),
        summary=post.summary,
        published=post.published or request.now,
        author=post.author,
        categories=tuple(post.categories),
        image=Image(post.image) if post.image else None,
    )


def _posts_out(posts: Iterable[Post]) -> list[PostOut]:
    rows = list(posts)
    names_by_post: dict[int, list[str]] = {}
    entries = EditionPost.objects.filter(post__in=[row.pk for row in rows], included=True).select_related("edition")
    for entry in entries.order_by("edition__pk"):
        names_by_post.setdefault(entry.post_id, []).append(entry.edition.name)
    return [
        PostOut(
            id=row.pk,
            newsletter=row.newsletter,
            url=row.url,
            title=row.title,
            author=row.author,
            categories=list(row.categories),
            language=row.language,
            published=row.published,
            first_seen=row.first_seen,
            gone=row.gone_at is not None,
            editions=names_by_post.get(row.pk, []),
        )
        for row in rows
    ]
