"""Emails to editors."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

SENTENCES = MessageType("notice.sentences", gettext_noop("{first} {second}"))
DRAFT_READY = MessageType(
    "notice.draft-ready",
    *ngettext_noop(
        "The draft {edition} is ready, with {count} post.", "The draft {edition} is ready, with {count} posts."
    ),
    count="count",
)
SENT_AUTOMATICALLY = MessageType("notice.sent-automatically", gettext_noop("It will be sent automatically on {at}."))
SENT_ONCE_APPROVED = MessageType(
    "notice.sent-once-approved", gettext_noop("Once it is approved, it will be sent on {at}.")
)
SENT_BY_HAND = MessageType("notice.sent-by-hand", gettext_noop("It is not scheduled: someone has to send it."))
SENT_WHEN_APPROVED = MessageType(
    "notice.sent-when-approved", gettext_noop("It will be sent as soon as it is approved.")
)
IT_WAITS = MessageType("notice.it-waits", gettext_noop("It is waiting: {reason}."))
SOURCE_SAYS = MessageType("notice.source-says", gettext_noop("{problem}."))
HAS_POSTS_OF = MessageType(
    "notice.has-posts-of", gettext_noop("It includes the posts of {edition}, which was not sent.")
)
HAS_POSTS_OF_SEVERAL = MessageType(
    "notice.has-posts-of-several",
    *ngettext_noop(
        "It includes the posts of {count} earlier draft that was not sent.",
        "It includes the posts of {count} earlier drafts that were not sent.",
    ),
    count="count",
)
TOLD_WEEKLY = MessageType(
    "notice.told-weekly", gettext_noop("Until one is sent or cancelled, we tell you about new drafts once a week.")
)
EMAILS_FAILING = MessageType(
    "notice.emails-failing",
    gettext_noop(
        "Confirmations and other emails to individual subscribers can't be sent: {problem}. We'll retry for "
        "{days} days; see Unsent emails and events at the desk."
    ),
)
MANY_COMPLAINTS = MessageType(
    "notice.many-complaints",
    gettext_noop(
        "{complained} of {sent} emails of the last {days} days were reported as spam ({share} %). Gmail and Yahoo want "
        "less than 0.1 %, and block senders above 0.3 %. See Deliverability at the desk."
    ),
)
MANY_COMPLAINTS_AT = MessageType(
    "notice.many-complaints-at",
    gettext_noop(
        "{complained} of {sent} emails to {domain} of the last {days} days were reported as spam ({share} %). Gmail "
        "and Yahoo want less than 0.1 %, and block senders above 0.3 %. See Deliverability at the desk."
    ),
)
PAUSED = MessageType("notice.paused", gettext_noop("{edition} is paused: {reason}"))
FELL_BACK = MessageType(
    "notice.fell-back",
    gettext_noop("{provider} failed while {edition} was being sent, and {fallback} sends the rest: {reason}"),
)
UNDELIVERED = MessageType(
    "notice.undelivered",
    gettext_noop(
        "{edition} was not delivered: no email was accepted ({counts}); the servers' replies are in its report"
    ),
)
SENT = MessageType("notice.sent", gettext_noop("{edition} was sent: {counts}"))
SENT_WITH_REFUSALS = MessageType(
    "notice.sent-with-refusals",
    *ngettext_noop(
        "{edition} was sent: {counts}; {count} email was refused for a reason other than the subscriber's mailbox, and "
        "the edition's report has the server's reply, and sends it again when the cause is gone",
        "{edition} was sent: {counts}; {count} emails were refused for a reason other than the subscribers' mailboxes, "
        "and the edition's report has the servers' replies, and sends them again when the cause is gone",
    ),
    count="count",
)
UNCONFIRMED = MessageType(
    "notice.unconfirmed",
    gettext_noop(
        "Some deliveries of {edition} are unconfirmed: the connection dropped before the server confirmed them. "
        "Decide on the edition's page whether to resend them."
    ),
)
SOURCES_SILENT = MessageType(
    "notice.sources-silent",
    *ngettext_noop(
        "{count} source can't be read any more: {problems}. We keep trying.",
        "{count} sources can't be read any more, among them: {problems}. We keep trying.",
    ),
    count="count",
)
SIGN_UPS_DELAYED = MessageType(
    "notice.sign-ups-delayed",
    gettext_noop(
        "Unusually many people are signing up for {newsletter} ({at}), or programs are signing up others: confirmation "
        "emails are delayed now unless many of them are confirmed. Nothing has to be done. See Delayed sign-ups at the "
        "desk."
    ),
)
SIGN_UPS_OVER = MessageType(
    "notice.sign-ups-over",
    *ngettext_noop(
        "No more sign-ups for {newsletter} are delayed. {count} was, {released} of these emails were sent later, and "
        "{confirmed} of those led to a subscription. {waiting} wait, and are deleted after {days} days; see Delayed "
        "sign-ups at the desk.",
        "No more sign-ups for {newsletter} are delayed. {count} were, {released} of these emails were sent later, and "
        "{confirmed} of those led to a subscription. {waiting} wait, and are deleted after {days} days; see Delayed "
        "sign-ups at the desk.",
    ),
    count="count",
)

# Subjects.
ABOUT_DRAFT = MessageType(
    "notice.about-draft",
    *ngettext_noop("Draft ready: {period} – {count} post", "Draft ready: {period} – {count} posts"),
    count="count",
)
ABOUT_APPROVAL = MessageType("notice.about-approval", gettext_noop("Your approval is needed: {period}"))
ABOUT_WAITING = MessageType("notice.about-waiting", gettext_noop("Your attention is needed: {period}"))
ABOUT_PROBLEM = MessageType("notice.about-problem", gettext_noop("Your attention is needed"))
ABOUT_PAUSED = MessageType("notice.about-paused", gettext_noop("Sending is paused: {period}"))
ABOUT_STALLED = MessageType("notice.about-stalled", gettext_noop("Sending has stalled: {period}"))
ABOUT_GOES_ON = MessageType("notice.about-goes-on", gettext_noop("Sending goes on: {period}"))
ABOUT_MACHINE = MessageType("notice.about-machine", gettext_noop("A machine did not respond"))
ABOUT_STANDSTILL = MessageType("notice.about-standstill", gettext_noop("The program did not run"))
ABOUT_FALLBACK = MessageType("notice.about-fallback", gettext_noop("Another provider took over: {period}"))
ABOUT_SOURCE = MessageType("notice.about-source", gettext_noop("Posts may be missing: {period}"))
ABOUT_SKIPPED = MessageType("notice.about-skipped", gettext_noop("Skipped: {period}"))
ABOUT_SENT = MessageType("notice.about-sent", gettext_noop("Sent: {period}"))
ABOUT_UNDELIVERED = MessageType("notice.about-undelivered", gettext_noop("Not delivered: {period}"))
ABOUT_SERVICE = MessageType("notice.about-service", gettext_noop("A service is failing"))
ABOUT_RECOVERED = MessageType("notice.about-recovered", gettext_noop("A service is working again"))
ABOUT_EMAILS = MessageType("notice.about-emails", gettext_noop("Emails can't be sent"))
ABOUT_COMPLAINTS = MessageType("notice.about-complaints", gettext_noop("Readers report your emails as spam"))
ABOUT_SIGN_UPS = MessageType("notice.about-sign-ups", gettext_noop("Many people are signing up"))
ABOUT_BOUNCE = MessageType("notice.about-bounce", gettext_noop("A bounce message could not be processed"))
NEWSLETTER_REMOVED = MessageType(
    "notice.newsletter-removed",
    gettext_noop("config.toml has no newsletter {newsletter} any more, so nobody was emailed"),
)
OPEN_THE_EDITION = MessageType("notice.open-the-edition", gettext_noop("Open the edition"))
OPEN_THE_DESK = MessageType("notice.open-the-desk", gettext_noop("Open the desk"))
