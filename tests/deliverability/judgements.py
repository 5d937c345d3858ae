"""Set-ups that need judgement: what receivers' servers really make of a record, and which record would help.

Each rests on a section of RFC 7208 (SPF), RFC 6376 (DKIM) or RFC 9989 (DMARC); only the findings that are named are
compared. The server of the set-ups is the publisher's own, `mail.{d}` at `{a}`.
"""

from tests.deliverability.setups import DMARC, KEY, OTHER, RSA, SPF, Setup

RELAY = {"host": "smtp.relay.example"}
HOSTING = {"host": "smtp.{d}.hosting.example"}


def spf(
    name: str, text: str | tuple[str, ...] | None, finding: str, record: str | None = None, **more: object
) -> Setup:
    """Return a set-up with another SPF record; `record` is the one that is offered, "" for none."""
    records = {SPF: text, **more.pop("records", {})}  # type: ignore[dict-item]
    offered = ("spf", f'{{d}}. IN TXT "{record}"' if record else "") if record is not None else None
    return Setup(name, records, {"spf": finding}, record=offered, **more)


def dmarc(name: str, text: str | tuple[str, ...], finding: str, record: str | None = None, **more: object) -> Setup:
    """Return a set-up with another DMARC record."""
    offered = ("dmarc", f'_dmarc.{{d}}. IN TXT "{record}"' if record else "") if record is not None else None
    records = {DMARC: text, **more.pop("records", {})}  # type: ignore[dict-item]
    return Setup(name, records, {"dmarc": finding}, record=offered, **more)


def key(name: str, tags: str, finding: str) -> Setup:
    """Return a set-up whose key record has these tags before the key."""
    return Setup(f"a key with {name}", {KEY: RSA.record.replace("; p=", f"; {tags}; p=")}, {"dkim": finding})


GOOD = "v=spf1 a:mail.{d} ~all"
INCLUDED = {f"i{n}.{{d}} TXT": f"v=spf1 include:j{n}.{{d}} ~all" for n in range(6)} | {
    f"j{n}.{{d}} TXT": "v=spf1 ip4:192.0.2.4 ~all" for n in range(6)
}
SIX = " ".join(f"include:i{n}.{{d}}" for n in range(6))

