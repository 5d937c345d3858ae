"""Front matter of Markdown files: YAML between `---` (Jekyll, Hugo), or TOML between `+++` (Hugo)."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any

import yaml

from newsletter.feeds.timestamps import is_plausible, parse_date
from newsletter.messages import Problem, sources as messages

_FENCED = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
MAXIMUM_LENGTH = 65_536
"""The most characters that front matter may have; the YAML parser takes about a second for as many."""
_HAS_OFFSET = re.compile(r"(?:[zZ]|[+-]\d{2}:?\d{2}|\b[A-Z]{3,4})\s*\Z")


class FrontMatterProblem(Problem):
    """The front matter can't be read; the message says why."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases: they let a few lines expand without end, or contain themselves."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node. Raises FrontMatterProblem for an alias."""
        if self.check_event(yaml.AliasEvent):
            raise FrontMatterProblem(messages.YAML_ALIAS())
        return super().compose_node(parent, index)


def split(text: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the front matter, its keys in lower case, and the text below; None if a file has none.

    Raises FrontMatterProblem.
    """
    match = _FENCED.match(text.replace("\r\n", "\n").lstrip("\ufeff"))
    if not match:
        return None
    if len(match[2]) > MAXIMUM_LENGTH:
        raise FrontMatterProblem(messages.LONG_FRONT_MATTER(most=MAXIMUM_LENGTH))
    try:
        is_yaml = match[1] == "---"
        data = yaml.load(match[2], _Loader) if is_yaml else tomllib.loads(match[2])  # noqa: S506 - a SafeLoader
        if not isinstance(data, dict):
            raise FrontMatterProblem(messages.NO_KEYS())
        keys = {str(k).lower(): v for k, v in data.items()}
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as e:
        raise FrontMatterProblem(messages.BAD_FRONT_MATTER(cause=_reason(e))) from e
    return keys, match.string[match.end() :]


def _reason(error: Exception) -> str:
    """Return what is wrong and in which line of the file, without the parser's internals."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 2}: {error.problem or error.context}"
    return " ".join(str(error).split())[:160]


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return a date or time of front matter; in `zone` if it has no offset, a date without a time at midnight.

    None if it can't be read, or is not plausible.
    """
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=zone)
        return value if is_plausible(value) else None
    if isinstance(value, date):
        midnight = datetime.combine(value, time(), zone)
        return midnight if is_plausible(midnight) else None
    if not isinstance(value, str) or not (parsed := parse_date(value)):
        return None
    return parsed if _HAS_OFFSET.search(value) else parsed.replace(tzinfo=zone)


def texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them, such as tags and authors (`name` of a table)."""
    if isinstance(value, dict):
        return texts(value.get("name"))
    if isinstance(value, list):
        return tuple(text for entry in value for text in texts(entry))
    return (str(value).strip(),) if isinstance(value, str | int | float) and str(value).strip() else ()
