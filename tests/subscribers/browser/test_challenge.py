"""The challenge at sign-up in a browser: solved by its workers, without a script, and where it can't be solved."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from newsletter import config
from subscribers.forms import embedded_form
from subscribers.models import Consent, TransactionalEmail
from tests.subscribers.browser.test_readers import faults_opened
from tests.subscribers.test_challenges import ask_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SUBSCRIBE, CHALLENGE = "/n/kinaforum/subscribe", "**/n/kinaforum/challenge"
HEADING = "Check your inbox"


@pytest.fixture(autouse=True)
def in_force() -> Iterator[None]:
    """The test server serves static files without the version in their addresses."""
    ask_for("on")
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


def sign_up(page: Page, site: str) -> None:
    page.goto(site + SUBSCRIBE)
    page.get_by_label("Your email address").fill("kari@reader.example")
    page.get_by_role("button", name="Subscribe").click()


def test_the_browser_solves_it_by_itself(page: Page, live_server: LiveServer) -> None:
    problems: list[str] = []
    expected = ("/challenge", "/subscribe", "/desk/mark.")  # answered with 403; and the icon, whose name has a version
    page.on(
        "console",
        lambda said: None if any(part in said.location["url"] for part in expected) else problems.append(said.text),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_up(page, live_server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADING, timeout=60_000)
    assert TransactionalEmail.objects.count() == 1
    assert problems == []


def test_so_does_that_of_a_form_on_another_site(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    form = embedded_form(config.current().newsletters["kinaforum"], live_server.url)
    blog = tmp_path / "blog.html"
    blog.write_text(f"<!doctype html><html lang='nb'><title>Blog</title>{form}", "utf-8")
    page.goto(blog.as_uri())
    page.get_by_label("E-postadressen din").fill("kari@reader.example")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sjekk innboksen", timeout=60_000)
    assert Consent.objects.get().language == "nb"


def test_without_scripts_a_button_signs_up(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_up(page, live_server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    expect(page.get_by_text("Checking your browser.")).to_be_hidden()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADING)
    context.close()
    assert TransactionalEmail.objects.count() == 1


@pytest.mark.parametrize("broken", [CHALLENGE, "**/challenge/worker.js"])
def test_the_button_is_shown_if_the_challenge_can_not_be_solved(
    page: Page, live_server: LiveServer, broken: str
) -> None:
    page.route(broken, lambda route: route.abort())
    sign_up(page, live_server.url)
    button = page.get_by_role("button", name="Subscribe")
    expect(button).to_be_visible()
    expect(page.get_by_text("Checking your browser.")).to_be_hidden()
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADING)


def test_the_page_is_accessible(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_context(bypass_csp=True, locale="en-GB").new_page()
    page.route(CHALLENGE, lambda route: None)  # it waits for ever
    sign_up(page, live_server.url)
    expect(page.get_by_text("Checking your browser.")).to_be_visible()
    assert faults_opened(page) == []
    assert re.search("kari@reader.example", page.get_by_role("main").inner_text())
    page.context.close()