SPF_SETUPS = (
    spf("no record, and a mail server without a name", None, "bad check.no-record", "v=spf1 a:news.{d} ~all",
        smtp={"host": "127.0.0.1", "hello": "gone.{d}"}, records={"news.{d} A": "{a}"}),
    spf("no record, and nothing with a name", None, "bad check.no-spf-server", "",
        smtp={"host": "127.0.0.1", "hello": "gone.{d}"}),
    Setup("neither a record nor a key", {SPF: None},
          {"spf": "bad check.no-record", "alignment": "bad check.nothing-passes"}, keys=()),
    # Each term is evaluated in order, and the first that matches decides (4.6.2).
    spf("a network", "v=spf1 ip4:{a}/28 -all", "good check.spf"),
    spf("capital letters", "V=SPF1 A:mail.{d} -ALL", "good check.spf"),
    spf("a term that excludes the server comes first", "v=spf1 -ip4:{a} a:mail.{d} ~all", "bad check.spf-excluded",
        "v=spf1 a:mail.{d} -ip4:{a} ~all"),
    spf("a term that says nothing of the server comes first", "v=spf1 ?a:mail.{d} ~all", "bad check.spf-excluded",
        "v=spf1 a:mail.{d} ?a:mail.{d} ~all"),
    spf("terms after all", "v=spf1 -all a:mail.{d}", "bad check.spf-address", "v=spf1 a:mail.{d} -all"),
    spf("IPv6 only", "v=spf1 ip6:2001:db8::/32 -all", "bad check.spf-address",
        "v=spf1 ip6:2001:db8::/32 a:mail.{d} -all"),
    spf("one of two addresses", "v=spf1 ip4:{a} -all", "bad check.spf-address", "v=spf1 ip4:{a} a:mail.{d} -all",
        records={"mail.{d} AAAA": "2001:db8::1"}),
    # redirect= (6.1) and include (5.2).
    spf("redirect after all", "v=spf1 a:mail.{d} ~all redirect=gone.{d}", "good check.spf"),
    spf("redirect to a record that lacks the server", "v=spf1 redirect=all.{d}", "bad check.spf-address",
        "v=spf1 a:mail.{d} redirect=all.{d}", records={"all.{d} TXT": "v=spf1 ip4:192.0.2.1 -all"}),
    spf("redirect to a name without a record", "v=spf1 a:mail.{d} redirect=gone.{d}", "bad check.spf-include",
        "v=spf1 a:mail.{d} ~all"),
    spf("an include behind a CNAME record", "v=spf1 include:i.{d} -all", "good check.spf",
        records={"i.{d} CNAME": "j.{d}.", "j.{d} TXT": "v=spf1 ip4:{a} -all"}),
    spf("an include that can't be looked up", "v=spf1 include:i.broken.example a:mail.{d} ~all",
        "unknown check.not-looked-up", ""),
    spf("an include without an answer in time", "v=spf1 include:i.slow.example ~all",
        "unknown check.not-looked-up", ""),
    spf("an include for anyone", "v=spf1 include:i.{d} ~all", "bad check.spf-open", "v=spf1 a:mail.{d} ~all",
        records={"i.{d} TXT": "v=spf1 +all"}),
    spf("an include of the domain itself", "v=spf1 include:{d} a:mail.{d} -all", "bad check.spf-loop",
        "v=spf1 a:mail.{d} -all"),
    spf("an include with a mistake", "v=spf1 include:i.{d} a:mail.{d} -all", "bad check.spf-include",
        "v=spf1 a:mail.{d} -all", records={"i.{d} TXT": "v=spf1 ip4:1.2.3 -all"}),
    # exists, ptr and macros (5.5, 5.7, 7).
    spf("exists for the server", "v=spf1 exists:%{i}.ok.{d} -all", "good check.spf",
        records={"{a}.ok.{d} A": "127.0.0.2"}),
    spf("exists for another server", "v=spf1 exists:%{i}.ok.{d} -all", "bad check.spf-address",
        "v=spf1 exists:%{i}.ok.{d} a:mail.{d} -all"),
    spf("exists for each recipient", "v=spf1 exists:%{l}.ok.{d} -all", "unknown check.spf-macro", ""),
    spf("exists for anyone", "v=spf1 exists:ok.{d} -all", "bad check.spf-open", "v=spf1 a:mail.{d} -all",
        records={"ok.{d} A": "127.0.0.2"}),
    spf("ptr", "v=spf1 ptr:{d} -all", "good check.spf"),
    spf("ptr of another domain", "v=spf1 ptr:other.example -all", "bad check.spf-address",
        "v=spf1 ptr:other.example a:mail.{d} -all"),
    # One valid record (4.5, 4.6).
    spf("two records", ("v=spf1 a:mail.{d} ~all", "v=spf1 ip4:192.0.2.1 -all"), "bad check.several-records",
        "v=spf1 a:mail.{d} ip4:192.0.2.1 -all"),
    spf("two records without the server", ("v=spf1 ip4:192.0.2.2 ~all", "v=spf1 redirect=i.{d}"),
        "bad check.several-records", "v=spf1 ip4:192.0.2.2 include:i.{d} a:mail.{d} ~all",
        records={"i.{d} TXT": "v=spf1 ip4:192.0.2.1 -all"}),
    spf("a wrong prefix", "v=spf1 ip4:{a}/33 mx -all", "bad check.spf-invalid", "v=spf1 mx -all"),
    spf("a comma", "v=spf1 ip4:{a},ip4:192.0.2.9 -all", "bad check.spf-invalid",
        "v=spf1 ip4:{a} ip4:192.0.2.9 -all"),
    spf("no blank before all", "v=spf1 ip4:{a}~all", "bad check.spf-invalid", "v=spf1 ip4:{a} ~all"),
    spf("a label of another name", "v=spf1 ipv4:{a} -all", "bad check.spf-invalid", "v=spf1 ip4:{a} -all"),
    spf("quotation marks", "“v=spf1 ip4:{a} -all”", "bad check.spf-almost", "v=spf1 ip4:{a} -all"),
    spf("a blank before the version", " v=spf1 ip4:{a} -all", "bad check.spf-almost", "v=spf1 ip4:{a} -all"),
    spf("a macro in an include", "v=spf1 include:_spf.%{o} -all", "good check.spf",
        records={"_spf.{d} TXT": "v=spf1 ip4:{a} -all"}),
    spf("a network of the domain's own address", "v=spf1 a/24 -all", "good check.spf",
        records={"{d} A": "203.0.113.250"}),
    spf("an include with two records", "v=spf1 include:i.{d} a:mail.{d} -all", "bad check.spf-include",
        "v=spf1 a:mail.{d} -all", records={"i.{d} TXT": ("v=spf1 -all", "v=spf1 +all")}),
    spf("an include in an include that can't be looked up", "v=spf1 include:i.{d} a:mail.{d} -all",
        "unknown check.not-looked-up", "", records={"i.{d} TXT": "v=spf1 include:x.broken.example -all"}),
    spf("an include that leads to itself", "v=spf1 a:mail.{d} include:i.{d} ~all", "bad check.spf-loop",
        "v=spf1 a:mail.{d} ~all", records={"i.{d} TXT": "v=spf1 redirect=i.{d}"}),
    spf("too many hosts without IPv6 before the server", "v=spf1 a:x.{d} a:y.{d} a:z.{d} a:mail.{d} ~all",
        "bad check.spf-address", "v=spf1 a:mail.{d} a:x.{d} a:y.{d} a:z.{d} ~all",
        records={"mail.{d} AAAA": "2001:db8::1", "x.{d} A": "192.0.2.1", "y.{d} A": "192.0.2.2",
                 "z.{d} A": "192.0.2.3"}),
    spf("two redirects", "v=spf1 redirect=i.{d} redirect=j.{d}", "bad check.spf-invalid",
        records={"i.{d} TXT": "v=spf1 ip4:{a} -all", "j.{d} TXT": "v=spf1 ip4:{a} -all"}),
    spf("a tab", "v=spf1\ta:mail.{d} ~all", "bad check.spf-almost", "v=spf1 a:mail.{d} ~all"),
    spf("another version", "v=spf10 a:mail.{d} ~all", "bad check.spf-almost", "v=spf1 a:mail.{d} ~all"),
    spf("Sender ID only", "spf2.0/pra a:mail.{d} -all", "bad check.no-record", "v=spf1 a:mail.{d} ~all"),
    spf("an IPv6 address as ip4", "v=spf1 ip4:2001:db8::1 a:mail.{d} -all", "bad check.spf-invalid"),
    spf("a server that an include excludes", "v=spf1 ~include:i.{d} a:mail.{d} -all", "bad check.spf-excluded",
        records={"i.{d} TXT": "v=spf1 ip4:{a} -all"}),
    spf("a version alone", "v=spf1", "bad check.spf-address", "v=spf1 a:mail.{d} ~all"),
    spf("an unknown modifier", "v=spf1 moo=milk a:mail.{d} -all", "good check.spf"),
    # Anyone may send, or nothing is said of others.
    spf("+all", "v=spf1 +all", "bad check.spf-open", "v=spf1 a:mail.{d} ~all"),
    spf("all of the internet as one network", "v=spf1 ip4:0.0.0.0/0 -all", "bad check.spf-open",
        "v=spf1 a:mail.{d} -all"),
    spf("all of the internet as networks", "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "bad check.spf-open",
        "v=spf1 a:mail.{d} -all"),
    # At most ten lookups, of which two without an answer (4.6.4).
    spf("thirteen lookups", f"v=spf1 {SIX} a:mail.{{d}} ~all", "bad check.spf-lookups", "", records=INCLUDED),
    spf("the same include twice", f"v=spf1 {SIX.removesuffix(' include:i5.{d}')} include:i0.{{d}} a:mail.{{d}} ~all",
        "bad check.spf-lookups", "", records=INCLUDED),
    spf("ten lookups without the server", f"v=spf1 {SIX.removesuffix(' include:i5.{d}')} ~all", "bad check.spf-address",
        f"v=spf1 {SIX.removesuffix(' include:i5.{d}')} ip4:{{a}} ~all", records=INCLUDED),
    spf("three hosts that don't exist", "v=spf1 a:x.{d} a:y.{d} a:z.{d} a:mail.{d} ~all", "bad check.spf-void",
        "v=spf1 a:mail.{d} ~all"),
    spf("eleven mail servers", "v=spf1 mx:many.{d} a:mail.{d} ~all", "bad check.spf-hosts", "v=spf1 a:mail.{d} ~all",
        records={"many.{d} MX": tuple(f"10 m{n}.{{d}}." for n in range(11))}),
    # A relay, whose servers can't be seen.
    spf("a relay that the record lacks", "v=spf1 ip4:192.0.2.1 -all", "unknown check.spf-relay", "", smtp=RELAY),
    spf("a relay that the record names", "v=spf1 a:smtp.relay.example -all", "good check.spf-relay-covered",
        smtp=RELAY),
    spf("a relay without a record", None, "bad check.no-spf-relay", "", smtp=RELAY),
    spf("a relay by redirect", "v=spf1 redirect=_spf.{d}.hosting.example", "good check.spf",
        records={"_spf.{d}.hosting.example TXT": "v=spf1 ip4:192.0.2.0/28 ~all"}, smtp=HOSTING),
    spf("a relay's networks instead of its include", "v=spf1 ip4:192.0.2.0/24 ~all", "good check.spf",
        records={"_spf.{d}.hosting.example TXT": "v=spf1 ip4:192.0.2.0/28 ~all"}, smtp=HOSTING),
    spf("a relay with exists, included", "v=spf1 include:_spf.{d}.hosting.example ~all", "good check.spf",
        records={"_spf.{d}.hosting.example TXT": "v=spf1 exists:%{i}.x.{d} ~all"}, smtp=HOSTING),
    spf("a relay whose include says nothing", "v=spf1 ?include:_spf.{d}.hosting.example ~all",
        "warning check.spf-without",
        "v=spf1 include:_spf.{d}.hosting.example ?include:_spf.{d}.hosting.example ~all",
        records={"_spf.{d}.hosting.example TXT": "v=spf1 ip4:192.0.2.0/28 ~all"}, smtp=HOSTING),
)  # fmt: skip

