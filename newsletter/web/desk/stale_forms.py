"""Compare what a form showed with the present state, before its button does something that can't be undone.

A form carries what it showed in hidden fields. A request whose fields differ from the present state, or that lacks
them, changes nothing and is answered with the differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from newsletter.editions.problems import Impossible
from newsletter.models import State
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting

TOLERATED_SHARE = 0.01
"""A number of subscribers may have changed by this share: a large list changes while its editor reads the page."""


class Changed(Impossible):
    """What the form showed is out of date; each of `differences` is a sentence."""

    def __init__(self, differences: list[str]) -> None:
        self.differences = differences
        super().__init__(
            " ".join([_("This has changed since you opened the page, so nothing was done."), *differences])
        )


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A hidden field: its name, what it showed, and what it would show now; the last two as a person reads them."""

    label: str
    before: str
    now: str
    same: bool


def check(*facts: ShownFact) -> None:
    """Raise Changed unless every fact is as it was shown."""
    differences = [
        _("%(what)s: %(before)s before, %(now)s now.")
        % {"what": f.label, "before": f.before or "–", "now": f.now or "–"}
        for f in facts
        if not f.same
    ]
    if differences:
        raise Changed(differences)


def recipients(posted: QueryDict, now: int) -> ShownFact:
    """Return the number of subscribers in the field `readers`; small changes of a large list are tolerated."""
    before = whole_number(posted.get("readers", ""))
    same = before is not None and abs(now - before) <= before * TOLERATED_SHARE
    return ShownFact(
        _("Subscribers"), "" if before is None else formatting.number(before), formatting.number(now), same
    )


def count(posted: QueryDict, label: str, now: int) -> ShownFact:
    """Return a number in the field `count`, exactly."""
    value = posted.get("count", "")
    return ShownFact(label, value[:20], formatting.number(now), value == str(now))


def state(posted: QueryDict, now: str) -> ShownFact:
    """Return an edition's state in the field `state`."""
    value = posted.get("state", "")
    return ShownFact(
        _("Status"), formatting.state(value) if value in State.values else "", formatting.state(now), value == now
    )


def text(posted: QueryDict, key: str, label: str, now: str, names: Mapping[str, str] | None = None) -> ShownFact:
    """Return a field with text; `names` has the titles of values that have one."""
    value, titles = posted.get(key, ""), names or {}
    return ShownFact(label, titles.get(value, value[:254]), titles.get(now, now), value == now)
