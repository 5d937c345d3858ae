"""Shared by the desk's pages: the frame around them, and problems shown as a sentence."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from newsletter.config import Newsletter
from newsletter.editions.problems import inactivity
from newsletter.editions.titles import subjects
from newsletter.messages import Message, MessageType, Problem, message_of
from newsletter.models import Edition
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.permissions import Role, role
from subscribers.requests import config_of
from subscribers.spreadsheets import escape_formulas


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, section: str = "", status: int = 200
) -> HttpResponse:
    """`desk/<template>.html` in the desk's frame; `section` is the entry of the menu that is marked."""
    user_role = role(request)
    newsletter = context.get("newsletter")
    inactive = inactivity(newsletter) if isinstance(newsletter, Newsletter) else None
    around = {
        "section": section,
        "is_admin": user_role is Role.ADMIN,
        "may_send": user_role >= Role.SENDER,
        "inactive": as_sentence(inactive),
    }
    return render(request, f"desk/{template}.html", {**around, **context}, status=status)


def newsletter_title(request: HttpRequest, name: str) -> str:
    """Return a newsletter's title, or its name if it is no longer configured."""
    newsletter = config_of(request).newsletters.get(name)
    return newsletter.title if newsletter else name


def about(request: HttpRequest, edition: Edition, newsletter: Newsletter, title: str = "") -> dict[str, Any]:
    """Return what every page about an edition shows of it: its subject as title, and its period in words.

    The subject is read unless it is given as `title`.
    """
    return {
        "newsletter": newsletter,
        "edition": edition,
        "title": title or subjects([edition], config_of(request))[edition.pk],
        "period": formatting.period(edition, newsletter.zone),
    }


def revision_of(request: HttpRequest) -> int:
    """Return the revision that the editor was shown, or 404."""
    number = whole_number(request.POST.get("revision", ""))
    if number is None:
        raise Http404("an act on a draft names the revision that was looked at")
    return number


def editor(request: HttpRequest) -> str:
    """Return the address of whoever asks, as the audit log names them."""
    return request.user.get_username()


def zone_of(request: HttpRequest, name: str = "") -> ZoneInfo:
    """Return a newsletter's time zone; that of the first one for pages about none, or about one that was removed."""
    newsletters = config_of(request).newsletters
    return newsletters.get(name, next(iter(newsletters.values()))).zone


@contextmanager
def caught() -> Iterator[list[str]]:
    """Catch a job's refusal: its sentence is appended to the list; any other exception goes its way."""
    problems: list[str] = []
    try:
        yield problems
    except Problem as e:
        problems.append(as_sentence(e))


@contextmanager
def sentences(request: HttpRequest) -> Iterator[None]:
    """Show a problem that is raised as a message on the next page."""
    with caught() as problems:
        yield
    for problem in problems:
        messages.error(request, problem)


def field_of(refused: Problem, fields: Mapping[MessageType, str], usual: str = "form") -> str:
    """Return the field of a form beside which a refusal is shown; "form" is above the form."""
    return next((field for kind, field in fields.items() if kind.matches(refused.message)), usual)


def as_sentence(value: Message | Exception | str | None) -> str:
    """Return a problem's message in the language of the page, with a capital letter and a full stop; "" for none."""
    if isinstance(value, Exception):
        value = message_of(value)
    text = value if isinstance(value, str) else formatting.message(value, timezone.get_current_timezone())
    return formatting.sentence(text) if text else ""


class _Echo:
    """A file for csv.writer that returns each line."""

    def write(self, line: str) -> str:
        return line


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """Return rows as the CSV file of a name, line by line; cells that a spreadsheet would calculate are escaped."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    lines = (str(writer.writerow([escape_formulas(cell) for cell in row])) for row in chain([header], rows))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(chain(["\ufeff"], lines), content_type="text/csv; charset=utf-8", headers=headers)
