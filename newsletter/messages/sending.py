"""Sending: why an edition is paused or cancelled, and what can't be done."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

PAUSED_BY_HAND = MessageType("sending.paused-by-hand", gettext_noop("paused by hand"))
PAUSED_BY = MessageType("sending.paused-by", gettext_noop("paused by {who}"))
CANCELLED = MessageType("sending.cancelled", gettext_noop("cancelled while it was being sent"))
CANCELLED_BY = MessageType("sending.cancelled-by", gettext_noop("cancelled by {who} while it was being sent"))
LOGIN_REFUSED = MessageType(
    "sending.login-refused",
    gettext_noop("the mail server refused the login: {reply}; check the user name and password"),
)
TOO_MANY_REFUSALS = MessageType(
    "sending.too-many-refusals",
    gettext_noop(
        "{refused} of the last {tried} replies refused our emails, the latest with: {reply}; find out why "
        "before you resume, which sends the refused emails again"
    ),
)
BOUNCING = MessageType(
    "sending.bouncing",
    gettext_noop(
        "{bounced} of {sent} emails bounced ({share} %), more than the {bound} % at which sending pauses; find out "
        "where these addresses came from, then resume or cancel"
    ),
)
COMPLAINED = MessageType(
    "sending.complained",
    gettext_noop(
        "{complained} of {sent} subscribers reported the email as spam ({share} %), more than the {bound} % at which "
        "sending pauses; find out why, then resume or cancel"
    ),
)
REPLIES_LOST = MessageType(
    "sending.replies-lost",
    gettext_noop(
        "{unknown} of the last {tried} emails are unconfirmed: the mail server or email service took each of them "
        "whole and did not say that it accepted it ({problem}), so subscribers may have it or not; look for these "
        "emails in its log, then resume, and decide on the edition's page whether to resend the unconfirmed ones"
    ),
)
STALLED = MessageType(
    "sending.stalled",
    *ngettext_noop(
        "{edition} has stalled: since {since}, {count} email has been due, but nothing was accepted, refused or "
        "deferred; see with 'newsletter check --connect' whether the mail server or email service answers, and in the "
        "log whether 'newsletter run' or 'newsletter worker' is sending",
        "{edition} has stalled: since {since}, {count} emails have been due, but nothing was accepted, refused or "
        "deferred; see with 'newsletter check --connect' whether the mail server or email service answers, and in the "
        "log whether 'newsletter run' or 'newsletter worker' is sending",
    ),
    count="count",
)
NOT_BEGUN = MessageType(
    "sending.not-begun",
    gettext_noop(
        "{edition} has been due since {since}, and nothing has begun to send it; start 'newsletter run' or 'newsletter "
        "worker', or see in its log why it doesn't send"
    ),
)
NONE_ACCEPTED = MessageType("sending.none-accepted", gettext_noop("no email was accepted ({counts})"))
ALL_DEFERRED = MessageType(
    "sending.all-deferred",
    gettext_noop(
        "nothing of {edition} has been accepted since {since}: {deferred} of {audience} emails are deferred, the "
        "latest with: {reply}; they are tried again automatically, but find out why the mail server "
        "or email service defers them"
    ),
)
SLOW = MessageType(
    "sending.slow",
    gettext_noop(
        "{edition} will take longer than twice what was planned: it began at {since} and was to end at {planned}, but "
        "the mail server or email service takes emails less than half as fast; ask its operator why it is slow, and "
        "whether it allows more connections"
    ),
)
SLOW_ENDED = MessageType("sending.slow-ended", gettext_noop("{edition} is sent, paused, or as fast as planned again"))
STALL_ENDED = MessageType("sending.stall-ended", gettext_noop("{edition} is not stalled any more"))
OUTAGE = MessageType(
    "sending.outage",
    gettext_noop(
        "no email was accepted for more than a minute, and the last reply was: {reply}; check the provider's status"
    ),
)
CANNOT_PAUSE = MessageType("sending.cannot-pause", gettext_noop("{name} is {state}, so it can't be paused"))
CANNOT_CANCEL = MessageType("sending.cannot-cancel", gettext_noop("{name} is {state}, so it can't be cancelled"))
NOTHING_DEFERRED = MessageType(
    "sending.nothing-deferred",
    gettext_noop("{name} has been sent and no delivery is waiting for a retry, so there is nothing to stop"),
)
NOT_PAUSED = MessageType(
    "sending.not-paused", gettext_noop("{name} is {state}, not paused, so there is nothing to resume")
)
CANCELLED_NOT_RESENT = MessageType(
    "sending.cancelled-not-resent",
    gettext_noop("{name} is cancelled, so nothing can be resent; leave its unconfirmed deliveries as they are"),
)
MISSED_NOT_SENT = MessageType(
    "sending.skipped-not-sent",
    gettext_noop(
        "{name} is {state}; only an edition that was sent or cancelled can be sent to those who were skipped or refused"
    ),
)
STILL_IN_FLIGHT = MessageType(
    "sending.still-in-flight",
    gettext_noop("the last messages of {name} are still in flight; try again when their results are known"),
)
NOBODY_MISSED = MessageType(
    "sending.nothing-skipped",
    gettext_noop(
        "nobody is left to send {name} to: no subscriber was skipped, and none was refused except for a mailbox that "
        "does not exist or can't take the email"
    ),
)
OTHER_MISSED = MessageType(
    "sending.other-skipped",
    gettext_noop("{name} now has {found} subscribers who were skipped or refused, not {expected}; check it again"),
)
OTHER_REFUSED = MessageType(
    "sending.other-refused",
    gettext_noop("{name} now has {found} refused emails to send again, not {expected}; check it again"),
)
OTHER_RECIPIENTS = MessageType(
    "sending.other-readers",
    gettext_noop("{found} subscribers would receive {name} now, not {expected}; check it again"),
)
OTHER_NUMBER = MessageType(
    "sending.other-number",
    gettext_noop("{name} now has {found} unconfirmed deliveries, not {expected}; check it again"),
)

# A database that was restored from a backup.
HELD = MessageType(
    "restored.held",
    gettext_noop(
        "the database was restored from a backup of {made_at}, and nothing is sent until you confirm it: {why}; "
        "check the editions, then confirm at the desk or with 'newsletter restore --confirm'"
    ),
)
HELD_OLDER_COPY = MessageType(
    "restored.held-older-copy",
    gettext_noop(
        "the database is an older copy, of about {made_at}, and nothing is sent, because emails would be sent again; "
        "stop newsletter, then put the newer database back or restore the newest backup with 'newsletter restore FILE "
        "--replace'; if you have neither, confirm at the desk or with 'newsletter restore --confirm', which first "
        "reads from the recovery log what was sent and who unsubscribed since"
    ),
)
OLDER_COPY = MessageType("restored.older-copy", gettext_noop("this program has used a newer copy of the database"))
LOG_COMPLETE = MessageType(
    "restored.log-complete",
    gettext_noop("what was sent and who unsubscribed after the backup has been read from the recovery log"),
)
LOG_INCOMPLETE = MessageType(
    "restored.log-incomplete",
    gettext_noop(
        "the recovery log of {missing} of {machines} machines is missing, so deliveries that had not been made when "
        "the backup was made count as unconfirmed, and posts that had not been sent are held back until an editor "
        "decides"
    ),
)
NO_LOG = MessageType(
    "restored.no-log",
    gettext_noop(
        "without the recovery log, nobody knows what was sent and who unsubscribed after the backup, so deliveries "
        "that had not been made by then count as unconfirmed, and posts that had not been sent are held back until an "
        "editor decides"
    ),
)
MOVING = MessageType("restored.moving", gettext_noop("'newsletter move-database' has not finished; run it again"))
MAY_BE_SENT = MessageType(
    "restored.may-be-sent",
    gettext_noop("the database was restored from a backup; check whether this was sent since {made_at}"),
)
RESTORED = MessageType(
    "restored.paused",
    gettext_noop("the database was restored from a backup of {made_at}; check the counts, then resume"),
)
UNKNOWN_SINCE = MessageType(
    "restored.unknown", gettext_noop("it may have been sent after the backup from which the database was restored")
)

# Counts, as parts of a sentence.
ACCEPTED = MessageType("count.accepted", gettext_noop("{number} of {audience} accepted"))
PENDING = MessageType("count.pending", gettext_noop("{number} pending"))
DEFERRED = MessageType("count.deferred", gettext_noop("{number} to be retried"))
REFUSED = MessageType("count.refused", gettext_noop("{number} refused"))
UNKNOWN = MessageType("count.unconfirmed", gettext_noop("{number} unconfirmed"))
SKIPPED = MessageType("count.skipped", gettext_noop("{number} skipped"))
