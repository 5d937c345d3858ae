"""No typed character is lost in the desk's forms, whatever happens before they are saved."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.browser.conftest import (
    EMAIL,
    KEPT_TEXTS,
    PASSWORD,
    PERIOD,
    Running,
    desk,
    forget_local_storage,
    open_draft,
    write,
)
from tests.web.browser.labels import EMAIL_ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
EDITION = f"/desk/editions/kinaforum/{PERIOD}/"
TEXT = "Kjære leser, *dette* må ikke bli borte.\n\n- «Æ» & <b>"
RESTORED = "Unsaved text restored"


@dataclass(frozen=True)
class Form:
    """A form: where it is, what is typed into its fields, and the button that saves it."""

    path: str
    typed: dict[str, str]
    save: str


FORMS = (
    Form(f"{EDITION}blocks/", {"Heading": "Foredrag om te", "Text": TEXT}, "Save block"),
    Form(f"{EDITION}notes/", {"Note": TEXT}, "Add note"),
    Form("/desk/settings/n/kinaforum/general/", {"Description": "Nytt om Kina & omegn"}, "Save"),
)


@pytest.fixture
def page(browser: Browser, shared: Running) -> Page:
    """A window of an admin; leaving a page with unsaved text is confirmed."""
    page = desk(browser).new_page()
    open_draft(page, shared)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _again(page: Page) -> Page:
    """The tab goes without a question, as where the browser is killed; another is opened."""
    page.close(run_before_unload=False)
    opened = page.context.new_page()
    opened.on("dialog", lambda dialog: dialog.accept())
    return opened


def _field(page: Page, label: str) -> Locator:
    return page.locator("#text") if label == "Text" else page.get_by_role("textbox", name=label, exact=True)


def _fill(page: Page, form: Form) -> None:
    for label, text in form.typed.items():
        if label == "Text":
            write(_field(page, label), text)
        else:
            _field(page, label).fill(text)


def _expect(page: Page, form: Form) -> None:
    for label, text in form.typed.items():
        expect(_field(page, label)).to_have_value(text)


def _press(page: Page, form: Form) -> None:
    page.get_by_role("button", name=form.save, exact=True).click()


def _save(page: Page, shared: Running, form: Form) -> None:
    """Save the form, and see that nothing is offered afterwards."""
    _press(page, form)
    expect(page.get_by_text(RESTORED)).to_have_count(0)
    page.goto(shared.url + form.path)
    expect(page.get_by_role("button", name=form.save, exact=True)).to_be_visible()
    expect(page.get_by_text(RESTORED)).to_have_count(0)
    assert page.evaluate(KEPT_TEXTS) == []


def test_text_is_there_after_a_crash_and_a_reload(page: Page, shared: Running) -> None:
    for form in FORMS:
        page.goto(shared.url + form.path)
        _fill(page, form)
        forget_local_storage(page)
        page = _again(page)
        page.goto(shared.url + form.path)
        expect(page.get_by_text(RESTORED)).to_be_visible()
        _expect(page, form)
        page.reload()
        expect(page.get_by_text(RESTORED)).to_be_visible()
        _expect(page, form)
        _save(page, shared, form)


def test_text_is_there_after_an_error_of_the_server(page: Page, shared: Running) -> None:
    for form in FORMS:
        page.goto(shared.url + form.path)
        _fill(page, form)
        page.route(f"**{form.path}", lambda route: route.fulfill(status=500, body="broken"))
        _press(page, form)
        expect(page.get_by_text("broken")).to_be_visible()
        page.unroute(f"**{form.path}")
        page.goto(shared.url + form.path)
        _expect(page, form)
        _save(page, shared, form)


def test_a_form_is_not_sent_offline_and_says_so(page: Page, shared: Running) -> None:
    for form in FORMS:
        page.goto(shared.url + form.path)
        _fill(page, form)
        page.context.set_offline(True)
        _press(page, form)
        expect(page.get_by_text("Not saved: you are offline.")).to_be_visible()
        _expect(page, form)
        page.context.set_offline(False)
        _save(page, shared, form)


def test_text_is_there_after_a_lost_login(page: Page, shared: Running) -> None:
    form = FORMS[0]
    page.goto(shared.url + form.path)
    _fill(page, form)
    page.context.clear_cookies(name="sessionid")
    _press(page, form)
    page.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Log in")
    page.goto(shared.url + form.path)
    _expect(page, form)
    _save(page, shared, form)


def test_text_that_was_refused_is_there_after_a_closed_tab(page: Page, shared: Running) -> None:
    form = FORMS[0]
    page.goto(shared.url + form.path)
    _fill(page, form)
    page.get_by_role("textbox", name="Link", exact=True).fill("javascript:alert(1)")
    _press(page, form)
    expect(page.get_by_role("alert").first).to_be_visible()
    page = _again(page)
    page.goto(shared.url + form.path)
    _expect(page, form)
    page.get_by_role("textbox", name="Link", exact=True).fill("")
    _save(page, shared, form)


def test_text_of_short_forms_is_there_after_a_closed_tab(page: Page, shared: Running) -> None:
    page.goto(f"{shared.url}/desk/subscribers/")
    person = str(page.locator("td a").first.get_attribute("href"))
    for form in (
        Form("/desk/account/", {"Your name": "Kari Nordmann"}, "Save"),
        Form("/desk/users/", {EMAIL_ADDRESS: "ny@example.org"}, "Send invitation"),
        Form("/desk/sources/try/", {"Address of a website or feed": "http://127.0.0.1:9/"}, "Try"),
        Form(person, {"Name": "Åse"}, "Save name"),
        Form(person, {"Tags, separated by commas": "te, ris"}, "Save tags"),
        Form("/desk/subscribers/tags/", {"Tag": "alle"}, "Add tag"),
    ):
        page.goto(shared.url + form.path)
        _fill(page, form)
        page = _again(page)
        page.goto(shared.url + form.path)
        expect(page.get_by_text(RESTORED)).to_be_visible()
        _expect(page, form)
        _save(page, shared, form)


def test_a_refused_subscriber_is_still_in_the_form_after_a_closed_tab(page: Page, shared: Running) -> None:
    page.goto(f"{shared.url}/desk/subscribers/")
    page.get_by_text("Add a subscriber").click()
    page.get_by_label("Name (optional)").fill("Åse")
    page.locator("#add-address").fill("ase@example.com")
    page.get_by_label("They have already agreed.").check()
    page.get_by_role("button", name="Add subscriber").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page = _again(page)
    page.goto(f"{shared.url}/desk/subscribers/")
    expect(page.get_by_label("Name (optional)")).to_have_value("Åse")
    page.get_by_label("When and where they agreed").fill("at a meeting")
    page.get_by_role("button", name="Add subscriber").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Åse")
    assert page.evaluate(KEPT_TEXTS) == []


@pytest.mark.parametrize(("choice", "expected"), [("Restore", "Mine"), ("Discard", "Deres")])
def test_text_that_others_changed_is_offered(page: Page, shared: Running, choice: str, expected: str) -> None:
    path = "/desk/settings/n/kinaforum/general/"
    page.goto(shared.url + path)
    page.get_by_label("Description").fill("Mine")
    page = _again(page)
    file = shared.site.folder / "config.toml"
    file.write_text(file.read_text().replace("Nyheter om Kina, hver fredag.", "Deres"))
    page.goto(shared.url + path)
    expect(page.get_by_text("this text has been changed since")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("Deres")
    page.get_by_role("button", name=choice).click()
    expect(page.get_by_label("Description")).to_have_value(expected)
    assert len(page.evaluate(KEPT_TEXTS)) == (choice == "Restore")


def test_restored_text_can_be_discarded(page: Page, shared: Running) -> None:
    form = FORMS[0]
    page.goto(shared.url + form.path)
    _fill(page, form)
    page.reload()
    page.get_by_role("button", name="Discard").click()
    for label in form.typed:
        expect(_field(page, label)).to_have_value("")
    assert page.evaluate(KEPT_TEXTS) == []


def test_passwords_are_never_kept(page: Page, shared: Running) -> None:
    page.goto(f"{shared.url}/desk/settings/site/delivery/")
    secret = page.locator("form[data-keep] input[type=password]").first
    secret.fill("hemmelig")
    page.locator("form[data-keep] input[type=text]").first.fill("smtp.example.org")
    assert "hemmelig" not in page.evaluate("JSON.stringify(localStorage)")
