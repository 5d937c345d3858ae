"""The two formats of the log."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

LONGEST = 4_000
"""Characters of a message: anyone can send a request whose host or path is logged, with 60,000."""

_WORD = re.compile(r"\S+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def without_addresses(text: str) -> str:
    """Replace every word that may be an email address, or hold a login, by an ellipsis."""
    return _WORD.sub(lambda word: "…" if "@" in word[0] else word[0], text) if "@" in text else text


def _message_of(record: logging.LogRecord) -> str:
    """Return the beginning of a record's message, with control characters escaped: a line break would begin a line that
    nobody logged.
    """
    message = record.getMessage()
    shown = message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
    return _CONTROL.sub(lambda character: ascii(character[0])[1:-1], shown)


class TextFormatter(logging.Formatter):
    """One line for people, with a traceback below where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, above debug without addresses."""
        text = f"{self.formatTime(record)} {record.levelname} {record.name}: {_message_of(record)}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return text if record.levelno <= logging.DEBUG else without_addresses(text)


class JsonFormatter(logging.Formatter):
    """One JSON object on a line: time, level, logger, message, and an event's name and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object of a record, above debug without addresses."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message_of(record),
        }
        if event := getattr(record, "event", ""):
            fields |= {"event": event, **getattr(record, "fields", {})}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.levelno > logging.DEBUG:
            fields = {name: without_addresses(v) if isinstance(v, str) else v for name, v in fields.items()}
        return json.dumps(fields, ensure_ascii=False, default=str)
