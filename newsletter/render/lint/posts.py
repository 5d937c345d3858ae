"""Rules about posts and blocks: each must be in the HTML and in the text, a post exactly once, also in the contents."""

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
from newsletter.render.lint.parsed_email import ParsedEmail, letters, link_key, post_key
from newsletter.render.post_view import LISTED

T = TypeVar("T")
_BLOCKS = "blocks"
"""Where a finding about a block is."""


def posts(email: ParsedEmail) -> Iterator[Finding]:
    """Count every post's headline, as a link to its address, by its place; those without an address are not counted.

    A post may link to another one by its title, so that links in posts and in the editor's words may be there as well.
    """
    lists = email.body.find_class("contents")
    in_contents = {link for element in lists for link in element.iter("a")}
    with_address = [post for post in email.digest.posts if post.url]
    bodies = _bodies(email.digest)
    headlines = Counter(link_key(link) for link in email.links if link not in in_contents)
    headlines.update(post_key(post) for post, _ in email.notes)
    in_bodies = Counter(link_key(link) for body in bodies if body.strip() for link in parse(body).iter("a"))
    yield from _compare(with_address, post_key, headlines, in_bodies, "html")
    text = " ".join(email.rendered.text.split())
    all_letters = letters(text)
    for post in with_address:
        if letters(post.title) not in all_letters:
            yield finding("post-missing", messages.POST_MISSING(title=post.title, where="text"), post.id)
    mentioned = sum((_addresses_in(plain(body)) for body in bodies), Counter[str]())
    mentioned += Counter(uri(post.url) for post in with_address if post.partial)  # followed by a link to the rest
    yield from _compare(with_address, lambda post: uri(post.url), _addresses_in(text), mentioned, "text")
    if lists:
        titles = Counter(map(link_key, in_contents))
        listed = email.digest.posts[1 : LISTED + 1]
        expected = [post for post in with_address if post in listed or post_key(post) in titles]
        yield from _compare(expected, post_key, titles, Counter(), "contents")


def something(email: ParsedEmail) -> Iterator[Finding]:
    """Report an email without posts, blocks and editors' texts."""
    if email.digest.is_empty:
        yield finding("nothing-in-it", messages.NOTHING_IN_IT())


def rest(email: ParsedEmail) -> Iterator[Finding]:
    """Report posts that are not listed, and a missing link to them."""
    count = len(email.digest.rest)
    if not count:
        return
    yield finding("posts-unlisted", messages.POSTS_UNLISTED(count=count))
    page = email.digest.page_url
    linked = any(link.get("href") == page and str(count) in text_of(link) for link in email.links)
    counted = any(str(count) in line for line in email.rendered.text.partition(page)[0].splitlines()[-1:])
    for where, is_there in (("html", linked), ("text", counted)):
        if not is_there:
            yield finding("rest-missing", messages.REST_MISSING(where=where, count=count), where)


def blocks(email: ParsedEmail) -> Iterator[Finding]:
    """Check that each block's heading and link are in the HTML and in the text, also with a publisher's template."""
    if not email.digest.blocks:
        return
    html, text = letters(email.text), letters(email.rendered.text)
    linked = {uri(link.get("href") or "") for link in email.links}
    for block in email.digest.blocks:
        title, url = letters(block.title), uri(block.url)
        if title not in html or (url and url not in linked):
            yield finding("block-missing", messages.BLOCK_MISSING(title=block.title, where="html"), _BLOCKS)
        if title not in text or (url and letters(url) not in text):
            yield finding("block-missing", messages.BLOCK_MISSING(title=block.title, where="text"), _BLOCKS)


def block_links(email: ParsedEmail) -> Iterator[Finding]:
    """Check that a call to action has a link, and that links are encrypted."""
    for block in email.digest.blocks:
        if not block.url and block.kind != "event":
            yield finding("block-link", messages.BLOCK_WITHOUT_LINK(title=block.title), _BLOCKS)
        elif block.url.startswith("http:"):
            yield finding("block-insecure", messages.BLOCK_INSECURE(title=block.title, address=block.url[:80]), _BLOCKS)


def _compare(
    posts: Iterable[DigestPost], key: Callable[[DigestPost], T], counts: Counter[T], elsewhere: Counter[T], where: str
) -> Iterator[Finding]:
    """Report posts found less often than there are posts with their key, or more often, by more than `elsewhere`
    says.
    """
    expected = Counter(map(key, posts))
    for post in posts:
        count, most = counts[key(post)], expected[key(post)] + elsewhere[key(post)]
        if count < expected[key(post)]:
            yield finding("post-missing", messages.POST_MISSING(title=post.title, where=where), post.id)
        elif count > most:
            yield finding("post-repeated", messages.POST_REPEATED(title=post.title, where=where, count=count), post.id)


def _bodies(digest: Digest) -> list[str]:
    """Return the HTML of the posts, with addresses as in the email, and of what the editor wrote."""
    bodies = [prepare(post.html, url="", title="", level=2, whole=True) for post in digest.posts if post.html]
    written = [markdown(text) for text in (digest.greeting, digest.closing, *(block.text for block in digest.blocks))]
    linked = [f'<p><a href="{escape(block.url)}">{escape(block.title)}</a></p>' for block in digest.blocks if block.url]
    return [*bodies, *written, *linked]


def _addresses_in(text: str) -> Counter[str]:
    """Count each address in a text, alone or in brackets."""
    return Counter(uri(word.strip("<>()[]") if word[:1] in "<([" else word) for word in text.split() if "://" in word)
