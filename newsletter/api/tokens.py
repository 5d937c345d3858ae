"""Create, find and revoke tokens of the API.

A token is `nl_<key>_<secret>`. Its secret has 256 random bits, so that a plain SHA-256 hash of it suffices. It is shown
once, when it is created.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare

from newsletter.api.permissions import TokenScope
from newsletter.config import Config
from newsletter.messages import Problem, acts, api as messages, editions as editions_messages
from newsletter.models import Act, ApiToken

PREFIX = "nl"
LONGEST_NAME = 80
A_MINUTE = timedelta(minutes=1)


class TokenProblem(Problem):
    """The token can't be created or revoked."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token, and its text, which is not stored."""

    row: ApiToken
    text: str


@transaction.atomic
def create(
    configuration: Config, name: str, scopes: Iterable[str], newsletters: Iterable[str], *, by: str, now: datetime
) -> CreatedToken:
    """Create a token for these newsletters, none meaning all. Raises TokenProblem."""
    title = " ".join(name.split())[:LONGEST_NAME]
    if not title:
        raise TokenProblem(messages.NO_TOKEN_NAME())
    distinct_scopes, distinct_newsletters = list(dict.fromkeys(scopes)), list(dict.fromkeys(newsletters))
    _check_scopes(distinct_scopes)
    for newsletter in distinct_newsletters:
        if newsletter not in configuration.newsletters:
            names = tuple(sorted(configuration.newsletters))
            raise TokenProblem(editions_messages.NO_NEWSLETTER(name=newsletter, known=names))
    key, secret = secrets.token_hex(6), secrets.token_hex(32)
    row = ApiToken.objects.create(
        name=title,
        key=key,
        secret_hash=_hash(secret),
        scopes=distinct_scopes,
        newsletters=distinct_newsletters,
        created_at=now,
        created_by=by,
    )
    Act.objects.log(by, acts.TOKEN_CREATED(), f"{row}: {row.name}"[:254], after={"scopes": distinct_scopes}, now=now)
    return CreatedToken(row, f"{PREFIX}_{key}_{secret}")


def _check_scopes(scopes: list[str]) -> None:
    names = tuple(scope.value for scope in TokenScope)
    if not scopes:
        raise TokenProblem(messages.NO_SCOPES(known=names))
    for chosen_scope in scopes:
        if chosen_scope not in names:
            raise TokenProblem(messages.UNKNOWN_SCOPE(scope=chosen_scope, known=names))


def find(text: str) -> ApiToken | None:
    """Return the token with this text; None if there is none, or if it was revoked."""
    prefix, _, remainder = text.partition("_")
    key, _, secret = remainder.partition("_")
    row = ApiToken.objects.filter(key=key, revoked_at=None).first() if prefix == PREFIX else None
    if row is None or not constant_time_compare(row.secret_hash, _hash(secret)):
        return None
    return row


def note_use(token: ApiToken, now: datetime) -> None:
    """Store when a token was used, at most once a minute."""
    if token.last_used_at is None or token.last_used_at < now - A_MINUTE:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


@transaction.atomic
def revoke(key: str, *, by: str, now: datetime) -> ApiToken:
    """Revoke a token; it stays in the list. Raises TokenProblem if there is none with this key."""
    row = ApiToken.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise TokenProblem(messages.UNKNOWN_TOKEN(key=key[:40]))
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        row.answers.all().delete()
        Act.objects.log(by, acts.TOKEN_REVOKED(), f"{row}: {row.name}"[:254], now=now)
    return row


def listed() -> list[ApiToken]:
    """Return all tokens, those in force first, and the newest of these first."""
    return list(ApiToken.objects.order_by(F("revoked_at").desc(nulls_first=True), "-pk"))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
