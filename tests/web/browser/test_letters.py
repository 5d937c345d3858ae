"""A letter from nothing to its readers, with a block, undo and redo, and what was compared and noted on the way."""

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser.conftest import PERIOD, Running, desk, open_draft, sign_in
from tests.web.browser.labels import SEND_NOW_TO_3

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


def test_a_letter_with_a_block_reaches_every_reader(browser: Browser, running: Running) -> None:
    context = desk(browser)
    page = context.new_page()
    sign_in(page, running)
    page.goto(f"{running.url}/desk/n/kinaforum/")
    page.get_by_role("link", name="New letter").click()
    page.get_by_label("Subject").fill("Vi har vunnet en pris")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="Vi har vunnet en pris")).to_be_visible()
    draft = page.url
    page.get_by_role("link", name="More…").click()
    page.get_by_role("link", name="Sponsors, events and calls to action").click()
    page.get_by_label("Kind").select_option("event")
    page.get_by_role("textbox", name="Heading").fill("Prisutdeling")
    page.get_by_label("Time and place").fill("Fredag kl. 18, Oslo")
    page.get_by_role("button", name="Save block").click()
    expect(page.get_by_role("cell", name="Prisutdeling Event")).to_be_visible()
    page.goto(draft)
    expect(page.get_by_text("Event Prisutdeling")).to_be_visible()
    page.get_by_title("Added the block “Prisutdeling”.").click()
    expect(page.get_by_text("Undid: added the block “Prisutdeling”")).to_be_visible()
    expect(page.get_by_text("Event Prisutdeling")).to_have_count(0)
    page.locator("button[name=again]").click()
    expect(page.get_by_text("Redid: added the block “Prisutdeling”")).to_be_visible()
    page.goto(f"{draft}anyway/")
    page.get_by_role("button", name=SEND_NOW_TO_3).click()
    expect(page.locator("#live")).to_contain_text("Sent", timeout=60_000)
    assert running.mailbox.readers == ["kari@example.com", "li@example.com", "ola@example.com"]
    (message,) = running.mailbox.of("kari@example.com")
    part = message.get_body(("plain",))
    assert message["Subject"] == "Vi har vunnet en pris"
    assert part is not None
    assert "Prisutdeling\nFredag kl. 18, Oslo" in part.get_content().replace("\r\n", "\n")
    context.close()


def test_several_posts_are_moved_and_the_revisions_compared(browser: Browser, shared: Running) -> None:
    context = desk(browser, width=375)
    page = context.new_page()
    open_draft(page, shared)
    page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/several/")
    page.get_by_label("Om te").check()
    page.get_by_label("Regn i Shanghai").check()
    page.get_by_label("Day", exact=True).fill("2025-02-06")
    page.get_by_role("button", name="Move to this day").click()
    expect(page.get_by_text("2 posts have been moved.")).to_be_visible()
    page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/compare/")
    expect(page.get_by_text("moved to another day").first).to_be_visible()
