"""The shipped template's mail, kept whole: whoever changes how mails look sees it in the difference.

To keep a new one, run `python -m tests.render.test_golden` and look at what changed.
"""

from pathlib import Path

import pytest

from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, nasty, post

FOLDER = Path(__file__).parent.parent / "golden"


def mails() -> dict[str, str]:
    """What is kept, by file name, placeholders given names that do not change."""
    editions = {
        "edition": digest(
            [nasty(), *(post(n) for n in range(6))],
            greeting="Hei {name|kaffevenn}!\n\nHer er **ukens saker**.",
            closing="Vi sees på fredag.",
            headlines=(post(20, html=""),),
        ),
        "edition-rtl": digest(2, letterhead=letterhead(language="ar", title="رسالة القهوة")),
    }
    found = {}
    for name, edition in editions.items():
        rendered = render(edition)
        html, text = rendered.html, rendered.text
        for placeholder, slot in rendered.placeholders:
            html, text = (part.replace(placeholder, f"[{slot.value}]") for part in (html, text))
        found[f"{name}.html"] = html.replace("><", ">\n<") + "\n"
        found[f"{name}.txt"] = text
    return found


@pytest.mark.parametrize("name", ["edition.html", "edition.txt", "edition-rtl.html", "edition-rtl.txt"])
def test_the_mail_is_the_one_that_was_kept(name: str) -> None:
    assert mails()[name] == (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file, content in mails().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
