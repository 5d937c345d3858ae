"""What the messages of a newsletter have in common: the letterhead, and the header fields that name the list."""

import re
from hashlib import sha256
from urllib.parse import urlsplit

from newsletter import config
from newsletter.config import Config
from newsletter.domain.digest import Letterhead


def letterhead(configuration: Config, newsletter: config.Newsletter) -> Letterhead:
    """Return the letterhead of a newsletter's messages."""
    return Letterhead(
        newsletter=newsletter.name,
        title=newsletter.title,
        description=newsletter.description,
        language=newsletter.language,
        timezone=newsletter.timezone,
        sender_name=newsletter.sender.name,
        sender_address=newsletter.sender.address,
        reply_to=newsletter.reply_to,
        postal_address=newsletter.address,
        site_url=configuration.site.url,
        theme=newsletter.theme,
        template=newsletter.template,
        mailto_unsubscribe=_mailto(configuration),
        fields=tuple(configuration.fields),
    )


def list_headers(head: Letterhead, period: str) -> dict[str, str]:
    """Return List-Id (RFC 2919) and Feedback-ID of an edition, as arguments of `encoded`."""
    host = urlsplit(head.site_url).hostname or "localhost"
    return {
        "list_id": f"{head.newsletter}.{host}",
        "feedback_id": f"{head.newsletter}:{period}:digest:{sender_id(host)}",
    }


def sender_id(host: str) -> str:
    """Return the last part of a Feedback-ID: 5 to 15 characters that stay the same for a site, as Google asks."""
    name = re.sub(r"[^a-z0-9]", "", host.lower())
    return name if 5 <= len(name) <= 15 else name[:7] + sha256(host.encode()).hexdigest()[:8]


def _mailto(configuration: Config) -> str:
    """Return the address for unsubscribing by email, if its mailbox is read."""
    bounces = configuration.bounces
    if not (bounces.return_path and bounces.imap.host):
        return ""
    local, _, domain = bounces.return_path.rpartition("@")
    return f"{local}+u-{{token}}@{domain}"
