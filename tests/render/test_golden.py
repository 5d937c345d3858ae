"""Golden files: the emails of the shipped templates, so that every change of their look shows in the diff.

To update them, run `python -m tests.render.test_golden` and review the diff.
"""

from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.digest import Digest
from newsletter.domain.found_post import Image
from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, nasty, picture, post

THEME: dict[str, Any] = {
    "tagline": "Om kaffe",
    "contents": "day",
    "read_on": "Les mer",
    "links": {"Butikken": "https://butikk.example"},
    "share": ("email", "bluesky"),
}
PICTURE = Image("https://blog.example/cup.jpg", "En kopp", 1200, 800)
FOLDER = Path(__file__).parent.parent / "golden"


def editions() -> dict[str, Digest]:
    """Return an edition of each design, and one from right to left."""
    found = {
        "edition": digest(
            [nasty(), *(post(n) for n in range(6))],
            greeting="Hei {name|kaffevenn}!\n\nHer er **ukens saker**.",
            closing="Vi sees på fredag.",
            headlines=(post(20, html=""),),
        ),
        "edition-rtl": digest(2, letterhead=letterhead(language="ar", title="رسالة القهوة")),
    }
    for design in ("magazine", "cards", "brief", "plain"):
        found[f"edition-{design}"] = digest(
            [post(0, image=picture(), whole=False), *(post(n, image=PICTURE) for n in (1, 3)), post(2), nasty()],
            letterhead=letterhead(design=design, **THEME),
            greeting="Hei {name|kaffevenn}!",
        )
    return found


def mails() -> dict[str, str]:
    """Return the emails by file name, with constant placeholders."""
    found = {}
    for name, edition in editions().items():
        rendered = render(edition)
        html, text = rendered.html, rendered.text
        for placeholder, slot in rendered.placeholders:
            html, text = (part.replace(placeholder, f"[{slot.value}]") for part in (html, text))
        found[f"{name}.html"] = html.replace("><", ">\n<") + "\n"
        found[f"{name}.txt"] = text
    return found


@pytest.mark.parametrize(
    "name",
    [
        f"{name}.{ext}"
        for name in ("edition", "edition-rtl", "edition-magazine", "edition-cards", "edition-brief", "edition-plain")
        for ext in ("html", "txt")
    ],
)
def test_the_email_equals_its_golden_file(name: str) -> None:
    assert mails()[name] == (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file, content in mails().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
