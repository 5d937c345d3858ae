"""What a blog's home page says about the blog."""

import pytest
from hypothesis import given, strategies as st

from newsletter.setup.site_page import SitePage, language_tag, read_site_page, usable_accent, usable_logo

HOME = "https://blog.example/"


def page(head: str = "", body: str = "", attributes: str = "") -> SitePage:
    return read_site_page(f"<html {attributes}><head>{head}</head><body>{body}</body></html>", HOME)


def test_title_description_and_language_are_read_from_the_head() -> None:
    found = page(
        "<title>Tide tables | Home</title><meta property='og:site_name' content='Tide tables'>"
        "<meta name='description' content='Water,  explained'>",
        attributes="lang='nb-NO'",
    )
    assert (found.title, found.description, found.language) == ("Tide tables", "Water, explained", "nb")


def test_the_title_element_counts_where_no_site_name_is_given() -> None:
    assert page("<title>\n Tide tables\n</title>").title == "Tide tables"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("no", "nb"), ("nb-NO", "nb"), ("en_US", "en"), ("en-GB", "en-GB"), ("pt_br", "pt-BR"), ("pt-PT", "pt"),
        ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-Hant", "zh-Hant"), ("", ""), ("klingon", ""), ("-", ""),
    ],
)  # fmt: skip
def test_language_tags_are_brought_to_one_form(text: str, tag: str) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize(
    "body",
    [
        "<img class='site-logo' src='/l.png'>",
        "<div id='logo'><img src='/l.png'></div>",
        '<script type="application/ld+json">{"publisher": {"logo": {"url": "/l.png"}}}</script>',
        "<link rel='apple-touch-icon' href='l.png'>",
    ],
)
def test_the_logo_is_found(body: str) -> None:
    assert page(body=body).logo == "https://blog.example/l.png"


@pytest.mark.parametrize("url", ["/l.svg", "/favicon.ico", "data:image/png;base64,AAAA", ""])
def test_a_logo_that_email_programs_cannot_show_is_not_taken(url: str) -> None:
    assert page(body=f"<img class='logo' src='{url}'>").logo == ""
    assert usable_logo(url) == ""


@pytest.mark.parametrize(
    "head",
    [
        "<meta name='theme-color' content='#0a7'>",
        "<style>:root { --accent-colour: #00aa77 }</style>",
        "<style>:root{--background_pop:#00aa77;--bg:#123456}</style>",
        "<style>body { color: #123 } a:link { text-decoration: none; color: #0a7; }</style>",
        "<meta name='theme-color' content='#ffffff'><style>a{color:#00AA77}</style>",
    ],
)
def test_the_accent_colour_is_found(head: str) -> None:
    assert page(head).accent == "#00aa77"


@pytest.mark.parametrize("colour", ["#fff", "#000000", "#808080", "red", "#12345", ""])
def test_greys_and_what_is_no_colour_are_no_accent(colour: str) -> None:
    assert usable_accent(colour) == ""


def test_deeply_nested_json_is_ignored() -> None:
    text = "[" * 100_000 + "]" * 100_000
    assert page(body=f'<script type="application/ld+json">{text}</script>').logo == ""


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(read_site_page(text, HOME), SitePage)


def test_a_page_names_its_picture_and_who_writes_it() -> None:
    head = '<meta name="author" content=" The  crew "><meta property="og:image" content="/card.png">'
    page = read_site_page(f"<html><head>{head}</head></html>", "https://blog.example/about/")
    assert (page.author, page.picture) == ("The crew", "https://blog.example/card.png")


@pytest.mark.parametrize("author", ["admin", "https://social.example/kari", "@kari", "x" * 81])
def test_an_account_is_no_author_and_data_is_no_picture(author: str) -> None:
    head = f'<meta name="author" content="{author}"><meta property="og:image" content="data:image/png;base64,AAAA">'
    page = read_site_page(f"<html><head>{head}</head></html>", "https://blog.example/")
    assert (page.author, page.picture) == ("", "")
