"""Lint's errors stop an approval, so that a good edition has none, whatever its posts say and link to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from newsletter.domain.digest import Digest, Level
from newsletter.render.content.addresses import uri
from newsletter.render.edition import render
from newsletter.render.html.mjml import check
from newsletter.render.lint import lint
from newsletter.render.theme.designs import DESIGNS
from tests.render.blogs import BLOGS, posts_of
from tests.render.samples import digest, letterhead, post

# Own-made headlines, addresses and sentences in many scripts: hosts in letters, paths with spaces, marks and quotes.
LANGUAGES = {
    "nb": ("Årets blåbær", "https://blåbær.example/2026/årets blåbær/", "Plukk dem før frosten kommer."),
    "de": ("Straße «über» Fußgänger", "https://müller-straße.example:8443/ö?q=ü#ä", "Große Bögen, kleine Wege."),
    "is": ("Þoka á heiði", "https://þoka.example/heiði", "Enginn sá veginn."),
    "pl": ("Żółw — i ćma", "https://żółw.example/ćma/%C5%BC", "Noc była jasna."),
    "tr": ("İğne ile iplik", "https://İĞNE.example/ğ", "Sabırla dikilir."),
    "el": ("Ὁ ἥλιος: ποῖος;", "https://ήλιος.example/φως", "Ανατέλλει αργά."),
    "ru": ("Ёж в тумане", "https://ёж.example/туман?а=я", "Он шёл и шёл."),
    "he": ("שלום \u200fעולם", "https://שלום.example/עולם", "משפט קצר אחד."),
    "ar": ("قهوة الصباح", "https://قهوة.example/صباح", "تُشرب ببطء."),
    "hi": ("नमस्ते क्षितिज", "https://नमस्ते.example/क्षितिज", "एक छोटा वाक्य।"),
    "th": ("กาแฟ ยามเช้า", "https://กาแฟ.example/เช้า", "ดื่มช้า ๆ"),
    "ja": ("朝\u3000の珈琲", "https://珈琲.example/朝、昼", "ゆっくり飲む。"),
    "ko": ("아침 커피", "https://커피.example/아침", "천천히 마신다."),
    "zh": ("早晨的咖啡", "https://咖啡.example/早 晨", "慢慢喝。"),
    "en": ("Pipes | {{ tags }} \x85 'quotes' %7Bx%7D", "https://user@blog.example/a b|c'd(e)^f`g~!*", "A {{ brace }}."),
    "und": ("💡\u200d👩 ", "https://xn--bad-.example/💡", "🙂 🙂"),
}


def errors(edition: Digest) -> list[tuple[str, str]]:
    rendered = render(edition, maximum_size=1_000_000)
    return [(f.code, str(f.message)) for f in lint(rendered, edition, maximum_size=1_000_000) if f.level is Level.ERROR]


def translated(language: str, number: int, **changes: Any) -> Any:
    title, url, text = LANGUAGES[language]
    html = f'<p>{text} <a href="{url}/other">{text}</a> <img src="{url}.png" alt=""></p>'
    values = {"title": title, "url": url, "html": html, "language": language} | changes
    return post(number, **values)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("blog", BLOGS)
def test_an_edition_of_any_kind_of_blog(blog: str, design: str) -> None:
    assert errors(digest(posts_of(blog), letterhead=letterhead(design=design))) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("by", ["day", "none"])
def test_an_edition_in_any_language(language: str, by: str) -> None:
    head = letterhead(language=language if len(language) == 2 else "en")
    posts = [translated(language, 0), *(post(n) for n in range(1, 8))]
    edition = digest(
        posts, by=by, letterhead=head, headlines=(translated(language, 9, html="", url="https://é.example/"),)
    )
    assert errors(edition) == []


def test_an_edition_in_all_languages() -> None:
    assert errors(digest([translated(language, n) for n, language in enumerate(LANGUAGES)])) == []


@pytest.mark.parametrize("language", ["en", "nb", "ja"])
def test_a_post_that_links_to_another_one_by_its_title(language: str) -> None:
    linked = translated(language, 1)
    link = f'<a href="{linked.url}">{linked.title}</a>'
    html = f"<p>Last week: {link}</p><p>{linked.url}</p><ul><li>{link}</li></ul>"
    words = f"[{linked.title}]({linked.url})"
    edition = digest([post(0, html=html), linked, post(2, html=html)], greeting=words, closing=linked.url)
    assert errors(edition) == []


def test_a_post_that_links_to_another_one_by_its_address_below_its_title() -> None:
    linked = post(1, title="News")
    html = f'<p>News</p><p><a href="{linked.url}">{linked.url}</a></p>'
    assert errors(digest([post(0, title="More about News", html=html), linked])) == []


def test_posts_that_share_an_address() -> None:
    same = {"url": "https://blog.example/releases"}
    posts = [post(0, title="News", **same), post(1, title="News 2", **same), post(2, title="News", **same)]
    assert errors(digest(posts)) == []


def test_a_post_that_shows_template_marks_at_an_address_with_letters() -> None:
    html = "<p>Write {{ name }}, {% if x %} or *|FNAME|*.</p>"
    assert errors(digest([translated("en", 0, html=html), translated("nb", 1, html=html)])) == []


TITLES = st.text(min_size=1, max_size=40).filter(lambda t: bool("".join(t.split()).strip("\x00")))
PATHS = st.text(max_size=20)


@given(st.lists(st.tuples(TITLES, PATHS), min_size=1, max_size=4))
def test_an_edition_of_any_titles_and_addresses(found: list[tuple[str, str]]) -> None:
    posts = [
        post(n, title=f"T{title}", url=f"https://blåbær.example/{n}/{path}x") for n, (title, path) in enumerate(found)
    ]
    links = "".join(f'<p><a href="https://blåbær.example/{n}/x">T</a></p>' for n in range(len(posts)))
    codes = {code for code, _ in errors(digest([replace(p, html=links) for p in posts]))}
    assert not codes & {"post-missing", "post-repeated"}


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        ("https://Blåbær.example:8443/å b?q=ø#æ", "https://xn--blbr-roah.example:8443/%C3%A5%20b?q=%C3%B8#%C3%A6"),
        ("https://me:x@é.example/", "https://me:x@xn--9ca.example/"),
        ("https://blog.example/%C3%A5?a=b|c", "https://blog.example/%C3%A5?a=b|c"),
        ("https://-é-.example/", "https://-%C3%A9-.example/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("https://[é/", "https://[%C3%A9/"),
    ],
)
def test_addresses_in_ascii(iri: str, expected: str) -> None:
    assert uri(iri) == expected
    assert uri(expected) == expected


def test_the_wrapper_tag_is_legal() -> None:
    check("<mjml><mj-body><mj-wrapper><mj-section></mj-section></mj-wrapper></mj-body></mjml>")
