"""The two formats of the log, and what neither writes."""

import json
import logging
import sys

import pytest

from newsletter import config
from newsletter.logs import log_event, setup
from newsletter.logs.formatters import JsonFormatter, TextFormatter, without_addresses

NAME = "newsletter.tests"


def record(
    message: str = "kinaforum/2026-W06: queued", level: int = logging.INFO, **extra: object
) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": NAME, "levelno": level, "levelname": logging.getLevelName(level), "msg": message, "created": 1.5}
        | extra
    )


def test_text_is_a_line_for_people() -> None:
    assert TextFormatter().format(record()).endswith(" INFO newsletter.tests: kinaforum/2026-W06: queued")


def test_json_has_the_event_and_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, NAME):
        log_event(logging.getLogger(NAME), "sent", "kinaforum/2026-W06: sent", edition="kinaforum/2026-W06", accepted=2)
    found = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "info",
        "logger": NAME,
        "message": "kinaforum/2026-W06: sent",
        "event": "sent",
        "edition": "kinaforum/2026-W06",
        "accepted": 2,
    }


def test_json_is_one_line_with_the_traceback_in_it() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        text = JsonFormatter().format(record(exc_info=sys.exc_info()))
    assert "\n" not in text
    assert "ValueError: first\nsecond" in json.loads(text)["exception"]


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_message_is_one_line_of_bounded_length(formatter: logging.Formatter) -> None:
    text = formatter.format(record("Invalid host: a\r\n\x1b[31m\u20282026-01-01 ERROR forged " + "x" * 60_000))
    assert text.isprintable()
    assert "ERROR forged" in text
    assert len(text) < 5_000


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_addresses_are_left_out_above_debug_alone(formatter: logging.Formatter) -> None:
    fields = {"event": "paused", "fields": {"reason": "<kari@example.org> said no"}}
    try:
        raise ValueError("kari@example.org")
    except ValueError:
        fault = sys.exc_info()
    for level in (logging.INFO, logging.ERROR):
        assert "kari" not in formatter.format(record("to kari@example.org", level, exc_info=fault, **fields))
    assert "kari@example.org" in formatter.format(record("to kari@example.org", logging.DEBUG))


def test_removed_data_keeps_the_line_breaks() -> None:
    assert without_addresses("a\n  kari@example.org:\tb") == "a\n  …\tb"


@pytest.mark.parametrize(("level", "others"), [("debug", "WARNING"), ("info", "WARNING"), ("error", "ERROR")])
def test_the_level_is_ours_and_libraries_log_warnings_at_most(level: str, others: str) -> None:
    found = setup.settings(config.Log(level=level))
    assert found["loggers"]["newsletter"]["level"] == level.upper()
    assert found["root"]["level"] == others
