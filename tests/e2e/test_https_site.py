"""A site whose address is https: Django's own deployment check is clean, and browsers are kept on https."""

import http.client
from collections.abc import Callable

import pytest

from tests.conftest import Site
from tests.web.test_bodies import CONFIG, running

HTTPS = CONFIG.replace("http://localhost:8000", "https://brev.example.org") + '[web]\ntrusted_proxies = ["127.0.0.1"]\n'
pytestmark = pytest.mark.e2e


def test_django_finds_nothing_to_say(site: Callable[[str], Site]) -> None:
    done = site(HTTPS).run("manage", "check", "--deploy", "--fail-level", "WARNING")
    assert "no issues" in done.stdout


def _headers(port: int, scheme: str) -> http.client.HTTPMessage:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/desk/login/", headers={"Host": "brev.example.org", "X-Forwarded-Proto": scheme})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200
    return answer.headers


def test_a_browser_is_told_to_stay_on_https(site: Callable[[str], Site]) -> None:
    with running(site(HTTPS)) as port:
        headers = _headers(port, "https")
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "; Secure" in headers["Set-Cookie"]
        plain = _headers(port, "http")
        assert plain["Strict-Transport-Security"] is None
        assert "; Secure" in plain["Set-Cookie"]
