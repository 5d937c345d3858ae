"""From an empty folder to a sent edition, entirely in the browser."""

import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from newsletter import config
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.web.browser.conftest import KEPT_TEXTS
from tests.web.browser.empty_folder import EmptyFolder
from tests.web.browser.first_steps import READER, add_subscriber, choose_sender, press_button, send_now
from tests.web.browser.hands import Finger, Hand, Mouse

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
logger = logging.getLogger(__name__)
PATIENCE = 30_000
DAYS_AGO = (2, 3, 5, 30)
"""The age of the posts, of which the last is older than the first edition."""
EXPECTED = {"Ferry 0", "Ferry 1", "Ferry 2"}
TEXT = "<p>The ferry left the harbour before noon, and nobody on the quay had expected it back so soon.</p>"


HEAD = '<meta name="description" content="News from the quay"><meta name="theme-color" content="#00557f">'
BODY = '<header><a href="/"><img class="site-logo" src="/logo.png" alt="A blog" width="240" height="60"></a></header>'


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    now = datetime.now(UTC)
    posts = [Entry(f"p{n}", now - timedelta(days=days), f"Ferry {n}", TEXT) for n, days in enumerate(DAYS_AGO)]
    with BlogServer(posts, HEAD, BODY) as server:
        yield server


@pytest.mark.parametrize("way", [Mouse, Finger])
def test_the_first_edition_has_the_posts_of_the_preview(
    browser: Browser, started: EmptyFolder, blog: BlogServer, way: type[Hand]
) -> None:
    began, hand = time.monotonic(), way(browser)
    with Mailbox() as mailbox:
        hand.page.goto(started.link())
        _find_blog(hand, blog)
        _check_newsletter(hand, blog)
        choose_sender(hand, mailbox.port)
        add_subscriber(hand)
        _check_draft(hand)
        _send_now(hand)
        assert mailbox.recipients.count(READER) == 1
        sent = next(mail for mail in mailbox.mails if mail["To"].endswith(READER))
    body = sent.get_body(("html",))
    assert body is not None
    assert set(re.findall(r"Ferry \d", body.get_content())) == EXPECTED
    assert f'src="{blog.url}/logo.png"' in body.get_content()
    written = config.load(started.folder / "config.toml", {})
    assert (started.folder / "config.toml").stat().st_mode & 0o777 == 0o600
    assert written.newsletters["ferry-news"].sender.address == "news@example.org"
    assert written.delivery.provider == "smtp"
    assert "REPLACE" not in (started.folder / "config.toml").read_text(encoding="utf-8")
    logger.info("%s: %d presses, %.1f s", way.__name__, hand.presses, time.monotonic() - began)


def _find_blog(hand: Hand, blog: BlogServer) -> None:
    page = hand.page
    hand.fill(page.get_by_label("Your blog’s address"), f"{blog.url}/")
    hand.press(page.get_by_label("The blog is on this machine"))
    press_button(hand, "Find my blog")
    expect(page.get_by_text("The preview shows the 3 posts that the first draft will have.")).to_be_visible()


def _check_newsletter(hand: Hand, blog: BlogServer) -> None:
    page = hand.page
    expect(page.get_by_label("Description")).to_have_value("News from the quay")
    expect(page.get_by_label("Logo", exact=True)).to_have_value(f"{blog.url}/logo.png")
    expect(page.get_by_label("Accent colour", exact=True)).to_have_value("#00557f")
    hand.fill(page.get_by_label("Title"), "Ferry news")
    press_button(hand, "Update preview")
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", name="Ferry news")).to_be_visible()
    assert set(re.findall(r"Ferry \d", preview.locator("body").inner_text())) == EXPECTED
    press_button(hand, "Continue")
    expect(page.get_by_label("Sender’s name")).to_have_value("Ferry news")


def _check_draft(hand: Hand) -> None:
    press_button(hand, "Create draft now")
    titles = hand.page.locator("[data-day] .post b")
    expect(titles.first).to_be_visible()
    assert set(titles.all_inner_texts()) == EXPECTED


