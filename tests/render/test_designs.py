"""The designs of an edition."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html as lxml_html

from newsletter.domain.digest import Block
from newsletter.render.content.excerpt import reading_minutes
from newsletter.render.edition import render, size
from newsletter.render.lint import lint
from newsletter.render.lint.codes import LARGEST_CSS
from newsletter.render.preview import public_html
from tests.bench.bench_render import long_post
from tests.render.samples import digest, letterhead, nasty, picture, post
from tests.render.trees import ALL, TEXT, WIDE, illustrated, rendered, size_of, styles


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


def test_a_magazine_without_pictures_has_the_day_above_a_larger_beginning_and_lines_between_posts() -> None:
    tree = rendered([post(number) for number in range(3)], design="magazine")
    assert [element.tag for element in tree.find_class("kicker")] == ["h2"]
    assert len(tree.find_class("standfirst")) == 1
    assert len(tree.find_class("ruled")) == 2
    assert [element.tag for element in tree.find_class("headline")] == ["h3", "h3", "h3"]
    with_picture = rendered([post(0), illustrated(1), post(2)], design="magazine")
    assert with_picture.find_class("kicker") + with_picture.find_class("ruled") == []
    assert with_picture.find_class("standfirst") == []


def test_a_smiley_does_not_make_a_magazine_of_pictures() -> None:
    smiley = '<p>Beans <img src="https://s.w.org/images/core/emoji/1f600.png" alt="😀"> travel.</p>'
    tree = rendered([post(0, html=smiley), post(1)], design="magazine")
    assert len(tree.find_class("standfirst")) == 1


def test_a_shortened_post_ends_with_a_link_to_all_of_it() -> None:
    tree = rendered([illustrated(0), post(1)], design="magazine", language="en")
    assert [(link.text, link.get("href")) for link in tree.find_class("read-on")] == [("Read on", post(0).url)]


def test_a_text_that_is_only_a_link_to_the_post_is_left_out() -> None:
    one = post(0)
    tree = rendered([post(0, html=f'<p><a href="{one.url}">Read more</a></p>')])
    assert "Read more" not in tree.text_content()


@pytest.mark.parametrize("design", ALL)
def test_the_day_of_an_edition_is_shown_once(design: str) -> None:
    day = {"since": datetime(2026, 2, 5, 23, tzinfo=UTC), "until": datetime(2026, 2, 6, 23, tzinfo=UTC)}
    posts = [post(0), post(1)]
    for dates, times in ((True, 1), (False, 1)):
        made = render(digest(posts, letterhead=letterhead(design=design, dates=dates), **day))
        assert made.html.count("fredag 6. februar 2026") == made.text.count("fredag 6. februar 2026") == times


@pytest.mark.parametrize("design", ["letter", "magazine", "brief"])
def test_the_first_post_leads(design: str) -> None:
    (lead,) = rendered(7, design=design).find_class("top")
    headline = lead.find_class("headline")[0]
    assert headline.text_content().strip() == post(0).title
    others = rendered(7, design=design).find_class("headline")[1:]
    assert size_of(headline) > max(map(size_of, others))


@pytest.mark.parametrize("design", ALL)
def test_a_post_that_is_alone_has_a_larger_headline_except_in_plain(design: str) -> None:
    sizes = [size_of(rendered(count, design=design).find_class("headline")[0]) for count in (1, 2)]
    assert sizes[0] == sizes[1] if design == "plain" else sizes[0] >= sizes[1] + 4


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


@pytest.mark.parametrize(
    ("html", "minutes"),
    [("", 0), ("<p></p>", 0), ("<p>word</p>", 1), (f"<p>{'word ' * 700}</p>", 3), ("港" * 1000, 2)],
)
def test_reading_takes_minutes(html: str, minutes: int) -> None:
    assert reading_minutes(html) == minutes


@pytest.mark.parametrize("design", ALL)
def test_a_letter_has_its_subject_as_its_title_and_a_digest_its_newsletter(design: str) -> None:
    head = letterhead(design=design)
    letter = digest(0, letterhead=head, standalone=True, subject="The night ferry stays", greeting="It stays.")
    for html, title in (
        (render(letter).html, "The night ferry stays"),
        (render(digest(letterhead=head)).html, head.title),
    ):
        (heading,) = lxml_html.document_fromstring(html).iter("h1")
        assert heading.text == title
    document = lxml_html.document_fromstring(render(letter).html)
    assert [name.tag for name in document.find_class("name")] == ["p"]
    assert document.find_class("subject")[0].getnext().get("class") == "dates"
    assert len(document.find_class("dates")) == 1
    (heading,) = lxml_html.document_fromstring(public_html(render(letter), head)).iter("h1")
    assert heading.text == "The night ferry stays"
    named_alike = replace(letter, subject=head.title)
    assert render(named_alike).html.count(f">{head.title}</h1>") == 1


def test_the_cells_of_cards_have_the_font_of_the_email_in_word() -> None:
    html = render(digest(3, letterhead=letterhead(design="cards", font="Verdana, sans-serif"))).html
    (for_word,) = re.findall(r"<!--\[if mso\]><style>\.panel *{([^}]*)}</style><!\[endif\]-->", html)
    assert "Verdana, sans-serif" in for_word
    assert "font-family" not in "".join(re.findall(r'<td class="panel[^>]*>', html))
    around = lxml_html.document_fromstring(html).find_class("panels")[0].getparent()
    assert {name: styles(around)[name] for name in ("font-family", "font-size", "line-height", "color")} == {
        name.strip(): value.strip() for name, _, value in (each.partition(":") for each in for_word.split(";")) if value
    }
