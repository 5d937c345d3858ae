"""Permissions of tokens: the only place where they are decided.

An operation that is missing here can't be built. Imports nothing of the framework: the desk and the commands, which
create tokens, read it too.
"""

from collections.abc import Iterable
from enum import StrEnum

from newsletter.messages import Problem, api as messages
from newsletter.models import ApiToken


class TokenScope(StrEnum):
    """What a token allows. None includes another one."""

    NEWSLETTERS_READ = "newsletters:read"
    EDITIONS_READ = "editions:read"
    EDITIONS_WRITE = "editions:write"
    EDITIONS_SEND = "editions:send"
    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
    SUBSCRIBERS_READ = "subscribers:read"
    SUBSCRIBERS_WRITE = "subscribers:write"
    EVENTS_READ = "events:read"


TABLE: dict[str, TokenScope] = {
    "list_newsletters": TokenScope.NEWSLETTERS_READ,
    "read_newsletter": TokenScope.NEWSLETTERS_READ,
    "list_editions": TokenScope.EDITIONS_READ,
    "read_edition": TokenScope.EDITIONS_READ,
    "preview_edition": TokenScope.EDITIONS_READ,
    "read_status": TokenScope.EDITIONS_READ,
    "draft_edition": TokenScope.EDITIONS_WRITE,
    "edit_edition": TokenScope.EDITIONS_WRITE,
    "refresh_edition": TokenScope.EDITIONS_WRITE,
    "add_post_to_edition": TokenScope.EDITIONS_WRITE,
    "change_post_of_edition": TokenScope.EDITIONS_WRITE,
    "approve_edition": TokenScope.EDITIONS_SEND,
    "reopen_edition": TokenScope.EDITIONS_SEND,
    "send_edition": TokenScope.EDITIONS_SEND,
    "pause_edition": TokenScope.EDITIONS_SEND,
    "resume_edition": TokenScope.EDITIONS_SEND,
    "cancel_edition": TokenScope.EDITIONS_SEND,
    "remove_edition_from_archive": TokenScope.EDITIONS_SEND,
    "return_edition_to_archive": TokenScope.EDITIONS_SEND,
    "list_posts": TokenScope.POSTS_READ,
    "read_post": TokenScope.POSTS_READ,
    "push_post": TokenScope.POSTS_WRITE,
    "list_subscribers": TokenScope.SUBSCRIBERS_READ,
    "read_subscriber": TokenScope.SUBSCRIBERS_READ,
    "export_subscribers": TokenScope.SUBSCRIBERS_READ,
    "add_subscriber": TokenScope.SUBSCRIBERS_WRITE,
    "change_subscriber": TokenScope.SUBSCRIBERS_WRITE,
    "remove_subscriber": TokenScope.SUBSCRIBERS_WRITE,
    "list_events": TokenScope.EVENTS_READ,
}
"""The scope that each operation needs, by its name in the description."""


class Forbidden(Problem):
    """The token does not allow it."""


def check_scope(token: ApiToken, scope: TokenScope) -> None:
    """Raise Forbidden if the token lacks a scope."""
    if scope not in token.scopes:
        raise Forbidden(messages.SCOPE_MISSING(scope=scope.value))


def check_newsletter(token: ApiToken, newsletter: str) -> None:
    """Raise Forbidden if the token is for other newsletters."""
    if token.newsletters and newsletter not in token.newsletters:
        raise Forbidden(messages.NEWSLETTER_FORBIDDEN(name=newsletter))


def permitted(token: ApiToken, newsletters: Iterable[str]) -> list[str]:
    """Return those of these newsletters that the token is for."""
    return [name for name in newsletters if not token.newsletters or name in token.newsletters]
