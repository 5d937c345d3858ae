"""The XML of a DMARC aggregate report (RFC 9990, and RFC 7489 appendix C before it).

A document type is refused, so that there are no entities to expand; elements are dropped as soon as they are read.
"""

import io
import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from newsletter.deliverability.dmarc.attachments import InvalidReport, documents

MOST_RESULTS = 2_000
"""Results of different servers in one report; a report with more is refused."""

LONGEST = 254
_LATEST = 4_102_444_800  # the year 2100
_MOST_EMAILS = 10**12
_ACTIONS = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class ServerResult:
    """How many emails of a server had this result; `dkim` and `spf` are whether each passed with alignment."""

    address: str
    count: int
    dkim: bool
    spf: bool
    disposition: str


@dataclass(frozen=True, slots=True)
class AggregateReport:
    """A receiver's report about the messages of a domain in a period."""

    receiver: str
    identifier: str
    domain: str
    policy: str
    begins: datetime
    ends: datetime
    results: tuple[ServerResult, ...]


def read_reports(raw: bytes) -> list[AggregateReport]:
    """Return the reports in an email; none if it has no attachment that is one. Raises InvalidReport."""
    return [report for octets in documents(raw) if (report := read_report(octets)) is not None]


def read_report(octets: bytes) -> AggregateReport | None:
    """Return the report in an XML document; None if it is another document. Raises InvalidReport."""
    fields: dict[str, str] = {}
    counts: Counter[tuple[str, bool, bool, str]] = Counter()
    try:
        for name, element in _elements(octets):
            if name == "record":
                _count(element, counts)
            elif name in ("report_metadata", "policy_published"):
                fields |= {f"{name}.{_name(child)}": _text(child) for child in element.iter()}
    except _OtherDocument:
        return None
    except etree.XMLSyntaxError as e:
        if b"<feedback" in octets[:2_000]:
            raise InvalidReport from e
        return None
    return _report(fields, counts)


class _OtherDocument(Exception):
    """The root is not that of a report."""


def _elements(octets: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the children of the root with their names."""
    parser = etree.iterparse(
        io.BytesIO(octets),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    depth = 0
    for event, element in parser:
        if event == "start":
            depth += 1
            if depth == 1 and (_name(element) != "feedback" or element.getroottree().docinfo.doctype):
                raise _OtherDocument
            continue
        depth -= 1
        if depth == 1:
            yield _name(element), element
            element.clear()


def _name(element: Any) -> str:
    """Return a name without its namespace; lxml's own function raises for names such as `:a`."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Any) -> str:
    return " ".join((element.text or "").split())[:LONGEST]


def _count(record: Any, counts: Counter[tuple[str, bool, bool, str]]) -> None:
    """Add a record to the counts. Raises InvalidReport."""
    row = {_name(child): _text(child) for child in record.iter() if _name(child) not in ("auth_results", "identifiers")}
    evaluated = next((child for child in record.iter() if _name(child) == "policy_evaluated"), None)
    results = {} if evaluated is None else {_name(child): _text(child).lower() for child in evaluated}
    try:
        address = str(ipaddress.ip_address(row.get("source_ip", "").partition("%")[0]))
        count = int(row.get("count", ""))
    except ValueError as e:
        raise InvalidReport from e
    if not 0 <= count <= _MOST_EMAILS:
        raise InvalidReport
    counts[(address, results.get("dkim") == "pass", results.get("spf") == "pass", _action(results))] += count
    if len(counts) > MOST_RESULTS:
        raise InvalidReport


def _action(results: dict[str, str]) -> str:
    """Return what the receiver did; RFC 9990 calls it `pass` where the policy did not apply."""
    disposition = results.get("disposition", "")
    return disposition if disposition in _ACTIONS else "none"


def _report(fields: dict[str, str], counts: Counter[tuple[str, bool, bool, str]]) -> AggregateReport:
    domain = fields.get("policy_published.domain", "").lower().rstrip(".")
    receiver, identifier = fields.get("report_metadata.org_name", ""), fields.get("report_metadata.report_id", "")
    if not (domain and receiver and identifier):
        raise InvalidReport
    policy = fields.get("policy_published.p", "").lower()
    return AggregateReport(
        receiver,
        identifier,
        domain,
        policy if policy in _ACTIONS else "",
        _moment(fields.get("report_metadata.begin", "")),
        _moment(fields.get("report_metadata.end", "")),
        tuple(
            ServerResult(address, count, dkim, spf, done)
            for (address, dkim, spf, done), count in sorted(counts.items())
        ),
    )


def _moment(text: str) -> datetime:
    """Return an instant that is given in seconds since 1970. Raises InvalidReport."""
    seconds = -1
    with suppress(ValueError):
        seconds = int(text)
    if not 0 <= seconds <= _LATEST:
        raise InvalidReport
    return datetime.fromtimestamp(seconds, UTC)
