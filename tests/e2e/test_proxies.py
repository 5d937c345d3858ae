"""Behind nginx, Apache and Caddy the client's address is right, whatever it claims, and guessing is locked."""

import http.client
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.conftest import Site
from tests.e2e.proxies import SERVERS, proxy
from tests.site_texts import with_daily

CONFIG = with_daily("""
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/"
[web]
trusted_proxies = ["127.0.0.1"]
""")
PASSWORD = "en lang nok setning"
FORGED = ("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "Forwarded", "X-Real-Ip", "Client-Ip", "REMOTE_ADDR")
"""Headers by which a client may try to choose its own address."""
pytestmark = pytest.mark.e2e


@dataclass
class Browser:
    """A client that connects from an address of this machine, with cookies and the token against forgery."""

    port: int
    source: str
    cookies: str = ""

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, forged: str = "") -> tuple[int, str]:
        """The status and the body, or the address that a redirect leads to."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(self.source, 0))
        body = urlencode(fields or {})
        connection.putrequest(method, path, skip_host=True)
        headers = {"Host": "localhost", "Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        for name, value in (
            headers | {"Content-Length": str(len(body))} | dict.fromkeys(FORGED[: 7 * bool(forged)], forged)
        ).items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies += cookie.partition(";")[0] + "; "
        shown = answer.headers.get("Location") or answer.read().decode()
        connection.close()
        return answer.status, shown

    def login(self, password: str, forged: str = "") -> int:
        """The status of trying to log in."""
        page = self.ask("GET", "/desk/login/")[1]
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        fields = {"csrfmiddlewaretoken": token, "email": "admin@example.org", "password": password}
        return self.ask("POST", "/desk/login/", fields, forged)[0]


@pytest.fixture
def running(site: Callable[[str], Site]) -> Iterator[int]:
    """The port of a `newsletter run` with one account."""
    here = site(CONFIG)
    link = re.findall(
        r"http://localhost:8000(\S+)", here.run("users", "add", "admin@example.org", "--role", "admin").stdout
    )[0]
    process = here.start("run", "--port", "0", "--no-schedule", "--no-send")
    try:
        assert process.stdout is not None
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[0])
        newcomer = Browser(port, "127.0.0.1")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', newcomer.ask("GET", urlsplit(link).path)[1])[
            0
        ]
        fields = {"csrfmiddlewaretoken": token, "password": PASSWORD}
        assert newcomer.ask("POST", urlsplit(link).path, fields)[0] == 302
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _networks(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "newsletter.db") as database:
        return [row[0] for row in database.execute("SELECT network FROM subscribers_consent ORDER BY id")]


@pytest.mark.parametrize("name", SERVERS)
def test_the_address_is_the_client_s_and_guessing_is_locked(running: int, tmp_path: Path, name: str) -> None:
    with proxy(name, tmp_path / name, running) as port:
        reader = Browser(port, "127.0.0.2")
        for number, forged in enumerate(("", "9.9.9.9", "127.0.0.1", "unknown", "9.9.9.9, 127.0.0.1")):
            asked = {"address": f"reader{number}@reader.example"}
            assert reader.ask("POST", "/n/daily/subscribe", asked, forged)[0] == 202
        assert _networks(tmp_path) == ["127.0.0.2"] * 5
        guesser = Browser(port, "127.0.0.3")
        statuses = [guesser.login("wrong", forged=f"9.9.9.{number}") for number in range(6)]
        assert statuses == [401] * 5 + [429]
        assert guesser.login(PASSWORD, forged="8.8.8.8") == 429
        assert Browser(port, "127.0.0.4").login(PASSWORD) == 302
