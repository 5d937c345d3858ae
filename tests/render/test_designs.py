"""The designs of an edition, and the options of its theme."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import Block, DigestPost
from newsletter.domain.found_post import Image
from newsletter.render.content.reading_time import reading_minutes
from newsletter.render.edition import render, size
from newsletter.render.lint import lint
from newsletter.render.lint.codes import LARGEST_CSS
from newsletter.render.preview import public_html
from newsletter.render.theme.designs import DESIGNS
from tests.bench.bench_render import long_post
from tests.render.samples import digest, letterhead, nasty, picture, post

ALL = tuple(DESIGNS)
WIDE = '<img src="https://blog.example/wide.jpg" alt="The port" width="1200" height="800">'
TEXT = "<p>The mule walks to the port. It takes a week.</p>"


def rendered(posts: int | list[DigestPost] = 7, *, by: Any = "day", greeting: str = "", **theme: Any) -> Any:
    """The HTML of an edition as a tree."""
    edition = digest(posts, by=by, letterhead=letterhead(**theme), greeting=greeting)
    return lxml_html.document_fromstring(render(edition).html)


def texts(tree: Any, css_class: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in tree.find_class(css_class)]


def styles(element: Any) -> dict[str, str]:
    """The declarations of an element's style attribute."""
    pairs = (each.partition(":") for each in element.get("style").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def size_of(element: Any) -> int:
    return int(styles(element)["font-size"].removesuffix("px"))


def illustrated(number: int, **changes: Any) -> DigestPost:
    return post(number, html=f"<p>{WIDE}</p>{TEXT}", whole=False, **changes)


@pytest.mark.parametrize("design", ALL)
@pytest.mark.parametrize("language", ["nb", "ar"])
def test_lint_finds_nothing_in_a_design(design: str, language: str) -> None:
    posts = [illustrated(0, minutes=3), nasty(), post(2, image=picture()), post(3, language="ar"), long_post(4)]
    edition = digest(
        posts,
        letterhead=letterhead(
            design=design, language=language, share=("email", "bluesky"), links={"Shop": "https://shop.example"},
            tagline="Every Friday", contents="day", logo="https://x.example/a.png", logo_dark="https://x.example/b.png",
        ),
        headlines=(post(20, html=""),),
    )  # fmt: skip
    findings = {f.code for f in lint(render(edition), edition)}
    assert findings <= {"client"}  # the sample picture is a data: address


@pytest.mark.parametrize("design", ALL)
def test_a_design_has_every_post_in_the_text_too(design: str) -> None:
    text = render(digest(7, letterhead=letterhead(design=design))).text
    assert [text.count(f"post-{number}.html") for number in range(7)] == [1] * 7


@pytest.mark.parametrize("design", ALL)
def test_a_design_keeps_within_the_limits_of_gmail(design: str) -> None:
    edition = digest([long_post(n) for n in range(17)], letterhead=letterhead(design=design))
    made = render(edition)
    assert size(made, edition.letterhead) < 80_000
    assert sum(map(len, re.findall(r"<style.*?</style>", made.html, re.DOTALL))) < LARGEST_CSS


def test_a_magazine_with_images_links_and_a_day_for_each_post_is_below_80_kb() -> None:
    links = "".join(
        f'<li><a href="https://blog.example/archive/2026/02/{n}-{"port-" * 8}">Port {n}</a></li>' for n in range(6)
    )
    posts = [
        post(3 * n, html=f"<p>{WIDE}</p>{TEXT * 6}<ul>{links}</ul>", whole=False, title="How beans travel by sea " * 3)
        for n in range(17)
    ]
    edition = digest(posts, letterhead=letterhead(design="magazine", contents="day"))
    assert len(edition.groups) == 17
    assert size(render(edition), edition.letterhead) < 80_000


@pytest.mark.parametrize("design", ALL)
def test_an_edition_without_posts_says_so_in_every_design(design: str) -> None:
    assert "Ingen nye saker" in render(digest(0, letterhead=letterhead(design=design))).html


@pytest.mark.parametrize("design", ALL)
def test_a_block_that_a_publisher_changed_is_in_every_design(design: str, tmp_path: Path) -> None:
    (tmp_path / "edition.mjml").write_text(
        '{% extends "shipped/edition.mjml" %}{% block closing %}<p>Written over tea.</p>{% endblock %}'
    )
    edition = digest(7, letterhead=letterhead(design=design), closing="Bye.")
    assert "Written over tea." in render(edition, tmp_path).html


@pytest.mark.parametrize("design", ALL)
@pytest.mark.parametrize("after", ["top", "p0", "p3", "end"])
def test_every_design_has_the_blocks_of_an_editor(design: str, after: str) -> None:
    block = Block("b", "sponsor", "Oat milk", url="https://oat.example", after=after)
    made = render(digest([illustrated(n) for n in range(7)], letterhead=letterhead(design=design), blocks=(block,)))
    assert made.html.count('href="https://oat.example"') == made.text.count("https://oat.example") == 1


def test_a_publisher_changes_the_posts_of_a_design(tmp_path: Path) -> None:
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "brief.mjml").write_text(
        '{% extends "shipped/designs/brief.mjml" %}{% block post %}<p>{{ post.title }}!</p>{% endblock %}'
    )
    assert "Post 3: how the beans travel!" in render(digest(7, letterhead=letterhead(design="brief")), tmp_path).html


