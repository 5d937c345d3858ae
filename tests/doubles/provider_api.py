"""APIs of email providers as far as sending needs them, on loopback, with faults on request.

It remembers every call with its time (monotonic), body and idempotency key, and every mail that it took, as (address,
text, HTML, headers). `faults` are used up call by call: a status (with Retry-After for 429), "silent" for no answer,
"cut" for a closed connection after the request was read. Addresses that begin with `bad-` are refused, by each
provider in its own words. Merge tags are replaced as each provider does in a mail that was given whole: all of
Mailgun's, the unsubscribe tags of the others.
"""

import base64
import email
import email.policy
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.doubles import provider_calls

KEY = "right-key"
OTHERS = {
    "brevo": {"api_key": "{key}", "api_url": "{url}/brevo/v3/"},
    "mailersend": {"api_token": "{key}", "api_url": "{url}/mailersend/v1/"},
    "mailjet": {"api_key": "{key}", "secret_key": "secret", "api_url": "{url}/mailjet/v3.1/"},
    "mailtrap": {"api_token": "{key}", "api_url": "{url}/mailtrap/api/"},
    "postal": {"api_key": "{key}", "api_url": "{url}/postal/"},
    "scaleway": {"secret_key": "{key}", "project_id": "project", "api_url": "{url}/scaleway/"},
    "sendgrid": {"api_key": "{key}", "api_url": "{url}/sendgrid/v3/"},
    "sparkpost": {"api_key": "{key}", "api_url": "{url}/sparkpost/api/v1/"},
    "unisender_go": {"api_key": "{key}", "api_url": "{url}/unisender/api/v1/"},
}
READ = (
    *("account", "api-quota", "example.org", "apikey", "accounts"),
    *("server", "domains", "emails?page_size=1", "scopes"),
)
TAKEN_OVER = "https://provider.example/unsubscribe"


def settings_of(provider: str, url: str, key: str) -> dict[str, Any]:
    """The table in config.toml of one of `OTHERS`."""
    return {name: value.format(url=url, key=key) for name, value in OTHERS[provider].items()}


@dataclass
class Mail:
    """One mail that the provider took."""

    address: str
    text: str
    html: str
    headers: dict[str, str]