DKIM_SETUPS = (
    # Tags of a key record (RFC 6376 3.6.1).
    key("sha1 only", "h=sha1", "bad check.dkim-fault"),
    key("both hashes", "h=sha1:sha256", "good check.dkim-rsa"),
    key("another service", "s=tlsrpt", "bad check.dkim-fault"),
    key("all services", "s=*:other", "good check.dkim-rsa"),
    key("an unknown flag", "t=s", "good check.dkim-rsa"),
    key("notes", "n=our key", "good check.dkim-rsa"),
    key("two tests", "t=y:s", "warning check.dkim-testing"),
    key("a repeated tag", "s=email; s=email", "bad check.dkim-fault"),
    Setup("a key of another type", {KEY: RSA.record.replace("k=rsa", "k=ed25519")}, {"dkim": "bad check.dkim-fault"}),
    Setup("a version at the end", {KEY: RSA.record.removeprefix("v=DKIM1; ") + "; v=DKIM1"},
          {"dkim": "bad check.dkim-fault"}),
    Setup("no version", {KEY: RSA.record.removeprefix("v=DKIM1; ")}, {"dkim": "good check.dkim-rsa"}),
    Setup("a key behind a CNAME record", {KEY: None, "s1._domainkey.{d} CNAME": "k.{d}.", "k.{d} TXT": RSA.record},
          {"dkim": "good check.dkim-rsa"}),
    Setup("a key as a file has it", {KEY: RSA.record.replace("p=", "p=-----BEGIN PUBLIC KEY-----")},
          {"dkim": "bad check.other-dkim-key"}),
    Setup("the SPF record of all names in the place of a key", {KEY: "v=spf1 -all"},
          {"dkim": "bad check.no-dkim-record"}),
    Setup("two key records", {KEY: (RSA.record, OTHER.record)}, {"dkim": "bad check.several-records"}),
)  # fmt: skip

