"""Fields that find a language or a time zone by what is typed: the browser suggests, and names are understood too."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from newsletter.render.words import LANGUAGES

REGIONAL = ("en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-US", "en-ZA", "de-AT", "de-CH", "fr-CA", "pt-PT")
"""Variants of languages whose dates differ, beside the languages with fixed text of their own."""


class SuggestingInput(forms.TextInput):
    """A text field with a list of suggestions, in which the browser searches.

    `suggestions` returns them, each a value with its name, in the language of the page.
    """

    def __init__(self, suggestions: Callable[[], Iterable[tuple[str, str]]]) -> None:
        super().__init__({"autocomplete": "off", "autocapitalize": "none"})
        self._suggestions = suggestions

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        list_id = f"{name}-suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self._suggestions())
        return format_html("{}<datalist{}>{}</datalist>", field, flatatt({"id": list_id}), options)


def languages() -> list[tuple[str, str]]:
    """Return the names of the languages that a newsletter can have, each with all its names: in the language of the
    page, in English and in itself, so that the browser finds it by each.
    """
    page = get_language() or "en"
    return [
        (name, " · ".join({variant.casefold(): variant for variant in _names(tag, page)}.values()))
        for tag, name in _named(page)
    ]


@cache
def _named(page: str) -> tuple[tuple[str, str], ...]:
    tags = sorted({*LANGUAGES, *REGIONAL} - {"en-US"})
    return tuple(sorted(((tag, name_of(tag, page)) for tag in tags), key=lambda pair: pair[1]))


@cache
def _tags(page: str) -> Mapping[str, str]:
    """Return the tags by the names of their languages, in lower case."""
    suggestions: dict[str, str] = {}
    for tag, _ in _named(page):
        for name in _names(tag, page):
            suggestions.setdefault(name.casefold(), tag)
    return suggestions


def _names(tag: str, page: str) -> tuple[str, str, str]:
    return name_of(tag, page), name_of(tag, "en"), name_of(tag, tag)


def name_of(tag: str, page: str) -> str:
    """Return the name of a language in the language of a page: `British English`, `norsk bokmål`."""
    return Locale.parse(tag, sep="-").get_display_name(page.replace("-", "_")) or tag


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones of all territories (CLDR), and UTC."""
    of_territories = {zone for of_territory in get_global("territory_zones").values() for zone in of_territory}
    return tuple(sorted((of_territories & available_timezones()) | {"UTC"}))


def city(zone: str) -> str:
    """Return the city that a time zone is named after: `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


class LanguageField(forms.CharField):
    """A language: its tag such as `nb`, or its name in itself, in English or in the language of the page.

    The page shows the name.
    """

    widget = SuggestingInput(languages)

    def prepare_value(self, value: Any) -> Any:
        """Return the name of a language that is suggested, and other values as they are."""
        return dict(_named(get_language() or "en")).get(value, value)

    def clean(self, value: Any) -> str:
        """Return the tag; what is no known name is left to the check of the configuration."""
        text: str = super().clean(value)
        return _tags(get_language() or "en").get(text.casefold(), text)


class TimeZoneField(forms.CharField):
    """A time zone such as `Europe/Oslo`, or the name of its city."""

    widget = SuggestingInput(lambda: [(zone, city(zone)) for zone in zones()])

    def clean(self, value: Any) -> str:
        """Return the zone; what is no known city is left to the check of the configuration."""
        text: str = super().clean(value)
        return {city(zone).casefold(): zone for zone in zones()}.get(text.casefold(), text)
