"""The sessions of a user, and ending one."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Windows", "Windows"),
    ("Linux", "Linux"),
)
"""What stands in a User-Agent, and what people call it; the first one that is there counts."""
BEGAN, AGENT, ADDRESS = "began", "agent", "address"


def begin(request: HttpRequest) -> None:
    """Remember when, with what and from where this session began."""
    request.session[BEGAN] = timezone.now().isoformat()
    request.session[AGENT] = request.headers.get("User-Agent", "")[:200]
    request.session[ADDRESS] = request.META.get("REMOTE_ADDR", "")


def of(user: User, here: str | None) -> list[dict[str, Any]]:
    """Return the browsers in which a person is logged in, the one with the session `here` first.

    `mark` names the session on a page, and opens nothing.
    """
    places = [
        {
            "mark": _mark(session.session_key),
            "began": datetime.fromisoformat(data[BEGAN]) if data.get(BEGAN) else None,
            "agent": _browser(data.get(AGENT, "")),
            "address": data.get(ADDRESS, ""),
            "here": session.session_key == here,
        }
        for session, data in _sessions(user)
    ]
    return sorted(places, key=lambda place: not place["here"])


def end(user: User, mark: str) -> bool:
    """End one session of this person; says whether there was one."""
    session = next((session for session, _data in _sessions(user) if _mark(session.session_key) == mark), None)
    if session is not None:
        session.delete()
    return session is not None


def _sessions(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    """Yield the sessions of a person that have not run out, with what they hold."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user.pk):
            yield session, data


def _mark(key: str) -> str:
    return blake2b(key.encode(), digest_size=12).hexdigest()


def _browser(agent: str) -> str:
    """Return the browser and system in a User-Agent, as people name them."""
    names = (next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS))
    return " · ".join(filter(None, names)) or agent[:40]
