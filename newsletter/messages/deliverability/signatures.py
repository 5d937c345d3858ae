"""DKIM keys and signatures (RFC 6376)."""

from newsletter.messages.message import MessageType, gettext_noop

NO_DKIM_RECORD = MessageType(
    "check.no-dkim-record",
    gettext_noop("{name} has no DKIM record, so receivers can't verify your signatures; add one"),
)
OTHER_DKIM_KEY = MessageType(
    "check.other-dkim-key",
    gettext_noop(
        "{name} publishes a different key from the one that signs your emails, so all signatures are invalid; replace "
        "the record"
    ),
)
DKIM_REVOKED = MessageType(
    "check.dkim-revoked",
    gettext_noop("the key at {name} is revoked (its p= is empty), so all signatures are invalid; publish a key again"),
)
DKIM_TESTING = MessageType(
    "check.dkim-testing",
    gettext_noop("the key at {name} has t=y, so receivers treat emails as unsigned; remove t=y from the record"),
)
DKIM_FAULT = MessageType(
    "check.dkim-fault",
    gettext_noop("receivers ignore the key at {name}, because {cause}; replace the record"),
)
DKIM_FAULT_V = MessageType("check.dkim-fault-v", gettext_noop("v=DKIM1 must be at its beginning"))
DKIM_FAULT_REPEATED = MessageType("check.dkim-fault-repeated", gettext_noop("a tag is in it twice"))
DKIM_FAULT_H = MessageType("check.dkim-fault-h", gettext_noop("its h= does not allow sha256, which signs your emails"))
DKIM_FAULT_S = MessageType("check.dkim-fault-s", gettext_noop("its s= is for something other than email"))
DKIM_FAULT_K = MessageType("check.dkim-fault-k", gettext_noop("its k= is neither rsa nor ed25519"))
DKIM_FAULT_P = MessageType("check.dkim-fault-p", gettext_noop("its p= is not a valid public key of that type"))
DKIM_SHORT = MessageType(
    "check.dkim-short",
    gettext_noop(
        "the key at {name} has {bits} bits; receivers ask for 1,024 or more, so make a new one as you made this one"
    ),
)
DKIM_RSA = MessageType("check.dkim-rsa", gettext_noop("RSA with {bits} bits at {name}"))
DKIM_ED25519 = MessageType(
    "check.dkim-ed25519",
    gettext_noop(
        "Ed25519 at {name}; Gmail and Microsoft don't verify it, so make an RSA key as well, "
        "with 'newsletter dkim new' on the server"
    ),
)
DKIM_BESIDE = MessageType("check.dkim-beside", gettext_noop("Ed25519 at {name}, beside an RSA key"))
NOT_SIGNED = MessageType(
    "check.not-signed",
    gettext_noop(
        "no key signs emails from {domain}; make one on the page Deliverability at the desk, or with 'newsletter dkim "
        "new {domain}' on the server, and add the record that is shown"
    ),
)
SIGNED_BY = MessageType("check.signed-by", gettext_noop("{provider} signs, with its key at {name}"))
NO_KEY_OF_PROVIDER = MessageType(
    "check.no-key-of-provider",
    gettext_noop("{name} has no DKIM record of {provider}; add the records that its pages show for your domain"),
)
SIGNING_UNSEEN = MessageType(
    "check.signing-unseen",
    gettext_noop(
        "{provider} signs with keys whose names it chooses, so they can't be looked up; see on its pages whether "
        "{domain} is verified"
    ),
)
NOT_SIGNED_BY = MessageType(
    "check.not-signed-by",
    gettext_noop(
        "{provider} can't sign for {domain}, which belongs to {owner}; enter an address at a domain of your own in "
        "{setting}"
    ),
)
