"""Every page of the desk and the archive: no violation that axe finds, no sideways scroll, no more than 100 KB."""

import re
from base64 import b32decode
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, expect

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
    yield from _troubles(page)
    if sum(sizes) > BUDGET:
        yield f"{url}: {sum(sizes)} bytes"
    page.close()


def _troubles(page: Page, state: str = "") -> Iterator[str]:
    """What is wrong with a page as it stands."""
    where = f"{page.url} {state} at {page.viewport_size}"
    for violation in Axe().run(page, options={"iframes": False}).response["violations"]:
        targets = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
        yield f"{where}: {violation['id']}: {targets}"
    width = page.evaluate("document.documentElement.scrollWidth")
    if page.viewport_size and width > page.viewport_size["width"]:
        yield f"{where}: scrolls sideways, {width} px"


def _counts(url: str, headers: dict[str, str]) -> bool:
    """HTML, CSS and JavaScript, but for previews."""
    kind = headers.get("content-type", "")
    return bool(re.search(r"html|css|javascript", kind)) and "/frame/" not in url


def test_every_page_of_the_desk(browser: Browser, running: Running) -> None:
    first = desk(browser)
    page = first.new_page()
    set_up(page, running)
    make_draft(page, running)
    page.goto(f"{running.url}/desk/subscribers/")
    somebody = str(page.locator("td a").first.get_attribute("href"))
    troubles: list[str] = []
    for width, dark in ((1280, False), (375, True)):
        context = desk(browser, width=width, dark=dark)
        for path in OUTSIDE:
            troubles += _look(context, running.url + path)
        log_in(context.new_page(), running)
        for path in (*BEFORE, somebody):
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


def test_what_opens_and_what_is_refused_is_accessible_too(browser: Browser, running: Running) -> None:
    context = desk(browser, width=375, dark=True)
    page, second = context.new_page(), context.new_page()
    set_up(page, running)
    make_draft(page, running)
    second.goto(page.url)
    page.get_by_role("button", name="Write Om te").click()
    expect(page.get_by_label("Headline").first).to_be_visible()
    troubles = list(_troubles(page, "while a post is written"))
    page.get_by_role("button", name="Leave out Regn i Shanghai").click()
    page.get_by_text("1 post is out").click()
    expect(page.get_by_role("button", name="Include Regn i Shanghai")).to_be_visible()
    troubles += _troubles(page, "with what is out")
    page.get_by_label("Greeting").fill("Den ene")
    expect(page.locator("#saved")).to_contain_text("Saved")
    second.get_by_label("Greeting").fill("Den andre")
    expect(second.locator("#saved .note")).to_be_in_viewport()
    troubles += _troubles(second, "with two wordings")
    context.close()
    assert not troubles, "\n".join(troubles)


def test_an_import_and_a_second_factor_are_accessible_at_each_step(browser: Browser, running: Running) -> None:
    context = desk(browser, width=375)
    page = context.new_page()
    set_up(page, running)
    page.goto(f"{running.url}/desk/subscribers/import/")
    page.get_by_label("CSV file").set_input_files(
        {"name": "odd.csv", "mimeType": "text/csv", "buffer": b"Kontakt;Hvem\na@reader.example;Anna\nrart;\n"}
    )
    page.get_by_label("When and where they agreed").fill("at a meeting")
    page.get_by_role("button", name="On to its columns").click()
    page.get_by_label("Kontakt").select_option(label="E-mail address")
    troubles = list(_troubles(page, "columns"))
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What would come of it")
    troubles += _troubles(page, "what would come of it")
    page.goto(f"{running.url}/desk/account/")
    page.get_by_role("button", name="Set up").click()
    key = page.locator("code").first.inner_text().replace(" ", "")
    troubles += _troubles(page, "with a key")
    page.get_by_label("Code from your authenticator").fill(f"{TOTP(b32decode(key)).token():06d}")
    page.get_by_role("button", name="Switch on").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    troubles += _troubles(page, "codes")
    page.goto(f"{running.url}/desk/account/")
    page.get_by_role("button", name="Log out").click()
    log_in(page, running)
    page.get_by_text("Without your authenticator").click()
    troubles += _troubles(page, "code")
    page.get_by_label("A recovery code").fill(codes[3])
    page.get_by_role("button", name="Log in with it").click()
    expect(page.get_by_text("Recovery codes that are left: 9.")).to_be_visible()
    context.close()
    assert not troubles, "\n".join(troubles)
