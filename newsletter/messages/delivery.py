"""Connections to mail servers and providers, what becomes of a message there, and the journal."""

from newsletter.messages.message import MessageType, gettext_noop

# Opening a connection.
NO_CONNECTION = MessageType(
    "smtp.no-connection",
    gettext_noop("no connection to {server} ({cause}); check the SMTP server and port"),
)
NO_ANSWER = MessageType("smtp.no-answer", gettext_noop("{server} did not answer within {seconds} seconds"))
BUSY = MessageType("smtp.busy", gettext_noop("{server} accepts no connection at the moment: {reply}"))
TURNED_AWAY = MessageType("smtp.turned-away", gettext_noop("{server} accepts no email: {reply}"))
NO_STARTTLS = MessageType(
    "smtp.no-starttls",
    gettext_noop(
        "{server} does not offer STARTTLS, and nothing is sent unencrypted; check the port and the encryption"
    ),
)
STARTTLS_REFUSED = MessageType("smtp.starttls-refused", gettext_noop("{server} refused STARTTLS: {reply}"))
TLS_FAILED = MessageType(
    "smtp.tls-failed",
    gettext_noop("TLS with {server} failed: {cause}; check the server's name, its certificate and the encryption"),
)
TLS_ENDED = MessageType("smtp.tls-ended", gettext_noop("{server} closed the connection during the TLS handshake"))
TLS_BROKE = MessageType(
    "smtp.tls-broke", gettext_noop("the connection to {server} broke during the TLS handshake: {cause}")
)
CERTIFICATES_UNREADABLE = MessageType(
    "smtp.certificates-unreadable",
    gettext_noop("the certificate file {file} can't be read: {cause}"),
)
NO_LOGIN_METHOD = MessageType(
    "smtp.no-login-method",
    gettext_noop("{server} does not offer the login that is configured ({wanted}), but: {offered}"),
)
NO_METHOD = MessageType("smtp.no-method", gettext_noop("none"))
LOGIN_POSTPONED = MessageType("smtp.login-postponed", gettext_noop("{server} can't check the login now: {reply}"))
LOGIN_REFUSED = MessageType(
    "smtp.login-refused",
    gettext_noop("{server} refused the login of {user}: {reply}; check the user name and password"),
)

# How a connection ended.
ENDED = MessageType("connection.ended", gettext_noop("the connection was ended"))
BROKE = MessageType("connection.broke", gettext_noop("the connection broke: {cause}"))
CLOSED = MessageType("connection.closed", gettext_noop("the mail server closed the connection"))
TIMED_OUT = MessageType("connection.timed-out", gettext_noop("timed out waiting for the reply to {step}"))
WRITE_TIMED_OUT = MessageType(
    "connection.write-timed-out", gettext_noop("timed out waiting for the mail server to read on")
)
SAID = MessageType("connection.said", gettext_noop("the mail server said {reply}"))
REPLIED_EARLY = MessageType(
    "connection.replied-early",
    gettext_noop("the mail server sent a reply before the command that it answers: {reply}"),
)
BEGAN_REPLY_EARLY = MessageType(
    "connection.began-reply-early",
    gettext_noop("the mail server sent part of a reply before the command that it answers"),
)
WRONG_REPLY = MessageType("connection.wrong-reply", gettext_noop("not a reply to {step}: {reply}"))
NOT_A_REPLY = MessageType("connection.not-a-reply", gettext_noop("not an SMTP reply: {words}"))
REPLY_TOO_LONG = MessageType(
    "connection.reply-too-long", gettext_noop("the mail server sent a reply that does not end")
)

# Steps of a session; commands are called by their names.
GREETING = MessageType("step.greeting", gettext_noop("the greeting"))
FINAL_DOT = MessageType("step.final-dot", gettext_noop("the final dot"))
EMPTY_DATA = MessageType("step.empty-data", gettext_noop("the end of empty DATA"))

# Why a message was not delivered, or may not have been.
STOPPED = MessageType("delivery.stopped", gettext_noop("sending was stopped"))
STOPPED_BEFORE_REPLY = MessageType(
    "delivery.stopped-before-reply", gettext_noop("sending was stopped before the server replied")
)
INTERRUPTED = MessageType(
    "delivery.interrupted", gettext_noop("sending was interrupted while the message was being sent")
)
JOURNAL_LOST = MessageType(
    "delivery.journal-lost", gettext_noop("the sending process ended, and its journal does not say what it had sent")
)
NOT_NOW = MessageType("delivery.not-now", gettext_noop("it could not be sent now"))
CANCELLED = MessageType("delivery.cancelled", gettext_noop("the edition was cancelled"))
NOTHING_NEW = MessageType("delivery.nothing-new", gettext_noop("had already received all posts of this edition"))
OFF_TOPIC = MessageType("delivery.off-topic", gettext_noop("this edition has no posts on the topics they picked"))
TOO_FEW = MessageType(
    "delivery.too-few",
    gettext_noop("wait for the next edition, because fewer posts than the minimum are new to them"),
)
RENDERED_LATER = MessageType("delivery.rendered-later", gettext_noop("get a variant that is made when sending begins"))
NO_LONGER_SUBSCRIBED = MessageType(
    "delivery.no-longer-subscribed",
    gettext_noop("unsubscribed, paused or blocked since"),
)
NO_SMTPUTF8 = MessageType(
    "delivery.no-smtputf8",
    gettext_noop("the mail server accepts no addresses with letters beyond ASCII (SMTPUTF8)"),
)
NO_8BITMIME = MessageType("delivery.no-8bitmime", gettext_noop("the mail server accepts only 7-bit emails (8BITMIME)"))
TOO_LARGE = MessageType(
    "delivery.too-large",
    gettext_noop("the email has {size} bytes, and the mail server accepts at most {most}"),
)
LINK_INVALID = MessageType(
    "delivery.link-invalid", gettext_noop("the subscriber's links have characters that are invalid in a link")
)
MESSAGE_ID_INVALID = MessageType("delivery.message-id-invalid", gettext_noop("the Message-ID has invalid characters"))
ADDRESS_TOO_LONG = MessageType("delivery.address-too-long", gettext_noop("the address is too long"))
DOMAIN_INVALID = MessageType(
    "delivery.domain-invalid", gettext_noop("the email address has an invalid domain ({cause})")
)
ADDRESS_INVALID = MessageType("delivery.address-invalid", gettext_noop("the email address has an invalid character"))
EMAIL_NOT_MADE = MessageType("delivery.email-not-made", gettext_noop("the edition's email can't be made: {cause}"))

