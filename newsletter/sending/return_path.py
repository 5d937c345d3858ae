"""Return paths (VERP): the envelope sender of each delivery, which identifies it in a bounce.

An address that `read` accepts was made by `return_path` with one of the secret keys; it can't be forged.
"""

import hmac
import re
from functools import lru_cache

from django.conf import settings

from subscribers import tokens

_MADE = re.compile(r"([0-9a-z]+)-([0-9a-z]+)-([0-9a-f]{12})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def return_path(bare: str, edition: int, number: int) -> str:
    """Return `bounce@example.org` as `bounce+<edition>-<number>-<check>@example.org`, at most 33 characters longer."""
    local, _, domain = bare.rpartition("@")
    what = f"{_short(edition)}-{_short(number)}"
    return f"{local}+{what}-{_check(settings.SECRET_KEY, what)}@{domain}"


def read(bare: str, address: str) -> tuple[int, int] | None:
    """Return the edition's key and the number in an envelope address; None if it was not made here."""
    local, _, domain = bare.rpartition("@")
    written, _, written_domain = address.rpartition("@")
    start = f"{local}+".lower()
    match = _MADE.fullmatch(written.lower().removeprefix(start)) if written.lower().startswith(start) else None
    if match is None or written_domain.lower() != domain.lower():
        return None
    what = f"{match[1]}-{match[2]}"
    if not any(hmac.compare_digest(_check(secret, what), match[3]) for secret in tokens.secrets()):
        return None
    return int(match[1], 36), int(match[2], 36)


def _check(secret: str, what: str) -> str:
    mac = _keyed(secret).copy()  # as in `tokens`, without waiting for other threads
    mac.update(what.encode())
    return mac.digest()[:6].hex()


@lru_cache(maxsize=8)
def _keyed(secret: str) -> hmac.HMAC:
    key = hmac.digest(secret.encode(), b"newsletter return path", "sha256")
    return hmac.new(key, digestmod="sha256")


def _short(number: int) -> str:
    """Return a number in base 36."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
