"""No typed character is lost: each place to write on a draft, with each way in which saving it can fail."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.web.browser.conftest import (
    EMAIL,
    KEPT_TEXTS,
    PASSWORD,
    Running,
    abandon,
    desk,
    editor_of,
    forget_local_storage,
    open_draft,
    unfold,
    write,
)
from tests.web.browser.labels import ADD_POST, APPROVE, EMAIL_ADDRESS, TEXT, USE_MINE, USE_THEIRS

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
SAVED = re.compile(r"Saved \d")
WRITTEN = "Kjære leser, *dette* må ikke bli borte.\n\n- «Æ» & <b>\n"
RESTORED = re.compile(rf"^{re.escape(WRITTEN.strip())}\s*$")
"""The same without the last line break, which the server leaves out of a post once it is saved."""


@dataclass(frozen=True)
class Place:
    """Where text is typed: how its field is opened, how it is saved, and what shows that it wasn't, and that it was."""

    name: str
    open: Callable[[Page], Locator]
    save: Callable[[Page], None]
    status: str
    path: str
    is_saved: Callable[[Page], None]
    again: bool = False
    """Whether a person has to press the button again after a failure."""


def _introduction(page: Page) -> Locator:
    return unfold(page, "greeting")


def _panel(page: Page) -> Locator:
    panel = page.locator("[data-write]")
    if not panel.count():
        page.get_by_role("button", name="Edit Om te").click()
    expect(panel.get_by_label("Headline")).to_be_focused()
    return panel.locator(TEXT)


def _new_post(page: Page) -> Locator:
    if not page.locator("#add-title").is_visible():
        page.get_by_text("Add a post", exact=True).click()
    if not page.locator("#add-title").input_value():
        page.locator("#add-title").fill("Et eget innlegg")
    return page.locator("#add").locator(TEXT)


def _introduction_is_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text(SAVED)


def _panel_is_saved(page: Page) -> None:
    expect(page.locator(".post", has_text="Om te").get_by_text("edited")).to_be_visible()
    expect(page.locator(".panel .said")).to_contain_text(SAVED)


def _post_is_added(page: Page) -> None:
    expect(page.locator(".post b", has_text="Et eget innlegg")).to_be_visible()
    page.get_by_role("button", name="Edit Et eget innlegg").click()


PLACES = (
    Place(
        "introduction",
        _introduction,
        lambda page: page.keyboard.press("Tab"),
        "#saved",
        "words",
        _introduction_is_saved,
    ),
    Place(
        "post",
        _panel,
        lambda page: page.keyboard.press("Tab"),
        ".panel .said",
        "words",
        _panel_is_saved,
    ),
    Place(
        "new post",
        _new_post,
        lambda page: page.locator("#add").get_by_role("button", name=ADD_POST).click(),
        "#add-said",
        "add",
        _post_is_added,
        again=True,
    ),
)
every_place = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)