@pytest.mark.parametrize("design", ALL)
def test_an_old_copy_of_the_template_works_in_every_design(design: str, tmp_path: Path) -> None:
    """A publisher's copy of edition.mjml from before there were designs has none of their parts."""
    (tmp_path / "edition.mjml").write_text(
        '{% extends "layout.mjml" %}{% block title %}{{ edition.subject }}{% endblock %}{% block body %}'
        "{% block posts %}{% for group in groups %}{% for post in group.posts %}"
        "<mj-section><mj-column><mj-text><h2>{{ post.title }}</h2>{{ post.source }} {{ post.time }}{{ post.html }}"
        "</mj-text></mj-column></mj-section>{% endfor %}{% endfor %}{% endblock %}{% endblock %}"
    )
    html = render(digest(3, letterhead=letterhead(design=design)), tmp_path).html
    assert html.count("how the beans travel") >= 3


def test_the_first_post_of_a_magazine_leads() -> None:
    tree = rendered([illustrated(n) for n in range(4)], design="magazine")
    (lead,) = tree.find_class("top")
    assert [element.tag for element in lead.iter("img", "h2", "h3")] == ["img", "h2"]
    headings = [e for e in tree.iter("h2", "h3") if "day" in (e.get("class") or "") or e.tag == "h2"]
    assert [" ".join(e.text_content().split()) for e in headings[:2]] == [
        "Post 0: how the beans travel",
        "fredag 6. februar 2026",
    ]
    assert texts(lead, "meta") == ["6. februar 2026"]


def test_a_day_whose_only_post_leads_has_no_heading() -> None:
    tree = rendered([illustrated(0), illustrated(5)], design="magazine")
    assert texts(tree, "day") == ["torsdag 5. februar 2026"]


def test_a_magazine_shows_the_first_image_beside_the_text_and_no_other() -> None:
    html = f'<p>Words.</p><figure>{WIDE}<figcaption>At noon</figcaption></figure>{TEXT}<p><img src="/b.png" alt=""></p>'
    tree = rendered([post(0), post(1, html=html, whole=False)], design="magazine")
    (cover,) = tree.find_class("cover")
    assert [image.get("width") for image in cover.iter("img")] == ["184"]
    assert cover.get("href") == post(1).url
    assert len(list(tree.iter("img"))) == 1


def test_a_whole_post_in_a_magazine_keeps_all_its_images_where_they_are() -> None:
    html = f'<p>Words.</p><p>{WIDE}</p>{TEXT}<p><img src="https://blog.example/b.png" alt="B" width="400"></p>'
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert tree.find_class("cover") == []
    assert len(list(tree.iter("img"))) == 2


