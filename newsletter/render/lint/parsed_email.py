"""A rendered email, parsed once for all rules, and how they recognize a post in it, however it is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree, html as lxml_html

from newsletter.domain.digest import Digest, DigestPost, Rendered
from newsletter.render.content.addresses import uri
from newsletter.render.content.fragment import HEADINGS, Element, text_of
from newsletter.render.content.spaces import without_controls
from newsletter.render.edition import size

Key = tuple[str, str]
_POST = frozenset(("post", "panel"))
"""Classes of the element around a post, one of them in each design."""
_CONDITIONAL = re.compile(r"<!--\[if[^\]]*\]>(?!<!-->).*?<!\[endif\]-->", re.DOTALL)


@dataclass(frozen=True)
class ParsedEmail:
    """What rules check: the email, its digest, its maximum size in bytes, and its HTML as a tree."""

    rendered: Rendered
    digest: Digest
    maximum_size: int

    @cached_property
    def document(self) -> Element:
        """The HTML as a tree, without the parts for Outlook."""
        return lxml_html.document_fromstring(_CONDITIONAL.sub("", self.rendered.html) or "<html></html>")

    @cached_property
    def body(self) -> Element:
        """The tree's body."""
        body = self.document.find("body")
        return self.document if body is None else body

    @cached_property
    def text(self) -> str:
        """The visible text of the HTML, with white space collapsed."""
        return text_of(self.body)

    @cached_property
    def text_before_images(self) -> str:
        """The visible text of the HTML before its first image that is not the logo."""
        pieces: list[str] = []
        for event, element in etree.iterwalk(self.body, events=("start", "end")):
            if event == "end":
                pieces.append(element.tail or "")
            elif element.tag == "img" and "logo" not in _classes(element):
                break
            elif isinstance(element.tag, str):
                pieces.append(element.text or "")
        return " ".join("".join(pieces).split())

    @cached_property
    def css(self) -> str:
        """The style sheets of the HTML, without those in MSO conditions."""
        return "\n".join(style.text or "" for style in self.document.iter("style"))

    @cached_property
    def size(self) -> int:
        """The bytes of HTML with a reader's longest values."""
        return size(self.rendered, self.digest.letterhead)

    @cached_property
    def links(self) -> tuple[Element, ...]:
        """The links of the HTML."""
        return tuple(self.body.iter("a"))

    @cached_property
    def notes(self) -> tuple[tuple[DigestPost, Element], ...]:
        """The posts that are shown without a headline, with the links to them, which name their titles."""
        linked = set(map(link_key, self.links))
        notes = [post for post in self.digest.posts if post.url and post_key(post) not in linked]
        ends = [(link_key(link)[0], letters(link.get("aria-label") or ""), link) for link in self._links_to_the_rest]
        return tuple(
            (post, link)
            for post in notes
            for url, label, link in ends
            if url == uri(post.url) and label.endswith(letters(post.title))
        )

    @property
    def _links_to_the_rest(self) -> list[Element]:
        return [link for link in self.links if "read-on" in _classes(link)]

    def post_blocks(self) -> Iterator[tuple[str, Element]]:
        """Yield the ids of posts with their blocks: what is around the headline, or around the text of a note."""
        titles = {post_key(post): post.id for post in self.digest.posts}
        for link in self.links:
            parent = link.getparent()
            post_id = titles.get(link_key(link))
            if post_id and parent.tag in HEADINGS:
                yield post_id, parent.getparent()
        for post, link in self.notes:
            yield post.id, next((e for e in link.iterancestors() if _POST & _classes(e)), link.getparent())


def post_key(post: DigestPost) -> Key:
    """Return the key of a post."""
    return uri(post.url), letters(post.title)


def link_key(link: Element) -> Key:
    """Return the key of a link, which equals a post's if it leads there and has its title."""
    return uri(link.get("href") or ""), letters(text_of(link))


def letters(text: str) -> str:
    """Return a text without white space and control characters, which rendering changes."""
    return without_controls("".join(text.split()))


def _classes(element: Element) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())
