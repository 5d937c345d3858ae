"""What every page of the desk is made with: the frame around it, and one sentence where a job refuses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from newsletter import config
from newsletter.config import Config, Newsletter
from newsletter.models import Edition
from newsletter.web.desk.access import Role, role
from newsletter.web.desk.said import in_words


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, section: str = "", status: int = 200
) -> HttpResponse:
    """`desk/<template>.html` in the desk's frame; `section` is the entry of the menu that is marked."""
    held = role(request)
    around = {"section": section, "is_admin": held is Role.ADMIN, "may_send": held >= Role.SENDER}
    return render(request, f"desk/{template}.html", {**around, **context}, status=status)


def newsletter_of(name: str) -> Newsletter:
    """The newsletter of that name, or 404."""
    found = config.current().newsletters.get(name)
    if found is None:
        raise Http404(f"config.toml has no newsletter '{name}'")
    return found


def edition_of(newsletter: str, period: str) -> Edition:
    """The edition of that name, or 404."""
    found = Edition.objects.filter(newsletter=newsletter, period=period).first()
    if found is None:
        raise Http404(f"there is no edition {newsletter}/{period}")
    return found


def editor(request: HttpRequest) -> str:
    """The address of whoever asks, as the audit log names them."""
    return request.user.get_username()


def settings() -> Config:
    """The configuration in force."""
    return config.current()


def zone() -> ZoneInfo:
    """The time zone of what belongs to no newsletter: that of the first one."""
    return next(iter(config.current().newsletters.values())).zone


@contextmanager
def sentences(request: HttpRequest) -> Iterator[None]:
    """A job's refusal becomes a message on the next page; anything else goes its way."""
    try:
        yield
    except Exception as e:
        if not getattr(e, "is_a_sentence", False):
            raise
        messages.error(request, as_sentence(str(e)))


def as_sentence(text: str) -> str:
    """What a job says, in words of the page: with a full stop, and a capital letter where it does not begin with a name
    (a key, a file, an edition).
    """
    text = in_words(text)
    first = text.partition(" ")[0].rstrip(":")
    capital = text[:1].upper() if first.isalpha() else text[:1]
    return capital + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
