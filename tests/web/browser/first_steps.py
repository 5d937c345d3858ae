"""The steps from an empty folder that every newsletter has in common, in any way to use a page."""

import re

from playwright.sync_api import expect

from tests.web.browser.conftest import EMAIL, PASSWORD
from tests.web.browser.hands import Hand
from tests.web.browser.labels import EMAIL_ADDRESS

READER = "reader@example.com"


def press_button(hand: Hand, name: str | re.Pattern[str]) -> None:
    """Press the button of that name."""
    hand.press(hand.page.get_by_role("button", name=name))


def choose_sender(hand: Hand, smtp: int) -> None:
    """Fill in the last page of the set-up, and create the account."""
    page = hand.page
    hand.fill(page.get_by_label("Sender’s email address"), "news@example.org")
    hand.fill(page.get_by_label("Postal address"), "1 Harbour Street")
    hand.fill(page.get_by_label("Your email address"), EMAIL)
    hand.choose(page.get_by_label("Provider"), "Mail server, by SMTP")
    hand.fill(page.get_by_label("SMTP server"), "127.0.0.1")
    hand.fill(page.get_by_label("Port", exact=True), str(smtp))
    press_button(hand, "Finish")
    page.wait_for_url("**/desk/setup/**", timeout=120_000)
    expect(page.get_by_label(EMAIL_ADDRESS)).to_have_value(EMAIL)
    hand.fill(page.get_by_label("Password"), PASSWORD)
    press_button(hand, "Create account")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def go_to(hand: Hand, section: str) -> None:
    """Follow a link of the desk's menu, which a phone shows after a tap."""
    if hand.width < 640:
        press_button(hand, "Menu")
    hand.press(hand.page.get_by_role("navigation", name="Desk").get_by_role("link", name=section))


def add_subscriber(hand: Hand) -> None:
    """Add the reader, and go back to the first page."""
    page = hand.page
    go_to(hand, "Subscribers")
    hand.press(page.locator("summary", has_text="Add a subscriber"))
    hand.fill(page.get_by_label("Email addresses"), READER)
    hand.fill(page.get_by_label("When and where they agreed"), "asked for it on the quay")
    press_button(hand, "Add subscriber")
    expect(page.get_by_text(READER).first).to_be_visible()
    go_to(hand, "Editions")


def send_now(hand: Hand) -> None:
    """Send the edition, and wait until it is sent."""
    press_button(hand, re.compile("^Send now to 1 "))
    expect(hand.page.locator("#live")).to_contain_text("Sent", timeout=120_000)
