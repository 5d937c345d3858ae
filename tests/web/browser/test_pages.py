"""Every page of the desk and the archive: axe finds nothing, an empty console, no sideways scroll, at most 65 KB."""

import gzip
import re
from base64 import b32decode
from collections.abc import Iterator

import pytest
import requests
from django.urls import reverse
from django_otp.oath import TOTP
from playwright.sync_api import Browser, Page, Response, expect

from newsletter.web.desk.settings.catalogue import NEWSLETTER_PAGES, SITE_PAGES
from newsletter.web.desk.urls import urlpatterns
from tests.accessibility import faults, resize
from tests.web import make
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
    f"{EDITION}send/",
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
    "/desk/settings/health/",
    "/desk/settings/advanced/",
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
BUDGET, EDITOR_BUDGET = 65_000, 201_000
"""Bytes of a page with its scripts and style sheets, as a browser with an empty cache gets them, and of the editor."""


SECTIONS = {
    "settings-site": [page.name for page in SITE_PAGES],
    "settings-newsletter": [page.name for page in NEWSLETTER_PAGES],
}
VALUES = {**make.IN_ADDRESSES, "period": PERIOD}


def _addresses() -> Iterator[str]:
    """Every address of the desk."""
    for route in urlpatterns:
        wanted = route.pattern.converters
        for section in SECTIONS.get(str(route.name), [""]):
            values = {key: VALUES[key] if key != "section" else section for key in wanted}
            yield reverse(f"desk:{route.name}", kwargs=values)


def _is_page(page: Page, url: str) -> bool:
    """Return whether an address answers with a page, and not with a file, part of a page or another address."""
    answer = page.request.get(url)
    return answer.status == 200 and answer.url == url and "<!doctype html>" in answer.text()[:200].lower()


def _look(page: Page, url: str) -> Iterator[str]:
    """What is wrong with a page, a sentence each: at first on a light computer, then made narrow and dark."""
    responses: list[Response] = []

    def note(response: Response) -> None:
        responses.append(response)

    resize(page, 1280, dark=False)
    page.on("response", note)
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    page.wait_for_load_state("networkidle")
    page.remove_listener("response", note)
    size = sum(_transferred(response) for response in responses if _counts(response.url, response.headers))
    if size > BUDGET + EDITOR_BUDGET * bool(page.locator("markdown-editor").count()):
        yield f"{url}: {size} bytes"
    with_scripts = "sandbox" not in answer.headers.get("content-security-policy", "")  # axe is a script
    for width, dark in ((1280, False), (375, True)):
        resize(page, width, dark=dark)
        if with_scripts:
            yield from troubles_of(page)


def troubles_of(page: Page, state: str = "") -> Iterator[str]:
    """What is wrong with a page as it stands."""
    yield from (f"{page.url} {state} at {page.viewport_size}: {fault}" for fault in faults(page))


def _transferred(response: Response) -> int:
    """The size of an answer on its way; static files are compressed, also where this browser has them already."""
    return len(gzip.compress(response.body()) if "/static/" in response.url else response.body())


def _counts(url: str, headers: dict[str, str]) -> bool:
    """HTML, CSS and JavaScript, but for previews."""
    kind = headers.get("content-type", "")
    return bool(re.search(r"html|css|javascript", kind)) and "/frame/" not in url


@pytest.mark.long
def test_every_page_of_the_desk(browser: Browser, running_at_first: Running) -> None:
    """The fixture `no_console_errors` fails it if a page logs an error or a warning."""
    site = running_at_first.url
    page = desk(browser).new_page()
    set_up(page, running_at_first)
    make_draft(page, running_at_first)
    page.goto(f"{site}/desk/subscribers/")
    somebody = str(page.locator("td a").first.get_attribute("href"))
    others = [address for address in _addresses() if address not in BEFORE and _is_page(page, site + address)]
    assert len(others) > 5
    troubles: list[str] = []
    for path in dict.fromkeys((*BEFORE, somebody, *others)):
        troubles += _look(page, site + path)
    page.goto(site + EDITION)
    page.get_by_role("button", name=APPROVE).click()
    page.wait_for_url("**/send/")
    troubles += _look(page, page.url)
    page.get_by_role("button", name=SEND_NOW_TO_3).click()
    expect(page.locator("#live")).to_contain_text("Sent")
    for path in AFTER:
        troubles += _look(page, site + path)
    page.context.clear_cookies()
    for path in OUTSIDE:
        troubles += _look(page, site + path)
    # Scripts, and so axe, can't run in the page of an edition itself, which is sandboxed.
    page.goto("about:blank")
    page.set_content(requests.get(f"{site}/n/kinaforum/{PERIOD}/", timeout=60).text)
    troubles += troubles_of(page, "an edition's page")
    page.context.close()
    assert not troubles, "\n".join(troubles)


def test_dialogs_and_refused_forms_are_accessible(browser: Browser, shared: Running) -> None:
    context = desk(browser, width=375, dark=True)
    page, second = context.new_page(), context.new_page()
    open_draft(page, shared)
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
    assert not troubles, "\n".join(troubles)


def test_an_import_and_a_second_factor_are_accessible_at_each_step(browser: Browser, shared: Running) -> None:
    context = desk(browser, width=375)
    page = context.new_page()
    sign_in(page, shared)
    page.goto(f"{shared.url}/desk/subscribers/import/")
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
    page.goto(f"{shared.url}/desk/account/")
    page.get_by_role("button", name="Set up").click()
    key = page.locator("code").first.inner_text().replace(" ", "")
    troubles += troubles_of(page, "with a key")
    page.get_by_label("Code from your authenticator app").fill(f"{TOTP(b32decode(key)).token():06d}")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    troubles += troubles_of(page, "codes")
    page.goto(f"{shared.url}/desk/account/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/desk/login/**")
    log_in(page, shared)
    page.get_by_text("Lost your authenticator?").click()
    troubles += troubles_of(page, "code")
    page.get_by_label("Recovery code").fill(codes[3])
    page.get_by_role("button", name="Log in with recovery code").click()
    expect(page.get_by_text("Recovery codes left: 9.")).to_be_visible()
    assert not troubles, "\n".join(troubles)