@dataclass
class Api:
    """What happened, and what is to happen."""

    url: str = ""
    calls: int = 0
    times: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    taken: list[Mail] = field(default_factory=list)
    faults: deque[int | str] = field(default_factory=deque)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    called: Callable[[], object] = lambda: None

    def settings(self, provider: str, key: str = KEY) -> dict[str, Any]:
        """The provider's table in config.toml."""
        tables: dict[str, dict[str, Any]] = {
            "mailgun": {"api_key": key, "sender_domain": "example.org", "api_url": f"{self.url}/v3"},
            "postmark": {"server_token": key, "api_url": f"{self.url}/postmark"},
            "resend": {"api_key": key, "api_url": f"{self.url}/resend"},
            "amazon_ses": {
                "client_params": {
                    "endpoint_url": f"{self.url}/ses",
                    "region_name": "eu-north-1",
                    "aws_access_key_id": key,
                    "aws_secret_access_key": "secret",
                }
            },
        }
        if provider in OTHERS:
            return settings_of(provider, self.url, key)
        return tables[provider]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.api.lock:
            self.api.calls += 1
            self.api.times.append(time.monotonic())
            self.api.bodies.append(body)
            self.api.keys.append(_key(self.headers.get("Idempotency-Key"), body))
            self.api.called()
            fault = self.api.faults.popleft() if self.api.faults else None
        if fault == "silent":
            self.api.ended.wait()
            self.close_connection = True
        elif fault == "cut":
            self.close_connection = True
        elif fault is not None:
            self._answer(int(fault), {"message": "a fault", "__type": "Fault"})
        elif not self._known():
            self._answer(403 if "/ses" in self.path else 401, {"message": "who are you", "__type": "AccessDenied"})
        else:
            with self.api.lock:
                self._answer(*self._provider(body))

    def do_GET(self) -> None:
        """What only those with a key may read."""
        with self.api.lock:
            fault = self.api.faults.popleft() if self.api.faults else None
        if fault is not None:
            self._answer(int(fault), {"message": "a fault"})
        elif self.path.rpartition("/")[2] not in READ:
            self._answer(404, {"message": f"no such address: {self.path}"})
        else:
            self._answer(200 if self._known() else 401, {"message": "who are you"})

    def _known(self) -> bool:
        said = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        basic = re.search(r"Authorization: Basic (\S+)", said)
        said += base64.b64decode(basic[1]).decode() if basic else ""
        return KEY in said

    def _provider(self, body: bytes) -> tuple[int, Any]:
        if self.path.endswith("/messages"):
            return self._mailgun(parse_qs(body.decode()))
        if self.path.endswith("/email/batch"):
            return 200, [self._postmark(one) for one in json.loads(body)]
        if self.path.endswith("/emails/batch"):
            return self._resend(json.loads(body))
        if "/ses" in self.path:
            return self._ses(json.loads(body))
        for part, answer in provider_calls.CALLS.items():
            if part in self.path:
                return answer(json.loads(body), self._take_if_good)
        return 404, {"message": f"no such address: {self.path}"}

    def _take_if_good(self, address: str, text: str, html: str, headers: dict[str, str]) -> bool:
        good = not address.startswith("bad-")
        if good:
            self._take(address, text, html, headers)
        return good

    def _mailgun(self, form: dict[str, list[str]]) -> tuple[int, Any]:
        people = [_bare(to) for to in form["to"]]
        if any(address.startswith("bad-") for address in people):
            return 400, {"message": "to parameter is not a valid address"}
        values = json.loads(form["recipient-variables"][0])
        for address in people:

            def filled(text: str, own: dict[str, str] = values[address]) -> str:
                filled = re.sub(r"%recipient\.([\w:-]+)%", lambda found: own.get(found[1], found[0]), text)
                return re.sub(r"%(?:tag_)?unsubscribe_url%", TAKEN_OVER, filled)

            headers = {key[2:]: filled(value[0]) for key, value in form.items() if key.startswith("h:")}
            headers["Subject"] = filled(form["subject"][0])
            text, html = filled(form["text"][0]), filled(form.get("html", [""])[0])
            self.api.taken.append(Mail(address, text, html, headers))
        return 200, {"id": "<batch@mailgun>", "message": "Queued. Thank you."}

    def _postmark(self, one: dict[str, Any]) -> dict[str, Any]:
        address = _bare(one["To"])
        if address.startswith("bad-"):
            return {"ErrorCode": 406, "Message": f"Found inactive addresses: {address}."}
        headers = {h["Name"]: h["Value"] for h in one["Headers"]} | {"Subject": one["Subject"]}
        self._take(address, _braces_filled(one["TextBody"]), _braces_filled(one.get("HtmlBody", "")), headers)
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{len(self.api.taken)}", "To": address}

    def _resend(self, many: list[dict[str, Any]]) -> tuple[int, Any]:
        people = [_bare(one["to"][0]) for one in many]
        if any(address.startswith("bad-") for address in people):
            return 422, {"statusCode": 422, "message": "Invalid `to` field", "name": "validation_error"}
        for address, one in zip(people, many, strict=True):
            headers = one["headers"] | {"Subject": one["subject"]}
            self._take(address, _braces_filled(one["text"]), _braces_filled(one.get("html", "")), headers)
        return 200, {"data": [{"id": f"re-{address}"} for address in people]}

    def _ses(self, request: dict[str, Any]) -> tuple[int, Any]:
        (address,) = request["Destination"]["ToAddresses"]
        if address.startswith("bad-"):
            return 400, {"__type": "BadRequestException", "message": f"Illegal address {address}"}
        raw = base64.b64decode(request["Content"]["Raw"]["Data"])
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
        self._take(
            address,
            plain.get_content() if plain else "",
            rich.get_content() if rich else "",
            {name: str(value) for name, value in mail.items()},
        )
        return 200, {"MessageId": f"ses-{len(self.api.taken)}"}

    def _take(self, address: str, text: str, html: str, headers: dict[str, str]) -> None:
        self.api.taken.append(Mail(address, text, html, headers))

    def _answer(self, status: int, said: Any) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if said is None else "application/json")
        self.send_header("X-Message-Id", "header-1")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any, **__: Any) -> None:
        """Nothing is printed."""


def _key(header: str | None, body: bytes) -> str:
    """The idempotency key of a call: a header of Resend, a part of Brevo's body; "" without one."""
    inside = re.search(rb'"idempotencyKey": ?"([^"]*)"', body)
    return header or (inside[1].decode() if inside else "")


def _braces_filled(text: str) -> str:
    return re.sub(r"\{\{\{? ?(?:pm:unsubscribe_url|RESEND_UNSUBSCRIBE_URL) ?\}?\}\}", TAKEN_OVER, text)


def _bare(mailbox: str) -> str:
    found = re.search(r"<([^<>]+)>$", mailbox)
    return found[1] if found else mailbox


@contextmanager
def running() -> Iterator[Api]:
    """All of them on a free port of loopback."""
    api = Api()
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
