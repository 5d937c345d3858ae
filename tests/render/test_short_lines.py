"""Short paragraphs in a row, such as ingredients and verses, are lines of one paragraph."""

import pytest

from newsletter.render.content.content import prepare


def prepared(html: str) -> str:
    return prepare(html, url="", title="", level=2, whole=True)


def test_ingredients_and_verses_are_lines() -> None:
    lines = ["2 eggs", "<b>Salt</b> and pepper", "A <i>little</i> oil,"]
    html = "<p>Take these:</p>" + "".join(f"<p>{line}</p>" for line in lines) + "<p>Mix it all.</p>"
    assert prepared(html) == f"<p>Take these:</p><p>{'<br>'.join(lines)}</p><p>Mix it all.</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<p>One</p><p>Two</p>",
        "<p>Boats leave.</p><p>Boats come.</p><p>Boats sail.</p>",
        "<p><b>One</b></p><p><b>Two</b></p><p><b>Three</b></p>",
        '<p><img src="https://blog.example/a.jpg" alt="" width="90"></p>' * 3,
        f"<p>{'long ' * 10}</p>" * 3,
    ],
)
def test_other_paragraphs_stay(html: str) -> None:
    assert prepared(html).count("<p>") == html.count("<p>")
