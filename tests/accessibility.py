"""What axe finds on a page, as sentences. It is loaded once into each page, however often that is looked at."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

LOOKED_AT = 4
"""axe has at least so many rules that a whole page passes."""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose results depend on colours."""
RUN = """async (options) => {
  const { violations, passes } = await axe.run(document, options);
  const places = ({ nodes }) => nodes.slice(0, 3).map(({ target, html }) => `${target}: ${html.slice(0, 200)}`);
  return [violations.map((each) => `${each.id}: ${places(each).join("; ")}`), passes.length];
}"""


def violations(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe finds on a page as it stands. Frames have pages of their own, so it doesn't look into them."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    defaults = {"iframes": False, "preload": False, "resultTypes": ["violations"]}
    options = {**defaults, **(options or {})}
    found, passed = page.evaluate(RUN, options)
    assert passed >= LOOKED_AT or options.get("runOnly") == COLOURS, f"axe looked at nothing on {page.url}"
    return list(found)


def faults(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe finds on a page as it stands, and whether the page is wider than the window."""
    overlap = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return violations(page, options) + ([f"{overlap} px wider than the window"] if overlap > 0 else [])


def resize(page: Page, width: int, *, dark: bool) -> None:
    """Give a page another width and colour scheme, and wait until both are in force."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_function("width => innerWidth === width", arg=width)


def faults_in_all_forms(page: Page, options: dict[str, Any] | None = None) -> Iterator[str]:
    """What is wrong with a loaded page on a phone and on a computer, in light and dark, where only colours differ."""
    for width in (375, 1280):
        for dark, rules in ((False, options), (True, {**(options or {}), "runOnly": COLOURS})):
            resize(page, width, dark=dark)
            yield from (f"{width} px, {'dark' if dark else 'light'}: {fault}" for fault in faults(page, rules))