def test_a_whole_post_in_a_magazine_keeps_the_caption_of_its_cover() -> None:
    html = f"<figure><a href='https://blog.example/'>{WIDE}</a><figcaption>At noon</figcaption></figure>{TEXT}"
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert len(tree.find_class("cover")) == len(list(tree.iter("img"))) == 1
    assert [caption.text_content() for caption in tree.iter("figcaption")] == ["At noon"]
    assert not [link for link in tree.iter("a") if not link.text_content().strip() and link.find(".//img") is None]


def test_a_whole_post_in_a_magazine_keeps_the_other_images_of_a_gallery() -> None:
    html = f'<figure>{WIDE}<img src="https://blog.example/b.jpg" alt="B" width="400"></figure>{TEXT}'
    tree = rendered([post(0), post(1, html=html)], design="magazine")
    assert len(tree.find_class("cover")) == 1
    assert len(list(tree.iter("img"))) == 2


def test_a_small_image_is_no_cover() -> None:
    badge = '<p><img src="https://blog.example/badge.png" alt="Badge" width="90" height="20"></p>'
    assert rendered([post(0, html=badge + TEXT)], design="magazine").find_class("cover") == []


def test_a_figure_of_several_images_is_removed_once() -> None:
    gallery = '<figure><img src="https://blog.example/a.jpg"><img src="https://blog.example/b.jpg"></figure>'
    tree = rendered([post(0, html=gallery + TEXT, whole=False)], design="magazine")
    assert [image.get("src") for image in tree.iter("img")] == ["https://blog.example/a.jpg"]


def test_an_emoji_is_no_cover_and_stays_in_the_text() -> None:
    emoji = '<img src="https://s.w.org/images/core/emoji/15/72x72/1f600.png" alt="😀">'
    wide = '<img src="https://blog.example/port-1200x800.jpg" alt="">'
    tree = rendered([post(0, html=f"<p>{emoji} {wide}</p>{TEXT}", whole=False)], design="magazine")
    (image,) = tree.iter("img")
    assert (image.get("src"), image.get("height")) == ("https://blog.example/port-1200x800.jpg", "368")
    assert "😀" in tree.find_class("post")[0].text_content()


def test_the_image_of_the_feed_is_a_cover() -> None:
    image = Image("https://blog.example/episode.jpg", "", 1400, 1400)
    (cover,) = rendered([post(0, image=image)], design="magazine").find_class("cover")
    assert [picture.get("alt") for picture in cover.iter("img")] == [post(0).title]


def test_a_shortened_post_ends_with_a_link_to_all_of_it() -> None:
    tree = rendered([illustrated(0), post(1)], design="magazine", language="en")
    assert [(link.text, link.get("href")) for link in tree.find_class("read-on")] == [("Read on", post(0).url)]


def test_the_link_to_the_whole_post_is_named_by_the_publisher() -> None:
    assert texts(rendered([illustrated(0)], read_on="More, please"), "read-on") == ["More, please"]


def test_a_brief_edition_has_a_headline_and_a_line_for_each_post() -> None:
    html = f"<h2>Part one</h2><p>{WIDE}</p><p>The <a href='https://a.example'>mule</a> walks. " + "It is slow. " * 20
    tree = rendered([post(0, html=html + "</p>")], design="brief", meta=())
    (line,) = texts(tree, "line")
    assert line.startswith("The mule walks. It is slow.")
    assert line.endswith("slow.")
    assert len(line) <= 160
    assert list(tree.iter("img")) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{'One two. ' * 10}{'Long ' * 60}", ("One two. " * 10).strip()),
        (f"Short. {'long ' * 40}end. And more. {'x ' * 99}", f"Short. {'long ' * 40}end."),
        ("long " * 99, "long " * 30 + "long…"),
    ],
)
def test_the_line_of_a_brief_post_ends_with_a_sentence_if_one_ends_near(text: str, wanted: str) -> None:
    assert texts(rendered([post(0, html=f"<p>{text}</p>")], design="brief", meta=()), "line") == [wanted]


