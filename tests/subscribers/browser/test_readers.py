"""The public pages in a browser: with the keyboard only, and every page checked by axe."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from newsletter import config
from newsletter.editions import approval
from newsletter.editions.letterheads import letterhead
from newsletter.render.transactional import render_email
from subscribers.models import Consent, EmailKind, Subscriber, Subscription, TransactionalEmail
from subscribers.tokens import Purpose, link_token, link_token_for_tests, timed_token
from subscribers.transactional import Latest, compose
from tests.accessibility import COLOURS, faults_in_all_forms, violations
from tests.subscribers.make import add_subscription, only_email, path
from tests.web import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = Subscription.State
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPEN = "document.querySelectorAll('details').forEach((details) => { details.open = true })"


def press(page: Page, name: str) -> None:
    """Tab to the button or link of that name, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and focused.inner_text().strip() == name:
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"'{name}' can't be reached by the keyboard")


def test_subscribing_pausing_and_unsubscribing_with_the_keyboard(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your email address")).to_be_focused()
    page.keyboard.type("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")

    page.goto(live_server.url + path(only_email().context["link"]))
    press(page, "Confirm subscription")
    expect(page.get_by_role("heading", level=1)).to_have_text("You're subscribed")
    subscription = Subscription.objects.get()
    assert subscription.state == State.ACTIVE

    page.goto(f"{live_server.url}/p/{link_token(subscription.pk)}")
    until = timezone.localdate() + timedelta(days=30)
    page.get_by_label("Resume on").first.fill(until.isoformat())
    press(page, "Pause")
    expect(page.get_by_role("status")).to_contain_text("Paused until")
    subscription.refresh_from_db()
    assert subscription.paused_until == until
    press(page, "Resume now")
    expect(page.get_by_role("status")).to_have_text("Your subscription has resumed.")

    page.goto(f"{live_server.url}/u/{link_token(subscription.pk)}")
    press(page, "Unsubscribe")
    expect(page.get_by_role("heading", level=1)).to_have_text("You've unsubscribed from Kinaforum")
    subscription.refresh_from_db()
    assert subscription.state == State.UNSUBSCRIBED


def test_erasing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{link_token(add_subscription().pk)}")
    page.get_by_role("button", name="Email me a link").click()
    page.goto(live_server.url + path(only_email(kind=EmailKind.ME).context["link"]))
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box")
    page.get_by_label("Yes, delete everything you store about me").check()
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your data has been deleted")
    assert not Subscriber.objects.exists()


def test_a_mistake_can_be_corrected(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.get_by_label("Your email address").fill("kari@reader")
    page.get_by_role("button", name="Subscribe").click()
    field = page.get_by_label("Your email address")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Enter a complete email address, like name@example.org.")
    field.fill("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")


def every_page() -> dict[str, str]:
    """Return an address of each public page."""
    subscription, other = add_subscription(), add_subscription(newsletter="daily", state=State.PENDING)
    gone = add_subscription("ola@reader.example", "of-old")
    rests = add_subscription("per@reader.example")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=timezone.localdate() + timedelta(days=9))
    left = add_subscription("liv@reader.example", state=State.UNSUBSCRIBED)
    consent = other.consents.create(how="form")
    return {
        "subscribe": "/n/kinaforum/subscribe",
        "confirm": f"/confirm/{timed_token(Purpose.CONFIRM, consent.pk, 3_600)}",
        "too old": f"/confirm/{timed_token(Purpose.CONFIRM, consent.pk, -1)}",
        "nowhere": "/confirm/nonsense",
        "unsubscribe": f"/u/{link_token(subscription.pk)}",
        "left": f"/u/{link_token(left.pk)}",
        "erased": f"/u/{link_token(999)}",
        "proof": f"/u/{link_token_for_tests()}",
        "preferences": f"/p/{link_token(subscription.pk)}",
        "preferences of one that rests": f"/p/{link_token(rests.pk)}",
        "preferences from right to left": f"/p/{link_token(rests.pk)}?lang=ar",
        "preferences of one that is gone": f"/p/{link_token(gone.pk)}",
        "me": f"/me/{timed_token(Purpose.ME, subscription.subscriber_id, 3_600)}",
        "me, too old": f"/me/{timed_token(Purpose.ME, subscription.subscriber_id, -1)}",
    }


def edition_page() -> str:
    """Return the address of an edition that is being sent."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))
    approval.queue(
        config.current(), approval.approve(config.current(), make.draft("A film", "A book"), by="anna@example.org")
    )
    make.first_accepted()
    return f"/n/kinaforum/{make.PERIOD}/"


def faults_opened(page: Page) -> list[str]:
    """Return what is wrong with a page whose folded parts are open, in all forms."""
    page.evaluate(OPEN)
    return list(faults_in_all_forms(page, WCAG))


def after(page: Page, site: str, address: str, button: str) -> None:
    """Open a page, fill it in, and press a button."""
    page.goto(site + address)
    page.evaluate(OPEN)
    if page.get_by_label("Your email address").count():
        page.get_by_label("Your email address").fill("new@reader.example")
    for tick in page.get_by_role("checkbox").all():
        tick.check()
    for reason in page.get_by_label("Why did you unsubscribe?").all():
        reason.fill("Too many mails")
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).first.click()


def test_every_page_is_accessible(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_context(bypass_csp=True, locale="en-GB").new_page()
    pages = every_page()
    faults: dict[str, list[str]] = {}
    for name, address in {**pages, "edition": edition_page(), "archive": "/n/kinaforum/", "all": "/"}.items():
        page.goto(live_server.url + address)
        faults[name] = faults_opened(page)
    for name, address, button in (
        ("asked", pages["subscribe"], "Subscribe"),
        ("welcome", pages["confirm"], "Confirm subscription"),
        ("told why", pages["left"], "Send"),
        ("pause without a day", pages["preferences"], "Pause"),
        ("link on its way", pages["preferences"], "Email me a link"),
        ("saved", pages["me"], "Save"),
        ("forgotten", pages["me"], "Delete my data"),
    ):
        after(page, live_server.url, address, button)
        faults[name] = faults_opened(page)
    page.context.close()
    assert {name: each for name, each in faults.items() if each} == {}
    assert len(faults) == 24


def test_the_longest_excerpt_of_the_latest_edition_is_whole_on_a_phone(page: Page, live_server: LiveServer) -> None:
    edition_page()
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{live_server.url}/n/kinaforum/")
    excerpt = page.locator(".newest .excerpt")
    excerpt.evaluate("(element) => { element.textContent = 'sentences '.repeat(22) }")
    assert excerpt.evaluate("(element) => element.scrollHeight - element.clientHeight") <= 1


def test_forms_with_errors_are_accessible(page: Page, live_server: LiveServer) -> None:
    subscription = add_subscription()
    page.goto(f"{live_server.url}/me/{timed_token(Purpose.ME, subscription.subscriber_id, 3_600)}")
    page.get_by_role("button", name="Change address").click()
    expect(page.get_by_role("alert")).to_have_text("Enter your email address.")
    expect(page.get_by_label("New email address")).to_be_focused()


def test_a_pause_without_a_date_is_explained_at_the_field(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{link_token(add_subscription().pk)}")
    page.get_by_role("button", name="Pause").first.click()
    field = page.get_by_label("Resume on").first
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Choose a date within the next year.")
    assert violations(page) == []


def test_a_consent_names_the_page_that_a_browser_was_on(page: Page, live_server: LiveServer) -> None:
    """The page sends no referrer, so the browser sends a null origin."""
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.get_by_label("Your email address").fill("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert Consent.objects.get().page == "http://localhost:8000/n/kinaforum/subscribe"


@pytest.mark.parametrize("accent", ["#b3261e", "#101010"])
def test_every_letter_is_accessible(browser: Browser, accent: str) -> None:
    """Its button can be read in the dark too, whatever the newsletter's colour."""
    head = letterhead(config.current(), config.current().newsletters["kinaforum"])
    head = replace(head, theme=replace(head.theme, accent=accent))
    subscription = add_subscription()
    written = TransactionalEmail.objects.create(
        kind=EmailKind.WELCOME, subscriber=subscription.subscriber, subscription=subscription
    )
    composed = compose(config.current(), written, Latest("Films of the week", "/n/kinaforum/2026-W06/"))
    assert composed is not None
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.set_content(render_email(composed.template, head, composed.context).html)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    assert violations(page, rules) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, {"runOnly": COLOURS}) == []
    page.close()
