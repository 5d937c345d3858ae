"""Errors of an SMTP connection that can't be used any more."""

from newsletter.messages import Problem


class ConnectionBroken(Problem):
    """The connection is closed, timed out, or the server broke the protocol."""


class UnexpectedReply(ConnectionBroken):
    """A reply can't be paired with a command."""


class ServerClosing(ConnectionBroken):
    """The server sent 421 on its own initiative (RFC 5321 3.8)."""
