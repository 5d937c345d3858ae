"""Results of scheduled drafts and sending."""

from newsletter.messages.message import MessageType, gettext_noop

DATE_SKIPPED = MessageType("schedule.date-skipped", gettext_noop("no edition on this date, as set"))
MISSED = MessageType("schedule.missed", gettext_noop("missed, and replaced by the next one"))
INACTIVE = MessageType("schedule.inactive", gettext_noop("the newsletter was paused or archived"))
NO_NEW_POST = MessageType("schedule.no-new-post", gettext_noop("no new post to send"))
DRAFTED = MessageType("schedule.drafted", gettext_noop("{edition}: {state}"))
SENT_EARLY = MessageType(
    "schedule.sent-early", gettext_noop("sent early by hand; later posts go into the next edition")
)
OVER = MessageType("schedule.over", gettext_noop("already sent or given up"))
QUEUED = MessageType("schedule.queued", gettext_noop("{edition} is scheduled"))
SKIPPED = MessageType("schedule.skipped", gettext_noop("{edition} was skipped: {reason}"))
WAITING = MessageType("schedule.waiting", gettext_noop("{edition} is waiting: {reason}"))
NO_LONGER_WAITING = MessageType(
    "schedule.no-longer-waiting",
    gettext_noop("{edition} waited as long as it may, and goes without what may be missing: {reason}"),
)
PROGRAM_ENDED = MessageType(
    "schedule.program-ended",
    gettext_noop(
        "the task due at {at} was abandoned, because the program crashed {count} times while running it; "
        "check that machine's log"
    ),
)
FAILED = MessageType("schedule.failed", gettext_noop("it failed: {reason}"))
