"""DMARC policy records (RFC 9989 4.7): what receivers make of one, and a record with its mistakes corrected."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from newsletter.deliverability.records import pairs

POLICIES = ("none", "quarantine", "reject")
"""The policies, the weakest first."""
FULL = 100
"""The percentage of emails that a policy is for where pct= (RFC 7489 6.3) doesn't say less."""

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", re.IGNORECASE)
_TAG = re.compile(r"\b(v|p|sp|np|adkim|aspf|pct|fo|rf|ri|psd|t|rua|ruf)[ \t]*=", re.IGNORECASE)
_QUOTES = str.maketrans("", "", "\"'“”„‘’\\")
_ADDRESS = re.compile(r"[A-Za-z0-9.#$%&'*+\-=?^_`{|}~]+@[A-Za-z0-9.\-]+")
_SIZE = re.compile(r"![0-9]+[kmgtKMGT]?\Z")
_VALUES = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}
POLICY_TAGS = ("p", "sp", "np")
_OTHERS = {
    "pct": re.compile("[0-9]{1,3}"),
    "fo": re.compile("[01dsDS](?::[01dsDS]){0,3}"),
    "rf": re.compile("[A-Za-z0-9:]{1,20}"),
    "ri": re.compile("[0-9]{1,10}"),
}
"""The values of tags that receivers don't decide by."""
CLOSE = 0.7
"""How alike a mistyped policy and a policy are at least, from 0 to 1."""
LONGEST_VALUE = 30
"""The characters of a policy that are compared."""


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A policy record by its tags; a policy is "" where its tag is missing or invalid.

    `reports` are the addresses of rua=, and `wrong_reports` what stands there and isn't one. `mistakes` are other tags
    with an invalid value, such as `p=rejct`, and `repeated` those that stand in it before, which makes a record invalid
    (RFC 6376 3.2).
    """

    text: str
    policy: str = ""
    subdomain_policy: str = ""
    missing_policy: str = ""
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    testing: bool = False
    percent: int = FULL
    reports: tuple[str, ...] = ()
    wrong_reports: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()

    def applied(self, *, inherited: bool, exists: bool = True) -> str:
        """Return the policy for the domain itself, or for one below it; "" if the record has none (4.7 and 4.10.1).

        Without a valid policy, receivers take a record that asks for reports for a policy of none.
        """
        if self.repeated:
            return ""
        if not self.policy or any(mistake.startswith(("sp=", "np=")) for mistake in self.mistakes):
            return "none" if self.reports else ""
        below = self.subdomain_policy or self.policy
        return (below if exists else self.missing_policy or below) if inherited else self.policy


def is_dmarc(text: str) -> bool:
    """Return whether a TXT record is a DMARC record: its version comes first, in capitals."""
    return bool(_VERSION.match(text)) and "DMARC1" in text.partition(";")[0]


def is_meant_for_dmarc(text: str) -> bool:
    """Return whether a TXT record looks like a DMARC record, and isn't one."""
    return not is_dmarc(text) and "dmarc1" in text[:LONGEST_VALUE].lower()


def parse(text: str) -> DmarcRecord:
    """Return the tags of a DMARC record; of a repeated one the first."""
    tags_of_record: dict[str, str] = {}
    repeated: list[str] = []
    for name, value in pairs(text):
        if name.lower() in tags_of_record:
            repeated.append(f"{name}={value}")
        tags_of_record.setdefault(name.lower(), value)
    small = {name: tags_of_record[name].lower() for name in _VALUES if name in tags_of_record}
    valid = {name: value for name, value in small.items() if value in _VALUES[name]}
    addresses, wrong = _addresses(tags_of_record.get("rua", ""))
    percent = tags_of_record.get("pct", "")
    return DmarcRecord(
        text,
        valid.get("p", ""),
        valid.get("sp", ""),
        valid.get("np", ""),
        valid.get("adkim") == "s",
        valid.get("aspf") == "s",
        valid.get("psd", "u"),
        valid.get("t") == "y",
        int(percent) if re.fullmatch("[0-9]{1,2}", percent) else FULL,
        addresses,
        wrong,
        tuple(f"{name}={tags_of_record[name]}" for name in small if name not in valid),
        tuple(repeated),
    )


