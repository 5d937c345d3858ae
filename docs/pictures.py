"""`make pictures`: the mail and the desk as readers and editors see them, from the demo's edition.

Everything goes into `pictures/`, which is not kept; the README's picture goes into `docs/images/` besides.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from newsletter.config import Config
from newsletter.demo.walk import walk

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "pictures"
README = ROOT / "docs" / "images" / "mail.jpg"
NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIDE_BY_SIDE = """<!DOCTYPE html><title>The mail</title>
<style>
  body {{ margin: 0; padding: 24px; display: flex; gap: 24px; width: 1075px; background: #d9dee2 }}
  iframe {{ border: 0; height: 860px; background: #fff; box-shadow: 0 2px 10px #0004 }}
</style>
<iframe src="{mail}" width="676" scrolling="no"></iframe><iframe src="{mail}" width="375" scrolling="no"></iframe>
"""


def main() -> None:
    """Walk the demo's way at a day that stays the same, and take the pictures while its blog still answers."""
    PICTURES.mkdir(exist_ok=True)
    README.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        walk(Path(folder), browser=False, once=False, serve=photograph, tell=lambda line: None, clock=lambda: NOW)
    sys.stdout.write(f"the pictures are in {PICTURES.name}/, the README's is {README.relative_to(ROOT)}\n")


def photograph(configuration: Config) -> None:
    """Every view of the edition that the demo wrote beside its configuration."""
    mail = (configuration.folder / "edition" / "edition.html").as_uri()
    with chromium() as browser:
        for width in (320, 375, 700):
            for scheme in ("light", "dark"):
                _whole(browser, mail, width, scheme)
        _readme(browser, mail, configuration.folder / "side-by-side.html")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


def _whole(browser: Browser, mail: str, width: int, scheme: str) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(mail)
    page.screenshot(path=PICTURES / f"mail-{width}-{scheme}.png", full_page=True)
    page.close()


def _readme(browser: Browser, mail: str, file: Path) -> None:
    """The beginning of the mail on a desktop, and a post with a picture on a phone."""
    file.write_text(SIDE_BY_SIDE.format(mail=mail), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1123, "height": 908})
    page.goto(file.as_uri())
    page.frames[2].locator("img").first.evaluate("image => scrollTo(0, image.getBoundingClientRect().top - 420)")
    page.screenshot(path=README, type="jpeg", quality=72)
    page.close()


if __name__ == "__main__":
    main()
