"""SPF records to put in the place of those that a domain has. Whether one helps is judged before it is offered.

A proposal keeps the valid terms of the present records. It never makes the policy for other servers weaker: of several
the strictest is kept, and one that lets anyone send becomes ~all.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from newsletter.deliverability.spf.record import VERSION, Term, parse_term

_STRICTNESS = {"-": 2, "~": 1}
_ENDING = "~all"
_LABELS = (
    (re.compile(r"^([+\-~?]?)(?:ipv4|ip):", re.IGNORECASE), r"\1ip4:"),
    (re.compile(r"^([+\-~?]?)ipv6:", re.IGNORECASE), r"\1ip6:"),
)
_GLUED = re.compile(r"(?<=[0-9A-Za-z])([~?\-+]all)$", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")
_QUOTES = str.maketrans("", "", "\"'“”„‘’\\")


def proposals(records: Sequence[str], covering: Sequence[str], without: Collection[str] = ()) -> Iterator[str]:
    """Yield records, the least changed first.

    `covering` are terms that cover the server, each as good as the others; "" if nothing has to be covered. `without`
    are terms that make the present record invalid, or let anyone send: records without them are yielded after those
    with.
    """
    for left_out in ((), without) if without else ((),):
        terms = [term for term in _terms(records) if term.text not in left_out]
        for term in ("", *filter(None, covering)):
            yield _written(terms, term, several=len(records) != 1, first=False)
            if term:
                yield _written(terms, term, several=len(records) != 1, first=True)


def _terms(records: Iterable[str]) -> list[Term]:
    """Return the terms of records, each once, with typing errors corrected and what is no term left out."""
    terms: dict[str, Term] = {}
    for record in records:
        for word in _BETWEEN.split(record.translate(_QUOTES).strip()):
            for part in _corrected(word):
                term = parse_term(part)
                if term is not None and part.lower() != VERSION and not part.lower().startswith("v="):
                    terms.setdefault(_key(term), term)
    return list(terms.values())


def _key(term: Term) -> str:
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
