"""Rules about blocks: each is in the email, with its link, and a call to action or a sponsor has one."""

from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.content.addresses import uri
from newsletter.render.lint.codes import finding
from newsletter.render.lint.keys import letters
from newsletter.render.lint.look import Look

WHERE = "blocks"


def blocks(look: Look) -> Iterator[Finding]:
    """Check that each block's heading and link are in the HTML and in the text, also with a publisher's template."""
    html, text = letters(look.text), letters(look.rendered.text)
    linked = {uri(link.get("href") or "") for link in look.links}
    for block in look.digest.blocks:
        title, url = letters(block.title), uri(block.url)
        if title not in html or (url and url not in linked):
            yield finding("block-missing", messages.BLOCK_MISSING(title=block.title, where="html"), WHERE)
        if title not in text or (url and letters(url) not in text):
            yield finding("block-missing", messages.BLOCK_MISSING(title=block.title, where="text"), WHERE)


def links(look: Look) -> Iterator[Finding]:
    """Check that a call to action has a link, and that links are encrypted."""
    for block in look.digest.blocks:
        if not block.url and block.kind != "event":
            yield finding("block-link", messages.BLOCK_WITHOUT_LINK(title=block.title), WHERE)
        elif block.url.startswith("http:"):
            yield finding("block-insecure", messages.BLOCK_INSECURE(title=block.title, address=block.url[:80]), WHERE)
