"""Every page of the desk and the archive: nothing that axe finds, no sideways scroll, at most 65 KB."""

import gzip
import re
from base64 import b32decode
from collections.abc import Iterator

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from newsletter.web.desk.settings.catalogue import NEWSLETTER_PAGES, SITE_PAGES
from tests.web.browser.conftest import (
    PERIOD,
    Running,
    desk,
    log_in,
    make_draft,
    open_draft,
    set_up,
    sign_in,
    unfold,
    write,
)
from tests.web.browser.labels import APPROVE, EMAIL_ADDRESS, ONE_POST_NOT_INCLUDED, SEND_NOW_TO_3

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
    f"{EDITION}compare/",
    f"{EDITION}more/",
    f"{EDITION}blocks/",
    f"{EDITION}several/",
    f"{EDITION}notes/",
    f"{EDITION}anyway/",
    "/desk/n/kinaforum/letter/",
    "/desk/n/kinaforum/form/",
    f"{EDITION}proof/",
    "/desk/sources/",
    "/desk/subscribers/",
    "/desk/subscribers/import/",
    "/desk/subscribers/tags/",
    "/desk/segments/",
    "/desk/segments/add/",
    f"{EDITION}recipients/",
    "/desk/settings/",
    *(f"/desk/settings/n/kinaforum/{page.name}/" for page in NEWSLETTER_PAGES),
    *(f"/desk/settings/site/{page.name}/" for page in SITE_PAGES),
    "/desk/settings/n/kinaforum/designs/",
    "/desk/settings/webhooks/",
    "/desk/settings/newsletters/add/",
    "/desk/sources/kinaforum/1/",
    "/desk/n/kinaforum/welcome/",
    "/desk/subscribers/delayed/kinaforum/",
    "/desk/subscribers/unanswered/kinaforum/",
    "/desk/unsent/",
    "/desk/deliverability/",
    "/desk/tokens/",
    "/desk/webhooks/",
    "/desk/workers/",
    "/desk/users/",
    "/desk/log/",
    "/desk/restored/",
    "/desk/account/",
)
PUBLIC = ("/", "/n/kinaforum/", "/n/kinaforum/?q=te", "/n/kinaforum/subscribe")
AFTER = (f"{EDITION}report/", "/desk/", *PUBLIC)
OUTSIDE = ("/desk/login/", "/desk/password/")
AXE = {"iframes": False, "resultTypes": ["violations"]}
"""Frames have pages of their own, and the details of what is right take longer to collect than what is wrong."""
BUDGET, EDITOR_BUDGET = 65_000, 200_000
"""Bytes of a page with its scripts and style sheets, as a browser with an empty cache gets them, and of the editor."""


def _look(context: BrowserContext, url: str, *, signed_in: bool = True) -> Iterator[str]:
    """What is wrong with a page, a sentence each."""
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda r: sizes.append(_transferred(r)) if _counts(r.url, r.headers) else None)
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    page.wait_for_load_state("networkidle")
    yield from troubles_of(page)
    if sum(sizes) > BUDGET + EDITOR_BUDGET * bool(page.locator("markdown-editor").count()):
        yield f"{url}: {sum(sizes)} bytes"
    page.close()


def troubles_of(page: Page, state: str = "") -> Iterator[str]:
    """What is wrong with a page as it stands."""
    where = f"{page.url} {state} at {page.viewport_size}"
    for violation in Axe().run(page, options=AXE).response["violations"]:
        targets = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
        yield f"{where}: {violation['id']}: {targets}"
    width = page.evaluate("document.documentElement.scrollWidth")
    if page.viewport_size and width > page.viewport_size["width"]:
        yield f"{where}: scrolls sideways, {width} px"


def _transferred(response: Response) -> int:
    """The size of an answer on its way; static files are compressed, also where this browser has them already."""
    return len(gzip.compress(response.body()) if "/static/" in response.url else response.body())


def _counts(url: str, headers: dict[str, str]) -> bool:
    """HTML, CSS and JavaScript, but for previews."""
    kind = headers.get("content-type", "")
    return bool(re.search(r"html|css|javascript", kind)) and "/frame/" not in url


