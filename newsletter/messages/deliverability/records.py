"""Any DNS record: missing, doubled, or impossible to look up, and domains that are not the publisher's."""

from newsletter.messages.message import MessageType, gettext_noop

NO_RECORD = MessageType("check.no-record", gettext_noop("{name} has no {type} record; add one"))
SEVERAL_RECORDS = MessageType(
    "check.several-records",
    gettext_noop("{name} has {count} {type} records, and receivers accept none of several; replace them all with one"),
)
NOT_LOOKED_UP = MessageType(
    "check.not-looked-up",
    gettext_noop("{name} could not be looked up ({cause}), so this is not known; check again in a few minutes"),
)
NO_ANSWER = MessageType("check.no-answer", gettext_noop("no name server answered in time"))
SERVER_FAILURE = MessageType("check.server-failure", gettext_noop("its name servers answered with an error"))
NO_RESOLVER = MessageType("check.no-resolver", gettext_noop("this machine has no name server set up"))
OWN_DOMAIN = MessageType(
    "check.own-domain",
    gettext_noop(
        "{domain} belongs to {owner}, so you can't change its DNS records; enter an address at a domain of your own in "
        "{setting}"
    ),
)
OWN_DOMAIN_SERVED = MessageType(
    "check.own-domain-served", gettext_noop("{owner} takes care of this for {domain}, which it sends for")
)
REGISTRY = MessageType("check.registry", gettext_noop("a registry of domains"))
