"""Web addresses for emails: in ASCII, since serializers and email programs mangle anything else."""

import string
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from newsletter.mime.headers import ascii_domain


@lru_cache(maxsize=4_096)
def uri(address: str) -> str:
    """Return the URI of an IRI: the host as A-labels (RFC 5890), other characters percent-encoded (RFC 3987 3.1).

    A host that is not a valid name is percent-encoded. An address that is a URI already is returned unchanged.
    """
    return quote(_with_ascii_host(address.strip()), safe=string.punctuation, errors="replace")


def _with_ascii_host(address: str) -> str:
    if address.isascii():
        return address
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if host.isascii():
            return address
        before, at, host_and_port = parts.netloc.rpartition("@")
        _, colon, port = host_and_port.partition(":")
        name = ascii_domain(host)
    except ValueError:
        return address
    return urlunsplit(parts._replace(netloc=f"{before}{at}{name}{colon}{port}"))
