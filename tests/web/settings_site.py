"""A configuration file of its own, and an admin's browser that edits it at the desk."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.html
from django.test import Client

from newsletter import config
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.cadences_page import as_documented

TEXT = """\
# Ours
[site]
url = "http://localhost:8000"
secret_key = "for tests only, and long enough to be a key of the usual length"

[newsletters.kinaforum]
title = "Kinaforum"   # as on the site
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
skip = [2026-12-24]
# body = "excerpt"    # full, excerpt or title

[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"

[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/second"

[delivery]
smtp = { host = "smtp.example.org", port = 587, user = "brev", password = "old secret" }
"""
EDITABLE_KEYS = frozenset(
    as_documented(f"{page.table.removesuffix('[]')}.{field.key}") for page in catalogue.PAGES for field in page.fields
)
"""Every key that has a field, as documents write it: `newsletters.NAME.theme.accent`."""
KINAFORUM = "/desk/settings/n/kinaforum"
DELIVERY = "/desk/settings/site/delivery/"


@dataclass
class Site:
    """A configuration file of its own, and an admin's browser."""

    file: Path
    client: Client

    @property
    def tree(self) -> dict[str, Any]:
        return tomllib.loads(self.file.read_text(encoding="utf-8"))

    @property
    def newsletter(self) -> dict[str, Any]:
        found: dict[str, Any] = self.tree["newsletters"]["kinaforum"]
        return found

    def form(self, url: str) -> dict[str, Any]:
        """The fields of the page's form, as a browser would send them."""
        page = lxml.html.fromstring(self.client.get(url).content)
        form = next(form for form in page.forms if form.get("action") is None)
        found: dict[str, Any] = {}
        for name, value in form.form_values():
            found[name] = [*found[name], value] if name in found else [value]
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}

    def post(self, url: str, /, **changes: str | list[str]) -> str:
        """Send the page's form with some fields changed; the text of the page that comes back."""
        answer = self.client.post(url, {**self.form(url), **changes}, follow=True)
        assert answer.status_code == 200
        return " ".join(lxml.html.fromstring(answer.content).text_content().split())


def serve(file: Path, client: Client) -> Iterator[Site]:
    """Yield the site of a new file, which is in force meanwhile."""
    file.write_text(TEXT, encoding="utf-8")
    before = config.current()
    config.use(config.load(file, {}))
    yield Site(file, client)
    config.use(before)


def fields_of(page: Any) -> list[tuple[str, str]]:
    """The fields of the page's form with their values."""
    return next(list(form.form_values()) for form in page.forms if form.get("action") is None)
