"""What was done: revisions of a draft, differences between them, and the audit log."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

# The texts of an edition.
SUBJECT = MessageType("field.subject", gettext_noop("subject"))
PREHEADER = MessageType("field.preheader", gettext_noop("preview text"))
GREETING = MessageType("field.greeting", gettext_noop("introduction"))
CLOSING = MessageType("field.closing", gettext_noop("sign-off"))
POST_TEXT = MessageType("field.post-text", gettext_noop("text"))

# Revisions.
MADE = MessageType("revision.created", gettext_noop("draft created"))
REFRESHED = MessageType("revision.refreshed", gettext_noop("refreshed from its sources"))
SOURCES_CHANGED = MessageType("revision.sources-changed", gettext_noop("posts changed at their sources"))
POSTS_RELEASED = MessageType("revision.posts-released", gettext_noop("posts taken out because {edition} was approved"))
CORRECTION_MADE = MessageType("revision.correction-created", gettext_noop("created as a correction to {edition}"))
LETTER_MADE = MessageType("revision.letter-created", gettext_noop("letter created"))
TEMPLATE_SAVED = MessageType("act.template-saved", gettext_noop("saved as the template “{name}”"))
TEMPLATE_REMOVED = MessageType("act.template-removed", gettext_noop("no longer the template “{name}”"))
COPIED = MessageType("revision.copied", gettext_noop("created as a copy of {edition}"))
TEXTS_CHANGED = MessageType("revision.texts-changed", gettext_noop("changed the {fields}"))
POST_REMOVED = MessageType("revision.post-removed", gettext_noop("removed “{title}”"))
POST_ADDED = MessageType("revision.post-added", gettext_noop("added “{title}”"))
POST_WRITTEN = MessageType("revision.post-written", gettext_noop("added “{title}” by hand"))
POST_RESET = MessageType("revision.post-reset", gettext_noop("reset “{title}” to automatic"))
POST_PINNED = MessageType("revision.post-pinned", gettext_noop("pinned “{title}”"))
POST_UNPINNED = MessageType("revision.post-unpinned", gettext_noop("unpinned “{title}”"))
POST_RETITLED = MessageType("revision.headline-changed", gettext_noop("changed the headline of “{title}”"))
POST_REWRITTEN = MessageType("revision.text-changed", gettext_noop("changed the text of “{title}”"))
POST_MOVED = MessageType("revision.post-moved", gettext_noop("moved “{title}”"))
POSTS_REMOVED = MessageType(
    "revision.posts-removed", *ngettext_noop("removed {count} post", "removed {count} posts"), count="count"
)
POSTS_ADDED = MessageType(
    "revision.posts-added", *ngettext_noop("added {count} post", "added {count} posts"), count="count"
)
POSTS_MOVED = MessageType(
    "revision.posts-moved", *ngettext_noop("moved {count} post", "moved {count} posts"), count="count"
)
BLOCK_ADDED = MessageType("revision.block-added", gettext_noop("added the block “{title}”"))
BLOCK_CHANGED = MessageType("revision.block-changed", gettext_noop("changed the block “{title}”"))
BLOCK_REMOVED = MessageType("revision.block-removed", gettext_noop("removed the block “{title}”"))
UNDONE = MessageType("revision.undone", gettext_noop("undid the changes after revision {number}"))
REDONE = MessageType("revision.redone", gettext_noop("redid the changes up to revision {number}"))
BACK = MessageType("revision.restored", gettext_noop("back to revision {number}"))

# Differences between two revisions.
TEXT_NOW = MessageType("difference.text", gettext_noop("{field}: “{old}” is now “{new}”"))
FIELD_CHANGED = MessageType("difference.field", gettext_noop("{field} changed"))
POST_NOW_IN = MessageType("difference.post-in", gettext_noop("added “{title}”, {reason}"))
POST_NOW_OUT = MessageType("difference.post-out", gettext_noop("removed “{title}”, {reason}"))
POST_GONE = MessageType("difference.post-gone", gettext_noop("removed “{title}”"))
HEADLINE_NOW = MessageType("difference.headline", gettext_noop("headline: “{old}” is now “{new}”"))
POST_TEXT_CHANGED = MessageType("difference.post-text", gettext_noop("text of “{title}” changed"))
ORDER_CHANGED = MessageType("difference.order", gettext_noop("the order of posts changed"))

# The audit log.
APPROVED = MessageType("act.approved", gettext_noop("approved"))
REOPENED = MessageType("act.reopened", gettext_noop("taken back to draft"))
QUEUED = MessageType("act.queued", gettext_noop("scheduled"))
SENDING_STARTED = MessageType("act.sending-started", gettext_noop("sending started"))
CANCELLED = MessageType("act.cancelled", gettext_noop("cancelled"))
SKIPPED = MessageType("act.skipped", gettext_noop("skipped"))
PAUSED = MessageType("act.paused", gettext_noop("paused"))
RESUMED = MessageType("act.resumed", gettext_noop("resumed"))
FELL_BACK = MessageType("act.fell-back", gettext_noop("continued with the fallback provider"))
SENT_ANYWAY = MessageType("act.sent-anyway", gettext_noop("sent although it was on hold"))
SENT_NOW = MessageType("act.sent-now", gettext_noop("sent before its scheduled time"))
HELD_BACK = MessageType("act.held-back", gettext_noop("posts held back that may have been sent before a restore"))
HELD_BACK_WERE_SENT = MessageType(
    "act.held-back-were-sent",
    *ngettext_noop(
        "{count} post left out, as sent before the restore", "{count} posts left out, as sent before the restore"
    ),
    count="count",
)
HELD_BACK_GO = MessageType(
    "act.held-back-go",
    *ngettext_noop(
        "{count} post goes with the next edition after all", "{count} posts go with the next edition after all"
    ),
    count="count",
)
RESTORE_CONFIRMED = MessageType("act.restore-confirmed", gettext_noop("sending confirmed after a restore"))
SKIPPED_RESENT = MessageType("act.skipped-resent", gettext_noop("sent to skipped subscribers"))
NOTE_WRITTEN = MessageType("act.note-written", gettext_noop("note written"))
NOTE_DONE = MessageType("act.note-done", gettext_noop("note marked as done"))
NOTE_REMOVED = MessageType("act.note-removed", gettext_noop("note deleted"))
TEST_SENT = MessageType("act.test-sent", gettext_noop("test sent"))
UNKNOWN_RESENT = MessageType("act.unconfirmed-resent", gettext_noop("resent unconfirmed deliveries"))
UNKNOWN_LEFT = MessageType("act.unconfirmed-left", gettext_noop("left unconfirmed deliveries as they are"))
REMOVED_FROM_ARCHIVE = MessageType("act.removed-from-archive", gettext_noop("removed from the archive"))
RESTORED_TO_ARCHIVE = MessageType("act.restored-to-archive", gettext_noop("returned to the archive"))
WELCOME_MOVED = MessageType("act.welcome-moved", gettext_noop("timing of a welcome email changed"))
WELCOME_REMOVED = MessageType("act.welcome-removed", gettext_noop("removed from the welcome series"))
USER_ADDED = MessageType("act.user-added", gettext_noop("user added"))
INVITATION_SENT = MessageType("act.invitation-sent", gettext_noop("invitation sent"))
USER_REMOVED = MessageType("act.user-removed", gettext_noop("user removed"))
ROLE_CHANGED = MessageType("act.role-changed", gettext_noop("role changed"))
SENDING_CHANGED = MessageType("act.sending-changed", gettext_noop("sending rights changed"))
PASSWORD_SET = MessageType("act.password-set", gettext_noop("password set"))
PASSWORD_LINK = MessageType("act.password-link", gettext_noop("password reset requested"))
TWO_STEP_ON = MessageType("act.two-step-on", gettext_noop("two-step login turned on"))
TWO_STEP_OFF = MessageType("act.two-step-off", gettext_noop("two-step login turned off"))
CODES_MADE = MessageType("act.recovery-codes-made", gettext_noop("recovery codes created"))
CODE_USED = MessageType("act.recovery-code-used", gettext_noop("recovery code used"))
IMPORTED = MessageType("act.imported", gettext_noop("subscribers imported"))
IMPORT_UNDONE = MessageType("act.import-undone", gettext_noop("import undone"))
REMINDER_DISMISSED = MessageType(
    "act.reminder-dismissed", gettext_noop("reminder to import people who leave {tool} ended")
)
ARCHIVE_IMPORTED = MessageType("act.archive-imported", gettext_noop("old issues imported ({file})"))
ARCHIVE_IMPORT_UNDONE = MessageType("act.archive-import-undone", gettext_noop("import of old issues undone ({file})"))
EXPORTED = MessageType("act.exported", gettext_noop("subscribers exported"))
SUBSCRIBER_ADDED = MessageType("act.subscriber-added", gettext_noop("subscriber added"))
TAGS_CHANGED = MessageType("act.tags-changed", gettext_noop("tags changed"))
CADENCE_CHANGED = MessageType("act.cadence-changed", gettext_noop("frequency changed"))
TOPICS_CHANGED = MessageType("act.topics-changed", gettext_noop("topics changed"))
RECIPIENTS_CHANGED = MessageType("act.recipients-changed", gettext_noop("recipients changed"))
DELAYED_SENT = MessageType("act.delayed-sent", gettext_noop("delayed confirmations sent"))
DELAYED_DELETED = MessageType("act.delayed-deleted", gettext_noop("delayed confirmations deleted"))
SEGMENT_SAVED = MessageType("act.segment-saved", gettext_noop("segment saved"))
SEGMENT_REMOVED = MessageType("act.segment-removed", gettext_noop("segment removed"))
TOKEN_CREATED = MessageType("act.token-created", gettext_noop("API token created"))
TOKEN_REVOKED = MessageType("act.token-revoked", gettext_noop("API token revoked"))
WEBHOOK_ADDED = MessageType("act.webhook-added", gettext_noop("webhook added"))
WEBHOOK_REMOVED = MessageType("act.webhook-removed", gettext_noop("webhook removed"))
NAME_CHANGED = MessageType("act.name-changed", gettext_noop("name changed"))
VALUES_CHANGED = MessageType("act.values-changed", gettext_noop("values of fields changed"))
ADDRESS_CHANGED = MessageType("act.address-changed", gettext_noop("address changed"))
UNSUBSCRIBED = MessageType("act.unsubscribed", gettext_noop("unsubscribed"))
BLOCKED = MessageType("act.blocked", gettext_noop("blocked"))
UNBLOCKED = MessageType("act.unblocked", gettext_noop("unblocked"))
ERASED = MessageType("act.erased", gettext_noop("erased"))
SETTINGS_CHANGED = MessageType("act.settings-changed", gettext_noop("settings changed"))