@pytest.mark.long
def test_every_page_of_the_desk(browser: Browser, running_at_first: Running) -> None:
    first = desk(browser)
    page = first.new_page()
    set_up(page, running_at_first)
    make_draft(page, running_at_first)
    page.goto(f"{running_at_first.url}/desk/subscribers/")
    somebody = str(page.locator("td a").first.get_attribute("href"))
    troubles: list[str] = []
    for width, dark in ((1280, False), (375, True)):
        context = desk(browser, width=width, dark=dark)
        for path in OUTSIDE:
            troubles += _look(context, running_at_first.url + path)
        log_in(context.new_page(), running_at_first)
        for path in (*BEFORE, somebody):
            troubles += _look(context, running_at_first.url + path)
        context.close()
    page.goto(running_at_first.url + EDITION)
    page.get_by_role("button", name=APPROVE).click()
    page.wait_for_url("**/send/")
    troubles += _look(first, page.url)
    page.get_by_role("button", name=SEND_NOW_TO_3).click()
    expect(page.locator("#live")).to_contain_text("Sent")
    for width, dark in ((1280, True), (375, False)):
        context = desk(browser, width=width, dark=dark)
        log_in(context.new_page(), running_at_first)
        for path in AFTER:
            troubles += _look(context, running_at_first.url + path)
        context.close()
    # Scripts, and so axe, can't run in the page of an edition itself, which is sandboxed.
    sandboxed = first.new_page()
    sandboxed.set_content(requests.get(f"{running_at_first.url}/n/kinaforum/{PERIOD}/", timeout=60).text)
    troubles += troubles_of(sandboxed, "an edition's page")
    first.close()
    assert not troubles, "\n".join(troubles)


def test_dialogs_and_refused_forms_are_accessible(browser: Browser, running: Running) -> None:
    context = desk(browser, width=375, dark=True)
    page, second = context.new_page(), context.new_page()
    open_draft(page, running)
    second.goto(page.url)
    page.get_by_role("button", name="Edit Om te").click()
    expect(page.get_by_label("Headline").first).to_be_visible()
    troubles = list(troubles_of(page, "while a post is written"))
    page.get_by_role("button", name="Remove Regn i Shanghai").click()
    page.get_by_text(ONE_POST_NOT_INCLUDED).click()
    expect(page.get_by_role("button", name="Include Regn i Shanghai")).to_be_visible()
    troubles += troubles_of(page, "with what is out")
    write(unfold(page, "greeting"), "Den ene")
    expect(page.locator("#saved")).to_contain_text("Saved")
    write(unfold(second, "greeting"), "Den andre")
    expect(second.locator("#saved .note")).to_be_in_viewport()
    troubles += troubles_of(second, "with two wordings")
    context.close()
    assert not troubles, "\n".join(troubles)


def test_an_import_and_a_second_factor_are_accessible_at_each_step(browser: Browser, running: Running) -> None:
    context = desk(browser, width=375)
    page = context.new_page()
    sign_in(page, running)
    page.goto(f"{running.url}/desk/subscribers/import/")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "odd.csv", "mimeType": "text/csv", "buffer": b"Kontakt;Hvem\na@reader.example;Anna\nrart;\n"}
    )
    page.get_by_label("When and where they agreed").fill("at a meeting")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Kontakt").select_option(label=EMAIL_ADDRESS)
    troubles = list(troubles_of(page, "columns"))
    page.get_by_role("button", name="Preview import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import preview")
    troubles += troubles_of(page, "the preview")
    page.goto(f"{running.url}/desk/account/")
    page.get_by_role("button", name="Set up").click()
    key = page.locator("code").first.inner_text().replace(" ", "")
    troubles += troubles_of(page, "with a key")
    page.get_by_label("Code from your authenticator app").fill(f"{TOTP(b32decode(key)).token():06d}")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    troubles += troubles_of(page, "codes")
    page.goto(f"{running.url}/desk/account/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/desk/login/**")
    log_in(page, running)
    page.get_by_text("Lost your authenticator?").click()
    troubles += troubles_of(page, "code")
    page.get_by_label("Recovery code").fill(codes[3])
    page.get_by_role("button", name="Log in with recovery code").click()
    expect(page.get_by_text("Recovery codes left: 9.")).to_be_visible()
    context.close()
    assert not troubles, "\n".join(troubles)
