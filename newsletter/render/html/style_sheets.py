"""The style sheets that stay in an email, without spaces and without rules for elements that the email doesn't have."""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_SPACES = re.compile(r"\s+")
_AROUND = re.compile(r" ?([:;!]) ?")
_CONDITION = re.compile(r"\[[^\]]*+\]|::?[A-Za-z-]++|#[A-Za-z0-9_-]++")
_NAME = re.compile(r"\.?-?[A-Za-z_][A-Za-z0-9_-]*")
_ZERO = re.compile(r"(?<![\w.#%-])(?<!font-size:)0px")
_QUOTES = re.compile(r"[\"']")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule or an at-rule: its selectors, each with the names that it needs, and its declarations or inner rules."""

    selectors: tuple[tuple[str, frozenset[str]], ...]
    declarations: str = ""
    inner: "tuple[_Rule, ...]" = ()


def squeezed(css: str, names: Set[str], styled: Set[str]) -> str:
    """Return a style sheet without spaces and comments, and without rules that match nothing.

    A selector is left out if it has a name from `styled`, the elements and classes that the content CSS styles, that is
    not among the `names` of the document: email programs may add others.
    """
    missing = styled - names
    return "".join(filter(None, (_written(rule, missing) for rule in _parsed(css))))


@lru_cache(maxsize=2048)
def squeezed_declarations(text: str) -> str:
    """Return the declarations of a style attribute or a rule without spaces; text in quotes stays as it is."""
    line = _SPACES.sub(" ", text).strip(" ;")
    return line if _QUOTES.search(line) else _ZERO.sub("0", _AROUND.sub(r"\1", line))


def _written(rule: _Rule, missing: Set[str]) -> str:
    selectors = ",".join(selector for selector, needed in rule.selectors if not needed & missing)
    if not selectors:
        return ""
    if selectors.endswith(";"):
        return selectors
    content = "".join(_written(inner_rule, missing) for inner_rule in rule.inner) if rule.inner else rule.declarations
    return f"{selectors}{{{content}}}" if content else ""


@lru_cache(maxsize=64)
def _parsed(css: str) -> tuple[_Rule, ...]:
    """Return the rules of a style sheet; statements such as `@import` are rules whose selector ends with ";".

    Brackets that close nothing are left out.
    """
    css = _COMMENT.sub(" ", css)
    parsed: list[_Rule] = []
    position = 0
    while position < len(css):
        rules, position = _rules(css, position)
        parsed += rules
    return tuple(parsed)


def _rules(css: str, position: int) -> tuple[tuple[_Rule, ...], int]:
    """Return the rules from a position up to the end of their block, and the position behind it."""
    rules: list[_Rule] = []
    while position < len(css):
        opening, closing = css.find("{", position), css.find("}", position)
        if opening < 0 or 0 <= closing < opening:
            break
        *statements, prelude = css[position:opening].split(";")
        rules += [_Rule(((f"{statement.strip()};", frozenset()),)) for statement in statements if statement.strip()]
        prelude = _SPACES.sub(" ", prelude).strip()
        if prelude.startswith(("@media", "@supports")):
            inner, position = _rules(css, opening + 1)
            rules.append(_Rule(((prelude, frozenset()),), inner=inner))
            continue
        end = css.find("}", opening)
        end = len(css) if end < 0 else end
        if prelude.startswith("@"):  # such as @keyframes, whose blocks are no rules
            end = end_of_block(css, opening)
            rules.append(_Rule(((prelude, frozenset()),), _SPACES.sub(" ", css[opening + 1 : end]).strip()))
        else:
            rules.append(_Rule(_selectors(prelude), squeezed_declarations(css[opening + 1 : end])))
        position = end + 1
    closing = css.find("}", position)
    return tuple(rules), len(css) if closing < 0 else closing + 1


def end_of_block(css: str, opening: int) -> int:
    """Return the position of the bracket that closes the one at `opening`, or the end of the text."""
    depth = 0
    for bracket in re.compile(r"[{}]").finditer(css, opening):
        depth += 1 if bracket[0] == "{" else -1
        if not depth:
            return bracket.start()
    return len(css)


def _selectors(prelude: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the selectors of a list; one with brackets around others is not divided, and needs nothing."""
    if "(" in prelude or _QUOTES.search(prelude):
        return ((prelude, frozenset()),)
    selectors = (selector.strip() for selector in prelude.split(","))
    return tuple(
        (selector, frozenset(_NAME.findall(_CONDITION.sub(" ", selector)))) for selector in selectors if selector
    )
