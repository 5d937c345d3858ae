"""Every page of the desk and the archive: no violation that axe finds, no sideways scroll, no more than 100 KB."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from tests.web.browser.conftest import PERIOD, Running, desk, log_in, make_draft, set_up

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
EDITION = f"/desk/editions/kinaforum/{PERIOD}/"
BEFORE = (
    "/desk/",
    "/desk/n/kinaforum/",
    EDITION,
    f"{EDITION}preview/",
    f"{EDITION}preview/?kind=inbox",
    f"{EDITION}preview/?kind=text",
    f"{EDITION}history/",
    f"{EDITION}proof/",
    "/desk/sources/",
    "/desk/subscribers/",
    "/desk/subscribers/1/",
    "/desk/subscribers/import/",
    "/desk/settings/",
    "/desk/users/",
    "/desk/log/",
    "/desk/account/",
)
AFTER = (f"{EDITION}report/", "/desk/", "/", "/n/kinaforum/")
OUTSIDE = ("/desk/login/", "/desk/password/")
BUDGET = 100_000


def _look(context: BrowserContext, url: str, *, signed_in: bool = True) -> Iterator[str]:
    """What is wrong with a page, a sentence each."""
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda r: sizes.append(len(r.body())) if _counts(r.url, r.headers) else None)
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    page.wait_for_load_state("networkidle")
    where = f"{url} at {page.viewport_size}"
    for violation in Axe().run(page, options={"iframes": False}).response["violations"]:
        targets = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
        yield f"{where}: {violation['id']}: {targets}"
    width = page.evaluate("document.documentElement.scrollWidth")
    if page.viewport_size and width > page.viewport_size["width"]:
        yield f"{where}: scrolls sideways, {width} px"
    if sum(sizes) > BUDGET:
        yield f"{where}: {sum(sizes)} bytes"
    page.close()


def _counts(url: str, headers: dict[str, str]) -> bool:
    """HTML, CSS and JavaScript, but for previews."""
    kind = headers.get("content-type", "")
    return bool(re.search(r"html|css|javascript", kind)) and "/frame/" not in url


def test_every_page_of_the_desk(browser: Browser, running: Running) -> None:
    first = desk(browser)
    page = first.new_page()
    set_up(page, running)
    make_draft(page, running)
    troubles: list[str] = []
    for width, dark in ((1280, False), (375, True)):
        context = desk(browser, width=width, dark=dark)
        for path in OUTSIDE:
            troubles += _look(context, running.url + path)
        log_in(context.new_page(), running)
        for path in BEFORE:
            troubles += _look(context, running.url + path)
        context.close()
    page.goto(running.url + EDITION)
    page.get_by_role("button", name="Approve for 3 readers").click()
    page.wait_for_url("**/send/")
    troubles += _look(first, page.url)
    page.get_by_role("button", name="Send to 3 readers").click()
    expect(page.locator("#live")).to_contain_text("Sent", timeout=30_000)
    for width, dark in ((1280, True), (375, False)):
        context = desk(browser, width=width, dark=dark)
        log_in(context.new_page(), running)
        for path in AFTER:
            troubles += _look(context, running.url + path)
        context.close()
    first.close()
    assert not troubles, "\n".join(troubles)


def test_an_open_writing_panel_and_a_clash_are_accessible_too(browser: Browser, running: Running) -> None:
    context = desk(browser, width=375)
    page = context.new_page()
    set_up(page, running)
    make_draft(page, running)
    page.get_by_role("button", name="Write Om te").click()
    expect(page.get_by_label("Headline").first).to_be_visible()
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    assert not found, [v["id"] for v in found]
    context.close()
