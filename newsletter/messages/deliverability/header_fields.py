"""Header fields of emails, and BIMI."""

from newsletter.messages.message import MessageType, gettext_noop

# Header fields.
ONE_CLICK_GOOD = MessageType("check.one-click", gettext_noop("subscribers can unsubscribe with one click ({url})"))
ONE_CLICK_HTTP = MessageType(
    "check.one-click-http",
    gettext_noop("{url} is not https, so emails have no one-click unsubscribe; set up https and change {setting}"),
)
ONE_CLICK_LOCAL = MessageType(
    "check.one-click-local",
    gettext_noop("{url} can't be reached from the internet, so unsubscribing fails; change {setting} to a public one"),
)
FEEDBACK_GOOD = MessageType(
    "check.feedback-id", gettext_noop("{value}: Postmaster Tools shows complaints for each newsletter")
)
FEEDBACK_REPLACED = MessageType("check.feedback-id-replaced", gettext_noop("{provider} sets a Feedback-ID of its own"))

# BIMI.
NO_BIMI = MessageType(
    "check.no-bimi",
    gettext_noop(
        "a logo is optional: it needs a BIMI record, a certificate (VMC or CMC) and a DMARC policy of quarantine or "
        "reject"
    ),
)
BIMI_GOOD = MessageType("check.bimi", gettext_noop("the logo is published: {record}"))
BIMI_WITHOUT_CERTIFICATE = MessageType(
    "check.bimi-without-certificate",
    gettext_noop("the record has no certificate (a=), which Gmail and Apple require; add a VMC or CMC"),
)
BIMI_POLICY = MessageType(
    "check.bimi-policy",
    gettext_noop(
        "the logo is not shown, because the DMARC policy is {policy}; it must be quarantine or reject for all emails, "
        "and for subdomains"
    ),
)
BIMI_INVALID = MessageType(
    "check.bimi-invalid", gettext_noop("{name} has no valid BIMI record (v=BIMI1 with https addresses); correct it")
)
