"""The personal fields of a subscriber: texts that imports, exports, personal data and the profile page have.

To add one, add its column to `Subscriber` with a migration, declare it here, and translate its sentences. The API shows
it once its schema has it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsletter.messages import MessageType, subscriptions as messages
from subscribers.models import Subscriber
from subscribers.pages import LANGUAGES, supported

JOINERS = "\u200c\u200d"
"""Invisible characters that Persian, Indic scripts and emoji need."""


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A personal field, by the name of its column in the database, in exports and in JSON.

    `problem` says on the profile page that a text is longer than `longest`, or not one of the `choices`, if there are
    any. `headers` are those of its column in files of unknown tools (`squeezed`). `choice_of` returns the choice that a
    text in a file means, or "". `only_one` is why several columns are refused; without it they are joined.
    """

    name: str
    label: Promise
    problem: Promise
    headers: tuple[str, ...] = ()
    longest: int = 100
    autocomplete: str = "off"
    choices: Collection[str] = ()
    choice_of: Callable[[str], str] = str
    only_one: MessageType | None = None

    def imported(self, cells: Sequence[str]) -> str:
        """Return what is stored of the cells of a line."""
        return self.choice_of(" ".join(word for cell in cells for word in cell.split()))[: self.longest]

    def entered(self, text: str) -> str:
        """Return what is stored of a person's entry. Raises ValidationError."""
        line = one_line(text)
        if len(line) > self.longest or (self.choices and line not in self.choices):
            raise ValidationError(str(self.problem))
        return line


def one_line(text: str) -> str:
    """Return the text on one line, without unprintable characters."""
    return " ".join("".join(c if c.isprintable() or c in JOINERS else " " for c in text).strip(JOINERS).split())


PERSONAL: Mapping[str, PersonalField] = {
    field.name: field
    for field in (
        PersonalField("name", _("Name"), _("Enter a name of at most 100 characters."), autocomplete="name"),
        PersonalField(
            "language",
            _("Language"),
            _("Choose one of the languages."),
            headers=("language", "lang", "sprak", "sprog", "sprache", "langue", "idioma"),
            choices=LANGUAGES,
            choice_of=supported,
            only_one=messages.TWO_LANGUAGES,
        ),
    )
}


def personal_values(subscriber: Subscriber) -> dict[str, str]:
    """Return a subscriber's personal fields by their names."""
    return {name: getattr(subscriber, name) for name in PERSONAL}
