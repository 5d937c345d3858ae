"""Types of keys that several tables of `config.toml` have, with the rules for their values."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

import idna

from newsletter.config.tables import After, Before, Bounds
from newsletter.config.values import (
    InvalidValue,
    parse_address,
    parse_colour,
    parse_duration,
    parse_size,
    source_address,
)
from newsletter.messages import configuration as messages


def web_address(value: object) -> str:
    """Return a web address with its host in ASCII, without a slash at the end. Raises InvalidValue."""
    host = _host(value) if isinstance(value, str) else ""
    if not isinstance(value, str) or not host:
        raise InvalidValue(messages.WEB_ADDRESS())
    return _in_ascii(value.rstrip("/"), host)


def origin(value: object) -> str:
    """Return the origin of a website (RFC 6454), as browsers name it. Raises InvalidValue for an address with more.

    It is one of several in a setting, so the refusal names it.
    """
    if not isinstance(value, str) or not _host(value):
        raise InvalidValue(messages.NO_ORIGIN(value=repr(value)))
    parts = urlsplit(web_address(value))
    beginning = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidValue(messages.ORIGIN(value=repr(value), origin=beginning))
    return beginning


def _host(url: str) -> str:
    """Return the host of a web address; empty if it isn't one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    return host if parts.scheme in ("http", "https") and " " not in parts.netloc else ""


def _in_ascii(url: str, host: str) -> str:
    """Return the URL with its host in ASCII (RFC 5890), since it is used in header fields."""
    if host.isascii():
        return url
    try:
        return url.replace(host, idna.encode(host, uts46=True).decode("ascii"), 1)
    except idna.IDNAError as e:
        raise InvalidValue(messages.HOST_NAME(value=repr(url), cause=str(e))) from e


def _at_least(least: str, parse: Callable[[object], Any]) -> Before:
    """Return a validator that also refuses values below `least`, such as 0, with which nothing would work."""

    def parsed(value: object) -> Any:
        parsed_value = parse(value)
        if parsed_value < parse(least):
            raise InvalidValue(messages.INVALID(value=repr(value), remedy=messages.WRITE_AT_LEAST(limit=f"'{least}'")))
        return parsed_value

    return Before(parsed)


Origin = Annotated[str, Before(origin)]
OptionalWebAddress = Annotated[str, Before(lambda v: v if v == "" else web_address(v))]
Colour = Annotated[str, Before(parse_colour)]
Address = Annotated[str, Before(parse_address)]
OptionalAddress = Annotated[str, Before(lambda v: v if v == "" else parse_address(v))]
Duration = Annotated[timedelta, Before(parse_duration)]
NonzeroDuration = Annotated[Duration, _at_least("100ms", parse_duration)]
Size = Annotated[int, Before(parse_size)]
NonzeroSize = Annotated[Size, _at_least("1 KB", parse_size)]

SourceAddress = Annotated[str, Bounds(min_length=1), After(source_address)]
Words = tuple[Annotated[str, Bounds(min_length=1)], ...]
