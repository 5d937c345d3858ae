"""SPF of the envelope sender's domain (RFC 7208): one valid record that covers the way that emails take.

A record to put in the place of those that a domain has is offered only if it passes this check there. It keeps the
valid terms of the present records, and never makes the policy for other servers weaker: of several the strictest is
kept, and one that lets anyone send becomes ~all.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.records import txt
from newsletter.deliverability.route import Route
from newsletter.deliverability.spf.evaluation import MOST_LOOKUPS, MOST_VOID, Evaluation, SpfResult, evaluate
from newsletter.deliverability.spf.macros import Sender
from newsletter.deliverability.spf.record import VERSION, Term, is_spf, parse, parse_term
from newsletter.deliverability.spf.survey import Survey, networks, survey
from newsletter.domain.check import CheckResult, Verdict
from newsletter.messages import Message
from newsletter.messages.deliverability import records as records_messages, spf as messages

MOST_NETWORKS = 200
"""The networks of a provider of which both ends are evaluated."""
_STRICTNESS = {"-": 2, "~": 1}
_ENDING = "~all"
_LABELS = (
    (re.compile(r"^([+\-~?]?)(?:ipv4|ip):", re.IGNORECASE), r"\1ip4:"),
    (re.compile(r"^([+\-~?]?)ipv6:", re.IGNORECASE), r"\1ip6:"),
)
_GLUED = re.compile(r"(?<=[0-9A-Za-z])([~?\-+]all)$", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")
_QUOTES = str.maketrans("", "", "\"'“”„‘’\\")


def check_spf(envelope: str, route: Route, lookups: Lookups) -> CheckResult:
    """Check the record of a domain, and find one that passes. Raises LookupFailed."""
    if route.kind in ("api", "relay") and route.service.return_path:
        message = messages.SPF_OF_PROVIDER(provider=route.service.name, domain=route.service.return_path)
        return CheckResult(Verdict.GOOD, message)
    result = _check(envelope, route, lookups)
    if result.verdict is Verdict.GOOD or result.verdict is Verdict.UNKNOWN:
        return result
    return CheckResult(result.verdict, result.message, _replacement(envelope, route, lookups))


def _replacement(envelope: str, route: Route, lookups: Lookups) -> str:
    """Return a record that passes in the place of those that are there; "" if none is found."""
    texts = lookups.texts(envelope)
    present = [text for text in texts if is_spf(text) or _almost(text)]
    others = [text for text in texts if text not in present]
    if not present and not _terms(envelope, route, lookups):
        return ""
    without = {term for text in present for term in _harmful(text, envelope, lookups)}
    for proposal in proposals(present, _terms(envelope, route, lookups), without):
        try:
            result = _check(envelope, route, lookups.with_texts({envelope: (*others, proposal)}))
        except LookupFailed:
            continue
        lets_send = any(term.qualifier == "+" and term.name != "all" for term in parse(proposal).mechanisms)
        unknown = (messages.SPF_RELAY, messages.SPF_SERVER)
        unseen = any(message_type.matches(result.message) for message_type in unknown) and lets_send
        if result.verdict is Verdict.GOOD or unseen:
            return txt(envelope, proposal)
    return ""


def _check(envelope: str, route: Route, lookups: Lookups) -> CheckResult:
    """Return what the records of a domain mean for a route."""
    texts = lookups.texts(envelope)
    records = [text for text in texts if is_spf(text)]
    if not records:
        return CheckResult(Verdict.BAD, _missing(envelope, next(filter(_almost, texts), ""), route, lookups))
    if len(records) > 1:
        return CheckResult(Verdict.BAD, records_messages.SEVERAL_RECORDS(name=envelope, count=len(records), type="SPF"))
    if mistakes := parse(records[0]).mistakes:
        return CheckResult(Verdict.BAD, messages.SPF_INVALID(name=envelope, terms=", ".join(mistakes)))
    needs = survey(records[0], envelope, lookups)
    if problem := _permanent_error(needs, envelope):
        return CheckResult(Verdict.BAD, problem)
    if needs.failures:
        return CheckResult(Verdict.UNKNOWN, needs.failures[0])
    return _valid(envelope, records[0].strip(), needs.lookups, route, lookups)


def _missing(envelope: str, almost: str, route: Route, lookups: Lookups) -> Message:
    if almost:
        return messages.SPF_ALMOST(name=envelope, record=almost)
    if route.kind == "relay" and not _terms(envelope, route, lookups):
        return messages.NO_SPF_RELAY(name=envelope, server=route.service.name)
    if route.kind == "own" and not _terms(envelope, route, lookups):
        return messages.NO_SPF_SERVER(name=envelope, server=route.server, setting=route.server_setting)
    return records_messages.NO_RECORD(name=envelope, type="SPF")


def _valid(envelope: str, record: str, count: int, route: Route, lookups: Lookups) -> CheckResult:
    """Return what a valid record means: whom it lets send."""
    other = evaluate(Sender(None, envelope), lookups)
    if other.result is SpfResult.PASS:
        return CheckResult(Verdict.BAD, messages.SPF_OPEN(name=envelope, term=" → ".join(other.by)))
    if uncovered := _uncovered(envelope, route, lookups):
        return uncovered
    if other.result is SpfResult.NEUTRAL:
        return CheckResult(Verdict.WARNING, messages.SPF_NEUTRAL(name=envelope))
    if route.kind == "relay" and not _include(envelope, route, lookups):
        message = messages.SPF_RELAY_COVERED(record=record, server=route.service.name, count=count)
        return CheckResult(Verdict.GOOD, message)
    return CheckResult(Verdict.GOOD, messages.SPF_GOOD(record=record, count=count))


def _permanent_error(needs: Survey, envelope: str) -> Message | None:
    """Return what makes a record invalid for every receiver."""
    terms = ", ".join(sorted(needs.culprits))
    if needs.loops:
        return messages.SPF_LOOP(name=envelope, included=needs.loops[0], terms=terms)
    if needs.missing:
        return messages.SPF_INCLUDE(name=envelope, included=needs.missing[0], terms=terms)
    if needs.invalid:
        if needs.invalid[0] in needs.culprits:
            return messages.SPF_HOSTS(name=envelope, terms=terms)
        return messages.SPF_INCLUDE(name=envelope, included=needs.invalid[0], terms=terms)
    if needs.lookups > MOST_LOOKUPS:
        counts = tuple(messages.SPF_TERM_LOOKUPS(term=term, count=count) for term, count in needs.by_term.items())
        return messages.SPF_LOOKUPS(name=envelope, count=needs.lookups, terms=counts)
    if len(needs.void) > MOST_VOID:
        return messages.SPF_VOID(name=envelope, terms=", ".join(needs.void))
    return None


def _uncovered(envelope: str, route: Route, lookups: Lookups) -> CheckResult | None:
    """Return what is wrong where a valid record doesn't let a route's servers send; None if it does."""
    if route.kind == "own":
        return _own_server(envelope, route, lookups)
    if route.kind == "file":
        return None
    include = _include(envelope, route, lookups)
    if not include:
        return _unknown_relay(envelope, route.service.name, lookups)
    covered = _covers(envelope, include, lookups)
    if covered.result is SpfResult.UNKNOWN and covered.reason is not None:
        return CheckResult(Verdict.UNKNOWN, covered.reason)
    if covered.result is SpfResult.PASS:
        return None
    message = messages.SPF_WITHOUT(name=envelope, provider=route.service.name, term=f"include:{include}")
    return CheckResult(Verdict.BAD if route.key else Verdict.WARNING, message)


def _own_server(envelope: str, route: Route, lookups: Lookups) -> CheckResult | None:
    server = route.server
    addresses = lookups.addresses(server)
    if not addresses:
        message = messages.SPF_SERVER(server=server, name=envelope, setting=route.server_setting)
        return CheckResult(Verdict.UNKNOWN, message)
    for address in addresses:
        evaluation = evaluate(Sender(ipaddress.ip_address(address), envelope, greeting=server), lookups)
        if evaluation.result is SpfResult.PASS:
            continue
        if evaluation.reason is not None:
            return CheckResult(Verdict.UNKNOWN, evaluation.reason)
        about = {"name": envelope, "address": address, "server": server}
        if evaluation.by and evaluation.by[-1].lower().lstrip("+-~?") != "all":
            return CheckResult(Verdict.BAD, messages.SPF_EXCLUDED(**about, term=" → ".join(evaluation.by)))
        return CheckResult(Verdict.BAD, messages.SPF_ADDRESS(**about))
    return None


def _unknown_relay(envelope: str, server: str, lookups: Lookups) -> CheckResult | None:
    """Return that it isn't known whether a relay is covered; None if its own addresses are."""
    addresses = lookups.addresses(server)
    results = [evaluate(Sender(ipaddress.ip_address(address), envelope), lookups) for address in addresses]
    if results and all(result.result is SpfResult.PASS for result in results):
        return None
    if reason := next((result.reason for result in results if result.reason), None):
        return CheckResult(Verdict.UNKNOWN, reason)
    return CheckResult(Verdict.UNKNOWN, messages.SPF_RELAY(server=server, name=envelope))


