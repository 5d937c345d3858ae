"""Names settings in messages as the settings pages do, by their labels instead of the keys of config.toml."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.messages import Message, Param
from newsletter.messages.general import SETTING, TEXT
from newsletter.web.desk.settings import catalogue

FIELDS = {f"{page.table}.{field.key}": (page, field) for page in reversed(catalogue.PAGES) for field in page.fields}
"""The first page that has a key, and its field there, by the key as documents write it."""


@dataclass(frozen=True, slots=True)
class SettingPlace:
    """Where a setting is changed: its field in words, and the title and the address of its page."""

    label: str
    title: str
    url: str


def with_labels(message: Message) -> Message:
    """Return a message whose settings have the words of the page, in its language."""
    if SETTING.matches(message):
        return TEXT(words=_place(str(message.param("key"))).label)
    return Message(message.code, tuple((name, _labelled(value)) for name, value in message.params))


def title_of(key: str) -> str:
    """Return the title of a setting by its key in config.toml; the key itself if no page has a field for it."""
    try:
        return _place(key).label
    except KeyError:
        return key


def places(message: Message) -> list[SettingPlace]:
    """Return where the settings that a message names are changed, each once."""
    return list(dict.fromkeys(_place(key) for key in _keys(message)))


def _labelled(value: Param) -> Param:
    if isinstance(value, tuple):
        return tuple(_labelled(item) for item in value)
    return with_labels(value) if isinstance(value, Message) else value


def _keys(value: Param) -> Iterator[str]:
    if isinstance(value, Message):
        if SETTING.matches(value):
            yield str(value.param("key"))
        for _name, inner in value.params:
            yield from _keys(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _keys(inner)


def _place(key: str) -> SettingPlace:
    """Return where a setting is changed, by its key in config.toml. Raises KeyError if no page has a field for it."""
    table, _dot, rest = key.partition(".")
    name, _dot, of_newsletter = rest.partition(".")
    page, field = FIELDS[f"newsletters.NAME.{of_newsletter}" if table == "newsletters" else key]
    label = _("“%(field)s” on the page “%(page)s”") % {"field": field.label, "page": page.title}
    if table == "newsletters":
        url = reverse("desk:settings-newsletter", args=[name, page.name])
        return SettingPlace(label, f"{page.title} ({name})", url)
    return SettingPlace(label, str(page.title), reverse("desk:settings-site", args=[page.name]))
