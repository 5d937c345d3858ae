"""An edition as HTML and text."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import html as lxml_html

from newsletter.domain.digest import Digest, DigestPost, Level, Rendered
from newsletter.domain.encoded_email import SlotValue
from newsletter.render.edition import listed, render, size
from newsletter.render.lint import lint
from newsletter.render.preview import public_html
from tests.render.samples import (
    LONG_WORD,
    NASTY_ALT,
    NASTY_TEXT,
    NASTY_TITLE,
    digest,
    letterhead,
    nasty,
    picture,
    post,
)


def tree(rendered: Rendered) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(rendered.html)


def test_the_parts_are_in_order() -> None:
    rendered = render(digest(greeting="Hei!", closing="Ha det!", headlines=(post(20, html=""),)))
    words = [
        "Kaffebrevet", "30. jan.–6. feb. 2026", "Hei!", "I denne utgaven", "fredag 6. februar 2026", "Post 0",
        "Beans of lot 0", "torsdag 5. februar 2026", "Flere saker", "Post 20", "Ha det!",
        "Postboks 1, 0001 Oslo",
    ]  # fmt: skip
    for content in (tree(rendered).find("body").text_content(), rendered.text):
        places, start = [], 0
        for word in words:
            start = content.index(word, start)
            places.append(start)
        assert places == sorted(places)


def test_languages_of_the_mail_and_of_its_posts() -> None:
    document = tree(render(digest([post(0), post(1, language="nb"), post(2, language="")])))
    assert document.get("lang") == "nb"
    blocks = {block.find(".//a").text: block.get("lang") for block in document.find_class("post")}
    assert list(blocks.values()) == ["en", "nb", None]


def test_the_writing_direction_of_a_post_among_others() -> None:
    document = tree(render(digest([post(0), post(1, language="ar"), post(2, language="", title="שלום")])))
    assert [block.get("dir") for block in document.find_class("post")] == [None, "rtl", "rtl"]


def test_a_right_to_left_mail() -> None:
    document = tree(render(digest(letterhead=letterhead(language="ps"))))
    assert document.get("dir") == "rtl"
    contents = document.find_class("contents")[0].getparent()
    assert "text-align:right" in contents.get("style")
    assert {block.get("dir") for block in document.find_class("post")} == {"ltr"}
    assert document.find_class("small")[0].get("lang") == "en"


def test_contents_from_four_posts_on_without_the_first() -> None:
    assert not tree(render(digest(3))).find_class("contents")
    notes = [post(n, html="" if n % 2 else "<p>Text</p>") for n in range(7)]
    assert tree(render(digest(notes))).find_class("contents")
    assert not tree(render(digest(notes[:6]))).find_class("contents"), "headlines alone would be repeated"
    document = tree(render(digest(5)))
    (contents,) = document.find_class("contents")
    assert contents.tag == "ul"
    assert contents.getprevious().tag == "h2"
    assert [link.get("href") for link in contents.iter("a")] == [post(n).url for n in range(1, 5)]


@pytest.mark.parametrize("form", ["flat", "day"])
def test_long_contents_have_the_first_titles_and_the_number_of_the_others(form: str) -> None:
    head = letterhead(contents=form)
    edition = digest(9, letterhead=head, headlines=(post(20, html=""),))
    rendered = render(edition)
    lists = tree(rendered).find_class("contents")
    assert [link.get("href") for each in lists for link in each.iter("a")] == [post(n).url for n in range(1, 4)]
    (more,) = [link for link in tree(rendered).iter("a") if link.text == "og 6 til"]
    assert more.get("href") == edition.page_url
    assert "\nog 6 til\n" in rendered.text
    assert rendered.text.count(post(3).title) == 2
    assert rendered.text.count(post(6).title) == 1


def test_contents_may_be_left_out() -> None:
    assert not tree(render(digest(contents=False))).find_class("contents")


def test_an_empty_edition_says_so() -> None:
    rendered = render(digest([]))
    assert "Ingen nye saker denne gangen." in rendered.html
    assert "Ingen nye saker denne gangen." in rendered.text


def test_not_grouped_headlines_are_one_level_higher() -> None:
    document = tree(render(digest(3, by="none")))
    assert [h.tag for h in document.find_class("headline")] == ["h2"] * 3


def test_the_posts_image_is_above_a_body_without_images() -> None:
    body = '<p><img src="https://x.example/in-body.png" alt="x"></p><p>Words.</p>'
    document = tree(render(digest([post(0, image=picture()), post(1, image=picture(), html=body)])))
    assert [(i.get("alt"), i.get("width"), i.get("height")) for i in document.iter("img")] == [
        ("En kopp kaffe", "552", "368"),
        ("x", "552", None),
    ]


def test_a_logo_replaces_the_name() -> None:
    document = tree(render(digest(letterhead=letterhead(logo="https://x.example/logo.png"))))
    assert document.find(".//h1/img").get("alt") == "Kaffebrevet"


@pytest.mark.parametrize(("words", "ending"), [("It takes a month.", ""), ("It takes a", "…"), ("It takes [...]", "…")])
def test_an_excerpt_ends_with_a_sentence_or_dots_and_a_link_to_the_rest(words: str, ending: str) -> None:
    for design in ("letter", "magazine", "plain"):
        edition = digest([post(0, whole=False, html=f"<p>{words}</p>")], letterhead=letterhead(design=design))
        rendered = render(edition)
        document = tree(rendered)
        arrow = "\u00a0<a" if design == "plain" else "</p>"
        assert f"{words.removesuffix(' [...]')}{ending}{arrow}" in rendered.html
        (link,) = document.find_class("read-on")
        assert link.get("href") == post(0).url
        assert link.text == ("→" if design == "plain" else "Les mer")
        assert link.get("aria-label") == f"Les mer: {post(0).title}"
        assert re.search(r"a(?: month\.)?\u00a0\[…\]\n|\[\.\.\.\]\n", rendered.text)


def test_an_excerpt_without_a_link_ends_with_its_mark() -> None:
    assert "takes a month.\u00a0[…]</p>" in render(digest([post(0, whole=False, url="")])).html


def test_placeholders_are_random_and_all_are_used() -> None:
    one, other = render(digest(greeting="Hei {name}!")), render(digest(greeting="Hei {name}!"))
    assert not {name for name, _ in one.placeholders} & {name for name, _ in other.placeholders}
    for name, slot in one.placeholders:
        content = one.html if slot.form == "html" else one.text
        assert content.count(name) == 1
    values = Counter(slot.value for _, slot in one.placeholders)
    assert values == {SlotValue.UNSUBSCRIBE: 2, SlotValue.PREFERENCES: 2, SlotValue.NAME: 2, SlotValue.WITH_NAME: 2}


def test_special_characters_of_a_post_are_shown_unchanged() -> None:
    rendered = render(digest([nasty(), *(post(n) for n in range(4))]))
    document = tree(rendered)
    block = next(b for b in document.find_class("post") if b.find(".//a").get("href") == post(99).url)
    assert block.find(".//a").text_content() == NASTY_TITLE
    paragraphs = [p.text_content() for p in block.iter("p") if "meta" not in (p.get("class") or "")]
    assert paragraphs[:2] == [NASTY_TEXT, LONG_WORD]
    assert block.find(".//img").get("alt") == NASTY_ALT
    assert block.find(".//pre").text_content() == '  if a < b:\n      print("x")'
    assert NASTY_TITLE in document.find_class("contents")[0].text_content()
    for wanted in (f"* {NASTY_TITLE}\n", f"- {NASTY_TITLE}\n", NASTY_TEXT, LONG_WORD, f"[{NASTY_ALT}]"):
        assert wanted in rendered.text


def test_special_characters_are_shown_in_all_other_places() -> None:
    head = letterhead(title=NASTY_TITLE, postal_address=NASTY_TEXT, logo=f"https://x.example/{'%22'}.png")
    posts = [post(0, source=NASTY_TITLE), post(1)]
    rendered = render(digest(posts, letterhead=head, subject=NASTY_TITLE, preheader=NASTY_TEXT))
    document = tree(rendered)
    assert document.find("head/title").text == NASTY_TITLE
    assert document.find(".//h1/img").get("alt") == NASTY_TITLE
    assert NASTY_TEXT in document.find("body").text_content()
    assert NASTY_TITLE in [line.text for line in document.find_class("meta")]
    assert unescape(NASTY_TEXT) != NASTY_TEXT


def test_no_cell_of_a_table_lets_a_client_break_its_numbers() -> None:
    table = "<table><tr><th>Year</th><th>Visitors</th></tr><tr><td>2026</td><td>1234567890</td></tr></table>"
    cells = list(tree(render(digest([post(0, html=table)]))).find_class("post")[0].iter("td"))
    assert [cell.text_content() for cell in cells][-2:] == ["2026", "1234567890"]
    assert all("word-break:normal" in (cell.get("style") or "").replace(" ", "") for cell in cells[-2:])


def test_control_characters_are_left_out() -> None:
    rendered = render(digest([post(0, title="a\x00b\x0bc\ud800d\x1b")]))
    assert ">ab cd</a>" in rendered.html
    assert "* ab cd\n" in rendered.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs", "Cn", "Co"]), min_size=1, max_size=60))
def test_any_title_is_shown_as_it_is(title: str) -> None:
    rendered = render(digest([post(0, title=title)]))
    assert tree(rendered).find_class("headline")[0].find("a").text_content() == title
    assert f"* {title}\n" in rendered.text


def test_editions_may_be_rendered_concurrently() -> None:
    def once(number: int) -> str:
        accent = f"#b3{number:02x}1e"
        rendered = render(digest(letterhead=letterhead(accent=accent)))
        return accent if f"color:{accent}" in rendered.html else ""

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(once, range(16))) == [f"#b3{n:02x}1e" for n in range(16)]


# Sizes


def long_post(number: int, sentences: int) -> DigestPost:
    html = "".join(f"<p>Sentence {n} of post {number} says a little more.</p>" for n in range(sentences))
    return post(number, html=html)


def test_an_edition_within_the_limit_is_not_shortened() -> None:
    assert render(digest()).shortened == ()


def test_the_longest_bodies_become_excerpts_until_it_fits() -> None:
    edition = digest([long_post(0, 20), long_post(1, 400), long_post(2, 200), long_post(3, 20)])
    limit = size(render(edition), edition.letterhead) - 8_000
    rendered = render(edition, maximum_size=limit)
    assert [cut.id for cut in rendered.shortened] == ["p1"]
    assert size(rendered, edition.letterhead) <= limit
    assert "Sentence 199 of post 2" in rendered.html
    assert "Sentence 399 of post 1" not in rendered.html
    assert "Sentence 1 of post 1" in rendered.html


def test_a_post_is_no_shorter_than_necessary() -> None:
    edition = digest([long_post(0, 600), long_post(1, 300)])
    limit = size(render(edition), edition.letterhead) - 5_000
    rendered = render(edition, maximum_size=limit, excerpt_words=80)
    assert [cut.id for cut in rendered.shortened] == ["p0"]
    assert limit * 0.8 < size(rendered, edition.letterhead) <= limit


def test_the_longest_become_headlines_if_excerpts_are_too_large() -> None:
    edition = digest([long_post(n, 20) for n in range(8)])
    bare = digest([post(n, html="") for n in range(8)])
    limit = size(render(bare), bare.letterhead)
    rendered = render(edition, maximum_size=limit + 2_000, excerpt_words=60)
    assert {cut.id for cut in rendered.shortened} == {f"p{n}" for n in range(8)}
    assert size(rendered, edition.letterhead) <= limit + 2_000
    assert [h.text_content() for h in tree(rendered).find_class("headline")] == [post(n).title for n in range(8)]


def test_all_titles_are_listed_if_they_fit_without_the_contents() -> None:
    edition = digest(30, contents=True)
    titles = digest([post(n, html="", whole=False) for n in range(30)], contents=True)
    limit = size(render(titles), edition.letterhead)
    rendered = render(edition, maximum_size=limit)
    assert not tree(rendered).find_class("contents")
    assert rendered.unlisted == ()
    assert size(rendered, edition.letterhead) <= limit


def test_an_edition_that_can_not_fit_is_still_rendered() -> None:
    rendered = render(digest(), maximum_size=1_000)
    assert "Post 3" in rendered.html
    assert rendered.unlisted == ()


def month(posts: int, in_full: int = 60, words: int = 80, title: str = "how the beans travel") -> Digest:
    full = [post(n, title=f"Post {n}: {title}", html=f"<p>{'bean ' * words}.</p>") for n in range(in_full)]
    return digest(full, headlines=tuple(post(n, title=f"Post {n}: {title}", html="") for n in range(in_full, posts)))


def test_a_month_of_a_hundred_posts_fits_the_usual_limit() -> None:
    edition = month(100, title="a title of ordinary length, " * 13)
    assert size(render(edition, maximum_size=10**9), edition.letterhead) > 100_000
    rendered = render(edition)
    assert size(rendered, edition.letterhead) <= 100_000
    assert not {f.code for f in lint(rendered, edition)} & {"size-over", "post-missing", "post-repeated"}


def test_posts_that_do_not_fit_as_titles_are_counted_and_linked() -> None:
    edition = month(100)
    rendered = render(edition, maximum_size=30_000)
    shown, count = 100 - len(rendered.unlisted), len(rendered.unlisted)
    assert rendered.unlisted == tuple(f"p{n}" for n in range(shown, 100))
    link = tree(rendered).find_class("rest")[0].find("a")
    assert (link.text_content(), link.get("href")) == (f"Flere saker på nettstedet ({count})", edition.page_url)
    assert f"Flere saker på nettstedet ({count}):\n{edition.page_url}\n" in rendered.text
    assert tree(rendered).find_class("contents") == []
    assert {f.code for f in lint(rendered, edition, maximum_size=30_000)} == {"posts-unlisted"}


def test_the_page_of_an_edition_lists_the_posts_that_did_not_fit() -> None:
    edition = month(100)
    page = public_html(render(edition, maximum_size=30_000), edition.letterhead)
    assert [n for n in range(100) if f">Post {n}: how the beans travel</a>" not in page] == []
    assert "x-unsubscribe" not in page
    assert "(29)" not in page


def test_a_publishers_template_that_does_not_link_to_the_rest_is_an_error(tmp_path: Path) -> None:
    blocks = '{% extends "shipped/edition.mjml" %}{% block headlines %}{% endblock %}'
    (tmp_path / "edition.mjml").write_text(blocks, encoding="utf-8")
    edition = month(100)
    found = lint(render(edition, tmp_path, maximum_size=30_000), edition, maximum_size=30_000)
    assert ("rest-missing", "html") in {(f.code, f.where) for f in found}


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20, deadline=None)
@given(
    posts=st.integers(0, 150),
    share=st.floats(0, 1),
    words=st.sampled_from([0, 3, 80, 900]),
    title=st.sampled_from(["a", "how the beans travel " * 12, "डाक " * 30]),
    limit=st.integers(0, 60_000),
)
def test_an_edition_is_always_below_its_limit(posts: int, share: float, words: int, title: str, limit: int) -> None:
    edition = month(posts, int(posts * share), words, title)
    limit += size(render(listed(edition, 0)), edition.letterhead)
    rendered = render(edition, maximum_size=limit)
    assert size(rendered, edition.letterhead) <= limit
    shown = [p.id for p in edition.posts[: posts - len(rendered.unlisted)]]
    assert [*shown, *rendered.unlisted] == [p.id for p in edition.posts]
    errors = {f.code for f in lint(rendered, edition, maximum_size=limit) if f.level == Level.ERROR}
    assert not errors & {"size-over", "post-missing", "post-repeated", "rest-missing"}


def test_size_is_measured_with_the_longest_recipient() -> None:
    rendered, head = render(digest()), letterhead()
    links = sum(len(f"{head.site_url}/u/") + 120 for _, slot in rendered.placeholders if slot.form == "html")
    names = sum(len(name) for name, slot in rendered.placeholders if slot.form == "html")
    assert size(rendered, head) == len(rendered.html.encode()) + links - names


@pytest.mark.parametrize("language", ["nb", "en", "ar", "ja", "tlh"])
def test_any_language_renders(language: str) -> None:
    assert tree(render(digest(letterhead=letterhead(language=language)))).get("lang") == language
