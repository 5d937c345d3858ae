"""The draft page on a phone and by keyboard: one slim bar, tabs, and nothing that has the focus is covered."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.conftest import Running, desk, editor_of, open_draft, unfold, write
from tests.web.browser.labels import APPROVE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

STUCK = """() => {
  scrollTo(0, document.documentElement.scrollHeight / 2);
  return [...document.querySelectorAll("body *")]
    .filter((each) => ["sticky", "fixed"].includes(getComputedStyle(each).position) && each.checkVisibility())
    .map((each) => each.getBoundingClientRect())
    .reduce((sum, box) => sum + Math.max(0, Math.min(box.bottom, innerHeight) - Math.max(box.top, 0)), 0);
}"""
"""The height of what stays in place while the page scrolls."""

WIDEST = """() => Math.max(...[...document.querySelectorAll(".bar *")]
  .filter((each) => each.offsetParent)
  .map((each) => each.getBoundingClientRect().right))"""
"""How far right the bar's contents reach."""

COVERED = """() => {
  const focused = document.activeElement, box = focused.getClientRects()[0];
  if (focused === document.body || focused.matches("iframe")) { return null; }
  const name = focused.dataset.field || focused.id || focused.getAttribute("aria-label") || focused.textContent.trim();
  const height = focused.matches("textarea, [contenteditable]") ? 24 : 200;
  const x = box.left + box.width / 2, ys = [box.top + 3, Math.min(box.bottom - 3, box.top + height)];
  const seen = ys.every((y) => focused.contains(document.elementFromPoint(x, y)));
  return { name, seen };
}"""
"""The name of what has the focus, and whether its top and bottom can be seen; of a long text the first line."""


@pytest.fixture
def draft(browser: Browser, shared: Running) -> Page:
    """The draft page, completely loaded."""
    page = desk(browser, width=375).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    return page


@pytest.mark.parametrize("language", ["en", "nb"])
def test_on_a_phone_one_slim_bar_stays_in_place(browser: Browser, draft: Page, language: str) -> None:
    context = browser.new_context(
        viewport={"width": 375, "height": 844}, locale=language, storage_state=draft.context.storage_state()
    )
    page = context.new_page()
    page.goto(draft.url)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#bar form button.first")).to_be_visible()
    assert 44 <= page.evaluate(STUCK) <= 84
    assert page.evaluate(WIDEST) <= 375
    page.locator("#bar form button.first").click()
    page.wait_for_url("**/send/")
    page.goto(draft.url)
    expect(page.locator("#bar a.button.first")).to_be_visible()
    assert 44 <= page.evaluate(STUCK) <= 84
    assert page.evaluate(WIDEST) <= 375


def test_edit_and_preview_are_tabs_on_a_phone(draft: Page) -> None:
    introduction = editor_of(unfold(draft, "greeting"))
    tabs = draft.get_by_role("navigation", name="Views").get_by_role("link")
    expect(tabs).to_have_text(["Edit", "Preview"])
    expect(draft.locator("#side")).to_be_hidden()
    draft.locator(".post").last.scroll_into_view_if_needed()
    before = draft.evaluate("scrollY")
    tabs.nth(1).click()
    expect(draft.locator("#side")).to_be_visible()
    expect(introduction).to_be_hidden()
    expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    tabs.nth(0).click()
    expect(introduction).to_be_visible()
    expect(draft.locator("#side")).to_be_hidden()
    assert draft.evaluate("scrollY") == before


def test_the_menu_opens_and_closes_by_keyboard_on_a_phone(draft: Page) -> None:
    menu = draft.get_by_role("button", name="Menu")
    menu.focus()
    draft.keyboard.press("Enter")
    expect(draft.get_by_role("link", name="Subscribers")).to_be_visible()
    draft.keyboard.press("Escape")
    expect(draft.get_by_role("link", name="Subscribers")).to_be_hidden()
    expect(menu).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(375, 667), (1280, 720)])
def test_the_focused_element_is_never_covered(draft: Page, width: int, height: int) -> None:
    draft.set_viewport_size({"width": width, "height": height})
    for key in ("preheader", "greeting", "closing"):
        field = unfold(draft, key)
        if key != "preheader":
            editor_of(field)
    draft.evaluate("scrollTo(0, 0)")
    names: list[str] = []
    for key, stops in (("Tab", 90), ("Shift+Tab", 90)):
        for _ in range(stops):
            draft.keyboard.press(key)
            found = draft.evaluate(COVERED)
            if found:
                assert found["seen"], f"'{found['name']}' is covered after {key}"
                names.append(found["name"])
    assert {"subject", "greeting", "closing"} <= set(names)
    assert any(APPROVE in name for name in names)


