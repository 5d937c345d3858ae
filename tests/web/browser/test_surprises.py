"""What used to surprise editors: keys that did nothing, an approval over unsaved text, Undo that failed."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.conftest import Running, desk, open_draft, write
from tests.web.browser.labels import APPROVE, TEXT

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


@pytest.fixture
def page(browser: Browser, shared: Running) -> Page:
    """A draft that can be approved."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    expect(page.locator("dialog[data-for=link]"), "the tools are loaded").to_be_attached()
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _titles(page: Page) -> list[str]:
    return page.locator("[data-day] .post b").all_text_contents()


def test_keys_work_at_once_and_undo_needs_nobody_else(page: Page) -> None:
    trade, _novel, tea, rain = _titles(page)
    for key in ("j", "j", "x", "Alt+ArrowDown"):
        page.keyboard.press(key)
    listed = page.locator("[data-day] .post b")
    expect(listed).to_have_text([trade, rain, tea])
    expect(page.locator("#toast")).to_contain_text("Moved")
    page.keyboard.press("x")
    expect(listed).to_have_text([trade, rain])
    page.locator("#subject").fill("My own subject")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#toast")).to_contain_text("Undone.")
    expect(listed).to_have_text([trade, rain, tea])
    page.reload()
    expect(page.locator("#subject")).to_have_value("My own subject")


def test_approval_waits_for_text_that_is_not_saved_and_says_where_it_is(page: Page) -> None:
    draft = page.url
    page.get_by_role("button", name="Edit Om te").click()
    page.route("**/words/", lambda route: route.fulfill(status=503, body="busy"))
    write(page.locator("[data-write]").locator(TEXT), "Not saved yet")
    expect(page.locator(".panel .said")).to_contain_text("Not saved")
    expect(page.get_by_role("button", name=APPROVE)).to_be_disabled()
    note = page.locator("#unstored")
    expect(note).to_contain_text("You can’t approve yet: “Om te” isn’t saved.")
    page.goto(f"{draft}preview/")
    page.get_by_role("button", name=APPROVE).click()
    expect(note).to_contain_text("You can’t approve yet: “Om te” isn’t saved.")
    note.get_by_role("link", name="Om te").click()
    page.wait_for_url(re.compile(re.escape(draft)))
    expect(page.locator("[data-write]").locator(TEXT)).to_have_value("Not saved yet")
    page.unroute("**/words/")
    expect(page.locator(".post", has_text="Om te").get_by_text("edited")).to_be_visible()
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    page.get_by_role("button", name=APPROVE).click()
    page.wait_for_url("**/send/")


def test_saving_says_that_all_cookies_are_gone_and_loses_nothing(page: Page) -> None:
    page.get_by_role("button", name="Edit Om te").click()
    field = page.locator("[data-write]").locator(TEXT)
    page.context.clear_cookies()
    write(field, "Typed after the cookies went")
    expect(page.locator(".panel .said")).to_contain_text("you have been logged out")
    expect(field).to_have_value("Typed after the cookies went")


def test_the_full_preview_shows_dark_mode_as_soon_as_it_is_ticked(page: Page) -> None:
    page.goto(f"{page.url}preview/?kind=phone")
    email = page.frame_locator("iframe.frame").locator("body")
    colour = "getComputedStyle(document.querySelector('body')).backgroundColor"
    light = email.evaluate(f"() => {colour}")
    page.get_by_label("Dark mode").check()
    page.wait_for_url(re.compile(r"[?&]dark=1"))
    expect(page.get_by_label("Dark mode")).to_be_checked()
    expect(page.locator("iframe.frame")).to_have_attribute("src", re.compile("dark"))
    expect(email).not_to_have_css("background-color", light)
    page.get_by_label("Dark mode").uncheck()
    expect(page.get_by_label("Dark mode")).not_to_be_checked()
    expect(email).to_have_css("background-color", light)
