"""What a cell of a file says of an own field, as it is stored: files write days and answers in more ways than forms."""

from typing import Final

from django.core.exceptions import ValidationError

from newsletter.messages import MessageType, Problem, subscriptions as messages
from subscribers.importing import vocabulary
from subscribers.importing.dates import BadDate, DateOrder, moment
from subscribers.personal_fields import NO, YES, PersonalField

_MESSAGES: Final[dict[str, MessageType]] = {
    "text": messages.VALUE_TOO_LONG,
    "number": messages.VALUE_NO_NUMBER,
    "yes-no": messages.VALUE_NO_ANSWER,
    "choice": messages.VALUE_NO_CHOICE,
}


class BadValue(Problem):
    """A cell has no value of the field's kind; the person is imported without it."""


def own_value(field: PersonalField, text: str, order: DateOrder) -> str:
    """Return what is stored of a text on one line. Raises BadValue."""
    if field.kind == "date":
        try:
            at = moment(text, order, future=True, past=True)
        except BadDate as problem:
            raise BadValue(problem.message) from problem
        return at.date().isoformat() if at else ""
    if field.kind == "yes-no":
        text = _answer(text)
    elif field.kind == "choice":
        text = next((choice for choice in field.choices if choice.casefold() == text.casefold()), text)
    try:
        return field.entered(text)
    except ValidationError:
        raise BadValue(_MESSAGES[field.kind](field=field.name, text=text[:50])) from None


def _answer(text: str) -> str:
    word = vocabulary.state_word(text)
    return YES if word in vocabulary.YES else NO if word in vocabulary.NO else text
