"""Readers in a real browser: the whole way, with the keyboard alone, and every page looked at by axe."""

from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from newsletter import config
from newsletter.jobs import approval, underway
from newsletter.jobs.rendering import letterhead
from newsletter.render.letter import letter
from subscribers.letters import Latest, compose
from subscribers.models import Consent, Letter, Subscriber, Subscription
from subscribers.tokens import Purpose, link_token, proof_token, timed_token
from tests.subscribers.make import only_letter, path, subscription
from tests.web import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = Subscription.State
OPEN = "document.querySelectorAll('details').forEach((details) => { details.open = true })"


def press(page: Page, name: str) -> None:
    """With the keyboard: tab on to the button or link of that name, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and focused.inner_text().strip() == name:
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"'{name}' can't be reached by the keyboard")


def test_joining_choosing_and_leaving_with_the_keyboard_alone(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your mail address")).to_be_focused()
    page.keyboard.type("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")

    page.goto(live_server.url + path(only_letter().context["link"]))
    press(page, "Yes, confirm")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    tie = Subscription.objects.get()
    assert tie.state == State.ACTIVE

    page.goto(f"{live_server.url}/p/{link_token(tie.pk)}")
    press(page, "Pause until a day")
    page.keyboard.press("Tab")
    until = timezone.localdate() + timedelta(days=30)
    page.get_by_label("Send again from").first.fill(until.isoformat())
    press(page, "Pause")
    expect(page.get_by_role("status")).to_contain_text("No mail comes before")
    tie.refresh_from_db()
    assert tie.paused_until == until
    press(page, "Send again now")
    expect(page.get_by_role("status")).to_have_text("Mail comes again from now on.")

    page.goto(f"{live_server.url}/u/{link_token(tie.pk)}")
    press(page, "Yes, unsubscribe")
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left Kinaforum")
    tie.refresh_from_db()
    assert tie.state == State.UNSUBSCRIBED


def test_erasing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{link_token(subscription().pk)}")
    page.get_by_role("button", name="Mail me the link").click()
    page.goto(live_server.url + path(only_letter(kind=Letter.Kind.ME).context["link"]))
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("alert")).to_contain_text("Please tick the box")
    page.get_by_label("Yes, erase all that you keep about me").check()
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything is erased")
    assert not Subscriber.objects.exists()


def test_a_mistake_is_found_and_mended(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.get_by_label("Your mail address").fill("kari@reader")
    page.get_by_role("button", name="Subscribe").click()
    field = page.get_by_label("Your mail address")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(
        "This is not a complete mail address. Please write it like name@example.org."
    )
    field.fill("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")


def every_page() -> dict[str, str]:
    """One address for each page that a reader may see."""
    tie, other = subscription(), subscription(newsletter="daily", state=State.PENDING)
    gone = subscription("ola@reader.example", "of-old")
    rests = subscription("per@reader.example")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=timezone.localdate() + timedelta(days=9))
    left = subscription("liv@reader.example", state=State.UNSUBSCRIBED)
    consent = other.consents.create(how="form")
    return {
        "subscribe": "/n/kinaforum/subscribe",
        "confirm": f"/confirm/{timed_token(Purpose.CONFIRM, consent.pk, 60)}",
        "too old": f"/confirm/{timed_token(Purpose.CONFIRM, consent.pk, -1)}",
        "nowhere": "/confirm/nonsense",
        "unsubscribe": f"/u/{link_token(tie.pk)}",
        "left": f"/u/{link_token(left.pk)}",
        "erased": f"/u/{link_token(999)}",
        "proof": f"/u/{proof_token()}",
        "preferences": f"/p/{link_token(tie.pk)}",
        "preferences of one that rests": f"/p/{link_token(rests.pk)}",
        "preferences of one that is gone": f"/p/{link_token(gone.pk)}",
        "me": f"/me/{timed_token(Purpose.ME, tie.subscriber_id, 60)}",
        "me, too old": f"/me/{timed_token(Purpose.ME, tie.subscriber_id, -1)}",
    }


def edition_page() -> str:
    """The address of an edition that has begun to leave."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))
    approval.queue(approval.approve(make.draft("A film", "A book"), by="anna@example.org"))
    underway.begin_due(["kinaforum"], timezone.now() + timedelta(seconds=1))
    return f"/n/kinaforum/{make.PERIOD}/"


