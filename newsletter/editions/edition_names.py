"""Editions by their identifiers, such as `kinaforum/2026-W06`: the edition, and titles for those that messages name."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.db.models import F
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, Param, editions as messages
from newsletter.messages.general import QUOTED
from newsletter.models import Edition

_IDENTIFIER = re.compile(r"[a-z0-9-]{1,40}/[A-Za-z0-9.-]{1,40}")


class NoSuchEdition(Impossible):
    """No edition has that name."""


def find(configuration: Config, name: str) -> Edition:
    """Return the edition `newsletter/period`; raises NoSuchEdition, also if its newsletter is not configured."""
    newsletter, _, period = name.partition("/")
    newsletters = configuration.newsletters
    if newsletter not in newsletters:
        raise NoSuchEdition(messages.NO_NEWSLETTER(name=newsletter, known=tuple(sorted(newsletters))))
    edition = Edition.objects.filter(newsletter=newsletter, period=period).first()
    if edition is None:
        raise NoSuchEdition(messages.NO_EDITION(name=name))
    return edition


def titles(all_messages: Iterable[Message], period: Callable[[Edition], str]) -> Mapping[str, str]:
    """Return the title of each edition that the messages name, by its identifier."""
    return titles_of((text for message in all_messages for text in _texts(message)), period)


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
