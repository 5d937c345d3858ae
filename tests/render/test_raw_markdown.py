"""Lint names Markdown that would be shown as it was typed."""

from dataclasses import replace

import pytest

from newsletter.domain.digest import Block, Digest
from newsletter.render.content.markdown import markdown
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, post


def named(edition: Digest) -> set[tuple[str, str, str]]:
    """The findings of the rule: level, words and place."""
    findings = lint(render(edition), edition)
    return {(f.level, str(f.message.param("words")), f.where) for f in findings if f.code == "raw-markdown"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"Les \[saken\](https://example.org/a) nå", "[saken](https://example.org/a)"),
        (r"!\[Et hus\](/images/a.png)", "![Et hus](/images/a.png)"),
        ("Som sagt.[^1]", "[^1]"),
        ("\\| By | Tid |\n\n\\| --- | --- |", "| By | Tid |"),
        (r"Dette er \*\*viktig\*\*.", "**viktig**"),
        (r"\## Uken", "## Uken"),
        (r"\::: note", "::: note"),
        (r"\[1\]: https://example.org/a", "[1]: https://example.org/a"),
    ],
)
def test_markdown_that_is_shown_as_typed_is_named(text: str, words: str) -> None:
    assert named(digest(greeting=text)) == {("warning", words, "greeting")}


@pytest.mark.parametrize(
    "text",
    [
        "Les [saken](https://example.org/a) **nå**",
        "`[a](https://example.org/a)` og\n\n    | a | b |",
        "| By | Tid |\n| --- | --- |\n| Oslo | 18 |",
        "2 ** 3 ** 4, a | b, C#, [sic] (se over), # 1",
    ],
)
def test_other_text_is_not(text: str) -> None:
    assert named(digest(greeting=text)) == set()


def test_every_text_of_editors_is_looked_at_and_no_other() -> None:
    text = r"\[a\](https://example.org/a)"
    written, of_source = replace(post(1), html=markdown(text), written=True), replace(post(2), html=markdown(text))
    block = Block("1", "cta", "Støtt oss", text=text, url="https://example.org/", button="Støtt")
    edition = digest([written, of_source], closing=text, blocks=(block,))
    assert {where for _, _, where in named(edition)} == {"closing", written.id, "blocks"}
