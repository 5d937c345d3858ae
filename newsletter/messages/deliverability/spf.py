"""SPF records (RFC 7208)."""

from newsletter.messages.message import MessageType, gettext_noop

NO_SPF_RELAY = MessageType(
    "check.no-spf-relay",
    gettext_noop(
        "{name} has no SPF record, so receivers can't see that {server} may send for it; ask that server's owner for "
        "the record to add"
    ),
)
NO_SPF_SERVER = MessageType(
    "check.no-spf-server",
    gettext_noop(
        "{name} has no SPF record, and the record to add isn't known because {server} has no address in DNS; enter "
        "your mail server's public name in {setting}, and check again"
    ),
)
SPF_GOOD = MessageType("check.spf", gettext_noop("{record} (DNS lookups: {count} of at most 10)"))
SPF_WITHOUT = MessageType(
    "check.spf-without",
    gettext_noop("the SPF record of {name} does not let {provider} send; add {term} to it"),
)
SPF_ADDRESS = MessageType(
    "check.spf-address",
    gettext_noop("the SPF record of {name} does not cover {address}, the address of {server}; add that server to it"),
)
SPF_EXCLUDED = MessageType(
    "check.spf-excluded",
    gettext_noop(
        "the SPF record of {name} excludes {address}, the address of {server}, with {term}; let that server send "
        "before this term"
    ),
)
SPF_RELAY = MessageType(
    "check.spf-relay",
    gettext_noop(
        "it can't be seen in DNS from which addresses {server} delivers emails, and the SPF record of {name} does not "
        "name it; ask its owner what the record must include"
    ),
)
SPF_RELAY_COVERED = MessageType(
    "check.spf-relay-covered", gettext_noop("{record} covers {server} (DNS lookups: {count} of at most 10)")
)
SPF_MACRO = MessageType(
    "check.spf-macro",
    gettext_noop(
        "{term} depends on the recipient or on the server's greeting, so what receivers make of it is not known; ask "
        "whoever set it up"
    ),
)
SPF_SERVER = MessageType(
    "check.spf-server",
    gettext_noop(
        "{server} has no address in DNS, so whether the SPF record of {name} covers it is not known; enter "
        "your mail server's public name in {setting}"
    ),
)
SPF_OPEN = MessageType(
    "check.spf-open",
    gettext_noop(
        "the SPF record of {name} lets anyone send for it, because of {term}; name only servers that send for you"
    ),
)
SPF_NEUTRAL = MessageType(
    "check.spf-neutral",
    gettext_noop("the SPF record of {name} says nothing about other servers; end it with ~all"),
)
SPF_LOOKUPS = MessageType(
    "check.spf-lookups",
    gettext_noop(
        "the SPF record of {name} needs {count} DNS lookups, and receivers ignore it above 10 ({terms}); remove "
        "what no longer sends for you"
    ),
)
SPF_TERM_LOOKUPS = MessageType("check.spf-term-lookups", gettext_noop("{term}: {count}"))
SPF_VOID = MessageType(
    "check.spf-void",
    gettext_noop(
        "the SPF record of {name} has more than two parts that lead to nothing in DNS ({terms}), so receivers "
        "ignore it; remove them"
    ),
)
SPF_LOOP = MessageType(
    "check.spf-loop",
    gettext_noop("the SPF record of {name} leads back to {included}, so receivers ignore it; remove {terms}"),
)
SPF_INCLUDE = MessageType(
    "check.spf-include",
    gettext_noop(
        "the SPF record of {name} needs {included}, which has no valid SPF record, so receivers ignore both; remove or "
        "correct {terms}"
    ),
)
SPF_INVALID = MessageType(
    "check.spf-invalid",
    gettext_noop("the SPF record of {name} has mistakes ({terms}), so receivers ignore it; correct them"),
)
SPF_HOSTS = MessageType(
    "check.spf-hosts",
    gettext_noop(
        "{terms} in the SPF record of {name} stands for more than 10 mail servers, so receivers ignore the record; "
        "name the servers that send instead"
    ),
)
SPF_ALMOST = MessageType(
    "check.spf-almost",
    gettext_noop(
        "{name} has no SPF record, but one that looks like it ({record}); it must begin with v=spf1 and a space"
    ),
)
SPF_OF_PROVIDER = MessageType(
    "check.spf-of-provider",
    gettext_noop(
        "{provider} sends with a return path of its own ({domain}), so your domain needs no SPF record for it"
    ),
)
