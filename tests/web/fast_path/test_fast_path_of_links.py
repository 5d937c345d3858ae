"""Counted links that were followed before are answered without Django, as by Django."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.models import ApprovedContent, CountedLink, Edition
from newsletter.web import counted_links
from newsletter.web.metrics.http import requests as request_metrics
from tests.sending import outbox_samples as samples
from tests.web.fast_path.test_fast_path import LANGUAGES, Site

pytestmark = pytest.mark.django_db(transaction=True)

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ADDRESS = "https://blog.example/first?a=1&b=%C3%A6"


@pytest.fixture
def site() -> Site:
    return Site()


def _track(value: str) -> None:
    given = config.current()
    newsletter = replace(given.newsletters["kinaforum"], track=value)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> counted_links.Clicks:
    """The clicks of this test, which nobody stores."""
    found = counted_links.Clicks()
    _track("links")
    monkeypatch.setattr(counted_links, "clicks", lambda: found)
    monkeypatch.setattr(counted_links, "enqueue", lambda *_, **__: True)
    monkeypatch.setattr(counted_links, "_sent", {})
    return found


@pytest.fixture
def path(counted: counted_links.Clicks) -> str:
    """The path of a link of an edition that was sent."""
    edition = samples.queued(began_at=samples.NOW, ended_at=samples.NOW)
    content = ApprovedContent.objects.get(edition=edition)
    CountedLink.objects.create(content=content, token="tokentokentoken1", address=ADDRESS)
    return "/l/tokentokentoken1"


def number_of(counted: counted_links.Clicks) -> int:
    """How many clicks came since the last call."""
    found = counted.take(everything=True)
    counted.stored(found)
    return sum(found.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_known_link_is_answered_as_by_django(site: Site, path: str, language: dict[str, str], scheme: str) -> None:
    first = site.ask("GET", path, scheme=scheme, **language)
    again = site.ask("GET", path, scheme=scheme, **language)
    django = site.ask("GET", path, django=True, scheme=scheme, **language)
    assert (again, site.passed_on) == (django, 1)
    assert first == again
    assert again[0] == 302
    assert again[1]["location"] == ADDRESS
    assert "set-cookie" not in again[1]


def test_clicks_are_counted_as_by_django(site: Site, path: str, counted: counted_links.Clicks) -> None:
    site.ask("GET", path, user_agent="curl/8.5.0")
    assert number_of(counted) == 0
    for agent, count in ((BROWSER, 1), ("curl/8.5.0", 0), ("", 0)):
        site.ask("GET", path, user_agent=agent)
        assert number_of(counted) == count
    site.ask("GET", path, user_agent=BROWSER, sec_purpose="prefetch")
    assert number_of(counted) == 0
    assert site.passed_on == 1
    _track("none")
    assert site.ask("GET", path, user_agent=BROWSER)[0] == 302
    assert number_of(counted) == 0


@pytest.mark.parametrize(
    ("method", "change", "headers"),
    [
        ("HEAD", "", {}),
        ("POST", "", {}),
        ("GET", "x", {}),
        ("GET", "/", {}),
        ("GET", "/https://evil.example/", {}),
        ("GET", "", {"host": "evil.example"}),
    ],
)
def test_unusual_requests_are_left_to_django(
    site: Site, path: str, method: str, change: str, headers: dict[str, str]
) -> None:
    site.ask("GET", path)
    asked = (method, path + change)
    assert site.ask(*asked, **headers) == site.ask(*asked, django=True, **headers)
    assert site.passed_on == 2


def test_links_of_an_edition_that_is_being_sent_are_not_kept(site: Site, path: str) -> None:
    Edition.objects.update(ended_at=None)
    for asked in (1, 2):
        assert site.ask("GET", path)[0] == 302
        assert site.passed_on == asked
    Edition.objects.update(ended_at=timezone.now())


def test_an_address_with_a_line_break_adds_no_header(site: Site, path: str) -> None:
    CountedLink.objects.update(address="https://blog.example/\r\nSet-Cookie: a=b")
    for _ in range(2):
        status, headers, _body = site.ask("GET", path)
        assert status == 500
        assert not {"set-cookie", "location"} & set(headers)


def test_few_links_are_kept(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted_links, "MAXIMUM_KEPT", 1)
    content = ApprovedContent.objects.get()
    CountedLink.objects.create(content=content, token="tokentokentoken2", address=ADDRESS)
    for asked in (path, "/l/tokentokentoken2"):
        site.ask("GET", asked)
    assert list(counted_links._sent) == ["tokentokentoken2"]


def test_answers_are_counted_in_the_metrics(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(request_metrics(), "observe", lambda *given: seen.append(given[:3]))
    for _ in range(2):
        site.ask("GET", path)
    assert seen == [("/l/<str:token>", "GET", 302)] * 2