# What came of a test email.
TEST_ACCEPTED = MessageType("test.accepted", gettext_noop("accepted"))
TEST_DEFERRED = MessageType("test.deferred", gettext_noop("send the test again later: {reply}"))
TEST_REFUSED = MessageType("test.refused", gettext_noop("refused: {reply}"))
TEST_UNCONFIRMED = MessageType("test.unconfirmed", gettext_noop("unconfirmed: {reply}"))

# Providers' APIs.
PROVIDER_NEEDS = MessageType(
    "provider.needs-package",
    gettext_noop("{provider} needs the package {package}; install it with: {command}"),
)
KEY_REFUSED = MessageType(
    "provider.key-refused",
    gettext_noop("the provider refused access: {reply}; check its key and address, and resume"),
)
CERTIFICATE_INVALID = MessageType("provider.certificate-invalid", gettext_noop("its certificate is invalid: {cause}"))
TOO_MANY_REQUESTS = MessageType(
    "provider.too-many-requests", gettext_noop("too many requests; again in {seconds} seconds")
)
UNANSWERED = MessageType("provider.no-answer", gettext_noop("the provider did not answer ({error})"))
ANSWER_UNREADABLE = MessageType("provider.answer-unreadable", gettext_noop("the provider's answer can't be read"))
ANSWER_INCOMPLETE = MessageType(
    "provider.answer-incomplete", gettext_noop("the provider's answer does not name every email")
)

# The journal folder.
JOURNAL_UNWRITABLE = MessageType(
    "journal.unwritable",
    gettext_noop("the journal {path} can't be written: {cause}; free some space or make it writable, and resume"),
)
RECOVERY_LOG_UNWRITABLE = MessageType(
    "journal.recovery-log-unwritable",
    gettext_noop("the recovery log {path} can't be written: {cause}; free some space or make it writable, and resume"),
)
UNSUBSCRIPTIONS_UNUSABLE = MessageType(
    "journal.unsubscriptions-unusable",
    gettext_noop(
        "the file of waiting unsubscriptions {path} can't be used: {cause}; nothing is sent until it can be read and "
        "written by the user that runs newsletter"
    ),
)
NOT_A_JOURNAL = MessageType(
    "journal.not-a-journal", gettext_noop("{path} is not a journal of this program; move it away")
)
OTHER_DATABASE = MessageType(
    "journal.other-database",
    gettext_noop("{path} belongs to another database; move it away, or send with the database that it belongs to"),
)
IDENTITY_DAMAGED = MessageType(
    "journal.identity-damaged",
    gettext_noop("{path} is damaged; restore it, or remove it if no edition is being sent"),
)
FOLDER_REPLACED = MessageType(
    "journal.folder-replaced",
    gettext_noop("the journal folder {path} was removed or replaced; it is made again if it is missing"),
)
RESTARTED_OR_COPIED = MessageType(
    "journal.restarted-or-copied",
    gettext_noop(
        "{path}: this machine restarted, or it is a copy of one that is sending with the same database (last seen "
        "{seen} seconds ago); sending starts in {left} seconds unless that one is seen again"
    ),
)
COPIED = MessageType(
    "journal.copied",
    gettext_noop(
        "{path} is a copy: {machine} has the same machine identity and is sending with the same database (last seen "
        "{seen} seconds ago); remove the folder on one of the two machines and start newsletter there again"
    ),
)

# DKIM keys.
DKIM_UNREADABLE = MessageType(
    "dkim.unreadable",
    gettext_noop(
        "the DKIM key of {name} is not a private key in PEM format without a password; make one with 'newsletter dkim"
        " new', which prints the line for config.toml"
    ),
)
DKIM_TYPE = MessageType(
    "dkim.type", gettext_noop("a DKIM key must be RSA or Ed25519; make one with 'newsletter dkim new'")
)
DKIM_SMALL = MessageType("dkim.small", gettext_noop("a DKIM key of {bits} bits is too small; make one of 2048 bits"))

# Alerts that are posted to site.alert_url.
ALERT_ANSWERED = MessageType("alert.answered", gettext_noop("it answered {status}"))
