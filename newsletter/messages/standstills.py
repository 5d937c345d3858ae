"""What became of editions and drafts that were due while the program did not run."""

from newsletter.messages.message import MessageType, gettext_noop

DID_NOT_RUN = MessageType(
    "standstill.did-not-run",
    gettext_noop(
        "newsletter did not run from {since} to {until} ({length}): it was stopped, or its machine was suspended or "
        "off."
    ),
)
LENGTH = MessageType("standstill.length", gettext_noop("{hours} h {minutes} min"))
SENT_LATE = MessageType(
    "standstill.sent-late", gettext_noop("{edition} was to be sent at {due}, and is sent late, from {at} on.")
)
SKIPPED = MessageType(
    "standstill.skipped", gettext_noop("{edition} was to be sent at {due}, and was skipped: {reason}.")
)
WAITING = MessageType(
    "standstill.waiting", gettext_noop("{edition} was to be sent at {due}, and is waiting: {reason}.")
)
MADE_LATE = MessageType(
    "standstill.made-late", gettext_noop("The draft {edition} was due at {due}, and was made late, at {at}.")
)
NO_DRAFT = MessageType("standstill.no-draft", gettext_noop("A draft was due at {due}: {reason}."))
NOT_YET = MessageType("standstill.not-yet", gettext_noop("the schedule has not come to it yet"))
