"""Rules about posts: each must be exactly once in the contents, the HTML and the text."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import TypeVar

from newsletter.domain.digest import Digest, DigestPost, Finding
from newsletter.messages import lint as messages
from newsletter.render.content.addresses import uri
from newsletter.render.content.content import prepare
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.markdown import markdown
from newsletter.render.content.text import plain
from newsletter.render.lint.codes import finding
from newsletter.render.lint.keys import Key, letters, link_key, post_key
from newsletter.render.lint.look import Look
from newsletter.render.post_view import LISTED

T = TypeVar("T")


def posts(look: Look) -> Iterator[Finding]:
    """Count every post's headline, as a link to its address, by its place; those without an address are not counted.

    A post may link to another one by its title, so that links in posts and in the editor's words may be there as well.
    """
    lists = look.body.find_class("contents")
    inside = {link for element in lists for link in element.iter("a")}
    known = [post for post in look.digest.posts if post.url]
    bodies = _bodies(look.digest)
    headlines = Counter(link_key(link) for link in look.links if link not in inside)
    yield from _compare(known, post_key, headlines, _links_in(bodies), "html")
    text = " ".join(look.rendered.text.split())
    all_letters = letters(text)
    for post in known:
        if letters(post.title) not in all_letters:
            yield finding("post-missing", messages.POST_MISSING(title=post.title, where="text"), post.id)
    mentioned = sum((_addresses_in(plain(body)) for body in bodies), Counter[str]())
    mentioned += Counter(uri(post.url) for post in known if post.partial)  # followed by a link to the rest
    yield from _compare(known, lambda post: uri(post.url), _addresses_in(text), mentioned, "text")
    if lists:
        titles = Counter(map(link_key, inside))
        first = look.digest.posts[:LISTED]
        expected = [post for post in known if post in first or post_key(post) in titles]
        yield from _compare(expected, post_key, titles, Counter(), "contents")


def something(look: Look) -> Iterator[Finding]:
    """Report an email without posts, blocks and editors' texts."""
    digest = look.digest
    if not (digest.posts or digest.blocks or digest.greeting.strip() or digest.closing.strip()):
        yield finding("nothing-in-it", messages.NOTHING_IN_IT())


def rest(look: Look) -> Iterator[Finding]:
    """Report posts that are not listed, and a missing link to them."""
    count = len(look.digest.rest)
    if not count:
        return
    yield finding("posts-unlisted", messages.POSTS_UNLISTED(count=count))
    page = look.digest.page_url
    linked = any(link.get("href") == page and str(count) in text_of(link) for link in look.links)
    counted = any(str(count) in line for line in look.rendered.text.partition(page)[0].splitlines()[-1:])
    for where, there in (("html", linked), ("text", counted)):
        if not there:
            yield finding("rest-missing", messages.REST_MISSING(where=where, count=count), where)


def _compare(
    posts: Iterable[DigestPost], key: Callable[[DigestPost], T], counts: Counter[T], elsewhere: Counter[T], where: str
) -> Iterator[Finding]:
    """Report posts found less often than there are posts with their key, or more often, by more than `elsewhere`
    says.
    """
    wanted = Counter(map(key, posts))
    for post in posts:
        there, most = counts[key(post)], wanted[key(post)] + elsewhere[key(post)]
        if there < wanted[key(post)]:
            yield finding("post-missing", messages.POST_MISSING(title=post.title, where=where), post.id)
        elif there > most:
            yield finding("post-repeated", messages.POST_REPEATED(title=post.title, where=where, count=there), post.id)


def _bodies(digest: Digest) -> list[str]:
    """Return the HTML of the posts, with addresses as in the email, and of what the editor wrote."""
    bodies = [prepare(post.html, url="", title="", level=2, whole=True) for post in digest.posts if post.html]
    written = [markdown(text) for text in (digest.greeting, digest.closing, *(b.text for b in digest.blocks))]
    linked = [f'<p><a href="{escape(b.url)}">{escape(b.title)}</a></p>' for b in digest.blocks if b.url]
    return [*bodies, *written, *linked]


def _links_in(bodies: Iterable[str]) -> Counter[Key]:
    return Counter(link_key(link) for body in bodies if body.strip() for link in parse(body).iter("a"))


def _addresses_in(text: str) -> Counter[str]:
    """Count each address in a text, alone or in brackets."""
    return Counter(uri(word.strip("<>()[]") if word[:1] in "<([" else word) for word in text.split() if "://" in word)