DMARC_SETUPS = (
    # The version and the tags (RFC 9989 4.7).
    dmarc("small letters", "v=dmarc1; p=reject", "bad check.dmarc-almost", "v=DMARC1; p=reject"),
    dmarc("a policy in capitals", "v=DMARC1; p=Reject; rua=mailto:r@{d}", "good check.dmarc"),
    dmarc("no semicolons", "v=DMARC1 p=quarantine rua=mailto:r@{d}", "bad check.dmarc-almost",
          "v=DMARC1; p=quarantine; rua=mailto:r@{d}"),
    dmarc("a policy in quotation marks", '\\"v=DMARC1; p=reject; rua=mailto:r@{d}\\"', "bad check.dmarc-almost",
          "v=DMARC1; p=reject; rua=mailto:r@{d}"),
    dmarc("a repeated tag", "v=DMARC1; p=none; p=reject; rua=mailto:r@{d}", "bad check.dmarc-invalid",
          "v=DMARC1; p=reject; rua=mailto:r@{d}"),
    dmarc("a repeated tag with the same value", "v=DMARC1; p=reject; t=n; t=n", "bad check.dmarc-invalid",
          "v=DMARC1; p=reject; t=n"),
    dmarc("the SPF record of all names", "v=spf1 -all", "bad check.no-record"),
    Setup("a policy behind a CNAME record",
          {DMARC: None, "_dmarc.{d} CNAME": "p.{d}.", "p.{d} TXT": "v=DMARC1; p=none"}, {"dmarc": "good check.dmarc"}),
    dmarc("a mistyped policy", "v=DMARC1; p=rejct", "bad check.dmarc-invalid", "v=DMARC1; p=reject"),
    dmarc("a mistyped policy with reports", "v=DMARC1; p=quarentine; rua=mailto:r@{d}", "warning check.dmarc-mistake",
          "v=DMARC1; p=quarantine; rua=mailto:r@{d}"),
    dmarc("reports without a policy", "v=DMARC1; rua=mailto:r@{d}", "good check.dmarc"),
    dmarc("a mistyped policy for subdomains", "v=DMARC1; p=reject; sp=nome; rua=mailto:r@{d}",
          "warning check.dmarc-mistake", "v=DMARC1; p=reject; sp=none; rua=mailto:r@{d}"),
    dmarc("a test", "v=DMARC1; p=reject; t=y; rua=mailto:r@{d}", "good check.dmarc-tested"),
    dmarc("a part of the emails", "v=DMARC1; p=reject; pct=20; rua=mailto:r@{d}", "good check.dmarc-tested"),
    dmarc("two policies", ("v=DMARC1; p=none; rua=mailto:r@{d}", "v=DMARC1; p=reject; sp=quarantine"),
          "bad check.several-records", "v=DMARC1; p=reject; sp=quarantine; rua=mailto:r@{d}"),
    Setup("a record at the domain itself", {DMARC: None, SPF: (GOOD, "v=DMARC1; p=reject; rua=mailto:r@{d}")},
          {"dmarc": "bad check.dmarc-misplaced", "spf": "good check.spf"},
          record=("dmarc", '_dmarc.{d}. IN TXT "v=DMARC1; p=reject; rua=mailto:r@{d}"')),
    # Reports (RFC 9990).
    Setup("reports without mailto:", {DMARC: "v=DMARC1; p=reject; rua=r@{d}"},
          {"dmarc": "good check.dmarc", "dmarc-reports": "warning check.dmarc-reports-wrong"},
          record=("dmarc-reports", '_dmarc.{d}. IN TXT "v=DMARC1; p=reject; rua=mailto:r@{d}"')),
    Setup("no reports from a strict policy", {DMARC: "v=DMARC1;p=reject;adkim=s"},
          {"dmarc-reports": "note check.no-dmarc-reports"},
          record=("dmarc-reports", '_dmarc.{d}. IN TXT "v=DMARC1; p=reject; adkim=s; rua=mailto:bounce+dmarc@{d}"')),
    # Subdomains: sp= (4.7), and the organization's record where there is none of its own (4.10.1).
    Setup("a policy for subdomains", {DMARC: "v=DMARC1; p=reject; sp=none; rua=mailto:r@{d}", "brev.{d} A": "{a}"},
          {"dmarc": "good check.dmarc-inherited"}, domain="brev.{d}"),
    Setup("a subdomain without any record", {DMARC: None, "brev.{d} A": "{a}"}, {"dmarc": "bad check.no-record"},
          domain="brev.{d}",
          record=("dmarc", '_dmarc.{d}. IN TXT "v=DMARC1; p=none; rua=mailto:bounce+dmarc@{d}"')),
    # A logo wants a policy that is applied to all emails.
    Setup("a logo with a policy for a part", {DMARC: "v=DMARC1; p=reject; pct=50", "default._bimi.{d} TXT":
          "v=BIMI1; l=https://{d}/l.svg; a=https://{d}/c.pem"}, {"bimi": "warning check.bimi-policy"}),
    Setup("a logo with a policy in test", {DMARC: "v=DMARC1; p=reject; t=y", "default._bimi.{d} TXT":
          "v=BIMI1; l=https://{d}/l.svg; a=https://{d}/c.pem"}, {"bimi": "warning check.bimi-policy"}),
    Setup("a logo with a policy but for subdomains", {DMARC: "v=DMARC1; p=reject; sp=none", "default._bimi.{d} TXT":
          "v=BIMI1; l=https://{d}/l.svg; a=https://{d}/c.pem"}, {"bimi": "warning check.bimi-policy"}),
)  # fmt: skip

