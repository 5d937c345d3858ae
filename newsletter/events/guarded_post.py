"""POST requests to addresses that people enter: over connections to public addresses only, without redirects."""

from collections.abc import Mapping

import requests

from newsletter.feeds.network import GuardedSession, PrivateAddress, Watch, opener

ERRORS = (requests.RequestException, OSError, ValueError)
"""What `post` raises if there is no answer."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, allow_private: bool) -> int:
    """Post a body and return the status of the answer, whose own body is not read. Raises one of ERRORS.

    Each address that the host's name leads to is checked when it is connected to.
    """
    watch = Watch()
    with GuardedSession(opener(allow_private=allow_private, watch=watch)) as session:
        watch.start(seconds)
        try:
            with session.post(url, data=body, headers=dict(headers), timeout=seconds, stream=True) as response:
                return response.status_code
        finally:
            watch.close()


def cause_of(error: BaseException) -> str:
    """Return the innermost cause by its class, of which a private address is the one to tell apart."""
    cause: BaseException | None = error
    names = [type(error).__name__]
    while cause is not None:
        names.append(type(cause).__name__)
        if isinstance(cause, PrivateAddress):
            return str(cause)[:200]
        cause = cause.__cause__ or cause.__context__
    return names[-1][:200]
