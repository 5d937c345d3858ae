"""The sessions of a user, and ending one."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

MACHINES = (("Mac OS", "macOS"), ("Windows", "Windows"), ("Linux", "Linux"))
BEGAN, AGENT, ADDRESS = "began", "agent", "address"


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A browser in which somebody is logged in; `mark` names its session on a page, and opens nothing."""

    mark: str
    began: datetime | None
    agent: str
    address: str
    here: bool


def begin(request: HttpRequest) -> None:
    """Remember when, with what and from where this session began."""
    request.session[BEGAN] = timezone.now().isoformat()
    request.session[AGENT] = request.headers.get("User-Agent", "")[:200]
    request.session[ADDRESS] = request.META.get("REMOTE_ADDR", "")


def of(user: User, here: str | None) -> list[LoginSession]:
    """Return all sessions of a person that have not run out, this one first."""
    places = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user.pk):
            began = data.get(BEGAN)
            places.append(
                LoginSession(
                    mark=_mark(session.session_key),
                    began=datetime.fromisoformat(began) if began else None,
                    agent=_browser(data.get(AGENT, "")),
                    address=data.get(ADDRESS, ""),
                    here=session.session_key == here,
                )
            )
    return sorted(places, key=lambda place: not place.here)


def end(user: User, mark: str) -> bool:
    """End one session of this person; says whether there was one."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if _mark(session.session_key) == mark and session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
            return True
    return False


def _mark(key: str) -> str:
    return blake2b(key.encode(), digest_size=12).hexdigest()


def _browser(agent: str) -> str:
    """Return the browser and system in a User-Agent, as people name them."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), *MACHINES)
    browser = next((name for mark, name in browsers if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or agent[:40]
