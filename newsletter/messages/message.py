"""A message to a person as data: a code, and the values that its sentence needs.

What a message says is decided where something happens, and how it is said where it is shown: stored, compared and
logged is the code with its values; the sentence is rendered in the reader's language. Pure: no Django.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from string import Formatter
from typing import Any, Protocol, TypeAlias, Union

Param: TypeAlias = Union[str, int, float, datetime, "Message", tuple["Param", ...]]
"""A value in a sentence: text, a number, an instant, a message, or several of them."""

Json: TypeAlias = dict[str, Any]

RECORD_SEPARATOR = "\x1e"
"""What a message in a text column begins with, as in a JSON text sequence (RFC 7464); no server's reply has it."""

_TEXT = "text"
"""The code of words that are shown as they are."""

LONGEST_TEXT = 500
"""The characters of a text parameter that are kept in a text column."""


class Speech(Protocol):
    """A language with its forms of numbers, times and lists."""

    def gettext(self, sentence: str) -> str:
        """Return the translation of a sentence, or the sentence itself."""

    def ngettext(self, singular: str, plural: str, count: float) -> str:
        """Return the translation that fits the count."""

    def number(self, value: float) -> str:
        """Return a number as it is written."""

    def instant(self, at: datetime) -> str:
        """Return a date with the time of day."""

    def listing(self, items: Sequence[str]) -> str:
        """Return several items in one line."""


@dataclass(frozen=True, slots=True)
class English:
    """The sentences as they stand in the catalogue; times are in `zone`."""

    zone: tzinfo = UTC

    def gettext(self, sentence: str) -> str:
        """Return the sentence itself."""
        return sentence

    def ngettext(self, singular: str, plural: str, count: float) -> str:
        """Return the singular for one."""
        return singular if count == 1 else plural

    def number(self, value: float) -> str:
        """Return the digits, with commas between thousands."""
        return f"{value:,}"

    def instant(self, at: datetime) -> str:
        """Return `2026-02-06 18:00`, followed by UTC where that is the zone."""
        return f"{at.astimezone(self.zone):%F %H:%M}" + (" UTC" if self.zone is UTC else "")

    def listing(self, items: Sequence[str]) -> str:
        """Return the items with commas between them."""
        return ", ".join(items)


ENGLISH = English()


