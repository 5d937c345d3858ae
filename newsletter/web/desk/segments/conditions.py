"""A segment as form fields, and as a filter such as `tag = film and joined after 2026-01-01`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from newsletter.config import Newsletter
from newsletter.domain.cadence import CADENCES
from newsletter.web.desk import formatting
from newsletter.web.desk.forms import DeskForm
from subscribers.models import WhereProblem, parse_where

TEXTS, LISTS = ("tags", "without", "languages"), ("frequencies", "topics")
"""The conditions that are typed, and those that are chosen."""


def posted(query: QueryDict) -> dict[str, Any]:
    """Return what a form or a query string has of conditions."""
    return query.dict() | {key: query.getlist(key) for key in LISTS}


def _frequencies(newsletters: Iterable[Newsletter]) -> list[tuple[str, str]]:
    offered = {each for newsletter in newsletters if len(newsletter.offered) > 1 for each in newsletter.offered}
    return [(each, formatting.cadence(each)) for each in CADENCES if each in offered]


def _topics(newsletters: Collection[Newsletter]) -> list[tuple[str, str]]:
    """Return the topics with their titles, and with the newsletter's where there are several."""
    topics: dict[str, str] = {}
    for newsletter in newsletters:
        for name, topic in newsletter.topics.items():
            title = topic.title or name
            topics.setdefault(name, f"{title} ({newsletter.title})" if len(newsletters) > 1 else title)
    return list(topics.items())


class SegmentForm(DeskForm):
    """The conditions of a segment, all of which must hold."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    newsletter = forms.ChoiceField(label=_("Newsletter"))
    tags = forms.CharField(
        label=_("With one of these tags"), help_text=_("Separated by commas."), required=False, max_length=300
    )
    without = forms.CharField(
        label=_("Without these tags"), help_text=_("Separated by commas."), required=False, max_length=300
    )
    languages = forms.CharField(
        label=_("With one of these languages"), help_text=_("Such as nb, en."), required=False, max_length=100
    )
    frequencies = forms.MultipleChoiceField(
        label=_("With one of these frequencies"), required=False, widget=forms.CheckboxSelectMultiple
    )
    topics = forms.MultipleChoiceField(
        label=_("Who get posts of one of these topics"), required=False, widget=forms.CheckboxSelectMultiple
    )
    after = forms.DateField(
        label=_("Subscribed after"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    before = forms.DateField(
        label=_("Subscribed before"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, newsletters: Collection[Newsletter], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._newsletters = {each.name: each for each in newsletters}
        self._offer("newsletter", [(each.name, each.title) for each in newsletters])
        self._offer("frequencies", _frequencies(newsletters))
        self._offer("topics", _topics(newsletters))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Set what can be chosen in a field, which is left out if there is nothing to choose."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        if choices:
            field.choices = choices
        else:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_offered(cleaned)
        try:
            if not parse_where(where(cleaned)).text:
                self.add_error(None, _("Enter at least one condition."))
        except WhereProblem as problem:
            self.add_error(None, str(problem))
        return cleaned

    def _check_offered(self, cleaned: Mapping[str, Any]) -> None:
        """Refuse frequencies and topics that the newsletter doesn't offer: nobody would be in the segment."""
        newsletter = self._newsletters.get(cleaned.get("newsletter", ""))
        if newsletter is None:
            return
        for name, offered in (("frequencies", newsletter.offered), ("topics", newsletter.topics)):
            if any(each not in offered for each in cleaned.get(name, ())):
                self.add_error(name, _("“%(title)s” doesn’t offer this.") % {"title": newsletter.title})

    def conditions(self) -> dict[str, Any]:
        """Return what was filled in, as JSON has it."""
        entered = self.cleaned_data
        words = {key: entered[key] for key in (*TEXTS, *LISTS) if entered.get(key)}
        return words | {key: entered[key].isoformat() for key in ("after", "before") if entered[key]}


def in_words(newsletter: Newsletter, conditions: Mapping[str, Any]) -> list[str]:
    """Return the conditions of a segment as the form calls them, with what was chosen or typed."""
    return [
        f"{SegmentForm.base_fields[key].label}: {_chosen(newsletter, key, conditions[key])}"
        for key in (*TEXTS, *LISTS, "after", "before")
        if conditions.get(key)
    ]


def _chosen(newsletter: Newsletter, key: str, value: Any) -> str:
    if key == "frequencies":
        return ", ".join(formatting.cadence(each) for each in value)
    if key == "topics":
        known = newsletter.topics
        return ", ".join((known[each].title or each) if each in known else each for each in value)
    return formatting.day(date.fromisoformat(value)) if key in ("after", "before") else str(value)


def where(entered: Mapping[str, Any]) -> str:
    """Return the filter for what was filled in; "" for nothing."""
    return " and ".join(_parts(entered))


def _parts(entered: Mapping[str, Any]) -> Iterator[str]:
    for field, key in (("tag", "tags"), ("language", "languages")):
        words = _words(entered.get(key, ""))
        if words:
            alternatives = " or ".join(f'{field} = "{word}"' for word in words)
            yield f"({alternatives})" if words[1:] else alternatives
    yield from (f'tag != "{word}"' for word in _words(entered.get("without", "")))
    for field, key in (("frequency", "frequencies"), ("topic", "topics")):
        alternatives = " or ".join(f"{field} = {name}" for name in entered.get(key) or ())
        if alternatives:
            yield f"({alternatives})" if " or " in alternatives else alternatives
    for how in ("after", "before"):
        if day := entered.get(how):
            yield f"joined {how} {day.isoformat() if isinstance(day, date) else day}"


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := " ".join(part.replace('"', " ").split()))]
