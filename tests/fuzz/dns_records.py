"""DNS records of senders: SPF, DKIM, DMARC and BIMI records of any content are read and judged."""

from newsletter.deliverability import dkim_records, header_fields
from newsletter.deliverability.dmarc import policy as dmarc_policy
from newsletter.deliverability.dmarc.policy_record import is_dmarc
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.records import fields, txt
from newsletter.deliverability.route import Route
from newsletter.deliverability.services import MailService
from newsletter.deliverability.spf.check import check_spf
from newsletter.deliverability.spf.record import is_spf
from newsletter.domain.check import Verdict
from tests.doubles.names import Names

DOMAIN = "harbour.example"
ROUTE = Route("own", MailService("mail.harbour.example"), "mail.harbour.example")
ELSEWHERE = {
    ("i.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"],
    ("mail.harbour.example", "A"): ["203.0.113.9"],
    (DOMAIN, "MX"): ["10 mail.harbour.example."],
}
SAMPLES = (
    b"v=spf1 a:mail.harbour.example include:i.example -all",
    b"v=spf1 exists:%{ir}.%{v}._spf.%{d2} redirect=_spf.i.example",
    b"v=spf1 mx/24//64 ip6:2001:db8::/32 ptr ?all exp=e.i.example",
    b"v=DMARC1; p=reject; sp=none; adkim=s; pct=50; rua=mailto:r@harbour.example,mailto:x@i.example!10m",
    b"v=DKIM1; k=rsa; h=sha256; s=email; t=s; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJ",
    b"v=BIMI1; l=https://harbour.example/l.svg; a=https://harbour.example/c.pem",
)
TOKENS = (
    b"v=spf1 ", b"v=DMARC1;", b"v=DKIM1;", b" ", b";", b"=", b":", b"/", b"//", b"%", b"%{", b"%{i", b"%{l}", b"%{d0}",
    b"%{d99999999}", b"%{h1r.-+,/_=}", b"%%", b"%_", b"include:", b"redirect=", b"exists:", b"ip4:", b"ip6:", b"a:",
    b"mx", b"ptr", b"all", b"-all", b"+all", b"harbour.example", b"i.example", b"a." * 200, b"a" * 400, b"1" * 400,
    b"ip4:1.1.1.1 " * 300, b"include:i.example " * 40, b"a " * 200, b"p=", b"sp=", b"rua=mailto:", b"mailto:" * 200,
    b"rua=", b"https://[", b",", b"!", b"@", b"\xff", b"\0", b"\"", b"\\", b"\xe2\x80\x9c", b"\xc3\xa9.example",
    b"xn--", b"(" * 200, b"~all" * 100, b"k=ed25519;", b"p=AAAA", b"l=https://[", b"/33", b"//129", b"::",
)  # fmt: skip


def judged(data: bytes) -> None:
    """Judge a record as each of the kinds; what is offered is of its kind, and as short as what it replaces."""
    text = data.decode("utf-8", "replace")
    lookups = Lookups(Names(ELSEWHERE)).with_texts(
        {DOMAIN: [text], f"_dmarc.{DOMAIN}": [text], f"default._bimi.{DOMAIN}": [text]}
    )
    found = check_spf(DOMAIN, ROUTE, lookups)
    assert found.verdict in Verdict
    if found.record:
        assert is_spf(fields(found.record)["value"])
    policy = dmarc_policy.find_policy(DOMAIN, lookups)
    offered = dmarc_policy.check_policy(DOMAIN, policy, "", lookups, DOMAIN.__eq__).record
    assert not offered or is_dmarc(fields(offered.splitlines()[0])["value"])
    if isinstance(policy, dmarc_policy.Policy):
        dmarc_policy.check_reports(policy, "", lookups, DOMAIN.__eq__)
        header_fields.check_bimi(DOMAIN, [policy], lookups)
    dkim_records.read(text)
    assert fields(txt(DOMAIN, text))["value"] == text
