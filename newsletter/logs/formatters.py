"""The two formats of the log."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

_WORD = re.compile(r"\S+")


def without_addresses(text: str) -> str:
    """Replace every word that may be an email address, or hold a login, by an ellipsis."""
    return _WORD.sub(lambda word: "…" if "@" in word[0] else word[0], text) if "@" in text else text


class TextFormatter(logging.Formatter):
    """One line for people, with a traceback below where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, above debug without addresses."""
        text = super().format(record)
        return text if record.levelno <= logging.DEBUG else without_addresses(text)


class JsonFormatter(logging.Formatter):
    """One JSON object on a line: time, level, logger, message, and an event's name and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object of a record, above debug without addresses."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if event := getattr(record, "event", ""):
            fields |= {"event": event, **getattr(record, "fields", {})}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.levelno > logging.DEBUG:
            fields = {name: without_addresses(v) if isinstance(v, str) else v for name, v in fields.items()}
        return json.dumps(fields, ensure_ascii=False, default=str)
