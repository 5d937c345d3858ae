"""Mail servers: those that receive, reverse DNS and encryption."""

from newsletter.messages.message import MessageType, gettext_noop

MX_FOUND = MessageType("check.mx", gettext_noop("{name} receives email at {hosts}"))
MX_IMPLICIT = MessageType(
    "check.mx-implicit", gettext_noop("{name} has no MX record, so its email goes to {name} itself; add one")
)
NO_MX = MessageType(
    "check.no-mx", gettext_noop("{name} can't receive email, so replies and bounces are lost; add an MX record")
)
NULL_MX = MessageType(
    "check.null-mx",
    gettext_noop("{name} refuses all email (its MX is '.'); use an address that receives email, or change the record"),
)
MX_WITHOUT_ADDRESS = MessageType(
    "check.mx-without-address", gettext_noop("the mail server {host} of {name} has no address; correct the MX record")
)
REVERSE_GOOD = MessageType("check.reverse-dns", gettext_noop("{address} is {name}, and {name} is {address}"))
NO_ADDRESS = MessageType(
    "check.no-address",
    gettext_noop("the mail server's name {name} has no address; enter its public name in {setting}"),
)
NO_REVERSE = MessageType(
    "check.no-reverse-dns",
    gettext_noop("{address} has no reverse DNS; ask your hosting company to set it to {server}"),
)
REVERSE_DIFFERS = MessageType(
    "check.reverse-dns-differs",
    gettext_noop(
        "{address} is called {name}, but {name} is not {address}; ask your hosting company to set it to {server}"
    ),
)
SENT_BY = MessageType("check.sent-by", gettext_noop("{provider} is responsible for this"))
ENCRYPTED = MessageType("check.encrypted", gettext_noop("emails go to {host} encrypted"))
ENCRYPTED_BY_OWN = MessageType(
    "check.encrypted-by-own",
    gettext_noop(
        "the mail server on this machine must offer TLS to others; with Postfix: smtp_tls_security_level = may"
    ),
)
UNENCRYPTED = MessageType(
    "check.unencrypted",
    gettext_noop("emails go to {host} unencrypted, since {setting} is switched off; switch it on"),
)
NOTHING_SENT = MessageType("check.nothing-sent", gettext_noop("emails are only written to a folder"))
