"""An editor's Friday afternoon, from the log-in to the mails; its keys; and two windows at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_string, policy
from email.message import EmailMessage

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.conftest import (
    EMAIL,
    PASSWORD,
    PERIOD,
    Running,
    desk,
    log_in,
    make_draft,
    open_draft,
    set_up,
    unfold,
    write,
)
from tests.web.browser.labels import APPROVE, ONE_POST_NOT_INCLUDED, SEND_NOW_TO_3, USE_MINE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
READERS = ["kari@example.com", "li@example.com", "ola@example.com"]
SAVED = re.compile(r"Saved \d")


def _html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def _raw(page: Page, address: str) -> EmailMessage:
    """The whole mail as the preview shows it."""
    message = message_from_string(page.request.get(address).text(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _without_own_links(html: str) -> str:
    return re.sub(r"/([up])/[\w-]{20,}", r"/\1/…", html).replace("\r\n", "\n")


@pytest.mark.path
def test_from_log_in_to_the_mailbox(browser: Browser, running_at_first: Running) -> None:
    page = desk(browser).new_page()
    set_up(page, running_at_first)
    make_draft(page, running_at_first)
    _change_two_headlines(page)
    page.get_by_role("button", name="Remove Regn i Shanghai").click()
    expect(page.get_by_text(ONE_POST_NOT_INCLUDED)).to_be_visible()
    write(unfold(page, "greeting"), "Kjære {name|leser},\n\nher er uken.\n\nGod helg!")
    expect(page.locator("#saved")).to_contain_text(SAVED)
    previewed = _raw(page, f"{page.url}raw/")
    expect(page.frame_locator("#side iframe").get_by_text("God helg!")).to_be_visible()

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Send a test").click()
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status")).to_contain_text(f"Test sent to {EMAIL}.")
    page.get_by_role("link", name="Back").click()

    page.get_by_role("button", name=APPROVE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send or schedule")
    page.get_by_role("button", name=SEND_NOW_TO_3).click()
    expect(page.locator("#live")).to_contain_text("Sent")
    expect(page.locator("#live .figures")).to_contain_text("accepted, 100%")

    proofs = [m for m in running_at_first.mailbox.of(EMAIL) if m["Subject"].startswith("[Test] ")]
    assert len(proofs) == 1
    mails = {to: message for to, message in running_at_first.mailbox.arrived if to.endswith("example.com")}
    assert running_at_first.mailbox.readers == READERS
    assert "Kjære Kari," in _html(mails["kari@example.com"])
    assert "Kjære leser," in _html(mails["li@example.com"])
    for html in map(_html, mails.values()):
        assert "Handel: en ny topp" in html
        assert "Boken om Chengdu" in html
        assert "Regn i Shanghai" not in html
    texts = {re.sub(r"Kjære \w+,", "", _without_own_links(_html(m))) for m in [*mails.values(), *proofs, previewed]}
    assert len(texts) == 1, "preview, proof and all mails are the same, byte for byte but for the reader's own"


def _change_two_headlines(page: Page) -> None:
    for old, new in (("Handelen øker igjen", "Handel: en ny topp"), ("En roman fra Chengdu", "Boken om Chengdu")):
        page.get_by_role("button", name=f"Edit {old}").click()
        expect(page.get_by_label("Headline").first).to_be_focused()
        page.locator("[data-write]").get_by_label("Headline").fill(new)
        expect(page.locator(".post b", has_text=new)).to_be_visible()
        page.locator(".panel").get_by_role("button", name="Close").click()


def test_a_draft_is_changed_and_approved_by_keyboard_alone(browser: Browser, shared: Running) -> None:
    page = desk(browser).new_page()
    page.goto(f"{shared.url}/desk/login/")
    _tab_to(page, "id_email")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/")
    page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/")
    _tab_to(page, "Remove Handelen øker igjen")
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(page.locator(".post", has_text="En roman fra Chengdu").get_by_text("pinned", exact=True)).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text(ONE_POST_NOT_INCLUDED)).to_be_visible()
    _tab_to(page, "Remove Regn i Shanghai")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".posts[data-day='2025-02-04'] .post b").first).to_have_text("Regn i Shanghai")
    page.keyboard.press("e")
    expect(page.locator("[data-write]").get_by_label("Headline")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" igjen")
    page.keyboard.press("Enter")
    expect(page.locator(".post b", has_text="Regn i Shanghai igjen")).to_be_visible()
    expect(page.get_by_role("button", name=APPROVE)).to_be_visible()
    _tab_to(page, APPROVE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/send/")


def _tab_to(page: Page, wanted: str) -> None:
    """With Tab alone, to the control of that name or id."""
    name = "e => e.id + '|' + (e.getAttribute('aria-label') || e.textContent).replace(/\\s+/g, ' ').trim()"
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted in str(page.locator(":focus").first.evaluate(name) if page.locator(":focus").count() else ""):
            return
    raise AssertionError(f"'{wanted}' can't be reached by the keyboard")


def test_send_pressed_in_two_windows_leaves_once(browser: Browser, running: Running) -> None:
    first, second = desk(browser).new_page(), desk(browser).new_page()
    log_in(second, running)
    open_draft(first, running)
    first.get_by_role("button", name=APPROVE).click()
    first.wait_for_url("**/send/")
    second.goto(first.url)
    first.get_by_role("button", name=SEND_NOW_TO_3).click(no_wait_after=True)
    second.get_by_role("button", name=SEND_NOW_TO_3).click(no_wait_after=True)
    expect(first.locator("#live")).to_contain_text("Sent")
    second.goto(f"{running.url}/desk/editions/kinaforum/{PERIOD}/report/")
    expect(second.locator("#live")).to_contain_text("Sent")
    assert running.mailbox.readers == READERS
    first.context.close()
    second.context.close()


NOW = {"state": "approved", "when": "now", "says": "now"}
"""What the page that sends says of an approved edition."""


def test_approve_and_send_at_the_same_moment_from_two_windows(browser: Browser, running: Running) -> None:
    page = desk(browser).new_page()
    open_draft(page, running)
    expect(page.get_by_role("button", name=APPROVE)).to_be_visible()
    fields = page.locator("#bar form").last.evaluate("f => Object.fromEntries(new FormData(f))")
    cookies = {c["name"]: c["value"] for c in page.context.cookies()}

    def press(address: str, given: dict[str, str]) -> int:
        return requests.post(address, data=given, cookies=cookies, allow_redirects=False, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        for act, given in (("approve", fields), ("send", {**fields, **NOW})):
            codes = list(pool.map(press, [f"{page.url}{act}/"] * 8, [given] * 8))
            assert set(codes) <= {302, 409, 422}, act
    page.goto(f"{page.url}report/")
    expect(page.locator("#live")).to_contain_text("Sent")
    assert running.mailbox.readers == READERS
    page.goto(f"{running.url}/desk/log/?about=kinaforum/{PERIOD}")
    acts = page.locator("td.lead > .strong").all_inner_texts()
    assert (acts.count("Approved"), acts.count("Sending started")) == (1, 1)
    page.context.close()


def test_two_editors_see_each_other_s_words(browser: Browser, shared: Running) -> None:
    first, second = desk(browser).new_page(), desk(browser).new_page()
    log_in(second, shared)
    open_draft(first, shared)
    second.goto(first.url)
    first.route("**/writers/", lambda route: route.abort())  # what others write comes too late
    write(unfold(first, "greeting"), "Den ene")
    expect(first.locator("#saved")).to_contain_text(SAVED)
    second.get_by_role("textbox", name="Subject").fill("Et emne")
    expect(second.locator("#saved")).to_contain_text(SAVED)
    expect(unfold(second, "greeting")).to_have_value("Den ene")
    first.get_by_role("textbox", name="Subject").fill("Et annet emne")
    expect(first.locator("#saved")).to_contain_text("changed the same text")
    first.get_by_role("button", name=USE_MINE).click()
    expect(first.locator("#saved")).to_contain_text(SAVED)
    first.reload()
    expect(first.get_by_role("textbox", name="Subject")).to_have_value("Et annet emne")
