"""The blog of the fast form as the program gets it, without the network, and the posts of an encoded email."""

import quopri
import re
from dataclasses import replace
from typing import Self

from newsletter.domain.encoded_email import EncodedEmail, Slot
from newsletter.domain.found_post import FoundPost
from newsletter.feeds.fetcher import Response
from newsletter.feeds.model import SourceProblem
from newsletter.messages.sources import STOPPED
from newsletter.models import Post
from tests.oracle.acts import ListedPost
from tests.oracle.blog import Blog

LINK = re.compile(r"kinaforum\.example/(?:\d+/)?(post-\d+-x)\.html")


def posts_in(email: EncodedEmail) -> tuple[str, ...]:
    """Return the posts of an encoded email, recognized by their links."""
    body = b"".join(b"" if isinstance(piece, Slot) else piece for piece in email.body)
    links = LINK.findall(quopri.decodestring(body).decode("utf-8", "replace"))
    return tuple(dict.fromkeys(links))


def found_posts(blog: Blog) -> tuple[FoundPost, ...]:
    """Return the posts of a blog as the reading of its feed gives them."""
    posts = [_found_post(post, blog) for post in blog.listed()]
    again = [
        replace(_found_post(post, blog), uid=f"{post.name} again") for post in blog.listed() if post.name in blog.twice
    ]
    return (*posts, *again)


def _found_post(post: ListedPost, blog: Blog) -> FoundPost:
    path = f"{blog.paths[post.name]}/" if post.name in blog.paths else ""
    return FoundPost(
        uid=f"{blog.host} {post.name} {blog.ids[post.name]}",
        url=f"https://{blog.host}/{path}{post.name}.html",
        title=f"About {post.name}",
        html=f"<p>{blog.texts[post.name]}</p>",
        published=post.dated,
        categories=tuple(sorted(post.categories)),
        language="en",
    )


def name_of_post(post: Post) -> str:
    """Return the name of a post in the ledger."""
    return post.url.rpartition("/")[2].removesuffix(".html")


class Addresses:
    """What the addresses of the blog's posts answer."""

    def __init__(self, *blogs: Blog) -> None:
        self._blogs = blogs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def beginning(self, url: str, _enough: int) -> Response:
        """Answer 404 for a deleted post, and nothing where the blog is no more."""
        blog = next((each for each in self._blogs if url.startswith(f"https://{each.host}/")), None)
        if blog is None or blog.down:
            raise SourceProblem(STOPPED(), status=0)
        if url.rpartition("/")[2].removesuffix(".html") in blog.deleted:
            raise SourceProblem(STOPPED(), status=404)
        return Response(url, 200)
