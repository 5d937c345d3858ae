"""Names settings in messages as the settings pages do, by their labels instead of the keys of config.toml."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config.document import KeyPath
from newsletter.messages import Message, Param
from newsletter.messages.general import SETTING, TEXT
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.fields import SettingField, SettingsPage


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
    parts = tuple(key.split("."))
    for page in catalogue.PAGES:
        for field in page.fields:
            if (names := _names(page, field, parts)) is not None:
                return _on_page(page, field, names)
    raise KeyError(key)


def _names(page: SettingsPage, field: SettingField, parts: KeyPath) -> tuple[str, ...] | None:
    """Return the newsletter's name if a key is that of a field of a newsletter, () of another field; None if not."""
    table = tuple(page.table.split("."))
    if len(parts) != len(table) + len(field.path) or parts[len(table) :] != field.path:
        return None
    if any(page_part not in (part, "NAME") for page_part, part in zip(table, parts, strict=False)):
        return None
    return tuple(str(part) for page_part, part in zip(table, parts, strict=False) if page_part == "NAME")


def _on_page(page: SettingsPage, field: SettingField, names: tuple[str, ...]) -> SettingPlace:
    label = _("“%(field)s” on the page “%(page)s”") % {"field": field.label, "page": page.title}
    if names:
        url = reverse("desk:settings-newsletter", args=[*names, page.name])
        return SettingPlace(label, f"{page.title} ({names[0]})", url)
    return SettingPlace(label, str(page.title), reverse("desk:settings-site", args=[page.name]))
