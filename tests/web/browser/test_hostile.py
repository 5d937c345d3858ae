"""Posts that got past every cleaning, in a real browser: the frame alone keeps them from doing anything."""

from functools import partial

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.web.browser.conftest import CONSOLE, PERIOD, Running, desk, open_draft
from tests.web.test_preview import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


def _dismiss(seen: list[str], dialog: Dialog) -> None:
    seen.append(dialog.message)
    dialog.dismiss()


def test_nothing_in_a_frame_runs_or_leaves(browser: Browser, shared: Running) -> None:
    context = desk(browser)
    page = context.new_page()
    open_draft(page, shared)
    seen: list[str] = []
    page.on("dialog", partial(_dismiss, seen))
    page.on("popup", lambda popup: seen.append(popup.url))
    page.on("response", lambda response: seen.append(response.url) if "evil.example" in response.url else None)
    page.on("framenavigated", lambda frame: seen.append(frame.url) if "evil.example" in frame.url else None)
    page.route("**/frame/**", lambda route: route.fulfill(response=(r := route.fetch()), body=_tampered(r.text())))
    for kind in ("phone", "desktop"):
        page.goto(f"{shared.url}/desk/editions/kinaforum/{PERIOD}/preview/?kind={kind}")
        expect(page.frame_locator("iframe").get_by_text("over everything")).to_be_attached()
        page.wait_for_load_state("networkidle")
        assert page.url.endswith(f"kind={kind}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Preview")
    assert seen == []
    assert CONSOLE
    CONSOLE.clear()  # what the browser says of all that it refused


def _tampered(html: str) -> str:
    """The mail with every hostile thing just before its end, as if nothing had cleaned it."""
    return html.replace("</body>", "".join(HOSTILE) + "</body>")
