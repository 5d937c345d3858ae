"""DMARC policies, alignment and reports (RFC 9989)."""

from newsletter.messages.message import MessageType, gettext_noop

DMARC_FOUND = MessageType("check.dmarc", gettext_noop("the policy is {policy}: {record}"))
DMARC_INHERITED = MessageType(
    "check.dmarc-inherited", gettext_noop("the policy is {policy}, inherited from {domain}: {record}")
)
DMARC_TESTED = MessageType(
    "check.dmarc-tested",
    gettext_noop("the policy is {policy}, but receivers don't apply it to all emails ({tag}): {record}"),
)
DMARC_INVALID = MessageType(
    "check.dmarc-invalid",
    gettext_noop("the DMARC record of {name} has mistakes ({mistakes}), so receivers ignore it; correct it"),
)
DMARC_MISTAKE = MessageType(
    "check.dmarc-mistake",
    gettext_noop(
        "the DMARC record of {name} has mistakes ({mistakes}), so receivers take its policy for none; correct it"
    ),
)
DMARC_ALMOST = MessageType(
    "check.dmarc-almost",
    gettext_noop("{name} has no valid DMARC record, but one that looks like it ({record}); correct it"),
)
DMARC_MISPLACED = MessageType(
    "check.dmarc-misplaced",
    gettext_noop("the DMARC record is at {name}, where nobody looks for it; move it to _dmarc.{name}"),
)
ALIGNED = MessageType("check.aligned", gettext_noop("{type} for {domain} belongs to the same organization as From"))
NOT_ALIGNED = MessageType(
    "check.not-aligned",
    gettext_noop(
        "your emails are signed and returned for other domains than {domain}, so DMARC fails; run 'newsletter dkim new "
        "{domain}' on the server, which makes a key and shows what to add"
    ),
)
NOTHING_PASSES = MessageType(
    "check.nothing-passes",
    gettext_noop(
        "neither SPF nor DKIM passes for {domain}, so DMARC fails; add the SPF record, and sign your emails with a "
        "DKIM key"
    ),
)
NOT_ALIGNED_BY = MessageType(
    "check.not-aligned-by",
    gettext_noop(
        "{provider} does not sign for the organization of {domain}, so DMARC fails; verify {domain} on its pages, and "
        "send from that domain"
    ),
)
ALIGNED_BY_SPF = MessageType(
    "check.aligned-by-spf",
    gettext_noop(
        "only SPF for {domain} belongs to the same organization as From, and it fails for forwarded emails; sign "
        "your emails with a DKIM key"
    ),
)
NOT_STRICTLY_ALIGNED = MessageType(
    "check.not-strictly-aligned",
    gettext_noop(
        "the DMARC record asks for {domain} itself (adkim=s or aspf=s), and {other} is another domain; sign emails for "
        "{domain}, or remove these tags"
    ),
)
ALIGNED_BY_PROVIDER = MessageType(
    "check.aligned-by-provider",
    gettext_noop("{provider} signs for {domain} once that domain is verified on its pages"),
)
REPORTS_READ = MessageType("check.dmarc-reports-read", gettext_noop("reports arrive in the bounce mailbox: {address}"))
REPORTS_ELSEWHERE = MessageType(
    "check.dmarc-reports-elsewhere",
    gettext_noop("reports go to {addresses}; add {own} to see them here too"),
)
REPORTS_SENT = MessageType("check.dmarc-reports-sent", gettext_noop("reports go to {addresses}"))
NO_REPORTS = MessageType(
    "check.no-dmarc-reports",
    gettext_noop(
        "the DMARC record of {name} asks for no reports (rua=), so you don't see who sends in your name; add an "
        "address for them"
    ),
)
WRONG_REPORTS = MessageType(
    "check.dmarc-reports-wrong",
    gettext_noop(
        "the DMARC record of {name} asks for reports to {addresses}, which is no address with mailto:, so none are "
        "sent there; correct it"
    ),
)
REPORTS_REFUSED = MessageType(
    "check.dmarc-reports-refused",
    gettext_noop(
        "{destination} has not agreed to receive the reports of {domain}, so none are sent; ask its owner to add a "
        "TXT record with v=DMARC1 at {agreed}, or send the reports to an address of your own"
    ),
)
REPORTS_REFUSED_HERE = MessageType(
    "check.dmarc-reports-refused-here",
    gettext_noop(
        "{destination} has not agreed to receive the reports of {domain}, so none are sent; add its agreement"
    ),
)
