"""Requests with hostile parameters: every address of the site, every parameter that its pages read."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from django.http.response import HttpResponseBase
from django.test import Client
from hypothesis import strategies as st

import newsletter.web
import subscribers
from newsletter.urls import ARCHIVE
from newsletter.web.desk.urls import urlpatterns
from newsletter.web.hooks.provider_views import WEBHOOKS
from tests.web import make

EDITION = f"editions/kinaforum/{make.PERIOD}/"
ASKS_OTHERS = ("deliverability-check", "settings-provider", "logout")
"""Pages that ask DNS or a provider, and the one that would end the session."""
NAMES = (
    *(
        "act",
        "about",
        "address",
        "addresses",
        "at",
        "bare",
        "before",
        "closing",
        "code",
        "consent",
        "dark",
        "data",
        "day",
    ),
    *("despite", "do", "email", "force", "greeting", "how", "kind", "lang", "language", "mark", "meaning", "name"),
    *("newsletter", "next", "note", "old", "out", "page", "password", "period", "place", "post", "preheader", "reader"),
    *("reason", "recovery", "revision", "role", "shown-subject", "state", "status", "subject", "tag", "tags", "text"),
    *("title", "to", "token", "typed", "until", "url", "website", "when", "List-Unsubscribe", "sure"),
)


def _read_by_pages() -> frozenset[str]:
    """The parameters that the code of pages asks for by name."""
    folders = [Path(package.__path__[0]) for package in (newsletter.web, subscribers)]
    texts = [path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py")]
    return frozenset(re.findall(r"\b(?:GET|POST|posted)\.get(?:list)?\(\"([\w-]+)\"", "\n".join(texts)))


ALL_NAMES = sorted({*NAMES, *_read_by_pages()})
NUMBERS = (
    "0",
    "1",
    "-1",
    "9" * 19,
    "9" * 5_000,
    str(2**63),
    str(2**31),
    "٣",
    "²",
    "1e9",
    "0x1",
    "１",
    " 1",
    "1.5",
    "nan",
)
TIMES = (
    *("2026-02-06", "9999-12-31", "0001-01-01", "9999-W53", "0001-W01", "9999-12-31T23:59:59-12:00", "9999-12"),
    *("0001-01-01T00:00+14:00", "2026-02-30", "2026-W06.99999", "24:00", "0000-00-00", "٢٠٢٦-02-06"),
)
TEXTS = (
    *("", "\0", "a\0b", "\ud7ff\ufffe", "\r\nX: y", "{{ 7*7 }}", "{name}", "%s%n", "../../etc/passwd", "<b>&'\"", "‮x"),
    *(
        "x" * 70_000,
        "=1+1",
        "kinaforum",
        "daily",
        "a@b.example",
        "@",
        "http://[::1",
        "//evil.example",
        "http://127.0.0.1:9/",
    ),
    *("javascript:x", "\x1b[0m", "\x0b\x0c\x85\u2028", "😀" * 300, "[" * 3_000, "*" * 3_000, "&#x0;", "\\", "'"),
)
ACTS = (
    *("out 1", f"out {'9' * 19}", f"out {'9' * 5_000}", "move", "day 1", "pin", "up", "rules", "in", "unpin", "down"),
    *("begin", "confirm", "codes", "remove", "admin", "editor", "sends", "link", "factor", "columns", "try", "import"),
    *(
        "pause",
        "resume",
        "stop",
        "resend",
        "tags",
        "leave",
        "suppress",
        "lift",
        "erase",
        "save",
        "join",
        "on",
        "1",
        "en",
    ),
    *("active", "pending", "at", "now", "mail", "editor drafts", "phone", "raw", "text", "One-Click", "week"),
)
VALUES = st.sampled_from((*NUMBERS, *TIMES, *TEXTS, *ACTS)) | st.text(max_size=40) | st.integers().map(str)
SEGMENTS = st.sampled_from((*NUMBERS[:8], "a", "kinaforum", "x" * 300, "\0", "é", "%", "2026-W06", "٢٠٢٦-W06"))


@dataclass(frozen=True)
class Case:
    """One request."""

    method: str
    path: str
    query: str
    body: tuple[tuple[str, str], ...]

    def ask(self, client: Client) -> HttpResponseBase:
        """The answer of the site."""
        address = f"{self.path}?{self.query}"
        if self.method == "GET":
            return client.get(address)
        return client.generic("POST", address, urlencode(self.body, errors="replace"), FORM)


FORM = "application/x-www-form-urlencoded"


def _desk_paths(ids: tuple[int, ...], segment: str) -> list[str]:
    """Every address of the desk, with the things that there are, and once with `segment` in the place of each."""
    paths: list[str] = []
    for pattern in urlpatterns:
        if pattern.name not in ASKS_OTHERS:
            route = str(pattern.pattern)
            real = route.replace("<slug:name>/<period:period>", f"kinaforum/{make.PERIOD}").replace(
                "<slug:name>", "kinaforum"
            )
            for opening in [part for part in real.split("/") if part.startswith("<")]:
                real = real.replace(opening, str(ids[len(paths) % len(ids)]))
            odd = "/".join(segment if part.startswith("<") else part for part in route.split("/"))
            paths += [f"/desk/{real}", f"/desk/{odd}"]
    return paths


def _public_paths(tokens: tuple[str, ...], segment: str) -> list[str]:
    """Readers' pages with tokens that are good and not, the archive, and what machines ask."""
    paths = ["/n/kinaforum/subscribe", f"/n/{segment}/subscribe", "/healthz", "/readyz", "/metrics", f"/l/{segment}"]
    paths += [f"/hooks/{provider}/" for provider in (*WEBHOOKS, segment)]
    for route in [str(pattern.pattern) for pattern in ARCHIVE]:
        real = route.replace("<slug:name>", "kinaforum").replace("<period:period>", make.PERIOD)
        odd = re.sub(r"<[^>]+>", lambda _: segment, real)
        paths += [f"/{odd}", "/" + re.sub(r"<[^>]+>", lambda _: segment, route)]
    return paths + [f"/{kind}/{token}" for kind in ("u", "p", "me", "confirm") for token in (*tokens, segment)]


@st.composite
def cases(draw: st.DrawFn, ids: tuple[int, ...], tokens: tuple[str, ...]) -> Case:
    """Any request to any page."""
    segment = draw(SEGMENTS)
    path = draw(st.sampled_from([*_desk_paths(ids, segment), *_public_paths(tokens, segment)]))
    given_parameters = st.lists(st.tuples(st.sampled_from(ALL_NAMES), VALUES), max_size=5)
    fields = [("revision", draw(st.sampled_from(("1", "2", *NUMBERS)))), ("act", draw(st.sampled_from(ACTS)))]
    query = draw(
        given_parameters.map(lambda given: urlencode(given, errors="replace")) | st.text(max_size=20).map(quote)
    )
    body = (*fields, *draw(given_parameters))
    return Case(draw(st.sampled_from(("GET", "POST"))), quote(path, safe="/%"), query, body)
