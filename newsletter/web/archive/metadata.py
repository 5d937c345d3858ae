"""Metadata of public pages for search engines and other sites: Open Graph, Twitter cards, and JSON-LD of schema.org."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from newsletter.config import Newsletter


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
