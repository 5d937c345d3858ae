"""The page of an edition; metadata of public pages for search engines and other sites: Open Graph, Twitter cards, and
JSON-LD of schema.org.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from markupsafe import Markup

from newsletter.config import Newsletter
from newsletter.config.colour import readable_on
from newsletter.render.theme.sharing import share_links
from newsletter.web.archive.queries import ListedEdition
from subscribers import pages


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a page. `published` is an edition's first email; an archive has none."""

    newsletter: Newsletter
    url: str
    archive: str
    title: str
    description: str
    image: str = ""
    published: datetime | None = None

    @property
    def kind(self) -> str:
        """The type in Open Graph."""
        return "article" if self.published else "website"

    @property
    def locale(self) -> str:
        """The language as Open Graph writes it: `nb_NO` or `nb`."""
        return self.newsletter.language.replace("-", "_")

    @property
    def published_at(self) -> str:
        """The time of the first email in UTC, as ISO 8601."""
        return self.published.astimezone(UTC).isoformat(timespec="seconds") if self.published else ""

    @property
    def json_ld(self) -> Markup:
        """The page in the vocabulary of schema.org, safe inside `<script>`."""
        newsletter = self.newsletter
        publisher: dict[str, Any] = {"@type": "Organization", "name": newsletter.title, "url": self.archive}
        if newsletter.theme.logo:
            publisher["logo"] = {"@type": "ImageObject", "url": newsletter.theme.logo}
        document: dict[str, Any] = {
            "@context": "https://schema.org",
            "url": self.url,
            "inLanguage": newsletter.language,
            "publisher": publisher,
        }
        if self.published:
            series = {"@type": "Periodical", "name": newsletter.title, "url": self.archive}
            document |= {"@type": "Article", "headline": self.title[:110], "datePublished": self.published_at}
            document |= {"mainEntityOfPage": self.url, "isPartOf": series, "author": publisher}
        else:
            document |= {"@type": "CollectionPage", "name": self.title}
        optional = {"description": self.description, "image": self.image}
        document |= {key: value for key, value in optional.items() if value}
        text = json.dumps(document, ensure_ascii=False)
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return Markup(text)  # noqa: S704 - no character of it can end the element


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