def looked_at(page: Page) -> list[str]:
    """What axe finds on the page as it is now; it must be no wider than the window."""
    page.evaluate(OPEN)
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    response = Axe().run(page, options=options).response
    assert len(response["passes"]) > 10, f"axe did not look at {page.url}"
    overlap = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    wide = [f"{overlap} px wider than the window"] if overlap > 0 else []
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in response["violations"]] + wide


def after(page: Page, site: str, address: str, button: str) -> None:
    """Open a page, fill in what it asks for, and press."""
    page.goto(site + address)
    page.evaluate(OPEN)
    if page.get_by_label("Your mail address").count():
        page.get_by_label("Your mail address").fill("new@reader.example")
    for tick in page.get_by_role("checkbox").all():
        tick.check()
    for reason in page.get_by_label("What was the reason?").all():
        reason.fill("Too many mails")
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).first.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_no_page_has_a_barrier(browser: Browser, live_server: LiveServer, width: int, scheme: str) -> None:
    viewport = {"width": width, "height": 800}
    context = browser.new_context(viewport=viewport, color_scheme=scheme, bypass_csp=True, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    found: dict[str, list[str]] = {}
    pages = every_page()
    for name, address in {**pages, "edition": edition_page(), "archive": "/n/kinaforum/", "all": "/"}.items():
        page.goto(live_server.url + address)
        found[name] = looked_at(page)
    for name, address, button in (
        ("asked", pages["subscribe"], "Subscribe"),
        ("welcome", pages["confirm"], "Yes, confirm"),
        ("told why", pages["left"], "Tell the editors"),
        ("pause without a day", pages["preferences"], "Pause"),
        ("link on its way", pages["preferences"], "Mail me the link"),
        ("saved", pages["me"], "Save"),
        ("forgotten", pages["me"], "Erase everything"),
    ):
        after(page, live_server.url, address, button)
        found[name] = looked_at(page)
    context.close()
    assert {name: told for name, told in found.items() if told} == {}
    assert len(found) == 23


def test_a_form_that_was_sent_badly_has_no_barrier(page: Page, live_server: LiveServer) -> None:
    tie = subscription()
    page.goto(f"{live_server.url}/me/{timed_token(Purpose.ME, tie.subscriber_id, 60)}")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_role("alert")).to_have_text("Please write your mail address.")
    expect(page.get_by_label("New mail address")).to_be_focused()


def test_a_pause_without_a_day_is_told_beside_the_day(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/p/{link_token(subscription().pk)}")
    page.locator("summary").first.click()
    page.get_by_role("button", name="Pause").first.click()
    field = page.get_by_label("Send again from").first
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Please choose a day within the next year.")
    told = Axe().run(page).response["violations"]
    assert [v["id"] for v in told] == []


def test_a_consent_names_the_page_that_a_browser_was_on(page: Page, live_server: LiveServer) -> None:
    """The page tells no referrer, so that the browser calls its origin null."""
    page.goto(f"{live_server.url}/n/kinaforum/subscribe")
    page.get_by_label("Your mail address").fill("kari@reader.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert Consent.objects.get().page == "http://localhost:8000/n/kinaforum/subscribe"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#b3261e", "#101010"])
def test_no_letter_has_a_barrier(browser: Browser, scheme: str, accent: str) -> None:
    """Its button can be read in the dark too, whatever the newsletter's colour."""
    head = replace(letterhead(config.current(), config.current().newsletters["kinaforum"]), accent=accent)
    tie = subscription()
    written = Letter.objects.create(kind=Letter.Kind.WELCOME, subscriber=tie.subscriber, subscription=tie)
    composed = compose(written, Latest("Films of the week", "/n/kinaforum/2026-W06/"))
    assert composed is not None
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_content(letter(composed.template, head, composed.context).html)
    told = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response
    context.close()
    assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in told["violations"]] == []
    assert len(told["passes"]) > 3