def test_undo_is_offered_until_it_is_used_or_closed(draft: Page) -> None:
    draft.set_viewport_size({"width": 1280, "height": 720})
    toast = draft.locator("#toast")
    draft.get_by_role("button", name="Remove Om te").click()
    expect(toast).to_contain_text("Removed “Om te”")
    expect(draft.get_by_role("button", name="Remove Om te")).to_have_count(0)
    toast.get_by_role("button", name="Undo").click()
    expect(draft.get_by_role("button", name="Remove Om te")).to_be_visible()
    expect(toast).to_contain_text("Undone.")
    expect(toast).to_be_focused()
    draft.get_by_role("button", name="Pin Om te").click()
    expect(toast).to_contain_text("Pinned “Om te”")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_be_empty()


NESTED = """(frame) => [frame.contentDocument.documentElement.scrollHeight - frame.clientHeight, frame.clientWidth]"""


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("path", ["", "preview/"])
def test_the_preview_has_the_size_of_a_phone_and_does_not_scroll(draft: Page, width: int, path: str) -> None:
    draft.set_viewport_size({"width": width, "height": 720})
    draft.goto(f"{draft.url}{path}#side")
    frame = draft.locator("iframe.frame")
    expect(frame).not_to_have_attribute("height", "640")
    assert frame.evaluate(NESTED) == [0, 375]


@pytest.mark.parametrize("width", [375, 1280])
def test_the_preview_of_a_computer_fits_the_screen_and_does_not_scroll(draft: Page, width: int) -> None:
    draft.set_viewport_size({"width": width, "height": 720})
    draft.goto(f"{draft.url}preview/?kind=desktop")
    frame, window = draft.locator("iframe.frame"), draft.locator(".window")
    expect(frame).not_to_have_attribute("height", "640")
    hidden, wide = frame.evaluate(NESTED)
    assert hidden <= 0
    assert wide >= 640, "the email has the width of a computer's"
    assert window.evaluate("(each) => each.scrollWidth - each.clientWidth") == 0


def test_the_designs_do_not_scroll(draft: Page, shared: Running) -> None:
    draft.goto(f"{shared.url}/desk/settings/n/kinaforum/designs/")
    frames = draft.locator("iframe.frame")
    expect(frames).to_have_count(5)
    for frame in frames.all():
        frame.scroll_into_view_if_needed()
        expect(frame).not_to_have_attribute("height", "640")
        assert frame.evaluate(NESTED)[0] == 0


def test_a_colour_shows_the_contrast_of_the_text_that_has_it_or_is_on_it(draft: Page, shared: Running) -> None:
    """A browser's field for a colour cannot be blank, and shows black: one that is not set says so."""
    draft.goto(f"{shared.url}/desk/settings/n/kinaforum/design/")
    band = draft.locator("#field-theme\\.band")
    code, picker, note = (
        band.locator("input[data-colour]"),
        band.locator("input[type=color]"),
        band.get_by_role("status"),
    )
    edge = "(each) => getComputedStyle(each).borderTopStyle"
    for colour, style, words in (
        ("", "dashed", "Not set"),
        ("#000", "solid", "Contrast of the text on it: 21.0 to 1"),
        ("#ffee00", "solid", "Contrast of the text on it: 17.5 to 1"),
        ("", "dashed", "Not set"),
    ):
        code.fill(colour)
        expect(note).to_have_text(words)
        assert picker.evaluate(edge) == style
    draft.locator("[name='theme.background']").fill("#1f1d1a")
    draft.locator("[name='theme.accent_dark']").fill("#333")
    for name, words in (
        ("background", "Contrast of the text on it: 1.0 to 1 – hard to read"),
        ("text", "Contrast with the background: 1.0 to 1 – hard to read"),
        ("accent", "Contrast with the background: 2.6 to 1 – made readable where it is text"),
        ("accent_dark", "Contrast with the background in dark mode: 1.2 to 1 – made readable where it is text"),
    ):
        expect(draft.locator(f"#field-theme\\.{name}").get_by_role("status")).to_have_text(words)


@pytest.mark.parametrize("width", [375, 1280])
def test_the_posts_begin_on_the_first_screen(draft: Page, width: int) -> None:
    draft.set_viewport_size({"width": width, "height": 844})
    begins = "document.querySelector('.post').getBoundingClientRect().top + scrollY"
    assert draft.evaluate(begins) < 640


def test_a_folded_text_shows_how_it_begins(draft: Page) -> None:
    write(unfold(draft, "greeting"), "Kjære lesere,\n\nher er uken.")
    expect(draft.locator("#saved")).to_have_text(re.compile(r"Saved \d"))
    for _ in range(2):
        draft.locator("#f-greeting details").evaluate("folded => { folded.open = false; }")
        expect(draft.locator("#f-greeting summary")).to_have_text(re.compile(r"Introduction\s*Kjære lesere,"))
        draft.reload()


def test_the_preview_of_a_draft_is_closed_and_stays_so(browser: Browser, shared: Running) -> None:
    page = desk(browser).new_page()
    open_draft(page, shared)
    mail, switch = page.locator("#mail"), page.get_by_role("button", name="Preview", exact=True)
    expect(mail).to_be_visible()
    switch.click()
    expect(mail).to_be_hidden()
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#side")).to_be_hidden()
    switch.click()
    expect(mail).to_be_visible()
    page.reload()
    expect(mail).to_be_visible()
    page.context.close()
