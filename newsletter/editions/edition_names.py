"""Titles for the editions that messages name by their identifiers, such as `kinaforum/2026-W06`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.db.models import F
from django.utils.translation import gettext as _

from newsletter.messages import Message, Param
from newsletter.messages.general import QUOTED
from newsletter.models import Edition

_IDENTIFIER = re.compile(r"[a-z0-9-]{1,40}/[A-Za-z0-9.-]{1,40}")


def titles(messages: Iterable[Message], period: Callable[[Edition], str]) -> Mapping[str, str]:
    """Return the title of each edition that the messages name, by its identifier."""
    return titles_of((text for message in messages for text in _texts(message)), period)


def titles_of(names: Iterable[str], period: Callable[[Edition], str]) -> Mapping[str, str]:
    """Return the title of each edition among the names; other names are left out.

    A title is the subject in quotation marks, as approved or as an editor wrote it, or `period` of an edition without.
    """
    identifiers = {name for name in names if _IDENTIFIER.fullmatch(name)}
    if not identifiers:
        return {}
    newsletters, periods = zip(*(name.split("/") for name in identifiers), strict=True)
    rows = Edition.objects.filter(newsletter__in=newsletters, period__in=periods)
    editions = (e for e in rows.annotate(approved=F("approved_content__subject")) if e.name in identifiers)
    subjects = ((edition, edition.approved or edition.subject) for edition in editions)
    return {e.name: _(QUOTED.english).format(title=title) if title else period(e) for e, title in subjects}


def _texts(value: Param) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Message):
        for _name, param in value.params:
            yield from _texts(param)
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