def _send_now(hand: Hand) -> None:
    """Before the planned time."""
    page = hand.page
    press_button(hand, re.compile("^Approve"))
    hand.press(page.get_by_role("link", name="Send now or change…"))
    hand.press(page.get_by_label("Send now", exact=True))
    send_now(hand)


def test_nothing_else_is_served_before_the_site_is_set_up(started: EmptyFolder) -> None:
    link = started.link()
    origin = "/".join(link.split("/")[:3])
    for path in ("/desk/", "/setup/guessed/", "/n/kinaforum/", "/metrics"):
        answer = requests.get(origin + path, timeout=20)
        assert answer.status_code == 404
        assert link.removeprefix(origin) not in answer.text
    answer = requests.get(origin, timeout=20)
    assert "Set-up isn’t finished" in answer.text
    assert link.removeprefix(origin) not in answer.text
    assert not (started.folder / "config.toml").exists()


def test_mistakes_are_named_and_typed_text_is_kept_except_passwords(
    page: Page, started: EmptyFolder, blog: BlogServer
) -> None:
    page.set_default_timeout(PATIENCE)
    page.on("dialog", lambda dialog: dialog.accept())
    link = started.link()
    page.goto(link)
    page.get_by_label("Your blog’s address").fill(f"{blog.url}/")
    page.get_by_role("button", name="Find my blog").click()
    expect(page.get_by_text("This address is on this machine or on a private network.")).to_be_visible()
    page.get_by_label("The blog is on this machine").check()
    page = _again(page, link)
    expect(page.get_by_text("Unsaved text restored")).to_be_visible()
    expect(page.get_by_label("The blog is on this machine")).to_be_checked()
    page.get_by_role("button", name="Find my blog").click()
    expect(page.get_by_text("We found 4 posts.")).to_be_visible()
    assert page.evaluate(KEPT_TEXTS) == []
    page.get_by_label("Time zone").fill("Europe/Olso")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("did you mean 'Europe/Oslo'?")).to_be_visible()
    page.get_by_label("Time zone").fill("Europe/Oslo")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Postal address").fill("1 Harbour Street")
    _try_providers(page)
    page.get_by_label("Password").fill("secret words")
    assert "secret words" not in page.evaluate("JSON.stringify(localStorage)")
    page = _again(page, f"{link}sending/")
    expect(page.get_by_label("Postal address")).to_have_value("1 Harbour Street")
    expect(page.get_by_label("Provider")).to_have_value("smtp")
    expect(page.get_by_label("Password")).to_have_value("")


def _again(page: Page, link: str) -> Page:
    """The tab goes without a question, as where the browser is killed; another is opened."""
    page.close(run_before_unload=False)
    opened = page.context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.on("dialog", lambda dialog: dialog.accept())
    opened.goto(link)
    return opened


def _try_providers(page: Page) -> None:
    page.get_by_label("Sender’s email address").fill("news@example.org")
    page.get_by_label("Provider").select_option("postal")
    expect(page.get_by_label("SMTP server")).to_be_hidden()
    expect(page.get_by_label("Mailgun: API key")).to_be_hidden()
    page.get_by_role("button", name="Finish").click()
    for label in ("Postal: API key", "Postal: API address"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Postal: API key").fill("key")
    page.get_by_label("Postal: API address").fill("http://127.0.0.1:9/")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("status").filter(has_text="The provider did not answer")).to_be_visible()
    expect(page.get_by_label("Postal: API key")).to_have_value("key")
    page.get_by_label("Provider").select_option("smtp")
    page.get_by_label("SMTP server").fill("127.0.0.1")
    with Mailbox() as mailbox:
        page.get_by_label("Port", exact=True).fill(str(mailbox.port))
        page.get_by_role("button", name="Test the connection").click()
        expect(page.get_by_role("status")).to_contain_text("without encryption or login")
