"""How often, which topics, a pause: chosen in a browser on a phone, and by the keyboard alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from newsletter.config import CadenceSettings, Topic
from subscribers.models import Subscription
from subscribers.tokens import link_token
from tests.accessibility import faults
from tests.factories import configured
from tests.subscribers.browser.test_readers import WCAG
from tests.subscribers.make import add_subscription, only_email, path

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALLEST_TARGET = 24
"""Pixels that can be tapped (WCAG 2.2, 2.5.8)."""


@pytest.fixture(autouse=True)
def _with_choices() -> None:
    topics = {
        "film": Topic(title="Films and series", categories=("film",)),
        "books": Topic(categories=("books",)),
    }
    configured(cadences=("week", "day"), cadence={"day": CadenceSettings()}, topics=topics, language="en")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page on a small phone, without a mouse or a keyboard."""
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True, bypass_csp=True, locale="en-GB")
    yield context.new_page()
    context.close()


def accessible(page: Page) -> None:
    """Fail if axe finds something on the page, or if it is wider than the window."""
    assert faults(page, WCAG) == []


def tap(target: Locator) -> None:
    """Tap something that is large enough for a finger."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= SMALLEST_TARGET
    target.tap()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} can't be reached by the keyboard")


def subscription() -> Subscription:
    """Return the only subscription as it is now."""
    return Subscription.objects.get()


def test_choosing_at_sign_up_and_later_on_a_phone(phone: Page, live_server: LiveServer) -> None:
    phone.goto(f"{live_server.url}/n/kinaforum/subscribe")
    accessible(phone)
    phone.get_by_label("Your email address").fill("kari@reader.example")
    tap(phone.locator("label", has_text="Every day"))
    tap(phone.locator("label", has_text="Films and series"))
    tap(phone.get_by_role("button", name="Subscribe"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    phone.goto(live_server.url + path(only_email().context["link"]))
    tap(phone.get_by_role("button", name="Confirm subscription"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("You're subscribed")
    assert (subscription().state, subscription().cadence, subscription().topics) == ("active", "day", "film")

    phone.goto(f"{live_server.url}/p/{link_token(subscription().pk)}")
    accessible(phone)
    expect(phone.get_by_label("Every day")).to_be_checked()
    expect(phone.get_by_label("Films and series")).to_be_checked()
    tap(phone.locator("label", has_text="Every week"))
    tap(phone.get_by_role("button", name="Save", exact=True).first)
    expect(phone.get_by_role("status")).to_be_visible()
    accessible(phone)
    tap(phone.locator("label", has_text="Films and series"))
    tap(phone.locator("label", has_text="books"))
    tap(phone.get_by_role("button", name="Save", exact=True).first)
    expect(phone.get_by_role("status")).to_contain_text("You get posts about: books")
    expect(phone.get_by_label("Films and series")).not_to_be_checked()
    expect(phone.get_by_label("books")).to_be_checked()
    accessible(phone)
    assert (subscription().cadence, subscription().topics) == ("week", "books")

    phone.get_by_label("Resume on").fill((timezone.localdate() + timedelta(days=30)).isoformat())
    tap(phone.get_by_role("button", name="Pause"))
    expect(phone.get_by_role("status")).to_contain_text("Paused until")
    accessible(phone)
    tap(phone.get_by_role("button", name="Unsubscribe", exact=True))
    expect(phone.get_by_role("status")).to_contain_text("You've unsubscribed.")
    accessible(phone)
    assert subscription().state == "unsubscribed"


def test_choosing_at_sign_up_with_the_keyboard(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    tab_to(page, page.get_by_label("Your email address"))
    page.keyboard.type("kari@reader.example")
    tab_to(page, page.get_by_label("Every week"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Every day")).to_be_checked()
    tab_to(page, page.get_by_label("Films and series"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Subscribe"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert subscription().state == "pending"
    page.goto(live_server.url + path(only_email().context["link"]))
    tab_to(page, page.get_by_role("button", name="Confirm subscription"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You're subscribed")
    assert (subscription().state, subscription().cadence, subscription().topics) == ("active", "day", "film")


def test_choosing_later_with_the_keyboard(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{link_token(add_subscription().pk)}")
    tab_to(page, page.get_by_label("Every week"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Save", exact=True).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    assert subscription().cadence == "day"
    tab_to(page, page.get_by_label("books"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Save", exact=True).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You get posts about: books")
    expect(page.get_by_label("books")).to_be_checked()
    assert subscription().topics == "books"
    tab_to(page, page.get_by_label("books"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Save", exact=True).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You get all posts")
    expect(page.get_by_label("books")).not_to_be_checked()
    assert subscription().topics == ""
