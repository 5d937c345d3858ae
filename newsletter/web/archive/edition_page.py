"""The page of an edition: the email, between a bar and a box of the archive, with metadata in its head.

The email keeps its HTML. What is added has classes of its own and works without scripts.
"""

import re

from django.template.loader import render_to_string
from django.utils import translation

from newsletter.config import Newsletter
from newsletter.config.colour import readable_on
from newsletter.render.theme.sharing import share_links
from newsletter.web.archive.metadata import Metadata
from newsletter.web.archive.queries import ListedEdition
from subscribers import pages

_BODY = re.compile(r"<body\b[^<>]*>")


PARTS = ("head", "bar", "box")
"""The templates `edition_….html` that are put into the email's HTML."""


def edition_page(
    email: str, metadata: Metadata, newsletter: Newsletter, older: ListedEdition | None, newer: ListedEdition | None
) -> str:
    """Return the whole page for an edition's public HTML, with links to the editions before and after it."""
    language = pages.supported(newsletter.language) or "en"
    with translation.override(language):
        shares = share_links(
            newsletter.theme.share or ("email",),
            title=metadata.title,
            url=metadata.url,
            forward=pages.share_by_email(),
        )
        context = {
            "meta": metadata,
            "shown": newsletter,
            "language": language,
            "accent": newsletter.theme.accent,
            "on_accent": readable_on(newsletter.theme.accent),
            "shares": shares,
            "older": older,
            "newer": newer,
        }
        head, bar, box = (render_to_string(f"edition_{part}.html", context, using="pages") for part in PARTS)
    with_head = email.replace("</head>", f"{head}</head>", 1)
    with_bar = _BODY.sub(lambda match: match[0] + bar, with_head, count=1)
    before, _, after = with_bar.rpartition("</body>")
    return f"{before}{box}</body>{after}"
