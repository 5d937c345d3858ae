"""Blocks between posts, in HTML and in text, and what lint says about them."""

from dataclasses import replace

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import Block, Digest
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, letterhead

SPONSOR = Block(
    "1", "sponsor", "Kaffe fra fjellet", text="**Fersk** kaffe, {name|venn}.", url="https://fjellet.example/?a=1&b=2",
    button="Bestill", after="p0",
)  # fmt: skip
EVENT = Block("2", "event", "Smakekveld", when="Tirsdag 10. februar kl. 18, Oslo", after="top")
ACTION = Block("3", "action", "Gi bort abonnementet", url="https://brev.example.org/gave", after="end")


def edition(*blocks: Block, posts: int = 3, **fields: object) -> Digest:
    return replace(digest(posts, **fields), blocks=blocks)


def codes(shown: Digest) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in lint(render(shown), shown)]


def places(text: str, *words: str) -> list[int]:
    return [text.index(word) for word in words]


def test_blocks_are_where_they_were_placed_in_both_parts() -> None:
    rendered = render(edition(SPONSOR, EVENT, ACTION, greeting="Hei!", closing="Ha det!"))
    words = ("Hei!", "Smakekveld", "Tirsdag 10. februar", "Post 0:", "Annonse", "Kaffe fra fjellet", "Post 1:",
             "Gi bort abonnementet", "Ha det!")  # fmt: skip
    for part in (rendered.html.partition("<body")[2].partition("</h1>")[2], rendered.text.partition("feb. 2026")[2]):
        assert places(part, *words) == sorted(places(part, *words))
    assert "https://fjellet.example/?a=1&b=2" in rendered.text
    assert 'href="https://fjellet.example/?a=1&amp;b=2"' in rendered.html


def test_only_sponsors_are_labelled() -> None:
    assert render(edition(EVENT, ACTION)).text.count("Annonse") == 0
    assert render(edition(SPONSOR)).text.count("[Annonse]") == 1


def test_a_block_after_a_post_that_is_not_shown_in_full_is_at_the_end() -> None:
    rendered = render(edition(replace(SPONSOR, after="p99"), closing="Ha det!"))
    assert places(rendered.text, "Post 2:", "Kaffe fra fjellet", "Ha det!") == sorted(
        places(rendered.text, "Post 2:", "Kaffe fra fjellet", "Ha det!")
    )


def test_no_block_is_lost_when_posts_do_not_fit() -> None:
    shown = edition(*(replace(SPONSOR, id=str(n), title=f"Sponsor {n}", after=f"p{n}") for n in range(5)), posts=60)
    rendered = render(shown, maximum_size=20_000)
    assert rendered.unlisted
    assert all(f"Sponsor {n}" in rendered.html and f"Sponsor {n}" in rendered.text for n in range(5))


@pytest.mark.parametrize("design", ["letter", "plain", "magazine", "brief"])
def test_blocks_are_in_every_design_and_clean(design: str) -> None:
    shown = edition(SPONSOR, EVENT, ACTION, greeting="Hei!", letterhead=letterhead(design=design))
    rendered = render(shown)
    assert places(rendered.html, "Post 0:", "Kaffe fra fjellet", "Post 1:") == sorted(
        places(rendered.html, "Post 0:", "Kaffe fra fjellet", "Post 1:")
    )
    assert [f.code for f in lint(rendered, shown) if f.code.startswith(("block", "link", "contrast", "post"))] == []


def test_a_block_may_link_to_a_post_of_the_edition() -> None:
    shown = edition(replace(ACTION, url=digest(1).posts[0].url))
    assert codes(shown) == []


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (replace(SPONSOR, url=""), "block-link"),
        (replace(ACTION, url="http://brev.example.org/gave"), "block-insecure"),
        (replace(ACTION, text="Hei {navn}!"), "placeholder-unknown"),
    ],
)
def test_lint_finds_what_is_wrong_with_a_block(block: Block, code: str) -> None:
    assert codes(edition(block)) == [(code, "blocks")]


@pytest.mark.parametrize("part", ["html", "text"])
def test_lint_finds_a_block_that_a_template_leaves_out(part: str) -> None:
    shown = edition(SPONSOR)
    rendered = render(shown)
    without = replace(rendered, **{part: getattr(render(edition()), part)}, placeholders=rendered.placeholders)
    assert ("block-missing", "blocks") in {(f.code, f.where) for f in lint(without, shown)}


def test_an_event_needs_no_link() -> None:
    assert codes(edition(EVENT)) == []


def test_a_letter_says_nothing_about_missing_posts() -> None:
    empty = "Ingen nye saker denne gangen."
    usual, email = edition(posts=0, greeting="Hei!"), replace(edition(posts=0, greeting="Hei!"), standalone=True)
    assert empty in render(usual).html
    assert empty in render(usual).text
    assert empty not in render(email).html + render(email).text


def test_word_draws_the_frame_and_the_button_of_a_block() -> None:
    """Word ignores padding and borders of div and a; those of cells it has, and the background of cells."""
    shown = digest(2, blocks=(SPONSOR,))
    tree = lxml_html.document_fromstring(render(shown).html)
    (frame,) = tree.find_class("framed")
    (button,) = tree.find_class("block-link")
    assert frame.tag == button.getparent().tag == "td"
    assert "border:1px solid" in frame.get("style")
    assert "padding:14px" in frame.get("style")
    assert "background-color:" in button.getparent().get("style")
    assert "mso-padding-alt:" in button.getparent().get("style")
