"""A client of the API with a token, as another program is one."""

import json
from collections.abc import Iterable
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from newsletter import config
from newsletter.api import tokens
from newsletter.api.permissions import TokenScope
from tests.web.make import NOW

EDITION = "/editions/kinaforum/2026-W06"
ALL = tuple(scope.value for scope in TokenScope)


def token(scopes: Iterable[str] = ALL, newsletters: Iterable[str] = ()) -> tokens.CreatedToken:
    """A token with these scopes."""
    return tokens.create(config.current(), "a shop", scopes, newsletters, by="redaksjon@example.org", now=NOW)


class ApiClient:
    """Requests with a token; `last` is the last response."""

    def __init__(self, text: str) -> None:
        self._client, self._text = Client(), text
        self.last: Any = None

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Ask, and return the response; names of headers have `_` for `-`."""
        given = {"Authorization": f"Bearer {self._text}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = json.dumps(body) if body is not None else ""
        self.last = self._client.generic(method, f"/api/v1{path}", data, "application/json", headers=given)
        return self.last

    def get(self, path: str, **headers: str) -> Any:
        """Read, and return the document. Fails unless the status is 200."""
        return self.document(self.ask("GET", path, **headers), 200)

    def post(self, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        """Post, and return the document. Fails unless the status is this one."""
        return self.document(self.ask("POST", path, {} if body is None else body, **headers), status)

    def etag(self, path: str = EDITION) -> str:
        """Return the ETag of an edition."""
        self.get(path)
        return str(self.last["ETag"])

    @staticmethod
    def document(response: HttpResponseBase, status: int) -> Any:
        """Return a response's document. Fails unless the status is this one."""
        content = response.getvalue() if hasattr(response, "getvalue") else b""
        assert response.status_code == status, content.decode()[:500]
        return json.loads(content) if content else None
