"""The codes of lint with their levels; docs/templates.md explains them."""

from newsletter.domain.digest import Finding, Level
from newsletter.messages import Message

# Bytes of HTML from which Gmail clips, and that less what its own wrapping costs; and of <style> that it keeps.
CLIPPED_SIZE = 102_000
NEAR_SIZE = 90_000
LARGEST_CSS = 16_384
SUBJECT_LENGTH = 78
SUBJECT_ON_PHONES = 41
PREHEADER_LENGTH = (40, 140)
SUMMARIZED = 200
"""The first characters of an email, of which inboxes make summaries."""


_E, _W = Level.ERROR, Level.WARNING

CODES: dict[str, Level] = {
    "subject-empty": _E,
    "subject-long": _W,
    "subject-phone": _W,
    "preheader-short": _W,
    "preheader-long": _W,
    "news-late": _W,
    "size-over": _E,
    "size-near": _W,
    "css-size": _E,
    "css-nested": _E,
    "doctype": _E,
    "mso-balance": _E,
    "placeholder": _E,
    "placeholder-unknown": _E,
    "name-fallback": _W,
    "braces": _E,
    "raw-markdown": _W,
    "unsubscribe-missing": _E,
    "preferences-missing": _W,
    "address-missing": _E,
    "browser-missing": _W,
    "nothing-in-it": _W,
    "posts-unlisted": _W,
    "rest-missing": _E,
    "post-missing": _E,
    "post-repeated": _E,
    "block-missing": _E,
    "block-link": _W,
    "block-insecure": _W,
    "language-missing": _E,
    "title-missing": _E,
    "heading-first": _W,
    "heading-order": _W,
    "heading-empty": _W,
    "alt-missing": _E,
    "image-width": _W,
    "video-unread": _W,
    "images-not-hosted": _W,
    "images-left-out": _W,
    "link-empty": _E,
    "link-scheme": _E,
    "link-anchor": _W,
    "address-twice": _W,
    "contrast-light": _W,
    "contrast-dark": _W,
    "client": _W,
}


def finding(code: str, message: Message, where: str = "") -> Finding:
    """Return a finding with a known code and the code's level."""
    return Finding(code, CODES[code], message, where)
