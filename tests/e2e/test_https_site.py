"""A site whose address is https: Django's own deployment check is clean, browsers are kept on https, and a new address
is in force without a restart.
"""

import http.client
import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import Site
from tests.web.test_bodies import CONFIG, running

OLD, NEW = "brev.example.org", "news.example.org"
HTTPS = CONFIG.replace("http://localhost:8000", f"https://{OLD}") + '[web]\ntrusted_proxies = ["127.0.0.1"]\n'
LOGIN, HOOK = "/desk/login/", "/hooks/postmark/"
pytestmark = pytest.mark.e2e


def test_django_finds_nothing_to_say(site: Callable[[str], Site]) -> None:
    done = site(HTTPS).run("manage", "check", "--deploy", "--fail-level", "WARNING")
    assert "no issues" in done.stdout


def test_browsers_are_told_to_stay_on_https_at_each_address_in_force(site: Callable[[str], Site]) -> None:
    here = site(HTTPS)
    with running(here) as port:
        _expect_secure_cookies(port, OLD)
        assert [_status(port, OLD), _status(port, NEW)] == [200, 400]
        assert _status(port, OLD, "POST", HOOK) == 403, "the webhook has no secret"

        earlier = f'url_previous = ["https://{OLD}"]'
        _change(here.folder / "config.toml", f'url = "https://{OLD}"', f'url = "https://{NEW}"\n{earlier}')
        _expect_secure_cookies(port, NEW)
        assert [_status(port, host) for host in (OLD, NEW, "example.org", f"x.{NEW}")] == [200, 200, 400, 400]
        for scheme in ("https", "http"):  # a proxy that does not say "https" is in front of many a site
            assert _log_in(port, NEW, f"https://{NEW}", scheme) == 401
            assert _log_in(port, OLD, f"https://{OLD}", scheme) == 401
            for origin in (f"https://{OLD}", "https://example.org", "null"):
                assert _log_in(port, NEW, origin, scheme) == 403

        _change(here.folder / "config.toml", earlier, "")
        assert [_status(port, OLD), _status(port, NEW)] == [400, 200]
        assert [_status(port, host, "POST", HOOK) for host in (OLD, NEW)] == [400, 403]
        assert _log_in(port, NEW, f"https://{OLD}", "http") == 403


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def _ask(
    port: int, host: str, scheme: str = "https", method: str = "GET", path: str = LOGIN, body: str = "", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    """The answer to a proxy that passes a request on, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"Host": host, "X-Forwarded-Proto": scheme, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def _status(port: int, host: str, method: str = "GET", path: str = LOGIN) -> int:
    headers = {"Content-Type": "application/json"} if method == "POST" else {}
    return _ask(port, host, method=method, path=path, body="{}" if method == "POST" else "", **headers)[0].status


def _expect_secure_cookies(port: int, host: str) -> None:
    secure, plain = (_ask(port, host, scheme)[0] for scheme in ("https", "http"))
    assert [secure.headers["Strict-Transport-Security"], plain.headers["Strict-Transport-Security"]] == [
        "max-age=31536000",
        None,
    ]
    assert all("; Secure" in answer.headers["Set-Cookie"] for answer in (secure, plain))


def _log_in(port: int, host: str, origin: str, scheme: str) -> int:
    """The status of the form of a page at this host: 401 says that the password is wrong, 403 that the form is."""
    answer, page = _ask(port, host, scheme)
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    cookies = "; ".join(f"{key}={each.value}" for key, each in SimpleCookie(answer.headers["Set-Cookie"]).items())
    fields = {"csrfmiddlewaretoken": token, "email": "admin@example.org", "password": "not the right one"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies, "Origin": origin}
    return _ask(port, host, scheme, "POST", LOGIN, urlencode(fields), **headers)[0].status
