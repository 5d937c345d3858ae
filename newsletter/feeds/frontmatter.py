"""What stands above a Markdown file's text: YAML between `---` (Jekyll, Hugo), or TOML between `+++` (Hugo)."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any

import yaml

from newsletter.feeds.dates import parse_date

_FENCED = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HAS_OFFSET = re.compile(r"(?:[zZ]|[+-]\d{2}:?\d{2}|\b[A-Z]{3,4})\s*\Z")


class FrontMatterProblem(Exception):
    """The front matter can't be read; the text says why."""


def split(text: str) -> tuple[Mapping[str, Any], str] | None:
    """The front matter, its keys in lower case, and the text below; None where a file has none.

    Raises FrontMatterProblem.
    """
    found = _FENCED.match(text.replace("\r\n", "\n").lstrip("\ufeff"))
    if not found:
        return None
    try:
        data = yaml.safe_load(found[2]) if found[1] == "---" else tomllib.loads(found[2])
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError) as e:
        raise FrontMatterProblem(f"its front matter can't be read: {_reason(e)}") from e
    if not isinstance(data, dict):
        raise FrontMatterProblem("its front matter holds no keys")
    return {str(k).lower(): v for k, v in data.items()}, found.string[found.end() :]


def _reason(error: Exception) -> str:
    """What is wrong and in which line of the file, without the parser's own inside."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 2}: {error.problem or error.context}"
    return " ".join(str(error).split())[:160]


def moment(value: object, zone: tzinfo) -> datetime | None:
    """A date or time of front matter; in `zone` where it names none, a bare date at its midnight."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    if not isinstance(value, str) or not (found := parse_date(value)):
        return None
    return found if _HAS_OFFSET.search(value) else found.replace(tzinfo=zone)


def texts(value: object) -> tuple[str, ...]:
    """One text or a list of them, such as tags and authors (`name` of a table)."""
    if isinstance(value, dict):
        return texts(value.get("name"))
    if isinstance(value, list):
        return tuple(t for each in value for t in texts(each))
    return (str(value).strip(),) if isinstance(value, str | int | float) and str(value).strip() else ()
