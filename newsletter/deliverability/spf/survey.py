"""All lookups that an SPF record can need, whoever sends (RFC 7208 4.6.4), and what makes it invalid on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.spf.evaluation import MOST_HOSTS
from newsletter.deliverability.spf.macros import NotKnown, Sender, expand
from newsletter.deliverability.spf.record import Network, SpfRecord, Term, is_spf, parse
from newsletter.messages import Message

NEED_DNS = ("include", "a", "mx", "ptr", "exists", "redirect")
MOST_SURVEYED = 100
"""The terms with DNS that are surveyed: far more than any valid record has."""


@dataclass(slots=True)
class Survey:
    """What was found on the way through a record and all that it includes.

    `lookups` counts the terms that need DNS, and `by_term` those of each term of the record itself. `void` are terms
    that name nothing. `missing` are included names without an SPF record, `loops` those that lead back, and `invalid`
    those with an invalid record; `culprits` are the terms of the record itself that lead to these. `names` are included
    to let them send, and `failures` are lookups without an answer.
    """

    lookups: int = 0
    by_term: dict[str, int] = field(default_factory=dict)
    void: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    failures: list[Message] = field(default_factory=list)
    culprits: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def survey(text: str, domain: str, lookups: Lookups) -> Survey:
    """Return what the record of a domain needs."""
    result = Survey()
    record = parse(text)
    for term in dns_terms(record):
        lookups_before = result.lookups
        wrong = len(result.missing) + len(result.loops) + len(result.invalid)
        _Walk(result, lookups).term(term, domain, (domain,))
        result.by_term[term.text] = result.by_term.get(term.text, 0) + result.lookups - lookups_before
        if len(result.missing) + len(result.loops) + len(result.invalid) > wrong:
            result.culprits.add(term.text)
    return result


def dns_terms(record: SpfRecord) -> Iterator[Term]:
    """Yield the terms of a record that are evaluated and need DNS."""
    yield from (term for term in record.mechanisms if term.name in NEED_DNS)
    if record.redirect is not None:
        yield record.redirect


@dataclass(frozen=True, slots=True)
class _Walk:
    survey: Survey
    lookups: Lookups

    def term(self, term: Term, domain: str, including: tuple[str, ...]) -> None:
        self.survey.lookups += 1
        if self.survey.lookups > MOST_SURVEYED:
            return
        try:
            name = expand(term.domain, Sender(None, including[0]), domain) if term.domain else domain
            self._of(term, name, including)
        except NotKnown:
            return  # another name for each server or email
        except LookupFailed as failure:
            self.survey.failures.append(failure.message)

    def _of(self, term: Term, name: str, including: tuple[str, ...]) -> None:
        if term.name in ("include", "redirect"):
            if term.qualifier in ("+", ""):
                self.survey.names.add(name)
            self._included(name, including)
        elif term.name == "mx":
            hosts = self.lookups.ask(name, "MX")
            if len(hosts) > MOST_HOSTS:
                self.survey.invalid.append(including[-1] if including[1:] else term.text)
            elif not hosts:
                self.survey.void.append(term.text)
        elif (term.name == "a" and not self.lookups.addresses(name)) or (
            term.name == "exists" and not self.lookups.ask(name, "A")
        ):
            self.survey.void.append(term.text)

    def _included(self, name: str, including: tuple[str, ...]) -> None:
        if name in including:
            self.survey.loops.append(name)
            return
        texts = [text for text in self.lookups.texts(name) if is_spf(text)]
        if not texts:
            self.survey.missing.append(name)
            return
        record = parse(texts[0])
        if len(texts) > 1 or record.mistakes:
            self.survey.invalid.append(name)
            return
        for term in dns_terms(record):
            self.term(term, name, (*including, name))


def networks(domain: str, lookups: Lookups) -> tuple[list[Network], bool]:
    """Return the networks from which a domain's SPF record lets send, and whether that is all of them.

    Terms whose servers can't be listed, such as exists and ptr, make it incomplete. Raises LookupFailed.
    """
    allowed, complete = list[Network](), True
    domains, seen = [domain], set[str]()
    while domains and len(seen) <= MOST_SURVEYED:
        name = domains.pop()
        if name in seen:
            continue
        seen.add(name)
        for text in filter(is_spf, lookups.texts(name)):
            for term in (*parse(text).mechanisms, *filter(None, [parse(text).redirect])):
                if term.qualifier not in ("+", "") or term.name == "all":
                    continue
                if term.network is not None:
                    allowed.append(term.network)
                elif term.name in ("include", "redirect") and "%" not in term.domain:
                    domains.append(term.domain.rstrip(".").lower())
                else:
                    complete = False
    return allowed, complete
