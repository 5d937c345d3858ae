"""Writes docs/settings.md: on which page of the desk each key of config.toml is edited, or why it is not."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from newsletter.web.desk.settings.fields import SettingsPage

DOCUMENT = Path(__file__).with_name("settings.md")
HEAD = """# Settings at the desk

Admins edit these keys of `config.toml` in the browser. [Configuration](configuration.md) explains each key. This
document is made by `python -m docs.settings`.

| key | page | field |
| --- | --- | --- |
"""
NOT_EDITED = """
## Not edited in the browser

`{ env = … }` and `{ file = … }` are shown as locked wherever they stand, and so are keys that an environment variable
sets, or a table that they are in. A button that would change such a key says so instead. The NAME of a newsletter is
given when it is added.

| key | why |
| --- | --- |
"""


def document() -> str:
    """Return the text of the document. The desk's modules need Django to be set up."""
    from newsletter.web.desk.settings.catalogue import LOCKED, PAGES

    locked = (f"| `{key}` | {reason} |\n" for key, reason in LOCKED.items())
    lines = dict.fromkeys(line for page in PAGES for line in _lines(page))
    return HEAD + "".join(lines) + NOT_EDITED + "".join(locked)


def _lines(page: "SettingsPage") -> Iterator[str]:
    from newsletter.web.desk.settings.cadences_page import as_documented

    for field in page.fields:
        key = as_documented(f"{page.table.removesuffix('[]')}.{field.key}")
        section = next((each for each in page.sections if field in each.fields), None)
        place = f"{_place(page)} → {section.title}" if section else _place(page)
        yield f"| `{key}` | {place} | {field.label} |\n"


def _place(page: "SettingsPage") -> str:
    from newsletter.web.desk.settings.catalogue import OWN_FIELD, SITE_PAGES, SOURCE

    if page is SOURCE:
        return "Sources → Edit"
    if page is OWN_FIELD:
        return "Subscribers → Fields → KEY"
    return f"Settings → All newsletters → {page.title}" if page in SITE_PAGES else f"Settings → NAME → {page.title}"


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    sys.exit(DOCUMENT.write_text(document(), encoding="utf-8") == 0)