def _covers(envelope: str, include: str, lookups: Lookups) -> Evaluation:
    """Return whether all servers that a provider's SPF record lists may send for a domain."""
    listed_networks, complete = networks(include, lookups)
    ends = {end for network in listed_networks[:MOST_NETWORKS] for end in (network[0], network[-1])}
    results = [evaluate(Sender(end, envelope), lookups) for end in sorted(ends, key=str)]
    if failed := next((result for result in results if result.result is not SpfResult.PASS), None):
        return failed
    if complete and results:
        return Evaluation(SpfResult.PASS)
    record = next(filter(is_spf, lookups.texts(envelope)), VERSION)
    reached = survey(record, envelope, lookups).names
    return Evaluation(SpfResult.PASS if include in reached else SpfResult.NEUTRAL)


def _terms(envelope: str, route: Route, lookups: Lookups) -> Sequence[str]:
    """Return terms that cover a route, each as good as the others."""
    if route.kind == "own":
        addresses = lookups.addresses(route.server)
        by_name = ["a" if route.server == envelope else f"a:{route.server}"] if "." in route.server else []
        by_address = " ".join(f"ip{6 if ':' in address else 4}:{address}" for address in addresses)
        if not addresses and lookups.addresses(route.site):
            return [f"a:{route.site}"]
        return [*by_name, by_address] if addresses else []
    if route.kind == "file":
        return ["mx"]
    include = _include(envelope, route, lookups)
    return [f"include:{include}"] if include else []


