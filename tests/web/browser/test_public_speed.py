"""What a reader's browser loads and paints of the public pages: one document, and text as the largest element.

Chromium's PerformanceObserver names the element of the largest contentful paint (LCP). Text is painted with the
document; it waits for nothing else.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Request, Route
from pytest_django.live_server_helper import LiveServer

from tests.subscribers.browser.test_readers import edition_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIMIT = 60_000
OBSERVE = """
window.painted = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.painted.push({ element: entry.element && entry.element.localName, url: entry.url });
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
PAINTED = """(element) => {
  const largest = window.painted[window.painted.length - 1];
  return largest && largest.element === element ? largest : null;
}"""
"""The largest of all that was painted so far, once it is the element that is expected; smaller ones may come first."""


@dataclass(frozen=True)
class Loaded:
    """What was asked for, the bytes of the document, and the largest element."""

    requests: tuple[str, ...]
    size: int
    largest: dict[str, str]


def load(browser: Browser, address: str, width: int, element: str) -> Loaded:
    """Open a page as a new visitor, and wait until such an element is the largest.

    The observer is a script, so the policy that forbids them is left out.
    """
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
    sizes: list[int] = []

    def without_policy(route: Route) -> None:
        response = route.fetch()
        sizes.append(len(response.body()))
        headers = {k: v for k, v in response.headers.items() if k != "content-security-policy"}
        route.fulfill(response=response, headers=headers)

    page, requests = context.new_page(), list[Request]()
    page.on("request", lambda request: requests.append(request))
    page.add_init_script(OBSERVE)
    page.route(address, without_policy)
    page.goto(address)
    largest = page.wait_for_function(PAINTED, arg=element).json_value()
    context.close()
    return Loaded(tuple(each.url for each in requests if "favicon" not in each.url), sizes[0], largest)


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize(("path", "element"), [("/n/kinaforum/", "p"), ("/n/kinaforum/subscribe", "p"), ("", "p")])
def test_the_page_is_one_small_document_with_text_as_its_largest_element(
    browser: Browser, live_server: LiveServer, path: str, element: str, width: int
) -> None:
    sent = edition_page()
    address = live_server.url + (path or sent)
    found = load(browser, address, width, element)
    assert found.requests == (address,)
    assert found.size < LIMIT
    assert found.largest == {"element": element, "url": ""}
