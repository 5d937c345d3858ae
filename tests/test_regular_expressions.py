"""Every regular expression takes time linear to the text, whatever the text is."""

import re

import pytest

from newsletter.bounces.reading import rules, words
from newsletter.feeds import timestamps
from newsletter.feeds.html import leading_on
from newsletter.render.lint import clients
from tests import patterns

SIZE, SECONDS = 30_000, 0.5
"""A linear pattern needs milliseconds for so many characters, a quadratic one a second or more."""

SHORT = {
    "newsletter.bounces.reading.words": words.LONGEST,
    "newsletter.feeds.timestamps": timestamps.MAXIMUM_LENGTH,
    "newsletter.feeds.html.leading_on:_APPEARED_FIRST": leading_on.LONGEST_NOTE,
    "newsletter.feeds.html.leading_on:_CONTINUE_ON": leading_on.LONGEST_NOTE,
}
"""Modules that read the beginning of a text only, and patterns that only meet short texts."""

OWN = {
    "newsletter.render.html.mjml:_MJ_TAG": "templates; `<` and quotes of posts are escaped in them",
    "newsletter.render.lint.contrast:_DARK": "style sheets of templates",
    "newsletter.render.lint.contrast:_RULE": "style sheets of templates",
    "newsletter.render.lint.envelope:findall": "style sheets of templates",
    "newsletter.render.lint.parsed_email:_CONDITIONAL": "conditional comments of templates; posts have no comments",
    "newsletter.web.desk.edition.preview_queries:_STYLE": "style sheets of templates; posts have none",
}
"""Patterns that only meet what the publisher wrote."""

MADE = {
    "newsletter.bounces.reading.rules:rule.words": "BOUNCES, below",
    "newsletter.editions.selection.rules:boundary + escaped + ('\\\\b' if word[-1:].isalnum() else '')": "a word",
    "newsletter.render.lint.clients:fact.css": "FACTS, below",
    "newsletter.render.lint.clients:fact.image": "FACTS, below",
    "newsletter.render.placeholders:'|'.join(map(re.escape, sorted(names, key=len, reverse=True))) or '(?!)'": (
        "escaped words"
    ),
    "newsletter.transactional.personal_data:whole(address)": "an escaped address",
    "subscribers.erasure:whole(key)": "an escaped address",
}
"""Patterns that are made where they are used, and why they are linear all the same or where they are tried."""

FACTS = [
    patterns.Use(f"{clients.__name__}:{fact.page}", re.compile(fact.css or fact.image, re.IGNORECASE), anchored=False)
    for fact in clients.FACTS
    if fact.css or fact.image
]
BOUNCES = [
    patterns.Use(f"{words.__name__}:{rule.words}", re.compile(rule.words, re.IGNORECASE), anchored=False)
    for rule in rules.RULES
]


def test_every_pattern_takes_linear_time() -> None:
    uses = [*BOUNCES, *(use for use in patterns.uses() if use.where not in OWN), *FACTS]
    assert len(uses) > 300
    slow = {use.where: list(patterns.slow_inputs(use, _size(use), SECONDS)) for use in uses}
    assert {where: inputs for where, inputs in slow.items() if inputs} == {}


def _size(use: patterns.Use) -> int:
    return SHORT.get(use.where) or SHORT.get(use.where.partition(":")[0], SIZE)


@pytest.mark.parametrize(
    "pattern",
    [r"<!--.*?-->", r"\s+$", r"(a|b)*c", r"(?:a+)+b", r"\S*@", r"<a[^>]*href", r"[.]+[)]*$"],
)
def test_a_pattern_that_backtracks_is_found(pattern: str) -> None:
    use = patterns.Use("", re.compile(pattern, re.DOTALL), anchored=False)
    assert any(patterns.slow_inputs(use, SIZE, 0.1))


def test_the_exceptions_exist() -> None:
    assert set(OWN) <= {use.where for use in patterns.uses()}


def test_no_pattern_is_overlooked() -> None:
    assert patterns.unread() == sorted(MADE)
