"""What tools answer, checked: only answers that fit a tool's schema go on, as rows that are lines of JSON.

Promises: whatever an answer has, it is read, or AccountProblem is raised; a value is no longer than `LONGEST`, but for
the text of an issue and its title. Answers that are large are read in a child process (`newsletter.sandbox`), which
imports this module and little else.
"""

import json
from collections.abc import Sequence
from typing import Annotated, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from newsletter.messages import Problem, tool_accounts as messages

LONGEST = 1_000
"""Characters of a person's values; longer ones are cut."""

LARGEST_NUMBER = 10**9

Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=100)] | Annotated[int, Field(ge=0, lt=2**63)]
A = TypeVar("A", bound="ToolAnswer")


class AccountProblem(Problem):
    """The account can't be read; the message says why."""


class ToolAnswer(BaseModel):
    """An answer of a tool, or a part of one. Fields that are not declared are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class AccountSubscriber(NamedTuple):
    """A person, with the time at which they joined and left, as the tool writes it ("" if it does not say)."""

    address: str
    name: str
    status: str
    joined: str = ""
    left: str = ""
    tags: Sequence[str] = ()

    def to_row(self) -> str:
        """Return the person as a line of JSON."""
        values = [value[:LONGEST] for value in self[:5]]
        return json.dumps([*values, [tag[:LONGEST] for tag in self.tags[:LONGEST]]])


class ListingPage(NamedTuple):
    """A page of a listing: whether it is the last one, how many rows all pages have, and its rows, with their ids."""

    is_last: bool
    total: int
    ids: tuple[str, ...]
    rows: tuple[str, ...]


def checked(tool: str, schema: type[A], body: bytes) -> A:
    """Return an answer. Raises AccountProblem if it does not fit the schema."""
    try:
        return schema.model_validate_json(body)
    except (ValidationError, RecursionError) as e:
        raise AccountProblem(messages.NOT_AN_ANSWER(tool=tool)) from e
