"""Compares pictures of emails before and after a change: `python -m tests.render.equal_pictures BEFORE AFTER`.

Both are folders of HTML files, such as `tests/golden` of two commits. Each file is photographed whole at 700 and 375
pixels, light and dark. Prints the files whose pictures differ, and where, and ends with 1 if there are any.
"""

import sys
from io import BytesIO
from itertools import product
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM, FLAGS
from tests.render.pictures import picture

WIDTHS, SCHEMES = (700, 375), ("light", "dark")


def photograph(browser: Browser, html: str, width: int, scheme: str) -> Image.Image:
    """The whole email."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.route("**/*", picture)
    page.set_content(html, wait_until="networkidle")
    taken = page.screenshot(full_page=True)
    page.close()
    return Image.open(BytesIO(taken)).convert("RGB")


def difference(first: Image.Image, second: Image.Image) -> str:
    """What differs between two pictures, "" if nothing does."""
    if first.size != second.size:
        return f"{first.size} became {second.size}"
    box = ImageChops.difference(first, second).getbbox()
    return f"pixels differ within {box}" if box else ""


def main(before: Path, after: Path) -> int:
    """Compare all files of the first folder."""
    differing = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        files = sorted(before.glob("*.html"))
        for file, width, scheme in product(files, WIDTHS, SCHEMES):
            sources = (folder.joinpath(file.name).read_text(encoding="utf-8") for folder in (before, after))
            if found := difference(*(photograph(browser, html, width, scheme) for html in sources)):
                differing += 1
                sys.stdout.write(f"{file.name} at {width}, {scheme}: {found}\n")
        browser.close()
    sys.stdout.write(f"{len(files)} files, {differing} of {len(files) * 4} pictures differ\n")
    return 1 if differing or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