def test_the_line_of_a_post_that_begins_with_a_quotation_and_a_list_has_no_marks() -> None:
    html = (
        "<blockquote><p>It leaks.</p></blockquote><ul><li>Eleven want a hall</li><li><p>Seven want flats</p></li></ul>"
    )
    assert texts(rendered([post(0, html=html)], design="brief", meta=()), "line") == [
        "It leaks. Eleven want a hall · Seven want flats"
    ]


def test_the_line_of_a_post_has_no_marks_of_footnotes_and_dots_between_lists() -> None:
    html = '<ul><li>One</li></ul><h2>More</h2><ol><li>Two<sup><a href="#fn1">1</a></sup></li></ol>'
    assert texts(rendered([post(0, html=html)], design="brief", meta=()), "line") == ["One · Two"]


SHUT = "The port stays shut " * 3
VOICE = "We are led up the quay by the voice of " * 2 + "Dr. Lund. It rains."


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f"<p>{SHUT * 2}until May</p>{TEXT * 3}", f"{SHUT * 2}until May"),
        (f"<p>A short beginning</p><p>{SHUT}</p>{TEXT * 3}", f"A short beginning · {SHUT}"),
        (f"<p>{VOICE} {'Rain ' * 20}</p>", VOICE),
        ('<p><a href="https://blog.example/talk">Comments</a></p>', ""),
    ],
)
def test_the_line_of_a_post_joins_no_paragraphs_and_ends_at_no_abbreviation(html: str, wanted: str) -> None:
    tree = rendered([post(0, html=html)], design="brief", meta=())
    assert texts(tree, "line") == ([wanted.strip()] if wanted else [])


def test_the_line_of_a_post_goes_on_where_its_title_ends() -> None:
    notes = [
        post(0, title="The mule walks to…", html=TEXT),
        post(1, title="It takes a week.", html="<p>It takes a week.</p>"),
    ]
    assert texts(rendered(notes, design="brief", meta=()), "line") == ["…the port. It takes a week."]


def test_a_text_that_is_only_a_link_to_the_post_is_left_out() -> None:
    one = post(0)
    tree = rendered([post(0, html=f'<p><a href="{one.url}">Read more</a></p>')])
    assert "Read more" not in tree.text_content()


def test_a_reading_time_of_a_minute_is_shown_where_it_is_asked_for() -> None:
    posts = [post(0, minutes=1), post(1, minutes=2)]
    assert [line.split(" · ")[1:] for line in texts(rendered(posts, design="magazine"), "meta")] == [
        [],
        ["2 min lesetid"],
    ]
    assert texts(rendered(posts, meta=("reading_time",)), "meta") == ["1 min lesetid", "2 min lesetid"]


def test_a_shortened_text_beside_a_picture_is_about_as_high() -> None:
    html = "<p>" + "The mule walks to the port with beans. " * 10 + "</p>"
    shortened, whole = (post(n, html=html, image=picture(), whole=n == 2) for n in (1, 2))
    tree = rendered([post(0), shortened, whole], design="magazine")
    first, second = tree.find_class("beside")
    assert first.text_content().count("The mule walks") == 5
    assert second.text_content().count("The mule walks") == 10


@pytest.mark.parametrize(
    ("width", "height", "shown"), [(480, 360, (552, 414)), (300, 225, (300, 225)), (480, 960, (480, 960))]
)
@pytest.mark.parametrize("design", ["letter", "magazine"])
def test_a_picture_above_a_text_fills_the_column_unless_it_is_small(
    design: str, width: int, height: int, shown: tuple[int, int]
) -> None:
    one = post(0, image=picture(width=width, height=height))
    (image,) = rendered([one], design=design).iter("img")
    assert (int(image.get("width")), int(image.get("height"))) == shown
    assert image.getparent().get("href") == one.url


@pytest.mark.parametrize("design", ALL)
def test_the_day_of_an_edition_is_shown_once(design: str) -> None:
    day = {"since": datetime(2026, 2, 5, 23, tzinfo=UTC), "until": datetime(2026, 2, 6, 23, tzinfo=UTC)}
    posts = [post(0), post(1)]
    for dates, times in ((True, 1), (False, 1)):
        made = render(digest(posts, letterhead=letterhead(design=design, dates=dates), **day))
        assert made.html.count("fredag 6. februar 2026") == made.text.count("fredag 6. februar 2026") == times


