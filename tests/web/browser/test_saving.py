"""Text that is typed into a draft is kept while the network is cut, a panel is closed, or a request is refused."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.web.browser.conftest import KEPT_TEXTS, PERIOD, Running, abandon, desk, open_draft, sign_in, unfold, write
from tests.web.browser.labels import ADD_POST, APPROVE, INTRODUCTION, TEXT, USE_MINE, WEB_ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
SAVED = re.compile(r"Saved \d")
RETRYING = "Not saved – retrying"


@pytest.fixture
def page(browser: Browser, shared: Running) -> Page:
    """A draft that can be changed."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    return page


def _type_offline(page: Page, label: str, text: str) -> None:
    page.context.set_offline(True)
    if label == INTRODUCTION:
        unfold(page, "greeting")
    page.get_by_role("textbox", name=label).click()
    page.keyboard.type(text)
    expect(page.locator("#saved")).to_have_text(RETRYING)


def _opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    return page


def test_saving_is_retried_until_the_network_is_back(page: Page) -> None:
    _type_offline(page, INTRODUCTION, "God helg!")
    expect(page.locator("#saved")).to_have_class(re.compile(r"\bbad\b"))
    expect(page.locator("#bar button.first")).to_be_disabled()
    page.keyboard.press("Tab")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text(SAVED)
    expect(page.locator("#saved")).not_to_have_class(re.compile(r"\bbad\b"))
    expect(page.frame_locator("#side iframe").get_by_text("God helg!")).to_be_visible()
    expect(page.locator("#bar button.first")).to_be_enabled()
    assert page.evaluate(KEPT_TEXTS) == []
    page.reload()
    expect(page.locator("#greeting")).to_have_value("God helg!")


def test_a_server_error_is_retried_too(page: Page) -> None:
    codes: list[int] = []

    def answer(route: Route) -> None:
        codes.append(503)
        if len(codes) < 3:
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    page.route("**/words/", answer)
    page.locator("#subject").fill("Et emne")
    expect(page.locator("#saved")).to_contain_text(SAVED)
    assert len(codes) == 3


def test_unsaved_text_is_restored_on_the_next_visit(browser: Browser, shared: Running) -> None:
    """Without the editor's tools too, which are loaded later than the page."""
    page = desk(browser).new_page()
    page.context.route("**/desk/editor/", lambda route: route.abort())
    open_draft(page, shared)
    _type_offline(page, "Subject", "Et emne som ikke må bli borte")
    url = page.url
    again = _opened(abandon(page), url)
    expect(again.locator("#subject")).to_have_value("Et emne som ikke må bli borte")
    expect(again.locator("#saved")).to_contain_text(SAVED)


def test_text_typed_before_the_script_is_there_is_stored(browser: Browser, shared: Running) -> None:
    page = desk(browser).new_page()
    scripts: list[Route] = []
    page.route("**/saving.js", lambda route: scripts.append(route), times=1)
    sign_in(page, shared)
    with page.expect_request("**/saving.js"):
        page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/", wait_until="commit")
    page.get_by_role("textbox", name="Subject").fill("Et tidlig emne")
    scripts[0].continue_()
    expect(page.locator("#saved")).to_contain_text(SAVED)
    page.reload()
    expect(page.locator("#subject")).to_have_value("Et tidlig emne")


def test_restored_text_never_replaces_what_somebody_else_wrote(browser: Browser, page: Page) -> None:
    _type_offline(page, "Subject", "Mitt emne")
    url, context = page.url, abandon(page)
    other = browser.new_context(locale="en-GB")
    other.add_cookies(context.cookies())
    theirs = other.new_page()
    theirs.goto(url)
    theirs.locator("#subject").fill("Deres emne")
    expect(theirs.locator("#saved")).to_contain_text(SAVED)
    again = _opened(context, url)
    expect(again.locator("#saved .note")).to_contain_text("Deres emne")
    theirs.reload()
    expect(theirs.locator("#subject")).to_have_value("Deres emne")
    again.get_by_role("button", name=USE_MINE).click()
    expect(again.locator("#saved")).to_contain_text(SAVED)
    assert again.evaluate(KEPT_TEXTS) == []
    other.close()


def test_leaving_with_unsaved_text_asks_first(page: Page) -> None:
    _type_offline(page, "Subject", "Et emne")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text(SAVED)


def _panel(page: Page, title: str) -> Locator:
    page.get_by_role("button", name=f"Edit {title}").click()
    expect(page.locator("[data-write]").get_by_label("Headline")).to_be_focused()
    return page.locator("[data-write]")


def test_a_closed_panel_goes_on_saving_what_was_typed(page: Page) -> None:
    panel = _panel(page, "Om te")
    page.context.set_offline(True)
    write(panel.locator(TEXT), "Skrevet for hånd")
    page.locator(".panel").get_by_role("button", name="Close").click()
    expect(page.locator(".unsaved")).to_have_text("not saved")
    panel = _panel(page, "Om te")
    expect(panel.locator(TEXT)).to_have_value("Skrevet for hånd")
    page.locator(".panel").get_by_role("button", name="Close").click()
    page.context.set_offline(False)
    expect(page.locator(".post", has_text="Om te").get_by_text("edited")).to_be_visible()
    expect(page.locator(".panel")).to_have_count(0)
    expect(page.locator(".unsaved")).to_have_count(0)
    assert page.evaluate(KEPT_TEXTS) == []


def test_a_panel_that_can_not_be_saved_is_retried(page: Page) -> None:
    panel = _panel(page, "Om te")
    page.context.set_offline(True)
    panel.get_by_label("Headline").fill("Mer om te")
    expect(page.locator(".panel .said")).to_have_text(RETRYING)
    page.context.set_offline(False)
    expect(page.locator(".post b", has_text="Mer om te")).to_be_visible()


def test_a_refused_post_stays_in_its_form(page: Page) -> None:
    page.get_by_text("Add a post").click()
    form = page.locator("#add")
    form.get_by_label(WEB_ADDRESS).fill("ftp://example.org/")
    write(form.locator(TEXT), "Flere linjer\nskrevet for hånd")
    form.get_by_role("button", name=ADD_POST).click()
    expect(form.locator("#add-url-said")).to_contain_text(
        "That isn’t a web address; enter one like https://news.example.org/article."
    )
    expect(form.get_by_label(WEB_ADDRESS)).to_be_focused()
    expect(form.locator(TEXT)).to_have_value("Flere linjer\nskrevet for hånd")
    page.context.set_offline(True)
    form.get_by_label("Headline").fill("Et eget innlegg")
    form.get_by_label(WEB_ADDRESS).fill("")
    form.get_by_role("button", name=ADD_POST).click()
    expect(form.locator("#add-said")).to_contain_text("Not saved")
    url = page.url
    again = _opened(abandon(page), url)
    expect(again.get_by_label("Headline")).to_have_value("Et eget innlegg")
    again.locator("#add").get_by_role("button", name=ADD_POST).click()
    expect(again.locator(".post b", has_text="Et eget innlegg")).to_be_visible()
    expect(again.locator("#add-title")).to_have_value("")
    assert again.evaluate(KEPT_TEXTS) == []
