"""The links of a rendered email, and their replacement with others."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape, unescape
from urllib.parse import quote

from newsletter.domain.digest import Digest, Rendered

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