def test_the_image_of_an_episode_is_beside_its_text_without_an_empty_line() -> None:
    card = (
        '<a href="https://blog.example/40.mp3"><img src="https://blog.example/40.jpg" alt="Salt" width="160"></a><br>'
    )
    html = f'{TEXT}<p>{card}<a href="https://blog.example/40.mp3">Salt</a><br>1 h 2 min</p>'
    image = Image("https://blog.example/40.jpg", "", 1400, 1400)
    tree = rendered([post(0), post(1, html=html, image=image)], design="magazine")
    (side,) = tree.find_class("side")
    assert [each.get("width") for each in side.iter("img")] == ["184"]
    (line,) = [each for each in tree.find_class("beside")[0].iter("td") if "1 h" in each.text_content()]
    assert [each.tag for each in line.iter()] == ["td", "a", "br"]


def test_a_plain_edition_shows_no_logo_and_no_images_of_shortened_posts() -> None:
    posts = [illustrated(0), post(1, html=f"<p>{WIDE}</p>")]
    tree = rendered(posts, design="plain", logo="https://x.example/logo.png")
    assert [image.get("src") for image in tree.iter("img")] == ["https://blog.example/wide.jpg"]


@pytest.mark.parametrize(
    ("meta", "line"),
    [
        (("author",), "Ada"),
        (("date", "time"), "6. februar 2026 · 17:00"),
        (("reading_time", "categories"), "4 min lesetid · coffee, ports"),
        (("source", "time"), "17:00"),
        ((), None),
    ],
)
def test_the_line_below_a_headline_is_chosen(meta: tuple[str, ...], line: str | None) -> None:
    one = post(0, author="Ada", minutes=4, categories=("coffee", "ports"))
    assert texts(rendered([one], meta=meta), "meta") == ([line] if line else [])


def test_the_source_is_named_if_there_are_several() -> None:
    assert texts(rendered([post(0), post(1, source="Bloggen")], meta=("source",)), "meta") == [
        "Kaffebloggen",
        "Bloggen",
    ]


@pytest.mark.parametrize(("by", "line"), [("day", "17:00"), ("none", "6. februar 2026"), ("source", "6. februar 2026")])
def test_a_post_shows_its_date_where_no_day_is_above_it(by: str, line: str) -> None:
    assert texts(rendered([post(0)], by=by), "meta") == [line]


@pytest.mark.parametrize("design", ["letter", "magazine", "brief"])
def test_the_first_post_leads(design: str) -> None:
    (lead,) = rendered(7, design=design).find_class("top")
    headline = lead.find_class("headline")[0]
    assert headline.text_content().strip() == post(0).title
    others = rendered(7, design=design).find_class("headline")[1:]
    assert size_of(headline) > max(map(size_of, others))


@pytest.mark.parametrize("design", ALL)
def test_a_headline_differs_from_a_day(design: str) -> None:
    """They differ in size, and in at least one of colour, weight and underline."""
    tree = rendered(7, design=design)
    day, headline = tree.find_class("day")[1], tree.find_class("headline")[-1]
    assert size_of(day) != size_of(headline)
    looks = [
        {style.get("color"), style.get("font-weight")}
        for style in (styles(day), styles(headline) | styles(headline[0]))
    ]
    assert looks[0] != looks[1]


def test_the_contents_can_be_left_out() -> None:
    assert rendered(7, contents="off").find_class("contents") == []


def test_the_contents_can_have_the_days() -> None:
    tree = rendered(7, contents="day")
    assert texts(tree, "by-day")[0] == "fredag 6. februar 2026"
    assert len(tree.find_class("contents")) == 2


def test_the_contents_have_only_the_first_titles() -> None:
    assert len(list(rendered(12, contents="flat").find_class("contents")[0].iter("li"))) == 5


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
    assert f"background-color:{background}" in made.html
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


