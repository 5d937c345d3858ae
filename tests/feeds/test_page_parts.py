"""What serves a blog's page goes, and nothing of the post's text or images with it."""

import pytest

from newsletter.feeds.html.clean import clean

PAGE = "https://blog.example/post"
IMAGE = '<img src="https://blog.example/a.jpg" alt="A quay">'
PARTS = '<h2 id="nets">Nets</h2><p>Mended.</p><h2 id="boats">Boats</h2><p>Painted.</p>'
CONTENTS = '<ul><li><a href="#nets">Nets</a></li><li><a href="#boats">Boats</a></li></ul>'
WITHOUT_IDS = "<h2>Nets</h2><p>Mended.</p><h2>Boats</h2><p>Painted.</p>"


def cleaned(html: str) -> str:
    return clean(html, PAGE, PAGE).html


@pytest.mark.parametrize(
    "html",
    [
        '<button>Show</button><div style="display:none"><p>It was the cook.</p></div>',
        "<p><button>Show</button></p><div hidden><p>It was the cook.</p></div>",
        '<div id="spoiler-1" style="display:none"><p>It was the cook.</p></div>',
        '<div hidden="until-found"><p>It was the cook.</p></div>',
    ],
)
def test_a_text_that_readers_unfold_stays(html: str) -> None:
    assert cleaned(html) == "<p>It was the cook.</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://stats.example/t.gif" style="display:none">',
        '<img src="https://stats.example/t.gif" alt="" hidden>',
    ],
)
def test_a_hidden_image_that_nothing_describes_goes(html: str) -> None:
    assert cleaned(f"<p>Text.</p>{html}") == "<p>Text.</p>"


def test_a_hidden_image_that_a_script_would_show_stays() -> None:
    described = '<img src="a.jpg" alt="A quay" style="display:none">'
    lazy = '<img data-src="b.jpg" style="display:none">'
    sizes = '<img src="c.jpg" srcset="c.jpg 600w, c-2.jpg 1200w" style="visibility:hidden">'
    html = cleaned(f"<p>{described}{lazy}{sizes}</p>")
    assert [name for name in ("a.jpg", "b.jpg", "c.jpg") if name not in html] == []


def test_slides_that_a_script_shows_stay() -> None:
    assert "a.jpg" in cleaned(f'<div class="rev_slider" style="display:none">{IMAGE}</div>')


def test_contents_go_though_only_marks_behind_headings_have_their_places() -> None:
    parts = PARTS.replace('<h2 id="nets">Nets', '<h2>Nets<a id="nets" href="#nets">#</a>')
    assert cleaned(CONTENTS + parts.replace('<h2 id="boats">', '<h2><a name="boats" href="#boats"></a>')) == WITHOUT_IDS


def test_an_image_beside_contents_stays() -> None:
    assert "a.jpg" in cleaned(f"<div>{IMAGE}{CONTENTS}</div>{PARTS}")


def test_a_list_of_images_that_lead_to_parts_stays() -> None:
    assert cleaned(CONTENTS.replace('#nets">', f'#nets">{IMAGE}') + PARTS).count("<li>") == 2


@pytest.mark.parametrize("line", [f'{IMAGE}<a href="#top">Back to top</a>', f'<a href="#">{IMAGE}The quay</a>'])
def test_an_image_beside_a_link_to_a_part_stays(line: str) -> None:
    assert "a.jpg" in cleaned(f"<p>{line}</p>")


def test_a_list_of_links_to_parts_of_other_pages_stays() -> None:
    links = CONTENTS.replace('"#', '"https://other.example/1#')
    assert cleaned(links + PARTS).count("<li>") == 2


def test_a_list_of_links_is_no_line_of_drupal() -> None:
    assert cleaned('<ul class="links"><li><a href="https://other.example/">Nets</a></li></ul>').count("<li>") == 1


@pytest.mark.parametrize(
    "link", ['<a href="https://other.example/"></a>', '<a href="#here"></a>', '<a name="here"></a>']
)
def test_an_empty_link_in_a_quotation_says_nothing(link: str) -> None:
    assert (
        cleaned(f"<blockquote><p>A fine day.{link}</p></blockquote>") == "<blockquote><p>A fine day.</p></blockquote>"
    )


def test_lines_that_lead_to_parts_of_the_post_and_its_top_go() -> None:
    lines = '<p><a href="#boats">Jump to the boats</a></p><p><a href="#">Back to top</a></p>'
    assert cleaned(lines + PARTS) == WITHOUT_IDS


def test_a_line_that_leads_to_a_form_of_the_page_stays() -> None:
    assert "Sign up here" in cleaned('<p><a href="#form">Sign up here</a></p>')
