"""Titles for the editions that messages name by their identifiers, such as `kinaforum/2026-W06`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext as _

from newsletter.messages import Message, Param
from newsletter.messages.general import QUOTED
from newsletter.models import ApprovedContent, Edition

_IDENTIFIER = re.compile(r"[a-z0-9-]{1,40}/[A-Za-z0-9.-]{1,40}")


def titles(messages: Iterable[Message], period: Callable[[Edition], str]) -> Mapping[str, str]:
    """Return the title of each edition that the messages name, by its identifier, in at most two queries."""
    return titles_of((text for message in messages for text in _texts(message)), period)


def titles_of(names: Iterable[str], period: Callable[[Edition], str]) -> Mapping[str, str]:
    """Return the title of each edition among the names; other names are left out.

    A title is the subject in quotation marks, as approved or as an editor wrote it, or `period` of an edition without.
    """
    identifiers = {name for name in names if _IDENTIFIER.fullmatch(name)}
    if not identifiers:
        return {}
    conditions = (Q(newsletter=newsletter, period=period) for newsletter, period in (n.split("/") for n in identifiers))
    editions = list(Edition.objects.filter(reduce(or_, conditions)))
    contents = ApprovedContent.objects.filter(edition__in=editions) if editions else ApprovedContent.objects.none()
    approved = dict(contents.values_list("edition_id", "subject"))
    subjects = {edition: approved.get(edition.pk) or edition.subject for edition in editions}
    return {e.name: _(QUOTED.english).format(title=title) if title else period(e) for e, title in subjects.items()}


def _texts(value: Param) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Message):
        for _name, each in value.params:
            yield from _texts(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each)
