"""The options of a theme: mastheads, contents, sections, colours, fonts, links and buttons."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from lxml import html as lxml_html

from newsletter.render.edition import render
from newsletter.render.lint import lint
from newsletter.render.preview import public_html
from newsletter.render.theme.designs import DESIGNS
from tests.render.samples import digest, letterhead, post
from tests.render.trees import ALL, illustrated, linked_to, rendered, texts


def test_the_link_to_the_whole_post_is_named_by_the_publisher() -> None:
    assert texts(rendered([illustrated(0)], read_on="More, please"), "read-on") == ["More, please"]


def test_the_contents_can_be_left_out() -> None:
    assert rendered(7, contents="off").find_class("contents") == []


def test_the_contents_can_have_the_days() -> None:
    tree = rendered(7, contents="day")
    assert texts(tree, "by-day")[0] == "fredag 6. februar 2026"
    assert len(tree.find_class("contents")) == 2


def test_the_contents_have_only_the_first_titles() -> None:
    assert len(list(rendered(12, contents="flat").find_class("contents")[0].iter("li"))) == 3


@pytest.mark.parametrize("design", ["letter", "brief", "plain"])
def test_sections_have_a_heading_and_a_colour_in_their_order(design: str) -> None:
    posts = [
        post(0, categories=("misc",)),
        post(1, categories=("Tea", "Film")),
        post(2, categories=("film",)),
        post(3, categories=("books",)),
    ]
    sections = ({"name": "books"}, {"name": "film", "heading": "At the cinema", "colour": "#1d4f73"})
    tree = rendered(posts, by="category", sections=sections, language="en", design=design)
    assert texts(tree, "day") == ["books", "At the cinema", "More posts"]
    assert "#1d4f73" in tree.find_class("day")[1].get("style")


def test_a_source_can_be_a_section() -> None:
    posts = [post(0), post(1, source="Bloggen")]
    tree = rendered(posts, by="source", sections=({"name": "Bloggen", "heading": "From the port"},))
    assert texts(tree, "day") == ["From the port", "Kaffebloggen"]


def test_the_footer_has_links_and_ways_to_share() -> None:
    tree = rendered(1, links={"Shop": "https://shop.example"}, share=("email", "facebook"), language="en")
    links = {link.text: link.get("href") for link in tree.find_class("foot")[0].iter("a")}
    page = "https%3A%2F%2Fbrev.example.org%2Fn%2Fkaffebrevet%2F2026-W06%2F"
    assert links["Shop"] == "https://shop.example"
    assert links["Facebook"] == f"https://www.facebook.com/sharer/sharer.php?u={page}"
    assert links["Forward this email"].endswith(f"&body={page}")


@pytest.mark.parametrize(
    ("text", "background"), [("#333333", "#fff8ee"), ("#f2f2f2", "#123456"), ("#000000", "#ffff00")]
)
@pytest.mark.parametrize("design", ALL)
def test_chosen_colours_stay_readable(design: str, text: str, background: str) -> None:
    edition = digest(7, letterhead=letterhead(design=design, text=text, background=background, accent="#808080"))
    made = render(edition)
    written = "#ff0" if design == "cards" and background == "#ffff00" else background  # as in the styles of its frames
    assert f"background-color:{written}" in made.html
    assert {f.code for f in lint(made, edition)} == set()


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"text": "#2a1f55"}, "#2a1f55"),
    "background": ({"background": "#fff8ee"}, "background-color:#fff8ee"),
    "accent": ({"accent": "#14532d"}, "#14532d"),
    "tagline": ({"tagline": "News from the harbour"}, ">News from the harbour</p>"),
    "font": ({"font": "Verdana, sans-serif"}, "font-family:Verdana, sans-serif"),
    "heading_font": ({"heading_font": "Futura, sans-serif"}, "font-family:Futura, sans-serif"),
    "read_on": ({"read_on": "More, please"}, ">More, please</a>"),
    "links": ({"links": {"Mastodon": "https://social.example/@us"}}, 'href="https://social.example/@us"'),
    "share": ({"share": ("bluesky",)}, 'href="https://bsky.app/intent/compose?text='),
    "forward": ({"share": ("email",)}, 'href="mailto:?subject='),
    "contents-flat": ({"contents": "flat"}, ">I denne utgaven</h2>"),
    "contents-day": ({"contents": "day"}, 'class="by-day"'),
    "meta-author": ({"meta": ("author",)}, ">The editors</"),
    "meta-categories": ({"meta": ("categories",)}, ">coffee</"),
    "meta-date": ({"meta": ("date",)}, ">6. februar 2026</"),
    "meta-reading-time": ({"meta": ("reading_time",)}, ">4\u00a0min\u00a0lesetid</"),
    "times": ({"times": True}, "17.00"),
    "meta-source": ({"meta": ("source",)}, ">Kaffebloggen</"),
}
"""Keys of the theme, and what each puts into the HTML."""


@pytest.mark.parametrize("design", ALL)
@pytest.mark.parametrize("option", OPTIONS)
def test_every_design_has_every_option(design: str, option: str) -> None:
    theme, seen = OPTIONS[option]
    about = {"author": "The editors", "minutes": 4, "categories": ("coffee",)}
    posts = [illustrated(0, **about), *(post(n, source="Bloggen", **about) for n in range(1, 7))]
    with_it = re.sub(
        r"\s*(?=[:;])|(?<=:)\s+", "", render(digest(posts, letterhead=letterhead(design=design, **theme))).html
    )
    without = render(digest(posts, letterhead=letterhead(design=design, contents="off", meta=()))).html
    assert seen.replace(": ", ":") in with_it
    assert seen not in without


@pytest.mark.parametrize("design", [name for name in ALL if DESIGNS[name].logo])
def test_a_dark_logo_is_hidden_where_style_sheets_do_not_work(design: str) -> None:
    logos = {"logo": "https://x.example/a.png", "logo_dark": "https://x.example/b.png"}
    tree = rendered(1, design=design, masthead="start", **logos)
    light, dark = tree.find("body").iterfind(".//h1/img")
    assert "display:none" in dark.get("style").replace(" ", "")
    assert "display:none" not in light.get("style").replace(" ", "")


@pytest.mark.parametrize("masthead", ["band", "band-center"])
@pytest.mark.parametrize("accent", ["#ffd400", "#003366"])
def test_a_band_has_readable_words_in_both_schemes(masthead: str, accent: str) -> None:
    edition = digest(letterhead=letterhead(masthead=masthead, accent=accent, tagline="Every Friday"))
    email = render(edition)
    ink = "#000000" if accent == "#ffd400" else "#ffffff"
    darker = {"#ffd400": "#ccaa00", "#003366": "#002952"}[accent]
    tree = lxml_html.document_fromstring(email.html)
    (title,) = tree.iter("h1")
    assert f"color:{ink[:4]}" in title.get("style")
    assert f".page .band td{{background-color:{darker}!important}}" in email.html
    assert f".page .band a{{color:{ink}!important}}" in email.html
    assert [finding for finding in lint(email, edition) if finding.code.startswith("contrast")] == []


def test_a_band_has_its_own_colour_and_the_logo_that_is_made_for_it() -> None:
    logos = {"logo": "https://x.example/a.png", "logo_dark": "https://x.example/b.png"}
    email = render(digest(letterhead=letterhead(masthead="band", band="#102030", **logos)))
    assert "background-color:#102030" in email.html
    assert "b.png" not in email.html


def test_a_title_can_be_centred_and_cards_has_it_on_a_band() -> None:
    centred = render(digest(letterhead=letterhead(masthead="center"))).html
    assert 'class="band"' not in centred
    assert 'class="name centred"' in centred
    assert 'class="band"' in render(digest(letterhead=letterhead(design="cards"))).html
    assert 'class="band"' not in render(digest(letterhead=letterhead(design="cards", masthead="start"))).html


def test_an_accent_for_dark_mode_is_used_there_only() -> None:
    html = render(digest(letterhead=letterhead(accent="#003366", accent_dark="#88ccff"))).html
    assert ".page a{color:#88ccff!important}" in html.replace(".page .name,", "")
    assert html.count("#88ccff") == html.count("#88ccff!important")


@pytest.mark.parametrize(("shape", "radius"), [("rounded", "4px"), ("pill", "24px"), ("square", "0")])
def test_the_shape_of_buttons(shape: str, radius: str) -> None:
    cell = '<tbody><tr><td><a href="https://x.example/">Go</a></td></tr></tbody>'
    tree = rendered([post(0, html=f'<table class="button" role="presentation">{cell}</table>')], buttons=shape)
    (button,) = tree.find_class("button")
    assert f"border-radius:{radius}" in button.find(".//a").get("style")


def test_the_link_to_the_page_stands_beside_the_title_and_a_text_in_the_footer() -> None:
    edition = digest(letterhead=letterhead(footer_text="Published by the harbour.", contents="off"))
    email = render(edition)
    assert email.html.count(f'href="{edition.page_url}"') == 2
    assert email.html.index(f'href="{edition.page_url}"') < email.html.index("</table>")
    without = render(digest(letterhead=letterhead(browser_link_on_top=False, contents="off")))
    assert without.html.count(f'href="{edition.page_url}"') == 1
    assert "Published by the harbour." in email.html
    assert "Published by the harbour." in email.text
    assert lint(email, edition) == lint(render(digest()), digest())


@pytest.mark.parametrize("design", DESIGNS)
def test_readers_can_reply_and_comment(design: str) -> None:
    discussed = "https://blog.example/2026/02/post-0.html#comments"
    posts = [post(0, comments_url=discussed), post(1), post(2, html="", comments_url=discussed)]
    head = letterhead(design=design, reply="Svar på e-posten", comments="Kommentarer", reply_to="red+brev@example.org")
    edition = digest(posts, letterhead=head, subject="Fjord & fjell?")
    email = render(edition)
    tree = lxml_html.document_fromstring(email.html)
    assert linked_to(tree, "Kommentarer") == [discussed]
    assert f"Kommentarer: {discussed}" in email.text
    (address,) = linked_to(tree, "Svar på e-posten")
    reply = urlsplit(address)
    assert (reply.scheme, unquote(reply.path)) == ("mailto", "red+brev@example.org")
    assert parse_qs(reply.query) == {"subject": ["Re: Fjord & fjell?"]}
    assert "Svar på e-posten: red+brev@example.org" in email.text
    assert lint(email, edition) == ()
    assert "red%2Bbrev" not in public_html(email, head)


def test_without_their_texts_there_are_no_such_links_and_the_dates_can_be_hidden() -> None:
    posts = [post(0, comments_url="https://blog.example/c"), post(1)]
    email = render(digest(posts))
    assert "blog.example/c" not in email.html + email.text
    assert 'href="mailto:' not in email.html
    edition = digest(posts, letterhead=letterhead(dates=False))
    undated = render(edition)
    assert "jan." in email.html
    assert "jan." in email.text
    assert "jan." not in undated.html + undated.text
    assert lint(undated, edition) == ()
