"""`site.database`: the URL of a SQLite file or of a PostgreSQL database.

PostgreSQL's URLs are read by libpq itself (through psycopg), with all its parameters, such as `?sslmode=require`.
"""

from importlib.util import find_spec

from newsletter.config.values import InvalidValue
from newsletter.messages import Message, configuration as messages

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


def parse_database(value: object) -> str:
    """Return a URL that the program understands; raise InvalidValue without showing it: it may hold a password."""
    if not isinstance(value, str):
        raise _invalid(messages.DATABASE_TEXT())
    if is_postgresql(value):
        if not {"dbname", "service"} & parameters(value).keys():
            raise _invalid(messages.DATABASE_UNNAMED())
        return value
    scheme = value.partition(":")[0]
    if not value.startswith(SQLITE):
        raise _invalid(messages.DATABASE_KIND(kind=scheme[:20]))
    if not value.removeprefix(SQLITE) or "?" in value or "#" in value:
        raise _invalid(messages.DATABASE_FILE())
    return value


def _invalid(problem: Message) -> InvalidValue:
    return InvalidValue(messages.DATABASE_FORMS(problem=problem))


def is_postgresql(url: str) -> bool:
    """Return whether the URL is one of PostgreSQL's (libpq takes two schemes)."""
    return url.startswith(POSTGRESQL)


def parameters(url: str) -> dict[str, str]:
    """Return the parameters of a PostgreSQL URL, as libpq names them; raise InvalidValue if it can't be understood."""
    try:
        from psycopg import Error, conninfo  # loaded only where it is needed: an optional dependency
    except ImportError as e:
        raise InvalidValue(messages.DATABASE_PACKAGE()) from e
    if find_spec("procrastinate") is None:
        raise InvalidValue(messages.DATABASE_PACKAGE())
    try:
        parsed = conninfo.conninfo_to_dict(url)
    except Error as e:
        reason = " ".join(str(e).replace(url, "it").split())
        raise _invalid(messages.DATABASE_URL(cause=reason)) from e
    return {name: str(value) for name, value in parsed.items() if value is not None}