def merge(texts: Iterable[str]) -> str:
    """Return one record for several, or for one with mistakes: the strictest policy, and the reports of all.

    A mistyped policy counts as the one that it resembles, if it resembles one.
    """
    records = [_parse_leniently(text) for text in texts]
    strictest = max(records, key=_strictness)
    tags_to_keep = {"v": "DMARC1", "p": strictest.get("p", "none")}
    tags_to_keep |= {name: value for name, value in strictest.items() if name not in ("v", "p", "rua", "ruf")}
    for name in ("rua", "ruf"):
        if uris := dict.fromkeys(uri for tags in records for uri in tags.get(name, "").split(",") if uri):
            tags_to_keep[name] = ",".join(uris)
    return record_text(tags_to_keep)


def with_reports(text: str, addresses: Iterable[str]) -> str:
    """Return a record whose reports go to these addresses, and otherwise as it was."""
    tags_to_keep = {name: value for name, value in _parse_leniently(text).items() if name != "rua"}
    return record_text({"v": "DMARC1", **tags_to_keep, "rua": ",".join(f"mailto:{address}" for address in addresses)})


def record_text(values: dict[str, str]) -> str:
    """Return tags as a record."""
    return "; ".join(f"{name}={value}" for name, value in values.items())


def _parse_leniently(text: str) -> dict[str, str]:
    """Return the valid tags of a text that is meant for a record, whatever stands between them."""
    plain = text.translate(_QUOTES)
    marks = list(_TAG.finditer(plain))
    tags: dict[str, str] = {}
    for at, mark in enumerate(marks, 1):
        end = marks[at].start() if at < len(marks) else len(plain)
        name, value = mark[1].lower(), plain[mark.end() : end].strip().rstrip(";,.: \t").strip()
        corrected = _corrected_value(name, value)
        if name in POLICY_TAGS and name in tags and corrected:
            tags[name] = max(tags[name], corrected, key=POLICIES.index)
        elif corrected:
            tags.setdefault(name, corrected)
    return tags


def _corrected_value(name: str, value: str) -> str:
    """Return a value as it must be written; "" for one that means nothing."""
    if name == "v":
        return "DMARC1"
    if name in ("rua", "ruf"):
        uris = (_uri(uri.strip()) for uri in value.split(","))
        return ",".join(filter(None, uris))
    if name not in _VALUES:
        return value if _OTHERS[name].fullmatch(value) else ""
    small = value.lower()
    if small in _VALUES[name]:
        return small
    close = get_close_matches(small[:LONGEST_VALUE], POLICIES, 1, CLOSE) if name in POLICY_TAGS else []
    return close[0] if close else ""


def _uri(text: str) -> str:
    bare = text[len("mailto:") :] if text[: len("mailto:")].lower() == "mailto:" else text
    if _ADDRESS.fullmatch(_SIZE.sub("", bare.strip("<> /"))):
        return f"mailto:{bare.strip('<> /')}"
    return text if _is_web(text) else ""


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in text


def _addresses(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses of rua=, and what is neither an address nor a web address."""
    good, wrong = list[str](), list[str]()
    for uri in filter(None, map(str.strip, value.split(","))):
        scheme, colon, rest = uri.partition(":")
        address = _SIZE.sub("", rest)
        if colon and scheme.lower() == "mailto" and _ADDRESS.fullmatch(address):
            good.append(address)
        elif not _is_web(uri):
            wrong.append(uri)
    return tuple(good), tuple(wrong)


def _strictness(values: dict[str, str]) -> tuple[int, int, int]:
    policy = POLICIES.index(values.get("p", "none"))
    return policy, POLICIES.index(values.get("sp", values.get("p", "none"))), -int(values.get("t") == "y")
