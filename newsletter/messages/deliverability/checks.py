"""What mailbox providers require of senders."""

from newsletter.messages.message import MessageType, gettext_noop

# What each check is about.
SPF = MessageType("deliverability.about-spf", gettext_noop("SPF record"))
DKIM = MessageType("deliverability.about-dkim", gettext_noop("DKIM key {selector}"))
DKIM_PROVIDER = MessageType("deliverability.about-dkim-provider", gettext_noop("DKIM signature"))
DMARC = MessageType("deliverability.about-dmarc", gettext_noop("DMARC policy"))
DMARC_REPORTS = MessageType("deliverability.about-dmarc-reports", gettext_noop("DMARC reports"))
ALIGNMENT = MessageType("deliverability.about-alignment", gettext_noop("DMARC alignment"))
RECEIVING = MessageType("deliverability.about-receiving", gettext_noop("receives email"))
REVERSE_DNS = MessageType("deliverability.about-reverse-dns", gettext_noop("reverse DNS"))
TLS = MessageType("deliverability.about-tls", gettext_noop("encrypted sending"))
ONE_CLICK = MessageType("deliverability.about-one-click", gettext_noop("one-click unsubscribe"))
FEEDBACK_ID = MessageType("deliverability.about-feedback-id", gettext_noop("Feedback-ID field"))
BIMI = MessageType("deliverability.about-bimi", gettext_noop("logo in the inbox (BIMI)"))

# What each is for, and what happens without it.
WHY_SPF = MessageType(
    "deliverability.why-spf",
    gettext_noop(
        "It names the servers that may send for your domain. Without it, emails are refused or end up as spam."
    ),
)
WHY_DKIM = MessageType(
    "deliverability.why-dkim",
    gettext_noop(
        "A signature proves that an email comes from you unchanged. Without it, emails are refused or end up as spam."
    ),
)
WHY_DMARC = MessageType(
    "deliverability.why-dmarc",
    gettext_noop(
        "It says what to do with emails that neither SPF nor DKIM proves to be yours. Without it, emails are refused "
        "or end up as spam."
    ),
)
WHY_ALIGNMENT = MessageType(
    "deliverability.why-alignment",
    gettext_noop(
        "SPF or DKIM must be for the domain of your address in From. Otherwise they prove nothing, and DMARC fails."
    ),
)
WHY_RECEIVING = MessageType(
    "deliverability.why-receiving",
    gettext_noop("Replies must arrive. Some mailbox providers refuse emails from addresses without a mailbox."),
)
WHY_REVERSE_DNS = MessageType(
    "deliverability.why-reverse-dns",
    gettext_noop("Your mail server’s IP address must have a name. Without one, many servers refuse its emails."),
)
WHY_TLS = MessageType(
    "deliverability.why-tls",
    gettext_noop("Emails must travel encrypted. Gmail refuses others or delays them."),
)
WHY_ONE_CLICK = MessageType(
    "deliverability.why-one-click",
    gettext_noop(
        "Mailboxes show a button to unsubscribe. Without it, people report emails as spam, and later ones are refused."
    ),
)
WHY_DMARC_REPORTS = MessageType(
    "deliverability.why-dmarc-reports",
    gettext_noop("Daily reports show who sends in your name. Without them, you don’t notice forgeries or failures."),
)
WHY_FEEDBACK_ID = MessageType(
    "deliverability.why-feedback-id", gettext_noop("With it, Google shows complaints for each newsletter.")
)
WHY_BIMI = MessageType(
    "deliverability.why-bimi", gettext_noop("With it, some mailboxes show your logo beside your emails.")
)

# Any record.
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
        "{domain} belongs to {owner}, so you can't change its DNS records; use an address at a domain of your own in "
        "From"
    ),
)
OWN_DOMAIN_PATH = MessageType(
    "check.own-domain-path",
    gettext_noop(
        "{domain} belongs to {owner}, so you can't change its DNS records; use an address at a domain of your own as "
        "bounces.return_path"
    ),
)
OWN_DOMAIN_SERVED = MessageType(
    "check.own-domain-served", gettext_noop("{owner} takes care of this for {domain}, which it sends for")
)
REGISTRY = MessageType("check.registry", gettext_noop("a registry of domains"))

# SPF (RFC 7208).
NO_SPF_RELAY = MessageType(
    "check.no-spf-relay",
    gettext_noop(
        "{name} has no SPF record, so receivers can't see that {server} may send for it; ask that server's owner for "
        "the record to add"
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
        "{server} has no address in DNS, so whether the SPF record of {name} covers it is not known; set "
        "delivery.smtp.hello to your mail server's public name"
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
        "the SPF record of {name} has more than two terms without an answer ({terms}), so receivers ignore it; "
        "remove them"
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

# DKIM (RFC 6376).
NO_DKIM_RECORD = MessageType(
    "check.no-dkim-record",
    gettext_noop("{name} has no DKIM record, so receivers can't verify your signatures; add one"),
)
OTHER_DKIM_KEY = MessageType(
    "check.other-dkim-key",
    gettext_noop(
        "{name} publishes a different key from the one in config.toml, so all signatures are invalid; replace the "
        "record"
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
    gettext_noop("the key at {name} has {bits} bits; receivers ask for 1,024 or more, so make a new key"),
)
DKIM_RSA = MessageType("check.dkim-rsa", gettext_noop("RSA with {bits} bits at {name}"))
DKIM_ED25519 = MessageType(
    "check.dkim-ed25519",
    gettext_noop("Ed25519 at {name}; Gmail and Microsoft don't verify it, so add an RSA key as well"),
)
DKIM_BESIDE = MessageType("check.dkim-beside", gettext_noop("Ed25519 at {name}, beside an RSA key"))
NOT_SIGNED = MessageType(
    "check.not-signed",
    gettext_noop("no key signs emails from {domain}; make one with 'newsletter dkim new {domain}'"),
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
        "{provider} can't sign for {domain}, which belongs to {owner}; use an address at a domain of your own in From"
    ),
)

# DMARC (RFC 9989).
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
    "check.dmarc-misplaced", gettext_noop("the DMARC record is at {name}; move it to _dmarc.{name}")
)
ALIGNED = MessageType("check.aligned", gettext_noop("{type} for {domain} belongs to the same organization as From"))
NOT_ALIGNED = MessageType(
    "check.not-aligned",
    gettext_noop(
        "neither DKIM nor the envelope sender belongs to the organization of {domain}; sign emails for that domain, "
        "see 'newsletter dkim new'"
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
        "only SPF for {domain} belongs to the same organization as From, and it fails for forwarded emails; add a DKIM "
        "key"
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

# Servers.
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
    gettext_noop("the mail server's name {name} has no address; set delivery.smtp.hello to its public name"),
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
    gettext_noop("delivery.smtp.security is 'none', so emails go to {host} unencrypted; use 'auto'"),
)
NOTHING_SENT = MessageType("check.nothing-sent", gettext_noop("emails are only written to a folder"))

# Header fields.
ONE_CLICK_GOOD = MessageType("check.one-click", gettext_noop("subscribers can unsubscribe with one click ({url})"))
ONE_CLICK_HTTP = MessageType(
    "check.one-click-http",
    gettext_noop("{url} is not https, so emails have no one-click unsubscribe; set up https and change site.url"),
)
ONE_CLICK_LOCAL = MessageType(
    "check.one-click-local",
    gettext_noop("{url} can't be reached from the internet, so unsubscribing fails; set site.url to a public address"),
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
