"""The picture and the excerpt by which an archive shows an edition."""

import pytest

from newsletter.render.edition import render
from newsletter.render.preview import public_html
from newsletter.render.teaser import Teaser, TeaserPicture, teaser
from tests.render.samples import digest, letterhead, post

LOGO = '<p class="name"><img class="logo" src="https://a.example/logo.png" height="48"></p>'
SPONSOR = (
    '<table class="block"><tr><td><img src="https://a.example/ad.png" width="500"><p>Buy tea.</p></td></tr></table>'
)
POST = (
    '<div class="post"><h2 class="headline">Tea</h2><p class="meta">17:00</p><img src="https://a.example/1.jpg" '
    'width="552" height="300"><p>Tea is made of leaves that are dried in the sun for a day.</p></div>'
)
VIDEO = '<div class="post"><p><img class="poster" src="https://n.example/static/email/play.png" width="552"></p></div>'


@pytest.mark.parametrize(
    ("page", "picture"),
    [
        (LOGO + POST, TeaserPicture("https://a.example/1.jpg", 552, 300)),
        (SPONSOR + POST, TeaserPicture("https://a.example/1.jpg", 552, 300)),
        (VIDEO + POST, TeaserPicture("https://a.example/1.jpg", 552, 300)),
        (VIDEO, None),
        ('<img src="https://a.example/icon.png" width="20">', None),
        ('<img src="https://a.example/theirs.png">', None),
        ('<img src="https://a.example/any.png">', TeaserPicture("https://a.example/any.png")),
        ('<img src="data:image/png;base64,AA" width="600">', None),
        ("<p>None", None),
    ],
)
def test_the_first_picture_of_the_edition_s_own_stands_for_it(page: str, picture: TeaserPicture | None) -> None:
    assert teaser(page, "", written=False, logos=("https://a.example/theirs.png",)).picture == picture


@pytest.mark.parametrize(
    ("page", "excerpt"),
    [
        (POST, "Tea is made of leaves that are dried in the sun for a day."),
        ('<div class="words"><p>Hello!</p><p>This week is about tea, and about those who make it.</p></div>' + POST,
         "Hello! This week is about tea, and about those who make it."),
        (POST + '<div class="words"><p>See you next week, when the days are longer than now.</p></div>',
         "Tea is made of leaves that are dried in the sun for a day."),
        ('<div class="post"><p>Tea is <b>dried</b>, <i>rolled</i><br>and packed, in this order, every day.</p></div>',
         "Tea is dried, rolled and packed, in this order, every day."),
        (SPONSOR + POST, "Tea is made of leaves that are dried in the sun for a day."),
        ('<div class="words"><table><td class="tinted-sponsor"><p>A sponsor has to say more.</p></table></div>' + POST,
         "Tea is made of leaves that are dried in the sun for a day."),
        ("<p>A template of its own", "Preview"),
    ],
)  # fmt: skip
def test_the_excerpt_is_the_beginning_of_what_was_written(page: str, excerpt: str) -> None:
    assert teaser(page, "Preview", written=False).excerpt == excerpt
    assert teaser(page, "Preview", written=True).excerpt == "Preview"


def test_a_long_excerpt_ends_between_words() -> None:
    excerpt = teaser(f'<div class="post"><p>{"word " * 100}', "", written=False).excerpt
    assert len(excerpt) <= 220
    assert excerpt.endswith("word…")


@pytest.mark.parametrize("design", ["letter", "brief", "magazine", "plain"])
def test_every_design_has_an_excerpt(design: str) -> None:
    head = letterhead(design=design)
    page = public_html(render(digest([post(1)], letterhead=head)), head)
    assert teaser(page, "", written=False) != Teaser()
