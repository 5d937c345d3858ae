"""A rendered mail, read once for all rules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import html as lxml_html

from newsletter.mail import Digest, Rendered
from newsletter.render.edition import size
from newsletter.render.fragment import Element, text_of

_CONDITIONAL = re.compile(r"<!--\[if[^\]]*\]>(?!<!-->).*?<!\[endif\]-->", re.DOTALL)


@dataclass(frozen=True)
class Look:
    """What rules look at: the mail, its digest, its limit in bytes, and its HTML as a tree."""

    rendered: Rendered
    digest: Digest
    maximum_size: int

    @cached_property
    def document(self) -> Element:
        """The HTML as a tree, without what only Outlook sees."""
        return lxml_html.document_fromstring(_CONDITIONAL.sub("", self.rendered.html) or "<html></html>")

    @cached_property
    def body(self) -> Element:
        """The tree's body."""
        found = self.document.find("body")
        return self.document if found is None else found

    @cached_property
    def text(self) -> str:
        """All visible words of the HTML, white space collapsed."""
        return text_of(self.body)

    @cached_property
    def css(self) -> str:
        """All style sheets of the HTML, outside of MSO conditions."""
        return "\n".join(style.text or "" for style in self.document.iter("style"))

    @cached_property
    def size(self) -> int:
        """Bytes of HTML with the longest values of a reader."""
        return size(self.rendered, self.digest.letterhead)

    @cached_property
    def links(self) -> tuple[Element, ...]:
        """All links of the HTML."""
        return tuple(self.body.iter("a"))

    def post_blocks(self) -> Iterator[tuple[str, Element]]:
        """The blocks of posts, by the ids of their posts: the nearest `div` around the headline."""
        titles = {(post.url, " ".join(post.title.split())): post.id for post in self.digest.posts}
        for link in self.links:
            parent = link.getparent()
            post_id = titles.get((link.get("href"), text_of(link)))
            if post_id and parent.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                yield post_id, parent.getparent()