@pytest.fixture
def page(browser: Browser, shared: Running) -> Page:
    """A draft; leaving it with unsaved text is confirmed."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    expect(page.locator("dialog[data-for=link]"), "the tools are loaded").to_be_attached()
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _fail(page: Page, place: Place, how: str) -> None:
    if how == "offline":
        page.context.set_offline(True)
    elif how == "server error":
        page.context.route(f"**/{place.path}/", lambda route: route.fulfill(status=500, body="broken"))
    elif how == "logged out":
        page.context.clear_cookies(name="sessionid")


def _mend(context: BrowserContext, place: Place, how: str) -> None:
    if how == "offline":
        context.set_offline(False)
    elif how == "server error":
        context.unroute(f"**/{place.path}/")


def _log_in_elsewhere(page: Page) -> None:
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Log in in a new tab").first.click()
    other = opened.value
    other.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").click()
    expect(other.locator("#saved"), "it leads back to the draft").to_be_visible()
    other.close()
    page.bring_to_front()


def _write(page: Page, place: Place, how: str) -> None:
    """Type the text while saving fails, and see that the page says so."""
    field = place.open(page)
    _fail(page, place, how)
    write(field, WRITTEN)
    place.save(page)
    said = "logged out" if how == "logged out" else "Not saved"
    expect(page.locator(place.status)).to_contain_text(said)
    expect(page.locator(place.status)).to_have_class(re.compile(r"\bbad\b"))
    expect(field).to_have_value(WRITTEN)


def _finish(page: Page, place: Place) -> None:
    """Wait until the text is saved, and see that the server has every character."""
    if place.again:
        place.save(page)
    place.is_saved(page)
    if not place.again:
        page.reload()
    expect(place.open(page) if not place.again else page.locator("[data-write]").locator(TEXT)).to_have_value(
        WRITTEN if place.name == "introduction" else WRITTEN.strip()
    )
    assert page.evaluate(KEPT_TEXTS) == []


@every_place
@pytest.mark.parametrize("how", ["offline", "server error"])
def test_saving_succeeds_once_it_can(page: Page, place: Place, how: str) -> None:
    _write(page, place, how)
    _mend(page.context, place, how)
    _finish(page, place)


@every_place
def test_a_lost_login_loses_no_text(page: Page, place: Place) -> None:
    _write(page, place, "logged out")
    if not place.again:
        expect(page.locator("#unstored"), "what is in view names the cause").to_contain_text("you have been logged out")
        expect(page.locator("#unstored")).to_be_in_viewport()
    _log_in_elsewhere(page)
    if not place.again:
        expect(page.locator("#unstored")).to_be_hidden()
    _finish(page, place)


@every_place
@pytest.mark.parametrize("how", ["reload", "closed tab"])
def test_text_that_could_not_be_saved_is_there_on_the_next_visit(page: Page, place: Place, how: str) -> None:
    _write(page, place, "server error")
    context, url = page.context, page.url
    if how == "reload":
        page.reload()
    else:
        page = abandon(page).new_page()
        page.goto(url)
    expect(page.locator("dialog[data-for=link]"), "the tools are loaded").to_be_attached()
    field = place.open(page)
    expect(field).to_have_value(RESTORED)
    _mend(context, place, "server error")
    _finish(page, place)


@every_place
def test_text_that_was_never_sent_is_there_after_a_crash(page: Page, place: Place) -> None:
    """The tab goes without a question, and with it what a browser that is killed has not written to disk."""
    field, context, url = place.open(page), page.context, page.url
    context.set_offline(True)
    write(field, WRITTEN)
    forget_local_storage(page)
    abandon(page)
    again = context.new_page()
    again.goto(url)
    expect(again.locator("dialog[data-for=link]"), "the tools are loaded").to_be_attached()
    expect(place.open(again)).to_have_value(RESTORED)
    _finish(again, place)


@every_place
def test_what_was_typed_in_the_editor_is_there_after_a_crash(page: Page, place: Place) -> None:
    """Each key is kept as Markdown at once, and the editor shows it on the next visit."""
    field, context, url = place.open(page), page.context, page.url
    editor = editor_of(field)
    expect(editor).to_have_attribute("data-mode", "rich")
    context.set_offline(True)
    editor.locator(".writing > div").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Kjære **leser**!\n\n- «Æ» & <b>")
    abandon(page)
    again = context.new_page()
    again.goto(url)
    expect(again.locator("dialog[data-for=link]"), "the tools are loaded").to_be_attached()
    field = place.open(again)
    expect(field).to_have_value("Kjære **leser**!\n\n- «Æ» & \\<b>")
    expect(editor_of(field).locator(".writing strong")).to_have_text("leser")
    if place.again:
        place.save(again)
    place.is_saved(again)


KEEP_AGAIN = """() => Object.assign(localStorage, JSON.parse(sessionStorage.kept), { "last-change": Date.now() })"""
"""Put back what another page kept, as if that were newer."""


@pytest.mark.parametrize(("choice", "expected"), [(USE_MINE, "Min tekst"), (USE_THEIRS, "Deres tekst")])
def test_text_of_a_post_that_others_changed_is_shown_beside_it(page: Page, choice: str, expected: str) -> None:
    """What was typed offline, and lost with its tab, is restored after somebody else has changed the same text."""
    context, url = page.context, page.url
    field = _panel(page)
    context.set_offline(True)
    write(field, "Min tekst")
    abandon(page)
    theirs = context.new_page()
    theirs.goto(url)
    theirs.evaluate("sessionStorage.kept = JSON.stringify({ ...localStorage }); localStorage.clear()")
    write(_panel(theirs), "Deres tekst")
    _panel_is_saved(theirs)
    theirs.evaluate(KEEP_AGAIN)
    theirs.reload()
    expect(theirs.locator(".post", has_text="Om te").get_by_text("not saved")).to_be_visible()
    panel = _panel(theirs)
    said = theirs.locator(".panel .said")
    expect(said).to_contain_text("changed the same text")
    expect(said.locator("pre")).to_have_text("Deres tekst")
    expect(panel).to_have_value("Min tekst")
    said.get_by_text(choice).click()
    if choice == USE_MINE:
        expect(said).to_contain_text(SAVED)
        theirs.reload()
        _panel(theirs)
    expect(theirs.locator("[data-write]").locator(TEXT)).to_have_value(expected)
    assert theirs.evaluate(KEPT_TEXTS) == []


def _lose(stored: list[bool], route: Route) -> None:
    """Let the server store what is sent first, and answer nothing."""
    if not stored[0]:
        stored[0] = route.fetch().ok
    route.abort("connectionreset")


def test_a_text_whose_answer_was_lost_is_no_other_editor_s(page: Page) -> None:
    """The server stored it and was killed before it said so; the text has grown since, once over a reload."""
    for open_field, status in ((_introduction, "#saved"), (_panel, ".panel .said")):
        field, stored = open_field(page), [False]
        page.route("**/words/", partial(_lose, stored))
        write(field, "Første del")
        expect(page.locator(status)).to_contain_text("Not saved")
        field.fill("Første del og resten")
        if open_field is _panel:
            page.reload()
        page.unroute("**/words/")
        field = open_field(page)
        expect(page.locator(status)).to_contain_text(SAVED)
        expect(field).to_have_value("Første del og resten")
        assert stored == [True]
    assert page.evaluate(KEPT_TEXTS) == []


def test_a_refusal_is_marked_and_the_text_is_kept(page: Page) -> None:
    """Not only what is worth another try: an answer that nobody expects loses nothing either."""
    page.route("**/words/", lambda route: route.fulfill(status=403, body="no"))
    write(_introduction(page), WRITTEN)
    expect(page.locator("#saved")).to_contain_text("Not saved")
    expect(page.locator("#saved")).to_have_class(re.compile(r"\bbad\b"))
    page.unroute("**/words/")
    page.reload()
    expect(page.locator("#saved")).to_contain_text(SAVED)
    expect(_introduction(page)).to_have_value(WRITTEN)
