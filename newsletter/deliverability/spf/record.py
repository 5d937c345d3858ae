"""An SPF record as its terms (RFC 7208 4.6 and 12); what isn't a term by that grammar is kept as a mistake."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

Qualifier = Literal["+", "-", "~", "?"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_TERM = re.compile(r"([+\-~?]?)([A-Za-z][A-Za-z0-9\-_.]*)(.*)")
_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_WITH_DOMAIN = ("include", "exists")
_MACRO = r"%(?:\{[slodiphvSLODIPHV][0-9]*[rR]?[.\-+,/_=]*\}|[%_\-])"
_MACRO_STRING = re.compile(rf"(?:[\x21-\x24\x26-\x7E]|{_MACRO})*")
_ZERO_LABELS = re.compile(r"%\{.0+[^0-9]")
_ENDS_IN_MACRO = re.compile(r"%\{[^{}]*\}\Z")
_LABEL = re.compile(r"[A-Za-z0-9\-]{1,63}")
_PREFIXES = re.compile(r"(.*?)(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?")
VERSION = "v=spf1"


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism, or a modifier, which has no qualifier.

    `text` is the term as written, and `name` is in small letters. `domain` is the domain-spec with its macros, "" for
    the current domain. `network` is that of ip4 and ip6, and the prefixes are those of a and mx.
    """

    text: str
    name: str
    qualifier: Qualifier | Literal[""] = "+"
    domain: str = ""
    network: Network | None = None
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """The terms of a record, and the words that aren't; a record with mistakes is invalid as a whole (4.6)."""

    terms: tuple[Term, ...]
    mistakes: tuple[str, ...]

    @property
    def mechanisms(self) -> tuple[Term, ...]:
        """The mechanisms up to `all`, after which none is evaluated (5.1)."""
        terms = [term for term in self.terms if term.qualifier]
        end = next((at for at, term in enumerate(terms, 1) if term.name == "all"), len(terms))
        return tuple(terms[:end])

    @property
    def redirect(self) -> Term | None:
        """The modifier redirect=, which is ignored where there is an `all` (6.1)."""
        if any(term.name == "all" for term in self.terms if term.qualifier):
            return None
        return next((term for term in self.terms if not term.qualifier and term.name == "redirect"), None)


def is_spf(text: str) -> bool:
    """Return whether a TXT record is an SPF record (4.5)."""
    return text[: len(VERSION)].lower() == VERSION and text[len(VERSION) : len(VERSION) + 1] in ("", " ")


def parse(text: str) -> SpfRecord:
    """Return the terms of an SPF record."""
    terms: list[Term] = []
    mistakes: list[str] = []
    once: set[str] = set()
    for word in filter(None, text[len(VERSION) :].split(" ")):
        term = parse_term(word)
        if term is None or (not term.qualifier and term.name in once):
            mistakes.append(word)
            continue
        terms.append(term)
        if not term.qualifier and term.name in ("redirect", "exp"):
            once.add(term.name)
    return SpfRecord(tuple(terms), tuple(mistakes))


def parse_term(word: str) -> Term | None:
    """Return a term; None for a word that isn't one."""
    match = _TERM.fullmatch(word)
    if not match:
        return None
    qualifier, name, rest = match[1], match[2].lower(), match[3]
    if rest.startswith("=") and not qualifier:
        return _modifier(word, name, rest[1:])
    if name not in _MECHANISMS:
        return None
    mark: Qualifier = qualifier or "+"  # type: ignore[assignment] # the expression has no others
    if name == "all":
        return None if rest else Term(word, name, mark)
    if name in ("ip4", "ip6"):
        network = _network(rest[1:], 4 if name == "ip4" else 6) if rest.startswith(":") else None
        return Term(word, name, mark, network=network) if network else None
    return _with_domain(word, name, mark, rest)


def _modifier(word: str, name: str, value: str) -> Term | None:
    if name in ("redirect", "exp"):
        return Term(word, name, "", value) if _is_domain(value) else None
    return Term(word, name, "", value) if _is_macro_string(value) else None


def _with_domain(word: str, name: str, qualifier: Qualifier, rest: str) -> Term | None:
    domain, prefix4, prefix6 = rest, None, None
    if name in ("a", "mx"):
        match = _PREFIXES.fullmatch(rest)
        assert match is not None  # it matches all text
        domain, prefix4, prefix6 = match.groups()
    if domain and not (domain.startswith(":") and _is_domain(domain[1:])):
        return None
    if name in _WITH_DOMAIN and not domain:
        return None
    lengths = int(prefix4 or 32), int(prefix6 or 128)
    if lengths[0] > 32 or lengths[1] > 128:
        return None
    return Term(word, name, qualifier, domain[1:], None, *lengths)


def _network(text: str, version: int) -> Network | None:
    """Return a network; its prefix has no leading zeros, and its address no zone."""
    address, slash, prefix = text.partition("/")
    if (slash and (not prefix.isdecimal() or (prefix[0] == "0" and prefix != "0"))) or "%" in address:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network if network.version == version else None


def _is_macro_string(text: str) -> bool:
    return bool(_MACRO_STRING.fullmatch(text)) and not _ZERO_LABELS.search(text)


def _is_domain(text: str) -> bool:
    """Return whether a text is a domain-spec: it ends in a macro or a top-level domain (7.1)."""
    if not _is_macro_string(text):
        return False
    if _ENDS_IN_MACRO.search(text):
        return True
    parent, dot, top_level = text.removesuffix(".").rpartition(".")
    return (
        bool(dot and parent and _LABEL.fullmatch(top_level))
        and not top_level.isdecimal()
        and "-" not in (top_level[0], top_level[-1])
    )