@dataclass(frozen=True, slots=True)
class Message:
    """A code of the catalogue and its parameters, by name. `str()` is the English sentence."""

    code: str
    params: tuple[tuple[str, Param], ...] = ()

    def param(self, name: str) -> Param:
        """Return a parameter by its name."""
        return dict(self.params)[name]

    def __str__(self) -> str:
        return render(self)

    def changed(self, change: Callable[[str], str]) -> "Message":
        """Return the message with its text parameters changed."""
        return Message(self.code, tuple((name, _changed(value, change)) for name, value in self.params))

    def renamed(self, old: str, new: str) -> "Message":
        """Return the message with another text in the place of every parameter that is `old`."""
        return self.changed(lambda text: new if text == old else text)

    def to_json(self) -> Json:
        """Return the message as a JSON object, without NUL, which PostgreSQL can't store; `from_json` reads it."""
        return {"code": self.code, "params": {name: _to_json(value) for name, value in self.params}}

    def to_text(self) -> str:
        """Return the message for a text column; `from_text` reads it. Plain words stay as they are, long parameters are
        truncated.
        """
        if self.code == _TEXT:
            return str(self.param("words")).replace("\0", "")
        stored = self.changed(lambda text: text[:LONGEST_TEXT]).to_json()
        return RECORD_SEPARATOR + json.dumps(stored, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class MessageType:
    """A code of the catalogue with its English sentence; calling it makes a message.

    Placeholders are parameters in braces. Where the parameter `count` decides between singular and plural, `plural` is
    the sentence for the plural. A sentence that may follow a name and a colon begins with a small letter and has no
    full stop.
    """

    code: str
    english: str
    plural: str = ""
    count: str = ""
    names: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.code in CATALOGUE:
            raise ValueError(f"there are two messages with the code {self.code}")
        object.__setattr__(self, "names", placeholders(self.english) | placeholders(self.plural))
        CATALOGUE[self.code] = self

    def __call__(self, **params: Param) -> Message:
        if params.keys() != self.names:
            raise TypeError(f"{self.code} takes {sorted(self.names)}, not {sorted(params)}")
        return Message(self.code, tuple(sorted(params.items())))

    def matches(self, message: Message | None) -> bool:
        """Return whether a message is of this type."""
        return message is not None and message.code == self.code


CATALOGUE: dict[str, MessageType] = {}
"""Every type of message by its code; the modules of this package fill it."""


def placeholders(sentence: str) -> frozenset[str]:
    """Return the names in braces."""
    return frozenset(name for _text, name, _format, _conversion in Formatter().parse(sentence) if name)


def from_json(stored: Mapping[str, Any]) -> Message:
    """Return the message that `Message.to_json` wrote."""
    return Message(stored["code"], tuple(sorted((name, _from_json(value)) for name, value in stored["params"].items())))


def from_text(stored: str) -> Message | None:
    """Return the message in a text column, which may also have plain words, such as a server's; None for ""."""
    if stored.startswith(RECORD_SEPARATOR):
        return from_json(json.loads(stored[1:]))
    return _words(stored) if stored else None


def _words(text: str) -> Message:
    return Message(_TEXT, (("words", text),))


def _changed(value: Param, change: Callable[[str], str]) -> Param:
    if isinstance(value, Message):
        return value.changed(change)
    if isinstance(value, tuple):
        return tuple(_changed(part, change) for part in value)
    return change(value) if isinstance(value, str) else value


def _to_json(value: Param) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, str):
        return value.replace("\0", "")
    return [_to_json(part) for part in value] if isinstance(value, tuple) else value


def _from_json(stored: Any) -> Param:
    if isinstance(stored, list):
        return tuple(_from_json(part) for part in stored)
    if isinstance(stored, dict):
        return datetime.fromisoformat(stored["at"]) if "at" in stored else from_json(stored)
    value: str | int | float = stored
    return value


def is_known(message: Message) -> bool:
    """Return whether this version has a message's sentence with these parameters; stored ones may be older."""
    message_type = CATALOGUE.get(message.code)
    return message_type is not None and message_type.names == dict(message.params).keys()


def render(message: Message, speech: Speech = ENGLISH) -> str:
    """Return a message's sentence; of a code that this version doesn't know, the code."""
    message_type = CATALOGUE.get(message.code)
    if message_type is None:
        return message.code
    params = dict(message.params)
    count = params.get(message_type.count)
    if message_type.plural and isinstance(count, (int, float)):
        sentence = speech.ngettext(message_type.english, message_type.plural, count)
    else:
        sentence = speech.gettext(message_type.english)
    return sentence.format(**{name: _rendered(value, speech) for name, value in params.items()})


def _rendered(value: Param, speech: Speech) -> str:
    if isinstance(value, Message):
        return render(value, speech)
    if isinstance(value, datetime):
        return speech.instant(value)
    if isinstance(value, tuple):
        return speech.listing([_rendered(part, speech) for part in value])
    return value if isinstance(value, str) else speech.number(value)


def gettext_noop(sentence: str) -> str:
    """Return the sentence as it is."""
    return sentence


def ngettext_noop(singular: str, plural: str) -> tuple[str, str]:
    """Return both forms of a sentence as they are."""
    return singular, plural


class Problem(Exception):
    """What was asked can't be done; `message` says what, where and what to do, and `str()` is its English sentence."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def message_of(error: BaseException) -> Message:
    """Return an error's message; of an error without one, its words."""
    return error.message if isinstance(error, Problem) else _words(str(error))
