"""The bounce mailbox."""

from newsletter.messages.message import MessageType, gettext_noop

UNREACHABLE = MessageType(
    "mailbox.unreachable",
    gettext_noop("the bounce mailbox at {where} can't be reached; check bounces.imap.host and port"),
)
LOGIN_REFUSED = MessageType(
    "mailbox.login-refused",
    gettext_noop("the bounce mailbox at {where} refused the login; check bounces.imap.user and bounces.imap.password"),
)
NO_FOLDER = MessageType(
    "mailbox.no-folder",
    gettext_noop("the bounce mailbox at {where} has no folder '{folder}'; check bounces.imap.folder"),
)
NO_TLS = MessageType(
    "mailbox.no-tls",
    gettext_noop(
        "the bounce mailbox at {where} offers no TLS; check bounces.imap.port, which is 993 at most providers"
    ),
)
SEARCH_FAILED = MessageType(
    "mailbox.search-failed", gettext_noop("the folder of the bounce mailbox at {where} can't be searched")
)
FETCH_FAILED = MessageType(
    "mailbox.fetch-failed", gettext_noop("a message in the bounce mailbox at {where} can't be read")
)
MARK_FAILED = MessageType(
    "mailbox.mark-failed", gettext_noop("a message in the bounce mailbox at {where} can't be marked")
)
CONNECTION_FAILED = MessageType(
    "mailbox.connection-failed",
    gettext_noop("the connection to the bounce mailbox at {where} failed ({cause}); we'll try again automatically"),
)
MESSAGE_FAILED = MessageType(
    "mailbox.message-failed",
    gettext_noop(
        "A message in the bounce mailbox could not be processed at {at} and had no effect ({cause}). It is "
        "flagged and unread in the folder {folder} at {host} (UID {uid}). If it is a bounce, a complaint or "
        "an unsubscribe request, act on it at the desk, and mark it as read. To have it read again, for "
        "example after an update, remove the flag. Please report this as a bug. We tell you about further "
        "such messages after a day; the desk counts them."
    ),
)
