"""Every address of the desk that answers with a page logs nothing in the browser's console."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from newsletter.web.desk.settings.catalogue import NEWSLETTER_PAGES, SITE_PAGES
from newsletter.web.desk.urls import urlpatterns
from tests.web.browser.conftest import PERIOD, Running, desk, make_draft, set_up
from tests.web.browser.labels import APPROVE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
SECTIONS = {
    "settings-site": [page.name for page in SITE_PAGES],
    "settings-newsletter": [page.name for page in NEWSLETTER_PAGES],
}
VALUES = {
    "name": "kinaforum",
    "period": PERIOD,
    "post": 1,
    "pk": 1,
    "number": 1,
    "token": "token",
    "key": "key",
    "design": "letter",
}


def _addresses() -> Iterator[str]:
    for route in urlpatterns:
        wanted = route.pattern.converters
        for section in SECTIONS.get(str(route.name), [""]):
            values = {key: VALUES[key] if key != "section" else section for key in wanted}
            yield reverse(f"desk:{route.name}", kwargs=values)


def test_no_page_logs_an_error_or_a_warning(browser: Browser, running_at_first: Running) -> None:
    """Each is made narrow after it was loaded."""
    page = desk(browser).new_page()
    size = page.viewport_size
    assert size
    set_up(page, running_at_first)
    make_draft(page, running_at_first)
    expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()
    shown = []
    for address in _addresses():
        answer = page.request.get(running_at_first.url + address)
        whole = "<!doctype html>" in answer.text()[:200].lower()
        if answer.status == 200 and whole and answer.url == running_at_first.url + address:
            page.set_viewport_size(size)
            page.goto(answer.url)
            page.wait_for_load_state("networkidle")
            page.set_viewport_size({**size, "width": 375})
            page.wait_for_function("innerWidth === 375")
            shown.append(address)
    assert len(shown) > 20
    page.context.close()
