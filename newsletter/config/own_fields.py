"""The tables `[fields.KEY]` of `config.toml`: fields of a site's own that subscribers have, such as a town."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from newsletter.config.fields import Words
from newsletter.config.newsletters import Language
from newsletter.config.tables import Bounds, ConfigTable
from newsletter.messages import Message, configuration as messages

FieldKind = Literal["text", "number", "date", "yes-no", "choice"]
Changer = Literal["subscriber", "editor"]
FIELD_KEY = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_VALUE = 100
MOST_FIELDS = 30

RESERVED = frozenset(
    (
        *("address", "email", "name", "language", "lang", "newsletter", "newsletters", "state", "status", "cadence"),
        *("topic", "topics", "tag", "tags", "joined", "created", "reason", "consent", "frequency", "blocked", "id"),
        *(
            "and",
            "or",
            "not",
            "before",
            "after",
            "since",
            "until",
            "has",
            "no",
            "above",
            "below",
            "this",
            "year",
            "month",
        ),
        *("contains", "exact", "iexact", "gt", "gte", "lt", "lte", "in", "icontains", "startswith", "istartswith"),
        *("endswith", "iendswith", "range", "isnull", "regex", "iregex"),
        *("website", "altcha", "do", "sure", "data", "token", "act", "page", "own", "who", "move", "erase", "text"),
        *("unsubscribed-at", "paused-until", "consent-at", "consent-how", "consent-wording", "consent-language"),
        *("consent-network", "consent-page", "confirmed-at"),
    )
)
"""Keys that another field of a page, a column of an export, a word of filters or a lookup of Django's has."""


@dataclass(frozen=True, kw_only=True)
class OwnField(ConfigTable):
    """A field of one's own. `labels` and `purposes` have what pages in other languages show, by their tags."""

    label: Annotated[str, Bounds(min_length=1, max_length=60)]
    labels: dict[Language, str] = field(default_factory=dict)
    kind: FieldKind = "text"
    choices: Words = ()
    purpose: Annotated[str, Bounds(max_length=300)] = ""
    purposes: dict[Language, str] = field(default_factory=dict)
    changed_by: tuple[Changer, ...] = ("subscriber", "editor")

    def label_in(self, language: str) -> str:
        """Return the label on pages in a language."""
        return _in(language, self.labels) or self.label

    def purpose_in(self, language: str) -> str:
        """Return on pages in a language what the values are for; "" if nothing is said of it."""
        return _in(language, self.purposes) or self.purpose


def _in(language: str, texts: Mapping[str, str]) -> str:
    return texts.get(language) or texts.get(language.partition("-")[0], "")


def problems_of(fields: Mapping[str, OwnField]) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong with fields, each with the key that has it."""
    if len(fields) > MOST_FIELDS:
        yield "fields", messages.TOO_MANY_FIELDS(count=len(fields), most=MOST_FIELDS)
    taken = {key.replace("-", "") for key in RESERVED}  # headers of files are compared without hyphens
    for key, declared in fields.items():
        if not FIELD_KEY.fullmatch(key):
            yield f"fields.{key}", messages.FIELD_KEY()
        elif (squeezed := key.replace("-", "")) in taken:
            yield f"fields.{key}", messages.FIELD_RESERVED(key=key)
        else:
            taken.add(squeezed)
        if declared.kind == "choice" and len(declared.choices) < 2:
            yield f"fields.{key}.choices", messages.FIELD_CHOICES()
        elif declared.kind != "choice" and declared.choices:
            yield f"fields.{key}.choices", messages.FIELD_WITHOUT_CHOICES()
        elif unfit := [choice for choice in declared.choices if not _is_fit(choice)]:
            yield f"fields.{key}.choices", messages.FIELD_CHOICE(choice=unfit[0], most=LONGEST_VALUE)


def _is_fit(choice: str) -> bool:
    is_one_line = choice.isprintable() and choice == " ".join(choice.split())
    return is_one_line and len(choice) <= LONGEST_VALUE and '"' not in choice
