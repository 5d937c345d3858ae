"""Forty set-ups of a domain, good and broken: its records, the configuration, and what the report must find.

Each domain begins with records and a configuration that pass everything; a set-up says what is different, and which
findings differ therefore. `{d}` stands for the domain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.delivery.dkim_keys import new_key
from tests.doubles import nsd

RSA = new_key("example.org", "s1")
OTHER = new_key("example.org", "s1")
ED25519 = new_key("example.org", "s1", "ed25519")

Names = Mapping[str, str | tuple[str, ...] | None]
Found = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Setup:
    """A set-up: records by name and type that replace or add to the good ones (None removes), and the findings.

    `service` are settings of the provider. `smtp` and `site` replace keys, `provider` and `return_path` too; `keys` are
    DKIM keys as domain, selector and PEM.
    """

    name: str
    records: Names = field(default_factory=dict)
    finds: Found = field(default_factory=dict)
    domain: str = "{d}"
    provider: str = "smtp"
    smtp: Mapping[str, Any] = field(default_factory=dict)
    return_path: str = "bounce@{d}"
    mailbox: bool = True
    keys: tuple[tuple[str, str, str], ...] = (("{d}", "s1", RSA.pem),)
    site: str = "https://news.{d}"
    reply_to: str = ""
    record: tuple[str, str] | None = None
    service: Mapping[str, str] = field(default_factory=dict)


GOOD: dict[str, str | tuple[str, ...]] = {
    "spf": "good check.spf",
    "dkim": "good check.dkim-rsa",
    "alignment": "good check.aligned",
    "dmarc": "good check.dmarc",
    "dmarc-reports": "good check.dmarc-reports-read",
    "receiving": "good check.mx",
    "reverse-dns": "good check.reverse-dns",
    "tls": "good check.encrypted",
    "one-click": "good check.one-click",
    "feedback-id": "good check.feedback-id",
    "bimi": "note check.no-bimi",
}

SPF, DMARC, KEY = "{d} TXT", "_dmarc.{d} TXT", "s1._domainkey.{d} TXT"
POLICY = "v=DMARC1; p=quarantine; rua=mailto:bounce+dmarc@{d}"


def good() -> dict[str, str | tuple[str, ...] | None]:
    """Return the records that pass everything."""
    return {
        SPF: "v=spf1 a:mail.{d} ~all",
        DMARC: POLICY,
        KEY: RSA.record,
        "{d} MX": "10 mail.{d}.",
        "mail.{d} A": "{a}",
        "{ptr} PTR": "mail.{d}.",
    }


def zone(setup: Setup, domain: str, address: str) -> list[nsd.Record]:
    """Return the records of a set-up."""
    merged = good() | dict(setup.records)
    found: list[nsd.Record] = []
    for key, data in merged.items():
        whole = key.replace("{d}", domain).replace("{a}", address).replace("{ptr}", _reverse(address))
        name, _, kind = whole.rpartition(" ")
        for each in (data,) if isinstance(data, str) else data or ():
            text = each.replace("{d}", domain).replace("{a}", address)
            found.append((name, kind, nsd.txt(text) if kind == "TXT" else text))
    return found


def _reverse(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


MANY = {f"i{n}.{{d}} TXT": "v=spf1 ip4:192.0.2.1 -all" for n in range(11)}
BEHIND_API: dict[str, str | tuple[str, ...]] = {
    "tracking": "good check.not-tracked",
    "reverse-dns": "good check.sent-by",
    "tls": "good check.sent-by",
    "spf": "good check.spf-of-provider",
}
NO_POLICY: dict[str, str | tuple[str, ...]] = {"dmarc": "bad check.no-record", "dmarc-reports": ()}

SETUPS = (
    Setup("everything is right"),
    Setup("no records at all but an address", {SPF: None, DMARC: None, KEY: None, "{d} MX": None},
          NO_POLICY | {"spf": "bad check.no-record", "dkim": "bad check.no-dkim-record",
                       "alignment": "bad check.nothing-passes", "receiving": "bad check.no-mx"},
          record=("spf", '{d}. IN TXT "v=spf1 a:mail.{d} ~all"')),
    # SPF
    Setup("two SPF records", {SPF: ("v=spf1 a:mail.{d} ~all", "v=spf1 mx -all")}, {"spf": "bad check.several-records"}),
    Setup("SPF beside other texts", {SPF: ("site-verification=1", "v=spf1 mx -all")}),
    Setup("SPF of another server", {SPF: "v=spf1 ip4:192.0.2.7 -all"}, {"spf": "bad check.spf-address"},
          record=("spf", '{d}. IN TXT "v=spf1 ip4:192.0.2.7 a:mail.{d} -all"')),
    Setup("SPF for everyone", {SPF: "v=spf1 a:mail.{d} +all"}, {"spf": "bad check.spf-open"},
          record=("spf", '{d}. IN TXT "v=spf1 a:mail.{d} ~all"')),
    Setup("SPF without an end", {SPF: "v=spf1 a:mail.{d}"}, {"spf": "warning check.spf-neutral"}),
    Setup("SPF with eleven lookups", {SPF: "v=spf1 " + " ".join(f"include:i{n}.{{d}}" for n in range(11)) + " ~all"}
          | MANY, {"spf": "bad check.spf-lookups"}),
    Setup("SPF with ten lookups", {SPF: "v=spf1 a:mail.{d} " + " ".join(f"include:i{n}.{{d}}" for n in range(9)) +
          " ~all"} | MANY),
    Setup("SPF with hosts that don't exist", {SPF: "v=spf1 a:x.{d} a:y.{d} a:z.{d} ~all"},
          {"spf": "bad check.spf-void"}),
    Setup("SPF that includes itself", {SPF: "v=spf1 include:i.{d} ~all", "i.{d} TXT": "v=spf1 include:{d} ~all"},
          {"spf": "bad check.spf-loop"}),
    Setup("SPF that includes a name without one", {SPF: "v=spf1 include:gone.{d} ~all"},
          {"spf": "bad check.spf-include"}),
    Setup("SPF with a typing error", {SPF: "v=spf1 ipv4:192.0.2.1 ~all"}, {"spf": "bad check.spf-invalid"}),
    Setup("SPF by redirect", {SPF: "v=spf1 redirect=all.{d}", "all.{d} TXT": "v=spf1 a:mail.{d} ~all"}),
    Setup("SPF of the return path's domain", {SPF: None, "b.{d} TXT": "v=spf1 a:mail.{d} ~all",
          DMARC: "v=DMARC1; p=none; rua=mailto:bounce+dmarc@b.{d}"}, return_path="bounce@b.{d}"),
    Setup("SPF that can't be looked up", {}, {"spf": "unknown check.not-looked-up"},
          return_path="bounce@b.broken.example", mailbox=False) ,
    # DKIM
    Setup("another DKIM key", {KEY: OTHER.record},
          {"dkim": "bad check.other-dkim-key", "alignment": "warning check.aligned-by-spf"}),
    Setup("a DKIM key without a record", {KEY: None},
          {"dkim": "bad check.no-dkim-record", "alignment": "warning check.aligned-by-spf"}),
    Setup("a revoked DKIM key", {KEY: "v=DKIM1; k=rsa; p="},
          {"dkim": "bad check.dkim-revoked", "alignment": "warning check.aligned-by-spf"}),
    Setup("a DKIM key in test", {KEY: RSA.record.replace("; p=", "; t=y; p=")}, {"dkim": "warning check.dkim-testing"}),
    Setup("two DKIM records", {KEY: (RSA.record, OTHER.record)},
          {"dkim": "bad check.several-records", "alignment": "warning check.aligned-by-spf"}),
    Setup("only an Ed25519 key", {KEY: ED25519.record}, {"dkim": "warning check.dkim-ed25519"},
          keys=(("{d}", "s1", ED25519.pem),)),
    Setup("an Ed25519 key beside an RSA key", {"s2._domainkey.{d} TXT": ED25519.record},
          {"dkim": ("good check.dkim-rsa", "good check.dkim-beside")},
          keys=(("{d}", "s1", RSA.pem), ("{d}", "s2", ED25519.pem))),
    Setup("no key at all", {}, {"dkim": "bad check.not-signed", "alignment": "warning check.aligned-by-spf"}, keys=()),
    # DMARC
    Setup("two DMARC records", {DMARC: (POLICY, "v=DMARC1; p=none")},
          {"dmarc": "bad check.several-records", "dmarc-reports": ()}),
    Setup("no DMARC record", {DMARC: None}, NO_POLICY,
          record=("dmarc", '_dmarc.{d}. IN TXT "v=DMARC1; p=none; rua=mailto:bounce+dmarc@{d}"')),
    Setup("a DMARC record with an unknown policy", {DMARC: "v=DMARC1; p=nothing"},
          {"dmarc": "bad check.dmarc-invalid", "dmarc-reports": ()}),
    Setup("the DMARC record of the organization", {"_dmarc.brev.{d} TXT": None, "brev.{d} MX": "10 mail.{d}."},
          {"dmarc": "good check.dmarc-inherited"}, domain="brev.{d}"),
    Setup("DMARC without reports", {DMARC: "v=DMARC1; p=none"}, {"dmarc-reports": "note check.no-dmarc-reports"},
          record=("dmarc-reports", '_dmarc.{d}. IN TXT "v=DMARC1; p=none; rua=mailto:bounce+dmarc@{d}"')),
    Setup("DMARC reports to somebody who has not agreed", {DMARC: "v=DMARC1; p=none; rua=mailto:r@watch.example"},
          {"dmarc-reports": "warning check.dmarc-reports-refused"},
          record=("dmarc-reports", '_dmarc.{d}. IN TXT "v=DMARC1; p=none; rua=mailto:bounce+dmarc@{d}"')),
    Setup("DMARC reports to somebody who has agreed", {DMARC: "v=DMARC1; p=none; rua=mailto:r@agreed.example",
          "{d}._report._dmarc.agreed.example TXT": "v=DMARC1", "agreed.example MX": "10 mail.{d}."},
          {"dmarc-reports": "note check.dmarc-reports-elsewhere"}),
    # Alignment
    Setup("a key of another organization", {KEY: None, "s1._domainkey.other.example TXT": RSA.record},
          {"alignment": "warning check.aligned-by-spf"}, keys=(("other.example", "s1", RSA.pem),)),
    Setup("nothing of the organization", {"b.other.example TXT": "v=spf1 a:mail.{d} ~all"},
          {"alignment": "bad check.not-aligned", "dmarc-reports": "note check.dmarc-reports-elsewhere"},
          keys=(("second.example", "s1", RSA.pem),), return_path="bounce@b.other.example"),
    Setup("a strict policy and a key of the parent", {"_dmarc.brev.{d} TXT": POLICY + "; adkim=s; aspf=s",
          "brev.{d} MX": "10 mail.{d}."}, {"alignment": "bad check.not-strictly-aligned"}, domain="brev.{d}"),
    # Servers
    Setup("a domain that refuses email", {"{d} MX": "0 ."}, {"receiving": "bad check.null-mx"}),
    Setup("a domain without MX but with an address", {"{d} MX": None, "{d} A": "{a}"},
          {"receiving": "warning check.mx-implicit"}),
    Setup("replies to a domain that doesn't exist", {}, {"receiving": ("good check.mx", "bad check.no-mx")},
          reply_to="reply@nowhere.example"),
    Setup("no reverse DNS", {"{ptr} PTR": None}, {"reverse-dns": "bad check.no-reverse-dns"},
          record=("reverse-dns", "{ptr}. IN PTR mail.{d}.")),
    Setup("reverse DNS that leads elsewhere", {"{ptr} PTR": "static.host.example."},
          {"reverse-dns": "bad check.reverse-dns-differs"}),
    Setup("a name of the server without an address", {}, {"reverse-dns": "bad check.no-address",
          "spf": "unknown check.spf-server", "tls": "note check.encrypted-by-own"},
          smtp={"host": "localhost", "hello": "gone.{d}"}),
    Setup("unencrypted sending", {}, {"tls": "bad check.unencrypted"}, smtp={"host": "mail.{d}", "security": "none"}),
    # Other ways
    Setup("a relay without its include", {}, {"spf": "bad check.spf-without", "reverse-dns": "good check.sent-by"},
          smtp={"host": "smtp.gmail.com"},
          record=("spf", '{d}. IN TXT "v=spf1 a:mail.{d} include:_spf.google.com ~all"')),
    Setup("a relay with a return path of its own", {},
          {"spf": "good check.spf-of-provider", "reverse-dns": "good check.sent-by",
           "tracking": "note check.tracked-by-account"},
          smtp={"host": "smtp.postmarkapp.com"}),
    Setup("an unknown relay without its include", {"_spf.{d}.hosting.example TXT": "v=spf1 ip4:192.0.2.1 ~all"},
          {"spf": "warning check.spf-without", "reverse-dns": "good check.sent-by"},
          smtp={"host": "smtp.{d}.hosting.example"},
          record=("spf", '{d}. IN TXT "v=spf1 a:mail.{d} include:_spf.{d}.hosting.example ~all"')),
    Setup("a relay that signs", {SPF: "v=spf1 include:sendgrid.net ~all", "s2._domainkey.{d} TXT": OTHER.record,
          KEY: None}, {"dkim": "good check.signed-by", "spf": "good check.spf-of-provider",
          "reverse-dns": "good check.sent-by", "tracking": "good check.not-tracked"},
          smtp={"host": "smtp.sendgrid.net"}, keys=()),
    Setup("an API whose records are there", {SPF: "v=spf1 include:sendgrid.net ~all"},
          {"dkim": "good check.signed-by"} | BEHIND_API, provider="sendgrid", keys=()),
    Setup("an API whose records are missing", {SPF: None, KEY: None},
          {"dkim": "warning check.no-key-of-provider",
           "alignment": "unknown check.aligned-by-provider"} | BEHIND_API, provider="sendgrid", keys=()),
    Setup("an API whose keys have names of its own", {SPF: "v=spf1 include:amazonses.com ~all"},
          {"dkim": "unknown check.signing-unseen", "alignment": "unknown check.aligned-by-provider",
           "feedback-id": "note check.feedback-id-replaced"} | BEHIND_API, provider="amazon_ses"),
    Setup("emails in a folder", {}, {"tls": "note check.nothing-sent", "reverse-dns": ()}, provider="file"),
    # Header fields and the logo
    Setup("a site without https", {}, {"one-click": "bad check.one-click-http"}, site="http://news.{d}"),
    Setup("a site on this machine", {}, {"one-click": "bad check.one-click-local"}, site="http://localhost:8000"),
    Setup("a logo", {"default._bimi.{d} TXT": "v=BIMI1; l=https://{d}/l.svg; a=https://{d}/c.pem"},
          {"bimi": "good check.bimi"}),
    Setup("a logo without a certificate", {"default._bimi.{d} TXT": "v=BIMI1; l=https://{d}/l.svg"},
          {"bimi": "note check.bimi-without-certificate"}),
    Setup("a logo with a policy of none", {DMARC: POLICY.replace("quarantine", "none"),
          "default._bimi.{d} TXT": "v=BIMI1; l=https://{d}/l.svg; a=https://{d}/c.pem"},
          {"bimi": "warning check.bimi-policy"}),
)  # fmt: skip

SHARED: tuple[nsd.Record, ...] = (
    ("other.example", "TXT", nsd.txt("v=spf1 -all")),
    ("_dmarc.other.example", "TXT", nsd.txt("v=DMARC1; p=reject")),
    ("s1._domainkey.second.example", "TXT", nsd.txt(RSA.record)),
    ("_spf.google.com", "TXT", nsd.txt("v=spf1 ip4:192.0.2.0/24 ~all")),
    ("sendgrid.net", "TXT", nsd.txt("v=spf1 ip4:192.0.2.0/24 ~all")),
    ("amazonses.com", "TXT", nsd.txt("v=spf1 ip4:192.0.2.0/24 ~all")),
    ("static.host.example", "A", "192.0.2.99"),
)
"""Records that are nobody's."""
