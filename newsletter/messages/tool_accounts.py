"""Accounts at other tools: why one can't be read with its key."""

from newsletter.messages.message import MessageType, gettext_noop

BAD_ADDRESS = MessageType(
    "account.bad-address", gettext_noop("the address must begin with https://, so that nobody on the way reads the key")
)
BAD_GHOST_KEY = MessageType(
    "account.bad-ghost-key",
    gettext_noop("this is not an Admin API key of Ghost; copy that of a custom integration, which has a colon in it"),
)
BAD_LISTMONK_KEY = MessageType(
    "account.bad-listmonk-key",
    gettext_noop("this is not a key of listmonk; enter the API user and its token with a colon between"),
)
KEY_REFUSED = MessageType(
    "account.key-refused",
    gettext_noop("{tool} refuses the key ({status}); check that it is whole, still valid and may read everything"),
)
NOT_FOUND = MessageType(
    "account.not-found", gettext_noop("{tool} does not answer at this address; enter the address of its admin pages")
)
NOT_AN_ANSWER = MessageType(
    "account.not-an-answer", gettext_noop("what answers at this address is not {tool}; check the address")
)
NO_LIST = MessageType("account.no-list", gettext_noop("{tool} has no newsletter or list {list}; it has: {names}"))
WHICH_LIST = MessageType(
    "account.which-list",
    gettext_noop("{tool} has several newsletters or lists; choose the one that moves here: {names}"),
)
BUSY = MessageType(
    "account.busy", gettext_noop("{cause}; do the same again later, and it goes on where it has stopped")
)
CHANGED = MessageType(
    "account.changed",
    gettext_noop("people were added or deleted while they were read; do the same again to read them anew"),
)
ENDLESS = MessageType(
    "account.endless",
    gettext_noop(
        "the listing of {tool} does not end: page {page} has nothing that was not on a page before; check that the"
        " address is that of {tool}, and do the same again"
    ),
)
TOO_MUCH = MessageType(
    "account.too-much",
    gettext_noop(
        "{tool} lists more people or issues than are read from an account ({pages} pages or {most}); export them there,"
        " and import the files in parts"
    ),
)
TOO_LONG = MessageType(
    "account.too-long",
    gettext_noop(
        "reading {tool} has taken {hours} hours, the longest time; do the same again, and it goes on where it has"
        " stopped"
    ),
)
OTHER_FOLDER = MessageType(
    "account.other-folder",
    gettext_noop("the folder has other files; choose a new folder, or the one of an interrupted fetch"),
)
OTHER_ACCOUNT = MessageType(
    "account.other-account",
    gettext_noop("the folder has an interrupted fetch of another account or list ({url}); choose a new folder"),
)
NOT_WRITTEN = MessageType("account.not-written", gettext_noop("the folder can't be written ({cause})"))