def _include(envelope: str, route: Route, lookups: Lookups) -> str:
    """Return the name that customers of a route's service include; "" if none is known.

    The owner of an unknown relay publishes it under one of the usual names.
    """
    if route.service.include:
        return route.service.include
    parent = route.service.name.partition(".")[2]
    if route.kind != "relay" or "." not in parent:
        return ""
    names = (f"_spf.{parent}", f"spf.{parent}", parent)
    return next((name for name in names if name != envelope and any(map(is_spf, lookups.texts(name)))), "")


def _harmful(text: str, envelope: str, lookups: Lookups) -> set[str]:
    """Return the terms that make a record invalid, and those that let anyone send."""
    needs = survey(text, envelope, lookups)
    culprits = set(needs.culprits) | (set(needs.void) if len(needs.void) > MOST_VOID else set())
    for term in parse(text).terms:
        alone = lookups.with_texts({envelope: [f"{VERSION} {term.text}"]})
        if term.name != "all" and evaluate(Sender(None, envelope), alone).result is SpfResult.PASS:
            culprits.add(term.text)
    return culprits


def _almost(text: str) -> bool:
    """Return whether a TXT record is meant for SPF, but isn't valid as one."""
    start = text.lstrip(" \t\"'“”„‘’\\")[:8].lower()
    return not is_spf(text) and start.startswith((VERSION, "v=spf ", "spf1 ", "v = spf1"))


def proposals(records: Sequence[str], covering: Sequence[str], without: Collection[str] = ()) -> Iterator[str]:
    """Yield records, the least changed first.

    `covering` are terms that cover the server, each as good as the others; "" if nothing has to be covered. `without`
    are terms that make the present record invalid, or let anyone send: records without them are yielded after those
    with.
    """
    for left_out in ((), without) if without else ((),):
        terms = [term for term in _terms_of(records) if term.text not in left_out]
        for term in ("", *filter(None, covering)):
            yield _written(terms, term, several=len(records) != 1, first=False)
            if term:
                yield _written(terms, term, several=len(records) != 1, first=True)


def _terms_of(records: Iterable[str]) -> list[Term]:
    """Return the terms of records, each once, with typing errors corrected and what is no term left out."""
    terms: dict[str, Term] = {}
    for record in records:
        for word in _BETWEEN.split(record.translate(_QUOTES).strip()):
            for part in _corrected(word):
                term = parse_term(part)
                if term is not None and part.lower() != VERSION and not part.lower().startswith("v="):
                    terms.setdefault(_key_of_term(term), term)
    return list(terms.values())


def _key_of_term(term: Term) -> str:
    """Return what is the same for terms of which only one may be kept."""
    if not term.qualifier and term.name in ("redirect", "exp"):
        return term.name
    return term.text.lower().lstrip("+")


def _corrected(word: str) -> list[str]:
    for pattern, right in _LABELS:
        word = pattern.sub(right, word)
    if re.match(r"[+\-~?]?ip4:[^.]*:", word, re.IGNORECASE):
        word = re.sub("ip4:", "ip6:", word, count=1, flags=re.IGNORECASE)
    if parse_term(word):
        return [word]
    split = _GLUED.sub(r" \1", word).split(" ")
    return split if all(map(parse_term, split)) else []


def _written(terms: Sequence[Term], covering: str, *, several: bool, first: bool) -> str:
    """Return a record: the mechanisms, the term that is wanted before or after them, the modifiers and the end."""
    mechanisms = [term.text for term in terms if term.qualifier and term.name != "all"]
    endings = [term.text for term in terms if term.name == "all" and term.qualifier]
    redirects = [term for term in terms if not term.qualifier and term.name == "redirect"]
    modifiers = [term.text for term in terms if not term.qualifier and term.name != "redirect"]
    if redirects and several:
        mechanisms += [f"include:{redirect.domain}" for redirect in redirects]
        redirects = []
    words = [covering, *mechanisms] if first else [*mechanisms, covering]
    strict = max(endings, key=lambda each: _STRICTNESS.get(each[0], 0), default="")
    if redirects and not endings:
        ending = [redirect.text for redirect in redirects]
    elif redirects:
        ending = [strict if strict[0] in _STRICTNESS else _ENDING, *(redirect.text for redirect in redirects)]
    else:
        ending = [strict if strict[:1] in _STRICTNESS else _ENDING]
    return " ".join(dict.fromkeys(filter(None, [VERSION, *words, *modifiers, *ending])))
