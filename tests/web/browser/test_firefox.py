"""The walk from the log-in to the mails in Debian's Firefox, which lacks some of Chromium's controls, on a phone."""

from pathlib import Path

import pytest

from tests.web.browser.conftest import DAY, EMAIL, PASSWORD, Running
from tests.web.browser.firefox import Firefox, firefox
from tests.web.browser.labels import APPROVE, INTRODUCTION, ONE_POST_NOT_INCLUDED, SEND_NOW_TO_3

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
READERS = ["kari@example.com", "li@example.com", "ola@example.com"]


def test_from_log_in_to_the_mailbox_in_firefox(running_at_first: Running, tmp_path: Path) -> None:
    with firefox(tmp_path) as window:
        window.size(375, 900)
        _set_up(window, running_at_first)
        _draft(window, running_at_first)
        _write(window)
        _preview_and_test(window)
        _send(window)
        assert window.console == []
    assert running_at_first.mailbox.readers == READERS
    body = running_at_first.mailbox.of("kari@example.com")[0].get_body(("html",))
    assert body is not None
    assert "Kjære Kari," in body.get_content()
    assert "Handel: en ny topp" in body.get_content()
    assert "Regn i Shanghai" not in body.get_content()


def _set_up(window: Firefox, running: Running) -> None:
    window.goto(running.setup)
    window.type("Email address", EMAIL)
    window.type("Password", PASSWORD)
    window.click("button", "Create account")
    window.see("Kinaforum", "h2")


def _draft(window: Firefox, running: Running) -> None:
    """Pick a day of the week of the posts, as Firefox shows no control for weeks."""
    window.goto(f"{running.url}/desk/n/kinaforum/")
    window.fill("Period", DAY)
    window.click("button", "Create draft")
    window.see("Week 6, 3–9 February 2025", "main")


def _write(window: Firefox) -> None:
    window.click("summary", "Actions Handelen øker igjen")
    window.click("button", "Edit Handelen øker igjen")
    window.type("Headline", "Handel: en ny topp")
    window.see("Handel: en ny topp", ".post b")
    window.click("summary", "Actions Regn i Shanghai")
    window.click("button", "Remove Regn i Shanghai")
    window.see(ONE_POST_NOT_INCLUDED)
    window.see("Removed “Regn i Shanghai”", "#toast")
    window.click("summary", INTRODUCTION)
    window.type(INTRODUCTION, "Kjære {name|leser}, god helg!")
    window.see("Saved ", "#saved")


def _preview_and_test(window: Firefox) -> None:
    window.click("link", "Preview")
    inside = "() => document.querySelector('#side iframe')?.contentDocument?.body?.innerText ?? ''"
    window.see("Email preview", "#side h2")
    window.until("the introduction in the preview", lambda: "god helg!" in window.evaluate(inside)["value"])
    window.click("button", "More actions")
    window.click("link", "Send a test")
    window.click("button", "Send test")
    window.see(f"Test sent to {EMAIL}.", "[role=status]")
    window.click("link", "Back")


def _send(window: Firefox) -> None:
    window.click("button", APPROVE)
    window.see("Send", "h1")
    window.click("button", SEND_NOW_TO_3)
    window.see("100%", "#live .headline")
