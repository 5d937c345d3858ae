"""The real program with a token of its API."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import requests

from newsletter.api.permissions import TokenScope
from tests.conftest import Site
from tests.doubles.ports import free_port

CONFIGURATION = """
[site]
url = "http://127.0.0.1:{port}"
[web]
port = {port}
[delivery]
provider = "file"
[newsletters.kinaforum]
title = "Kinaforum"
language = "en"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""
POST = {
    "newsletter": "kinaforum",
    "url": "https://kinaforum.example/house.html",
    "title": "A house by the sea",
    "markdown": "The house has been empty for years.",
}


@dataclass(frozen=True, slots=True)
class RunningApi:
    """The site, its address, and a token with all scopes."""

    site: Site
    url: str
    token: str
    key: str

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        """Ask the API; names of headers have `_` for `-`."""
        given = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return requests.request(method, f"{self.url}/api/v1{path}", json=body, headers=given, timeout=60)

    def draft(self) -> str:
        """Push a post and draft an edition of it; return the edition's path."""
        self.ask("POST", "/posts", POST).raise_for_status()
        made = self.ask("POST", "/editions", {"newsletter": "kinaforum"})
        made.raise_for_status()
        return f"/editions/kinaforum/{made.json()['period']}"


def run(site: Callable[[str], Site], extra: str = "") -> RunningApi:
    """Start the program with a token, and wait until it answers."""
    port = free_port()
    here, url = site(CONFIGURATION.format(port=port) + extra), f"http://127.0.0.1:{port}"
    scopes: Sequence[str] = [word for scope in TokenScope for word in ("--scope", scope.value)]
    made = here.json("tokens", "add", "the examples", *scopes)
    process = here.start("run", "--allow-local-links")
    while True:
        assert process.poll() is None, process.communicate()[0]
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return RunningApi(here, url, made["token"], made["key"])
        time.sleep(0.1)
