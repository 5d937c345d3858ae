"""Notes: posts without a title, whose headline is the beginning of their text."""

import pytest

from newsletter.domain.digest import Digest, DigestPost, Rendered
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, letterhead, post
from tests.render.trees import rendered, texts

TEXT = '<p>The <a href="https://port.example/">mule</a> walks to the port and rests. It takes a week.</p>'


@pytest.mark.parametrize("design", ["letter", "magazine", "cards", "plain"])
def test_a_note_is_shown_whole_without_a_torn_headline(design: str) -> None:
    tree = rendered([post(n, title="The mule walks to the…", html=TEXT) for n in range(5)], design=design)
    assert texts(tree, "headline") == []
    assert texts(tree, "contents") == []
    paragraphs = [" ".join(element.text_content().split()) for element in tree.iter("p")]
    assert paragraphs.count("The mule walks to the port and rests. It takes a week. →") == 5
    arrows = tree.find_class("read-on")
    assert [arrow.get("href") for arrow in arrows] == [post(n).url for n in range(5)]
    assert {arrow.get("aria-label") for arrow in arrows} == {"The mule walks to the…"}


@pytest.mark.parametrize("design", ["letter", "magazine", "cards", "plain", "brief"])
@pytest.mark.parametrize("partial", [False, True])
def test_a_note_is_no_missing_post(design: str, partial: bool) -> None:
    notes = [post(n, title="The mule walks to the…", html=TEXT, partial=partial, whole=not partial) for n in range(3)]
    assert [finding.code for finding in lint(*_edition(notes, design)) if finding.code.startswith("post-")] == []


def test_brief_keeps_the_headline_of_a_note_as_its_link() -> None:
    tree = rendered([post(0, title="The mule walks to the…", html=TEXT)], design="brief")
    assert texts(tree, "headline") == ["The mule walks to the…"]


def test_titled_posts_between_notes_are_in_the_contents() -> None:
    notes = [post(0, title="The mule walks to the…", html=TEXT)]
    tree = rendered([*notes, *(post(n) for n in range(1, 5))])
    assert len(texts(tree, "headline")) == 4
    assert len(tree.find_class("contents")) == 1


def _edition(posts: list[DigestPost], design: str) -> tuple[Rendered, Digest]:
    edition = digest(posts, letterhead=letterhead(design=design))
    return render(edition), edition
