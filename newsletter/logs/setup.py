"""The configuration of the standard library's logging, from the table `[log]`."""

import logging
import logging.config
from typing import Any

from newsletter.config import Log
from newsletter.logs.formatters import JsonFormatter

CONSOLE = "console"
OTHER_HOST = "django.security.DisallowedHost"
FORMATTERS = {"text": "newsletter.logs.formatters.TextFormatter", "json": "newsletter.logs.formatters.JsonFormatter"}


def settings(log: Log) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, as Django's LOGGING wants it."""
    level = log.level.upper()
    level_of_others = max(logging.WARNING, logging.getLevelNamesMapping()[level])
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "routes": {"()": "newsletter.logs.setup.RoutesInsteadOfPaths"},
            "probes": {"()": "newsletter.logs.setup.NoProbes"},
        },
        "formatters": {"line": {"()": FORMATTERS[log.format]}},
        "handlers": {
            CONSOLE: {"class": "logging.StreamHandler", "formatter": "line", "filters": ["routes"]},
            "null": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": [CONSOLE], "level": logging.getLevelName(level_of_others)},
        "loggers": {
            "newsletter": {"level": level},
            "subscribers": {"level": level},
            "axes": {"level": "ERROR"},
            # It logs the whole of a message that it can't parse.
            "flufl.bounce": {"handlers": ["null"], "propagate": False},
            # It warns at each attempt to connect; the services say once that the database can't be used.
            "psycopg.pool": {"level": "ERROR"},
            # Its warnings name whole paths, and a path may hold a reader's token.
            "django.request": {"level": "ERROR", "filters": ["probes"]},
        },
    }


def apply(log: Log) -> None:
    """Log in another format, or with another level, from now on."""
    logging.config.dictConfig(settings(log))


def in_format(log: Log, sentence: str) -> str:
    """Return a sentence for standard error as it stands beside the log: as an object if that is in JSON."""
    if log.format == "text":
        return sentence
    record = logging.LogRecord("newsletter", logging.INFO, __file__, 0, sentence, (), None)
    return JsonFormatter().format(record)


def warnings_only() -> None:
    """Leave out events and what is less than a warning, for commands, which print what they did."""
    for name in ("newsletter", "subscribers"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.WARNING, logger.level))
    for handler in logging.getLogger().handlers:
        if handler.get_name() == CONSOLE:
            handler.addFilter(lambda record: not hasattr(record, "event"))


class RoutesInsteadOfPaths(logging.Filter):
    """Shortens what strangers can bring about to one line, and logs the route in place of a path that may hold a token.

    A path under `/desk/password/`, `/u/`, `/me/` and the like is a secret: whoever reads the log could follow it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always logged."""
        if record.name.startswith("django.security"):
            record.exc_info = None
        if record.name == OTHER_HOST and record.levelno == logging.ERROR:  # anyone can cause it
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg = record.msg.partition(". ")[0] + "; site.url and site.url_previous have the names of this site"
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple):
            route = f"/{request.resolver_match.route}" if request.resolver_match else "(a path that was not resolved)"
            record.args = tuple(route if argument == request.path else argument for argument in record.args)
        return True


class NoProbes(logging.Filter):
    """Leaves out that `/readyz` answered 503, as each probe is answered; what it names is logged when it begins."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is about another request."""
        return getattr(getattr(record, "request", None), "path", "") != "/readyz"
