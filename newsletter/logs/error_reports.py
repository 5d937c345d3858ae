"""Sends errors to Sentry, or a server that speaks its protocol, where `log.sentry_dsn` is set.

Promises: a report has the kind of an error, where in the program it happened, and the log's sentence. It has no
variables, request, host name or address.
A fault that is logged again within ten minutes is not reported again.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from newsletter.config import Log
from newsletter.logs.formatters import without_addresses

KEPT = frozenset(("event_id", "timestamp", "level", "logger", "platform", "release", "environment", "sdk"))
SAME_SECONDS = 600.0
"""A fault is reported once in this time."""
_NUMBER = re.compile(r"\d+")
OF_FRAME = frozenset(("filename", "function", "module", "lineno", "in_app"))
OF_EXCEPTION = frozenset(("type", "module"))


class CannotReport(Exception):
    """The package that sends reports is not installed, or the address is invalid; the message says what to do."""


def start(log: Log, release: str) -> None:
    """Report what is logged as an error from now on, if an address is configured. Raises CannotReport."""
    if not log.sentry_dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.utils import BadDsn, Dsn
    except ImportError as e:
        raise CannotReport(
            "log.sentry_dsn needs another package: pip install 'newsletter[sentry]', or remove the key"
        ) from e
    try:
        Dsn(log.sentry_dsn)
    except BadDsn as e:
        raise CannotReport(f"log.sentry_dsn is not the address of a Sentry project: {e}; copy it from there") from e
    sentry_sdk.init(
        dsn=log.sentry_dsn,
        release=f"newsletter@{release}",
        before_send=Reports(),
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        server_name="",
    )


class Reports:
    """Lets a report of the same fault pass once in SAME_SECONDS, whichever services it stops and however often."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reported_at: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Any, hint: Any) -> Any:  # noqa: ARG002
        """Return what is reported of an event; None if its fault was reported just now."""
        fault, now = _fault(event), self._clock()
        with self._lock:
            recent = {key: at for key, at in self._reported_at.items() if now - at < SAME_SECONDS}
            self._reported_at = {fault: now} | recent
        return None if fault in recent else without_personal_data(event)


def _fault(event: Any) -> Hashable:
    """Return what events of one fault have in common: the error that was raised first, else the sentence.

    Numbers differ each time, such as those of attempts; a service that names its problem again has it in `problem`.
    """
    values = (event.get("exception") or {}).get("values") or ()
    if values:
        first = values[0]
        frames: Sequence[Mapping[str, Any]] = (first.get("stacktrace") or {}).get("frames") or ({},)
        place = frames[-1].get("filename"), frames[-1].get("function")
        return first.get("type"), _NUMBER.sub("", str(first.get("value"))), place
    entry = event.get("logentry") or {}
    sentence = (event.get("extra") or {}).get("problem") or entry.get("formatted") or entry.get("message")
    return event.get("logger"), _NUMBER.sub("", str(sentence))


def without_personal_data(event: Any) -> Any:
    """Return a new event with what is known to be harmless, its texts as the log writes them."""
    report = {name: value for name, value in event.items() if name in KEPT}
    entry = event.get("logentry") or {}
    if words := entry.get("formatted") or entry.get("message"):
        report["logentry"] = {"message": without_addresses(str(words))}
    if exception := event.get("exception"):
        report["exception"] = {"values": [_exception(raised) for raised in exception.get("values") or ()]}
    return report


def _exception(exception: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of an exception and where it was raised; its text may hold what a person wrote."""
    frames = (exception.get("stacktrace") or {}).get("frames") or ()
    allowed = [{name: value for name, value in frame.items() if name in OF_FRAME} for frame in frames]
    return {**{name: exception.get(name) for name in OF_EXCEPTION}, "stacktrace": {"frames": allowed}}