@pytest.mark.parametrize(
    ("html", "minutes"),
    [("", 0), ("<p></p>", 0), ("<p>word</p>", 1), (f"<p>{'word ' * 700}</p>", 3), ("港" * 1000, 2)],
)
def test_reading_takes_minutes(html: str, minutes: int) -> None:
    assert reading_minutes(html) == minutes


@pytest.mark.parametrize("masthead", ["band", "band-center"])
@pytest.mark.parametrize("accent", ["#ffd400", "#003366"])
def test_a_band_has_readable_words_in_both_schemes(masthead: str, accent: str) -> None:
    edition = digest(letterhead=letterhead(masthead=masthead, accent=accent, tagline="Every Friday"))
    email = render(edition)
    ink = "#000000" if accent == "#ffd400" else "#ffffff"
    tree = lxml_html.document_fromstring(email.html)
    (title,) = tree.iter("h1")
    assert title.get("style").endswith(f"color:{ink[:4]}")
    assert f".page .band td{{background-color:{accent}!important}}" in email.html
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
    assert ".page a{color:#88ccff!important}" in html.replace(".page h1,", "")
    assert html.count("#88ccff") == html.count("#88ccff!important")


@pytest.mark.parametrize(("shape", "radius"), [("rounded", "4px"), ("pill", "24px"), ("square", "0")])
def test_the_shape_of_buttons(shape: str, radius: str) -> None:
    cell = '<tbody><tr><td><a href="https://x.example/">Go</a></td></tr></tbody>'
    tree = rendered([post(0, html=f'<table class="button" role="presentation">{cell}</table>')], buttons=shape)
    (button,) = tree.find_class("button")
    assert f"border-radius:{radius}" in button.find(".//a").get("style")


def test_the_link_to_the_page_can_stand_above_the_title_and_a_text_in_the_footer() -> None:
    edition = digest(letterhead=letterhead(browser_link_on_top=True, footer_text="Published by the harbour."))
    email = render(edition)
    assert email.html.index(f'href="{edition.page_url}"') < email.html.index("<h1")
    assert "Published by the harbour." in email.html
    assert "Published by the harbour." in email.text
    assert lint(email, edition) == lint(render(digest()), digest())


def test_each_card_has_its_picture_above_its_headline() -> None:
    tree = rendered([illustrated(0), illustrated(1), post(2)], design="cards")
    rows = [row for table in tree.find_class("panels") for row in table.iter("tr") if list(row.iter("img", "h3"))]
    assert [element.tag for row in rows for element in row.iter("img", "h3")] == ["img", "h3", "img", "h3", "h3"]
    assert [row[0].get("class") for row in rows] == [
        "panel-top",
        "panel below",
        "panel-top",
        "panel below",
        "panel panel-end",
    ]


def test_a_card_is_framed_once_and_takes_few_bytes() -> None:
    """The frames are cells of one table, and only Word needs to be told their font: 300 bytes less for each post."""
    html = [render(digest(posts, by="none", letterhead=letterhead(design="cards"))).html for posts in (5, 15)]
    words = len(rendered(1, by="none", design="cards").find_class("panel")[0].text_content())
    assert (len(html[1]) - len(html[0])) / 10 < words + 580


def linked_to(tree: Any, label: str) -> list[str]:
    """The addresses of all links of a label."""
    return [link.get("href") for link in tree.iter("a") if link.text_content() == label]


def test_the_cells_of_cards_have_the_font_of_the_email_in_word() -> None:
    html = render(digest(3, letterhead=letterhead(design="cards", font="Verdana, sans-serif"))).html
    (for_word,) = re.findall(r"<!--\[if mso\]><style>\.panel *{([^}]*)}</style><!\[endif\]-->", html)
    assert "Verdana, sans-serif" in for_word
    assert "font-family" not in "".join(re.findall(r'<td class="panel[^>]*>', html))
    around = lxml_html.document_fromstring(html).find_class("panels")[0].getparent()
    assert {name: styles(around)[name] for name in ("font-family", "font-size", "line-height", "color")} == {
        name.strip(): value.strip() for name, _, value in (each.partition(":") for each in for_word.split(";")) if value
    }


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
