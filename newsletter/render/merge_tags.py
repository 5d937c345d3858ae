"""Escape the merge tags of email providers in content, so that no provider replaces them.

A post may contain `%recipient.name%` (Mailgun), `{{name}}` (Postmark, SparkPost, Brevo, Amazon SES, Unisender),
`{% … %}`, `{$name}` (MailerSend), `[[var:name]]` (Mailjet), `*|NAME|*` (Mandrill) or `__unsubscribe_url__` (Mailtrap).
A provider that replaced it would put a reader's data wherever the post wants it, such as into the address of an image.
Readers see the same text.

`newsletter/providers` has examples of each provider's tags, and the tests escape them all.
"""

import re

TAG = r"%(?=[A-Za-z_])(?![0-9A-Fa-f]{2})|\{(?=[{%$])|\[(?=\[)|\*(?=\|)|_(?=_unsubscribe_url__)"
"""The first character of a merge tag. A `%` before two hexadecimal digits is an octet of a URL (RFC 3986 2.1)."""

NON_JOINER = "\u200c"
"""Has no width, and no effect between punctuation and letters that do not join."""

_TAG = re.compile(TAG)
_URL_OR_TAG = re.compile(rf"https?://\S*|{TAG}", re.IGNORECASE)


def escape_html(html: str) -> str:
    """Write the first character of each merge tag as a character reference; the document stays the same."""
    return _TAG.sub(lambda match: f"&#{ord(match[0])};", html)


def escape_text(text: str) -> str:
    """Break merge tags in plain text: percent-encoded in http addresses, an invisible character elsewhere."""
    return _URL_OR_TAG.sub(lambda match: _escape_url_or_tag(match[0]), text)


def _escape_url_or_tag(text: str) -> str:
    if len(text) == 1:
        return text + NON_JOINER
    return _TAG.sub(lambda match: f"%{ord(match[0]):02X}", text)
