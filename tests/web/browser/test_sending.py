"""The page before sending, in a browser: the button always says what pressing it does."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from newsletter.web.desk import formatting
from tests.web.browser.conftest import PERIOD, Running, desk, open_draft
from tests.web.browser.labels import APPROVE, SCHEDULE_FOR, SCHEDULED_TIME, SEND_NOW, SEND_NOW_TO_3

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
ZONE = ZoneInfo("Europe/Oslo")


def _tomorrow() -> datetime:
    return (datetime.now(ZONE) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)


def _approved(page: Page, shared: Running) -> None:
    open_draft(page, shared)
    page.get_by_role("button", name=APPROVE).click()
    page.wait_for_url("**/send/")


def test_choosing_a_time_schedules(browser: Browser, shared: Running) -> None:
    page, at = desk(browser).new_page(), _tomorrow()
    _approved(page, shared)
    expect(page.locator("#go")).to_have_text(SEND_NOW_TO_3)
    page.get_by_label(SCHEDULED_TIME).fill(f"{at:%Y-%m-%dT%H:%M}")
    expect(page.get_by_label(SCHEDULE_FOR, exact=True)).to_be_checked()
    for language in ("nb", "en"):  # the script writes a time as the server does
        with translation.override(language):
            said = formatting.moment(at, ZONE)
        page.evaluate("language => { document.documentElement.lang = language; }", language)
        page.get_by_label(SCHEDULED_TIME).dispatch_event("input")
        expect(page.locator("#go")).to_have_text(f"Schedule for {said}")
        expect(page.locator("#sentence")).to_have_text(f"Goes to 3 subscribers on {said}.")
    page.get_by_label(SEND_NOW, exact=True).check()
    expect(page.locator("#sentence")).to_contain_text("Goes to 3 subscribers now.")
    expect(page.locator("#go")).to_have_text(SEND_NOW_TO_3)
    page.keyboard.press("Enter")
    expect(page.locator("#go")).to_be_focused()
    page.get_by_label(SCHEDULE_FOR, exact=True).check()
    expect(page.get_by_label(SCHEDULED_TIME)).to_have_value(f"{at:%Y-%m-%dT%H:%M}")
    page.locator("#go").click()
    page.wait_for_url("**/report/")
    expect(page.locator("#live")).to_contain_text(said)
    assert shared.mailbox.readers == []
    page.get_by_role("link", name="Change", exact=True).click()
    expect(page.locator("#go")).to_be_disabled()
    page.get_by_label(SCHEDULED_TIME).fill(f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.locator("#go").click()
    page.wait_for_url("**/report/")
    with translation.override("en"):
        expect(page.locator("#live")).to_contain_text(formatting.moment(at + timedelta(hours=1), ZONE))


def test_at_without_a_time_cannot_be_pressed(browser: Browser, shared: Running) -> None:
    page = desk(browser).new_page()
    _approved(page, shared)
    page.get_by_label(SCHEDULE_FOR, exact=True).check()
    expect(page.locator("#go")).to_be_disabled()
    expect(page.locator("#sentence")).to_have_text("Choose when it goes to 3 subscribers.")


def test_without_scripts_a_changed_button_is_shown_before_anything_is_sent(browser: Browser, shared: Running) -> None:
    page, at = desk(browser).new_page(), _tomorrow()
    _approved(page, shared)
    plain = browser.new_context(java_script_enabled=False, locale="en-GB", storage_state=page.context.storage_state())
    bare = plain.new_page()
    bare.goto(page.url)
    bare.get_by_label(SCHEDULED_TIME).fill(f"{at:%Y-%m-%dT%H:%M}")
    bare.get_by_role("button", name=SEND_NOW).click()
    expect(bare.get_by_role("alert")).to_contain_text("nothing was sent")
    expect(bare.locator("#go")).to_contain_text("Schedule for ")
    bare.locator("#go").click()
    bare.wait_for_url("**/report/")
    assert shared.mailbox.readers == []
    assert PERIOD in bare.url
    plain.close()


@pytest.mark.parametrize("width", [1280, 375])
def test_the_focused_element_is_not_under_the_bar(browser: Browser, shared: Running, width: int) -> None:
    page = desk(browser, width=width).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_visible()
    hidden = """() => {
        const at = document.activeElement, stuck = document.querySelector(innerWidth > 960 ? ".heading" : ".bar");
        if (!at.closest("#posts, #words")) { return ""; }
        const box = at.getBoundingClientRect(), firstLine = Math.min(box.bottom, box.top + 48);
        const { top, bottom } = stuck.getBoundingClientRect();
        return firstLine > top + 1 && box.top < bottom - 1 ? at.outerHTML : "";
    }"""
    proof = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(hidden) == ""
        proof += bool(page.evaluate("() => !!document.activeElement.closest('#posts')"))
    assert proof > 8
