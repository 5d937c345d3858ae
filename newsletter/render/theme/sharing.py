"""Links to share an edition, which load nothing and tell nobody before a reader follows them, and to reply to it."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from newsletter.config.theme import ShareTarget
from newsletter.domain.digest import Letterhead

_FORMS: Mapping[ShareTarget, tuple[str, str]] = MappingProxyType(
    {
        "email": ("", "mailto:?subject={title}&body={url}"),
        "bluesky": ("Bluesky", "https://bsky.app/intent/compose?text={title}%20{url}"),
        "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
        "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
        "whatsapp": ("WhatsApp", "https://wa.me/?text={title}%20{url}"),
    }
)


def share_links(targets: tuple[ShareTarget, ...], *, title: str, url: str, forward: str) -> tuple[tuple[str, str], ...]:
    """Return labels and addresses; `forward` is the label of the link that opens a new email."""
    values = {"title": quote(title, safe=""), "url": quote(url, safe="")}
    return tuple((_FORMS[target][0] or forward, _FORMS[target][1].format(**values)) for target in targets)


def reply_link(letterhead: Letterhead, subject: str) -> str:
    """Return the `mailto` address (RFC 6068) of a reply to an edition."""
    address = letterhead.reply_to or letterhead.sender_address
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'Re: {subject}', safe='')}"
