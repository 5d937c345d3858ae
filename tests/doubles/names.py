"""A resolver in the process: it answers from a table of records, without a socket.

    Names({("example.org", "TXT"): ["v=spf1 -all"]}, servfail=["lost.example"], timeout=["slow.example"])

The answers and the exceptions are dnspython's own, as a name server would cause them: NXDOMAIN, no data, SERVFAIL and a
timeout, and CNAME records are followed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

Records = Mapping[tuple[str, str], Iterable[str]]


class Names(dns.resolver.Resolver):
    """A resolver with records by name and type; `asked` are the questions, in order.

    A TXT record is its text, or a zone file's strings if it begins with a quotation mark. `servfail` and `timeout` are
    names that fail, with all below them.
    """

    def __init__(self, records: Records, *, servfail: Iterable[str] = (), timeout: Iterable[str] = ()) -> None:
        super().__init__(configure=False)
        self.nameservers = ["127.0.0.1"]
        self.table: dict[tuple[str, str], list[str]] = {}
        self.failures = {"SERVFAIL": tuple(servfail), "timeout": tuple(timeout)}
        self.asked: list[tuple[str, str]] = []
        for (name, kind), values in records.items():
            self.table.setdefault((name.lower(), kind), []).extend(values)

    def resolve(self, qname: Any, rdtype: Any = "A", *given: Any, **more: Any) -> dns.resolver.Answer:
        """Return the answer, or raise what dnspython's resolver raises."""
        asked = dns.name.from_text(qname) if isinstance(qname, str) else qname
        kind = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
        self.asked.append((asked.to_text(omit_final_dot=True).lower(), kind))
        question = dns.message.make_query(asked, kind)
        response = dns.message.make_response(question)
        assert isinstance(response, dns.message.QueryMessage)
        name, chain = asked.to_text(omit_final_dot=True).lower(), 0
        while (target := self._alias(name)) and kind != "CNAME" and chain < 16:
            self._fail(name, question)
            _add(response, name, "CNAME", [f"{target}."])
            name, chain = target, chain + 1
        self._fail(name, question)
        if values := self.table.get((name, kind)):
            _add(response, name, kind, values)
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.table):
            response.set_rcode(dns.rcode.NXDOMAIN)
            raise _no_type(dns.resolver.NXDOMAIN)(qnames=[asked], responses={asked: response})
        answer = dns.resolver.Answer(asked, dns.rdatatype.from_text(kind), dns.rdataclass.IN, response)
        if answer.rrset is None:
            raise _no_type(dns.resolver.NoAnswer)(response=response)
        return answer

    def _alias(self, name: str) -> str:
        return next(iter(self.table.get((name, "CNAME"), [""]))).rstrip(".").lower()

    def _fail(self, name: str, question: dns.message.QueryMessage) -> None:
        if _below(name, self.failures["SERVFAIL"]):
            answer = dns.message.make_response(question)
            answer.set_rcode(dns.rcode.SERVFAIL)
            raise _no_type(dns.resolver.NoNameservers)(
                request=question, errors=[("Do53:127.0.0.1@53", False, 53, "SERVFAIL", answer)]
            )
        if _below(name, self.failures["timeout"]):
            raise _no_type(dns.resolver.LifetimeTimeout)(
                timeout=5.409, errors=[("Do53:127.0.0.1@53", False, 53, "The DNS operation timed out.", None)]
            )


def _no_type(error: Any) -> Any:
    """Return a class of dnspython whose constructor has no types."""
    return error


def _below(name: str, parents: Iterable[str]) -> bool:
    return any(name == parent or name.endswith(f".{parent}") for parent in parents)


def _add(response: dns.message.QueryMessage, name: str, kind: str, values: Iterable[str]) -> None:
    texts = [_strings(value) if kind == "TXT" else value for value in values]
    made = dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, texts)
    answer = response.find_rrset(response.answer, made.name, made.rdclass, made.rdtype, create=True)
    for each in made:
        answer.add(each, made.ttl)


def _strings(text: str) -> str:
    """Return a text as strings of at most 255 characters in quotation marks."""
    if text.startswith('"'):
        return text
    escaped = [text[at : at + 255].replace("\\", "\\\\").replace('"', '\\"') for at in range(0, len(text), 255)]
    return " ".join(f'"{each}"' for each in escaped or [""])
