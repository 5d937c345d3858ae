"""Why a post is in an edition or not."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

IN_THE_PERIOD = MessageType("post.in-the-period", gettext_noop("published in this period"))
LATE = MessageType("post.late", gettext_noop("published earlier, and not sent yet"))
TOO_LATE = MessageType("post.too-late", gettext_noop("too old to be included"))
SENT_ELSEWHERE = MessageType(
    "post.sent-elsewhere", gettext_noop("older than your newsletter here: it was in an edition of your old tool")
)
MAY_HAVE_GONE = MessageType(
    "post.may-have-gone", gettext_noop("it may have been sent after the backup from which the database was restored")
)
SENT_BEFORE_RESTORE = MessageType(
    "post.sent-before-restore", gettext_noop("sent before the database was restored, as an editor said")
)
THERE_BEFORE = MessageType("post.there-before", gettext_noop("older than your newsletter"))
BEFORE_CADENCE = MessageType("post.before-cadence", gettext_noop("from before this cadence began"))
BY_WORD = MessageType("post.filtered-by-word", gettext_noop("filtered out by a word"))
BY_CATEGORY = MessageType("post.filtered-by-category", gettext_noop("filtered out by a category"))
OVER_THE_MAXIMUM = MessageType("post.over-the-maximum", gettext_noop("over the maximum, so only its headline is shown"))
GONE = MessageType("post.gone", gettext_noop("no longer at its source"))
LEFT_OUT = MessageType("post.removed", gettext_noop("removed by an editor"))
INCLUDED = MessageType("post.added", gettext_noop("added by an editor"))
INCLUDED_AGAIN = MessageType(
    "post.added-again",
    *ngettext_noop(
        "added by an editor, but {count} of {readers} subscribers had it or joined later, and doesn't get it",
        "added by an editor, but {count} of {readers} subscribers had it or joined later, and don't get it",
    ),
    count="count",
)
INCLUDED_IN_LETTER = MessageType(
    "post.added-to-letter",
    gettext_noop("added by an editor; {count} of {readers} subscribers had it already, or joined later"),
)
IN_THE_FUTURE = MessageType("post.in-the-future", gettext_noop("dated in the future"))
ALREADY_IN = MessageType("post.already-in", gettext_noop("already in {edition}"))
AFTER_THE_END = MessageType(  # in drafts of earlier versions
    "post.after-the-end",
    gettext_noop("goes into the next edition"),
)
OWN_EDITION = MessageType("post.own-edition", gettext_noop("gets its own edition, after this one"))
NOT_CHOSEN = MessageType("post.not-chosen", gettext_noop("a letter has only the posts that you add"))
OUTSIDE = MessageType("post.outside", gettext_noop("not published in this period"))
DECIDED_BEFORE = MessageType("post.decided-before", gettext_noop("{reason}, as decided in {edition}"))
