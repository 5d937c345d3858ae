"""Errors are reported to a configured address, and nothing personal with them."""

import gzip
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Log
from newsletter.logs import error_reports

PERSON, ADDRESS, TOKEN = "Kari Nordmann", "kari@reader.example", "u1v2w3x4"

PROGRAM = f"""
import logging, sys
from newsletter.config import Log
from newsletter.logs import error_reports

error_reports.start(Log(sentry_dsn=sys.argv[1]), "1.2.3")
log = logging.getLogger("newsletter.web")
log.warning("a warning is not reported")

def fail(name, address):
    raise ValueError(f"can't greet {{name}} <{{address}}>")

try:
    fail("{PERSON}", "{ADDRESS}")
except ValueError:
    log.exception("greeting %s failed", "{ADDRESS}", extra={{"token": "{TOKEN}"}})
"""


@pytest.fixture
def received() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes reports: the address to report to, and what came."""
    bodies: list[bytes] = []

    class Reports(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reports)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", bodies
    server.shutdown()
    server.server_close()


def _events(bodies: list[bytes]) -> list[Any]:
    """The events of envelopes: a line with headers, then a line with an item's headers before each item."""
    items = [json.loads(line) for body in bodies for line in body.splitlines() if line.startswith(b"{")]
    return [item for item in items if "exception" in item or "logentry" in item]


@pytest.mark.e2e
def test_an_error_is_reported_without_personal_data(received: tuple[str, list[bytes]], tmp_path: Path) -> None:
    address, bodies = received
    done = subprocess.run([sys.executable, "-c", PROGRAM, address], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (event,) = _events(bodies)
    (exception,) = event["exception"]["values"]
    assert (exception["type"], event["release"], event["logger"]) == (
        "ValueError",
        "newsletter@1.2.3",
        "newsletter.web",
    )
    assert [frame["function"] for frame in exception["stacktrace"]["frames"]] == ["<module>", "fail"]
    assert event["logentry"]["message"] == "greeting … failed"
    sent = b"".join(bodies).decode()
    assert [each for each in (PERSON, ADDRESS, "reader.example", TOKEN, "vars") if each in sent] == []


def test_only_known_fields_are_reported() -> None:
    event = {
        "event_id": "1",
        "request": {"url": "http://localhost/u/secret"},
        "user": {"ip_address": "192.0.2.7"},
        "server_name": "host",
        "extra": {"a": 1},
        "breadcrumbs": {},
        "logentry": {"message": "sent to %s", "params": [ADDRESS], "formatted": f"sent to {ADDRESS}"},
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": PERSON,
                    "module": "builtins",
                    "stacktrace": {"frames": [{"function": "f", "lineno": 1, "vars": {"name": PERSON}}]},
                }
            ]
        },
    }
    assert error_reports.without_personal_data(event) == {
        "event_id": "1",
        "logentry": {"message": "sent to …"},
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "module": "builtins",
                    "stacktrace": {"frames": [{"function": "f", "lineno": 1}]},
                }
            ]
        },
    }


def _failure(value: str, function: str = "connect") -> Any:
    frames = [{"filename": "a.py", "function": "run"}, {"filename": "b.py", "function": function}]
    return {"exception": {"values": [{"type": "OperationalError", "value": value, "stacktrace": {"frames": frames}}]}}


def _sentence(words: str, problem: str = "") -> Any:
    return {"logger": "newsletter.services", "logentry": {"formatted": words}, "extra": {"problem": problem}}


def test_a_fault_is_reported_once_in_ten_minutes() -> None:
    now = [0.0]
    reports = error_reports.Reports(lambda: now[0])

    def reported(*events: Any) -> list[bool]:
        return [reports(event, {}) is not None for event in events]

    assert reported(*[_failure(f"port {number} refused") for number in range(30)]) == [True] + [False] * 29
    assert reported(_failure("no such table"), _failure("port 1 refused", "execute")) == [True, True]
    away = [_sentence(f"{name} failed: away; restarting in {pause} s", "away") for name in "ab" for pause in (1, 2)]
    assert reported(*away, _sentence("a failed: full", "full")) == [True, False, False, False, True]
    now[0] = error_reports.SAME_SECONDS - 1
    assert reported(_failure("port 1 refused")) == [False]
    now[0] += 1
    assert reported(_failure("port 1 refused"), _failure("port 1 refused")) == [True, False]


@pytest.mark.e2e
def test_without_an_address_nothing_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from newsletter.config import Log; from newsletter.logs import error_reports;"
        "error_reports.start(Log(), '1'); print('sentry_sdk' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert found.stdout == "False\n"


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(error_reports.CannotReport, match=r"newsletter\[sentry\]"):
        error_reports.start(Log(sentry_dsn="http://key@127.0.0.1:9/1"), "1")
