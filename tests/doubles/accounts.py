"""Ghost's Admin API and listmonk's API as far as moving in needs them, on loopback, after their documents.

Both check the key of each request as their documents say, and remember what was asked. `faults` are used up request by
request: a status, or an event that the answer waits for.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GHOST_ID, GHOST_SECRET = "6748592f4b9b7700010f6564", "b1b5b9c1d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1"
GHOST_KEY, LISTMONK_KEY = f"{GHOST_ID}:{GHOST_SECRET}", "mover:s3cret-token"
Json = dict[str, Any]


@dataclass
class Account:
    """What an installation has, what it was asked, and what is to go wrong."""

    url: str = ""
    port: int = 0
    rows: dict[str, list[Json]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    faults: deque[int | threading.Event] = field(default_factory=deque)
    total_more: int = 0


@contextmanager
def running(tool: str, account: Account) -> Iterator[Account]:
    """Run `ghost` or `listmonk` with an account."""
    answer = {"ghost": _ghost, "listmonk": _listmonk}[tool]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            account.asked.append(self.path)
            fault = account.faults.popleft() if account.faults else 200
            if isinstance(fault, threading.Event):
                fault.wait(30)
                fault = 200
            authorization = self.headers.get("Authorization", "")
            status, document = answer(account, self.path, authorization) if fault == 200 else (fault, {})
            body = json.dumps(document).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except BrokenPipeError:
                return  # whoever asked was killed

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", account.port), Handler)
    server.daemon_threads = True
    account.port = server.server_port
    account.url = f"http://127.0.0.1:{account.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()


def _ghost(account: Account, path: str, authorization: str) -> tuple[int, Json]:
    scheme, _space, token = authorization.partition(" ")
    if scheme != "Ghost" or not _is_valid(token):
        return 401, {"errors": [{"message": "Invalid token"}]}
    parts = urlsplit(path)
    prefix = "/ghost/api/admin/"
    name = parts.path.removeprefix(prefix).rstrip("/")
    if not parts.path.startswith(prefix) or name not in account.rows:
        return 404, {}
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    size, page = min(int(asked.get("limit", 15)), 100), int(asked.get("page", 1))
    rows = account.rows[name]
    if name == "posts":
        rows = [each for each in rows if each["status"] in ("published", "sent")]
    total = len(rows) + (account.total_more if name == "members" else 0)
    pages = max(1, -(-len(rows) // size))
    pagination = {"page": page, "limit": size, "pages": pages, "total": total, "next": None, "prev": None}
    return 200, {name: rows[(page - 1) * size : page * size], "meta": {"pagination": pagination}}


def _is_valid(token: str) -> bool:
    """Return whether a token has the form that Ghost's documents describe, and was signed with the secret."""
    head, body, mac = token.split(".")
    signed = hmac.new(bytes.fromhex(GHOST_SECRET), f"{head}.{body}".encode(), hashlib.sha256).digest()
    header, claims = json.loads(_octets(head)), json.loads(_octets(body))
    return (
        hmac.compare_digest(signed, _octets(mac))
        and header == {"alg": "HS256", "typ": "JWT", "kid": GHOST_ID}
        and claims["aud"] == "/admin/"
        and claims["exp"] - claims["iat"] <= 300
        and claims["iat"] - 5 <= time.time() < claims["exp"]
    )


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _listmonk(account: Account, path: str, authorization: str) -> tuple[int, Json]:
    if authorization != "Basic " + base64.b64encode(LISTMONK_KEY.encode()).decode():
        return 403, {"message": "invalid session"}
    parts = urlsplit(path)
    name = parts.path.removeprefix("/api/")
    if name not in account.rows:
        return 404, {"message": "Not Found"}
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    rows = account.rows[name]
    if "list_id" in asked:
        rows = [each for each in rows if any(own["id"] == int(asked["list_id"]) for own in each["lists"])]
    if "status" in asked:
        rows = [each for each in rows if each["status"] == asked["status"]]
    size, page = asked.get("per_page", "20"), int(asked.get("page", 1))
    number = len(rows) if size == "all" else int(size)
    results = rows[(page - 1) * number : page * number]
    return 200, {"data": {"results": results, "query": "", "total": len(rows), "per_page": number, "page": page}}
