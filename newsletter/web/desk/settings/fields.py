"""The fields of settings pages: how a value of config.toml is shown in a form, and read from it."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"


class Kind(Enum):
    """How a value is typed in."""

    TEXT = auto()
    LONG_TEXT = auto()
    NUMBER = auto()
    DECIMAL = auto()
    CHECKBOX = auto()
    CHOICE = auto()
    LINES = auto()
    DATES = auto()
    SECRET = auto()
    COLOUR = auto()
    DOMAIN_LIMITS = auto()
    CHOICES = auto()
    LINKS = auto()
    SECTIONS = auto()
    TOPICS = auto()


@dataclass(frozen=True, slots=True)
class SettingField:
    """A key below the page's table, such as `theme.accent`. `destination` says where a stored secret is sent to."""

    key: str
    label: Words
    help: Words = ""
    kind: Kind = Kind.TEXT
    choices: tuple[tuple[str, Words], ...] = ()
    required: bool = False
    destination: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """The key in its parts."""
        return tuple(self.key.split("."))


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """A form for one table: `table` is its key, with NAME for the newsletter's name and [] for an item of a list.

    `groups` are the tables inside it whose fields stand together under a title.
    """

    name: str
    title: Words
    table: str
    fields: tuple[SettingField, ...]
    intro: Words = ""
    groups: tuple[tuple[str, Words], ...] = ()


def secret_of(page: SettingsPage, field: SettingField) -> SettingField | None:
    """Return the secret that is sent to the destination that a field names: the one in the same table."""
    table = field.path[0]
    return (
        next((f for f in page.fields if f.kind is Kind.SECRET and f.path[0] == table), None)
        if field.destination
        else None
    )


def as_text(kind: Kind, value: Any) -> str:
    """Write a value of config.toml as a form shows it."""
    if value is None:
        return ""
    if kind in (Kind.LINES, Kind.DATES, Kind.CHOICES):
        return "\n".join(str(each) for each in value) if isinstance(value, list) else str(value)
    if kind is Kind.DOMAIN_LIMITS:
        return "\n".join(_domain_line(domain, limits) for domain, limits in value.items())
    if kind is Kind.LINKS:
        return "\n".join(f"{label} {address}" for label, address in value.items())
    if kind is Kind.SECTIONS:
        return "\n".join(_section_line(section) for section in value)
    if kind is Kind.TOPICS:
        return "\n".join(_topic_line(name, topic) for name, topic in value.items())
    return str(value)


def from_text(kind: Kind, text: str) -> Any:
    """Read what was typed into a form; None for nothing. Raises ValueError if it can't be read."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        return None
    if kind is Kind.NUMBER:
        return int(text)
    if kind is Kind.DECIMAL:
        return float(text)
    if kind is Kind.LINES:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if kind is Kind.DATES:
        return [date.fromisoformat(line.strip()) for line in text.split("\n") if line.strip()]
    if kind is Kind.DOMAIN_LIMITS:
        return dict(_domain_limits(line.split()) for line in text.split("\n") if line.strip())
    if kind is Kind.LINKS:
        return dict(_label_and_address(line) for line in text.split("\n") if line.strip())
    if kind is Kind.SECTIONS:
        return [_section(line) for line in text.split("\n") if line.strip()]
    if kind is Kind.TOPICS:
        return dict(_topic(line) for line in text.split("\n") if line.strip())
    return text


def _label_and_address(line: str) -> tuple[str, str]:
    label, _space, address = line.strip().rpartition(" ")
    if not label:
        raise ValueError(line)
    return label.strip(), address


_PARTS_OF_A_SECTION = ("name", "colour", "heading")


def _section_line(section: Any) -> str:
    return " | ".join(str(section.get(part, "")) for part in _PARTS_OF_A_SECTION).rstrip(" |")


def _section(line: str) -> dict[str, str]:
    parts = [part.strip() for part in line.split("|", 2)]
    return {key: part for key, part in zip(_PARTS_OF_A_SECTION, parts, strict=False) if part}


_LISTS_OF_A_TOPIC = ("categories", "sources", "words")


def _topic_line(name: str, topic: Any) -> str:
    lists = ("; ".join(topic.get(key, ())) for key in _LISTS_OF_A_TOPIC)
    return " | ".join((name, topic.get("title", ""), *lists)).rstrip(" |")


def _topic(line: str) -> tuple[str, dict[str, Any]]:
    name, title, *lists = [part.strip() for part in line.split("|")]
    if len(lists) > len(_LISTS_OF_A_TOPIC):
        raise ValueError(line)
    listed = {key: _items(text) for key, text in zip(_LISTS_OF_A_TOPIC, lists, strict=False)}
    written = {"title": title, **listed}
    return name, {key: value for key, value in written.items() if value}


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(";") if item.strip()]


def _domain_line(domain: str, limits: Any) -> str:
    connections, rate = limits.get("connections", "-"), limits.get("rate", "-")
    return f"{domain} {connections} {rate}".removesuffix(" -").removesuffix(" -")


def _domain_limits(parts: list[str]) -> tuple[str, dict[str, Any]]:
    domain, connections, rate, *more = [*parts, "-", "-"]
    if more not in ([], ["-"], ["-", "-"]):
        raise ValueError(" ".join(parts))
    limits: dict[str, Any] = {} if connections == "-" else {"connections": int(connections)}
    return domain, limits if rate == "-" else {**limits, "rate": rate}
