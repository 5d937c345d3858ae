"""Links through `/l/…` in approved editions: made at approval in place of the links of the
rendered email, the same for all subscribers.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape, unescape
from urllib.parse import quote

from newsletter.domain.digest import Digest, Rendered
from newsletter.models import ApprovedContent, CountedLink
from newsletter.render.content.addresses import uri
from newsletter.render.edition import size

_TOKEN_OCTETS = 12  # 16 characters


def with_counted_links(
    rendered: Rendered, digest: Digest, tokens_of_others: Mapping[str, str] | None = None
) -> tuple[Rendered, Mapping[str, str]]:
    """Return the email with counted links, and the token of each address, the same as in other variants.

    `tokens_of_others` has the tokens of those.
    """
    tokens_of_others = tokens_of_others or {}
    tokens = {a: tokens_of_others.get(a) or secrets.token_urlsafe(_TOKEN_OCTETS) for a in outgoing(rendered, digest)}
    paths = {address: f"{digest.letterhead.site_url}/l/{token}" for address, token in tokens.items()}
    return redirected(rendered, paths), tokens


def added_size(rendered: Rendered, digest: Digest) -> int:
    """Return by how many bytes counted links make the HTML larger; 0 if they make it smaller."""
    larger, _ = with_counted_links(rendered, digest)
    return max(0, size(larger, digest.letterhead) - size(rendered, digest.letterhead))


def known_tokens(content: ApprovedContent) -> Mapping[str, str]:
    """Return the token of each address that an approved edition links to."""
    return dict(CountedLink.objects.filter(content=content).values_list("address", "token"))


def add(content: ApprovedContent, tokens: Mapping[str, str], digests: Iterable[Digest]) -> None:
    """Store links that an approved edition does not have yet, in the caller's transaction."""
    posts = {uri(post.url): int(post.id) for digest in digests for post in digest.posts}
    stored = set(CountedLink.objects.filter(content=content).values_list("token", flat=True))
    tokens = {address: token for address, token in tokens.items() if token not in stored}
    CountedLink.objects.bulk_create(
        CountedLink(content=content, token=token, address=uri(address), post_id=posts.get(uri(address)))
        for address, token in tokens.items()
    )


_HREF = re.compile(r'(<a\b[^<>]*?\shref=")(https?://[^\s"<>]+)(?=")', re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>]+")


def outgoing(rendered: Rendered, digest: Digest) -> tuple[str, ...]:
    """Return the addresses on the web that an email's HTML links to, in order, each once.

    Those of the newsletter's own site are left out, and those that share the edition's page.
    """
    site, page = f"{digest.letterhead.site_url}/", quote(digest.page_url, safe="")
    addresses = dict.fromkeys(unescape(match[2]) for match in _HREF.finditer(rendered.html))
    return tuple(address for address in addresses if not f"{address}/".startswith(site) and page not in address)


def redirected(rendered: Rendered, addresses: Mapping[str, str]) -> Rendered:
    """Return the email with each of these addresses replaced; in the text, those that stand alone."""

    def in_html(match: re.Match[str]) -> str:
        address = unescape(match[2])
        return match[1] + escape(addresses[address]) if address in addresses else match[0]

    html = _HREF.sub(in_html, rendered.html)
    text = _IN_TEXT.sub(lambda match: addresses.get(match[0], match[0]), rendered.text)
    return replace(rendered, html=html, text=text)
