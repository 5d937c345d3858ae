"""Posts moved by hand: dragged with the pointer, walked with the keyboard, and nothing that is being written lost."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser.conftest import PERIOD, Running, desk, open_draft
from tests.web.browser.labels import ONE_POST_NOT_INCLUDED

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
DAY = ".posts[data-day='2025-02-04'] .post > p b"


@pytest.fixture
def draft(browser: Browser, shared: Running) -> Page:
    """The draft page; two of its posts are of 4 February: tea before rain."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    expect(page.locator(DAY)).to_have_text(["Om te", "Regn i Shanghai"])
    return page


def _post(page: Page, title: str) -> Locator:
    return page.locator(".post", has=page.locator("b", has_text=title))


def _drag(page: Page, what: str, to: str, *, below: bool = False) -> None:
    """With the pointer, a few steps on the way, as people do."""
    _post(page, what).hover(position={"x": 16, "y": 20})
    box = _post(page, to).bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + 60, box["y"] + (box["height"] - 4 if below else 4))
    page.mouse.up()


def test_a_post_is_dragged_before_another_and_behind_one_of_another_day(draft: Page) -> None:
    _drag(draft, "Regn i Shanghai", "Om te")
    expect(draft.locator(DAY)).to_have_text(["Regn i Shanghai", "Om te"])
    _drag(draft, "Handelen øker igjen", "Om te", below=True)
    expect(draft.locator(DAY)).to_have_text(["Regn i Shanghai", "Om te", "Handelen øker igjen"])
    draft.reload()
    expect(draft.locator(DAY)).to_have_text(["Regn i Shanghai", "Om te", "Handelen øker igjen"])


def test_moved_by_keys_the_focus_goes_along(draft: Page) -> None:
    draft.get_by_role("button", name="Move down Om te").focus()
    draft.keyboard.press("Alt+ArrowDown")
    expect(draft.locator(DAY)).to_have_text(["Regn i Shanghai", "Om te"])
    expect(draft.get_by_role("button", name="Move down Om te")).to_be_focused()
    draft.keyboard.press("Alt+ArrowUp")
    expect(draft.locator(DAY)).to_have_text(["Om te", "Regn i Shanghai"])


def test_left_out_the_next_one_has_the_focus_and_the_list_of_those_brings_it_back(draft: Page) -> None:
    draft.get_by_role("button", name="Remove Om te").focus()
    draft.keyboard.press("x")
    expect(draft.get_by_role("button", name="Remove Regn i Shanghai")).to_be_focused()
    draft.get_by_text(ONE_POST_NOT_INCLUDED).click()
    draft.get_by_role("button", name="Include Om te").click()
    expect(draft.locator(DAY)).to_have_text(["Om te", "Regn i Shanghai"])


def test_text_being_typed_is_kept_while_posts_are_moved(draft: Page) -> None:
    draft.get_by_role("button", name="Edit Om te").click()
    draft.locator("[data-write]").get_by_label("Headline").fill("Halvveis")
    draft.get_by_role("button", name="Remove Regn i Shanghai").click()
    expect(draft.get_by_text(ONE_POST_NOT_INCLUDED)).to_be_visible()
    expect(draft.locator("[data-write]").get_by_label("Headline")).to_have_value("Halvveis")
    expect(draft.locator(DAY)).to_have_text(["Halvveis"])


def test_several_posts_are_moved_and_the_revisions_compared(browser: Browser, shared: Running) -> None:
    page = desk(browser, width=375).new_page()
    open_draft(page, shared)
    page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/several/")
    page.get_by_label("Om te").check()
    page.get_by_label("Regn i Shanghai").check()
    page.get_by_label("Day", exact=True).fill("2025-02-06")
    page.get_by_role("button", name="Move to this day").click()
    expect(page.get_by_text("2 posts have been moved.")).to_be_visible()
    page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/compare/")
    expect(page.get_by_text("moved to another day").first).to_be_visible()