SERVER_SETUPS = (
    Setup("an address as a mail server", {"{d} MX": "10 {a}."}, {"receiving": "bad check.mx-without-address"}),
    Setup("a mail server behind a CNAME record", {"{d} MX": "10 m.{d}.", "m.{d} CNAME": "mail.{d}."},
          {"receiving": "good check.mx"}),
    Setup("two names of an address, one of which is right", {"{ptr} PTR": ("host.hosting.example.", "mail.{d}.")},
          {"reverse-dns": "good check.reverse-dns"}),
    Setup("an IPv6 address without a name", {"mail.{d} AAAA": "2001:db8::25"},
          {"reverse-dns": "bad check.no-reverse-dns"}),
)  # fmt: skip

OTHERS_SETUPS = (
    # A domain that isn't the publisher's.
    Setup("From at a mailbox provider, by another service", {}, domain="gmail.com", provider="postmark", keys=(),
          finds={"spf": "good check.spf-of-provider", "dkim": "bad check.not-signed-by",
                 "alignment": "bad check.own-domain", "dmarc": "bad check.own-domain"}),
    Setup("From at a mailbox provider, by its own server", {}, domain="gmail.com", smtp={"host": "smtp.gmail.com"},
          keys=(), return_path="",
          finds={"spf": "good check.own-domain-served", "dkim": "good check.own-domain-served",
                 "alignment": "good check.own-domain-served"}),
    Setup("From at a mailbox provider, by a server named like it", {}, domain="web.de", smtp={"host": "smtp.web.de"},
          keys=(), return_path="",
          finds={"spf": "good check.own-domain-served", "alignment": "good check.own-domain-served"}),
    Setup("From at a mailbox provider, by its server in another domain", {}, domain="gmx.at", keys=(), return_path="",
          smtp={"host": "mail.gmx.net"}, finds={"spf": "good check.own-domain-served"}),
    Setup("From at a mailbox provider, by another one's server", {}, domain="web.de", smtp={"host": "smtp.gmail.com"},
          keys=(), return_path="", finds={"spf": "bad check.own-domain", "dkim": "bad check.not-signed-by"}),
    Setup("From at a mailbox provider, by one's own server", {}, domain="yahoo.co.uk", keys=(), return_path="",
          finds={"spf": "bad check.own-domain", "dkim": "bad check.own-domain", "alignment": "bad check.own-domain",
                 "dmarc": "bad check.own-domain"}),
    Setup("a return path at a mailbox provider", {}, return_path="bounce@gmail.com",
          finds={"spf": "bad check.own-domain"}, record=("spf", "")),
    Setup("From at a public suffix", {}, domain="co.uk", keys=(), return_path="",
          finds={"spf": "bad check.own-domain", "dmarc": "bad check.own-domain"}),
    Setup("From below a shared suffix", {}, domain="press.github.io", keys=(), return_path="",
          finds={"spf": "bad check.own-domain", "dmarc": "bad check.own-domain"}),
    # Services (their documentation, in newsletter.deliverability.services).
    Setup("Postmark with the SPF record of others", {SPF: "v=spf1 ip4:192.0.2.1 -all"}, provider="postmark", keys=(),
          finds={"spf": "good check.spf-of-provider", "dkim": "unknown check.signing-unseen",
                 "alignment": "unknown check.aligned-by-provider"}),
    Setup("Amazon SES without SPF", {SPF: None}, provider="amazon_ses", keys=(),
          finds={"spf": "good check.spf-of-provider"}, record=("spf", "")),
    Setup("Mailgun with its own sending domain", {"mg.{d} TXT": "v=spf1 include:mailgun.org ~all"}, provider="mailgun",
          service={"sender_domain": "mg.{d}"}, keys=(),
          finds={"spf": "good check.spf", "alignment": "good check.aligned"}),
    Setup("Mailgun without SPF at its sending domain", {}, provider="mailgun", service={"sender_domain": "mg.{d}"},
          keys=(), finds={"spf": "bad check.no-record"},
          record=("spf", 'mg.{d}. IN TXT "v=spf1 include:mailgun.org ~all"')),
    Setup("Mailgun with a domain of another organization", {}, provider="mailgun",
          service={"sender_domain": "mg.other.example"}, keys=(),
          finds={"alignment": "bad check.not-aligned-by"}),
    Setup("Resend with its return path", {"send.{d} TXT": "v=spf1 include:amazonses.com ~all",
          "resend._domainkey.{d} TXT": OTHER.record}, provider="resend", keys=(),
          finds={"spf": "good check.spf", "dkim": "good check.signed-by"}),
    Setup("Mailgun by SMTP, with its own sending domain", {"mg.{d} TXT": "v=spf1 include:mailgun.org ~all"},
          smtp={"host": "smtp.mailgun.org", "user": "postmaster@mg.{d}", "password": "x"},
          finds={"spf": "good check.spf", "alignment": "good check.aligned"}),
    Setup("Resend by SMTP", {"send.{d} TXT": "v=spf1 include:amazonses.com ~all",
          "resend._domainkey.{d} TXT": OTHER.record}, smtp={"host": "smtp.resend.com"}, keys=(),
          finds={"spf": "good check.spf", "dkim": "good check.signed-by"}),
    Setup("a server of one's own at Amazon", {SPF: "v=spf1 a:ec2-1.eu-north-1.compute.amazonaws.com -all",
          "ec2-1.eu-north-1.compute.amazonaws.com A": "{a}"}, smtp={"host": "ec2-1.eu-north-1.compute.amazonaws.com"},
          finds={"spf": "good check.spf-relay-covered"}),
    Setup("a logo that is declined", {"default._bimi.{d} TXT": "v=BIMI1; l=; a="}, {"bimi": "note check.no-bimi"}),
    # IDN.
    Setup("a domain outside ASCII", {"s1._domainkey.xn--blbr-roah.example TXT": RSA.record,
          "_dmarc.xn--blbr-roah.example TXT": "v=DMARC1; p=none", "xn--blbr-roah.example MX": "10 mail.{d}."},
          domain="blåbær.example", keys=(("blåbær.example", "s1", RSA.pem),), mailbox=False,
          finds={"dkim": "good check.dkim-rsa", "alignment": "good check.aligned"}),
    # Lookups that fail.
    Setup("a domain whose name servers fail", {}, domain="d.broken.example", mailbox=False, return_path="",
          finds={"spf": "unknown check.not-looked-up", "dmarc": "unknown check.not-looked-up",
                 "alignment": "unknown check.not-looked-up"}),
    Setup("a domain whose name servers don't answer", {}, domain="d.slow.example", mailbox=False, return_path="",
          finds={"spf": "unknown check.not-looked-up", "dmarc": "unknown check.not-looked-up"}),
)  # fmt: skip

JUDGEMENTS = (*SPF_SETUPS, *DKIM_SETUPS, *DMARC_SETUPS, *SERVER_SETUPS, *OTHERS_SETUPS)
