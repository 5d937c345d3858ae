"""`make pictures`: the mail and the desk as readers and editors see them, from the demo's edition.

Everything goes into `pictures/`, which is not kept; three go into `docs/images/`: the mail, the draft, the report.
"""

import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from newsletter.config import Config
from newsletter.demo.walk import walk

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "pictures"
KEPT = ROOT / "docs" / "images"
NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DESK = {
    "home": "",
    "draft": "editions/ostbrevet/2026-W07/",
    "preview": "editions/ostbrevet/2026-W07/preview/",
    "report": "editions/ostbrevet/2026-W06/report/",
    "sources": "sources/",
    "subscribers": "subscribers/",
    "settings": "settings/",
}
KEPT_OF_DESK = {"draft": 1100, "report": 900}
"""The desk's pages that documents show, and the height in pixels of what they show of them."""

SIDE_BY_SIDE = """<!DOCTYPE html><title>The mail</title>
<style>
  body {{ margin: 0; padding: 24px; display: flex; gap: 24px; width: 1075px; background: #d9dee2 }}
  iframe {{ border: 0; height: 860px; background: #fff; box-shadow: 0 2px 10px #0004 }}
</style>
<iframe src="{mail}" width="676" scrolling="no"></iframe><iframe src="{mail}" width="375" scrolling="no"></iframe>
"""


def main() -> None:
    """Walk the demo's way at a day that stays the same, and take the pictures while its blog and desk still answer."""
    PICTURES.mkdir(exist_ok=True)
    KEPT.mkdir(exist_ok=True)
    told: list[str] = []

    def serve(configuration: Config) -> None:
        """The desk needs the main thread for its signals; the browser gets another, and stops the desk at its end."""
        from newsletter.cli.serving import serve as serve_now

        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(photograph, configuration, _password(told))
            taken.add_done_callback(lambda done: os.kill(os.getpid(), signal.SIGINT))
            serve_now(configuration, host=None, port=None, web=True, schedule=False, send=False)
            taken.result()

    with tempfile.TemporaryDirectory() as folder:
        walk(Path(folder), browser=False, once=False, serve=serve, tell=told.append, clock=lambda: NOW)
    sys.stdout.write(f"the pictures are in {PICTURES.name}/, those of the documents in {KEPT.relative_to(ROOT)}/\n")


def photograph(configuration: Config, password: str) -> None:
    """Every view of the edition that the demo wrote beside its configuration, and the desk's pages."""
    file = configuration.folder / "edition" / "edition.html"
    with chromium() as browser:
        for width in (320, 375, 700):
            for scheme in ("light", "dark"):
                _whole(browser, file.as_uri(), f"mail-{width}-{scheme}", width, dark=scheme == "dark")
        _bare(browser, file)
        _readme(browser, file.as_uri(), configuration.folder / "side-by-side.html")
        _desk(browser, f"{configuration.site.url}/desk/", password)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


def _password(told: list[str]) -> str:
    return next(line.rpartition(" ")[2] for line in told if line.startswith("log in with"))


def _whole(browser: Browser, address: str, name: str, width: int, *, dark: bool = False) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page.goto(address)
    _take(page, name)
    page.close()


def _bare(browser: Browser, file: Path) -> None:
    """As the strictest programs show it: no style sheet, no pictures, text twice as large: no sideways scroll."""
    html = re.sub(r"<style.*?</style>", "", file.read_text("utf-8"), flags=re.DOTALL)
    html = re.sub(r"(font-size|line-height):(\d+)px", lambda m: f"{m[1]}:{2 * int(m[2])}px", html)
    bare = file.with_name("bare.html")
    bare.write_text(re.sub(r'(<img[^>]*) src="[^"]*"', r"\1", html), "utf-8")
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto(bare.as_uri())
    _take(page, "mail-320-bare")
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    if wide > 320:
        raise SystemExit(f"without styles, at twice the text size, the mail is {wide} px wide on a phone of 320")


def _readme(browser: Browser, mail: str, file: Path) -> None:
    """The beginning of the mail on a desktop, and a post with a picture on a phone."""
    file.write_text(SIDE_BY_SIDE.format(mail=mail), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1123, "height": 908})
    page.goto(file.as_uri())
    page.frames[2].locator("img").first.evaluate("image => scrollTo(0, image.getBoundingClientRect().top - 420)")
    page.screenshot(path=KEPT / "mail.jpg", type="jpeg", quality=72)
    page.close()


def _desk(browser: Browser, desk: str, password: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(desk)
    page.fill("input[name=email]", "demo@example.org")
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(desk)
    for name, address in DESK.items():
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width in (375, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(desk + address)
                page.wait_for_load_state("networkidle")
                _take(page, f"desk-{name}-{width}-{scheme}")
        if name in KEPT_OF_DESK:
            page.set_viewport_size({"width": 1280, "height": KEPT_OF_DESK[name]})
            page.screenshot(path=KEPT / f"{name}.jpg", type="jpeg", quality=72)
    page.close()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
