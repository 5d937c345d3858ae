"""Posts of which the source has only the beginning."""

import pytest

from newsletter.domain.digest import Level
from newsletter.render.content.content import prepare
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.edition import render
from newsletter.render.lint import lint
from newsletter.render.words import colon
from tests.render.samples import digest, letterhead, post


@pytest.mark.parametrize(("language", "label"), [("nb", "Les mer"), ("en", "Read on"), ("ja", "続きを読む")])
@pytest.mark.parametrize("design", ["letter", "magazine", "plain"])
def test_a_post_of_which_the_source_has_the_beginning_leads_on(design: str, language: str, label: str) -> None:
    edition = digest([post(0, partial=True), post(1)], letterhead=letterhead(design=design, language=language))
    rendered = render(edition)
    links = [text_of(a) for a in parse(rendered.html).iter("a") if a.get("href") == post(0).url]
    assert links == [post(0).title, "→" if design == "plain" else label]
    assert f"\n{label}{colon(language)}{post(0).url}\n" in rendered.text
    assert f"{label}{colon(language)}{post(1).url}" not in rendered.text
    assert not [f for f in lint(rendered, edition, maximum_size=100_000) if f.level == Level.ERROR]


def test_a_partial_post_that_is_shown_in_full_keeps_its_images() -> None:
    images = "".join(f'<p>One.</p><p><img src="https://blog.example/{n}.jpg" width="400"></p>' for n in range(3))
    edition = digest([post(0, html=images, partial=True)], letterhead=letterhead(design="magazine"))
    assert render(edition).html.count('src="https://blog.example/') == 3


def test_a_text_that_ends_as_cut_off_gets_no_second_mark() -> None:
    html = prepare("<p>The boats […]</p>", url="", title="", level=3, whole=False)
    assert html == "<p>The boats […]</p>"
