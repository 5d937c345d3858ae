"""Topics, limits of domains, sections and links, which are edited in rows."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from tests.web import make
from tests.web.settings_site import DELIVERY, KINAFORUM, TEXT, Site, fields_of, serve


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def row(key: str, number: int, **cells: str | list[str]) -> dict[str, str | list[str]]:
    """The fields of a row, counted from 0."""
    return {f"{key}:{number}:{column}": value for column, value in cells.items()}


def test_topics_are_edited_in_rows(site: Site) -> None:
    url = f"{KINAFORUM}/topics/"
    film = row("topics", 0, name="film", title="Film and TV", categories="Film\r\nTV", sources="http://127.0.0.1:9/")
    assert "Saved." in site.post(url, **film, **row("topics", 1, name="books", words="novel\npoem"))
    wanted = {
        "film": {"title": "Film and TV", "categories": ["Film", "TV"], "sources": ["http://127.0.0.1:9/"]},
        "books": {"words": ["novel", "poem"]},
    }
    assert site.newsletter["topics"] == wanted
    assert "Nothing was changed." in site.post(url)
    assert "Saved." in site.post(url, **{"topics:0:remove": "on"})
    assert site.newsletter["topics"] == {"books": wanted["books"]}
    assert "Saved." in site.post(url, **{"topics:0:remove": "on"})
    assert "topics" not in site.newsletter


def test_categories_of_the_blog_are_ticked_and_others_written(site: Site) -> None:
    url = f"{KINAFORUM}/topics/"
    for title, categories in (("a", ["TV", "Film"]), ("b", ["tv", "Mat"]), ("c", ["TV"])):
        written = make.post(title)
        written.categories = categories
        written.save()
    ticked = row("topics", 0, name="film", categories=["TV", "Radio\r\n\r\nOpera", "Film"])
    assert "Saved." in site.post(url, **ticked)
    assert site.newsletter["topics"]["film"]["categories"] == ["TV", "Radio", "Opera", "Film"]
    page = lxml.html.fromstring(site.client.get(url).content)
    boxes = page.xpath("//input[@type='checkbox' and @name='topics:0:categories']")
    assert [(box.get("value"), box.get("checked") is not None) for box in boxes] == [
        ("Film", True), ("Mat", False), ("TV", True)
    ]  # fmt: skip
    assert page.xpath("//textarea[@name='topics:0:categories']")[0].text.split() == ["Radio", "Opera"]
    assert "Nothing was changed." in site.post(url)
    assert "Saved." in site.post(url, **row("topics", 0, categories=["Mat", "Radio"]))
    assert site.newsletter["topics"]["film"]["categories"] == ["Mat", "Radio"]


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"name": "film", "title": "Film"}, "name", "write the categories, sources or words"),
        ({"title": "Film", "words": "film"}, "name", "Fill this in, or remove the row."),
        ({"name": "Film", "words": "film"}, "name", "must be 1 to 40 characters"),
        ({"name": "books", "words": "film"}, "name", "There is already a row with this name."),
    ],
)
def test_a_wrong_topic_is_explained_in_its_row_and_kept(
    site: Site, cells: dict[str, str | list[str]], column: str, said: str
) -> None:
    url = f"{KINAFORUM}/topics/"
    typed = {**row("topics", 0, name="books", words="novel"), **row("topics", 1, **cells)}
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), **typed}).content)
    (cell,) = page.xpath(f"//input[@name='topics:1:{column}'][@aria-invalid='true']")
    assert said in page.get_element_by_id(f"topics:1:{column}:problem").text_content()
    assert cell.xpath("ancestor::details")[0].get("open") is not None
    shown = {name: value.strip("\n") for name, value in fields_of(page) if value.strip("\n")}
    assert typed.items() <= shown.items()
    assert site.file.read_text(encoding="utf-8") == TEXT


def test_too_many_topics_are_explained_beside_their_limit(site: Site) -> None:
    first = row("topics", 0, name="a", words="a") | row("topics", 1, name="b", words="b")
    url = f"{KINAFORUM}/topics/"
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), **first, "maximum_variants": "2"}).content)
    assert "more than maximum_variants (2)" in page.cssselect(".errorlist")[0].text_content()
    assert page.cssselect(".errorlist")[0].getnext().get("name") == "maximum_variants"


def test_a_change_of_one_row_leaves_the_others_as_they_were_written(site: Site) -> None:
    by_hand = """
[newsletters.kinaforum.topics.film]   # the most read
title = 'Film'                        # short
categories = [
    "Film",  # of the blog
]

[newsletters.kinaforum.topics.books]  # new this year
words = ["novel"]
"""
    site.file.write_text(TEXT + by_hand, encoding="utf-8")
    assert "Saved." in site.post(f"{KINAFORUM}/topics/", **{"topics:1:title": "Books"})
    after = by_hand.replace('words = ["novel"]\n', 'words = ["novel"]\ntitle = "Books"\n')
    assert site.file.read_text(encoding="utf-8") == TEXT + after
    assert "Saved." in site.post(f"{KINAFORUM}/topics/", **{"topics:1:remove": "on"})
    assert by_hand.partition("\n[newsletters.kinaforum.topics.books]")[0] in site.file.read_text(encoding="utf-8")


@pytest.mark.parametrize("url", [DELIVERY, f"{KINAFORUM}/design/"])
def test_more_rows_than_usual_are_all_kept(site: Site, url: str) -> None:
    key, columns = ("domains", ("domain", "connections")) if url == DELIVERY else ("theme.links", ("label", "address"))
    value = "3" if url == DELIVERY else "https://blog.example/"
    lines = "".join(f"[delivery.domains.'d{n}.example']\nconnections = 3\n" for n in range(230))
    links = ", ".join(f"d{n}-example = '{value}'" for n in range(230))
    theme = TEXT.replace("skip =", f"theme = {{ links = {{ {links} }} }}\nskip =")
    site.file.write_text(TEXT + lines if url == DELIVERY else theme, encoding="utf-8")
    assert "Nothing was changed." in site.post(url)
    last = row(key, 230, **dict(zip(columns, ("new.example", value), strict=True)))
    assert "Saved." in site.post(url, **last)
    stored = site.tree["delivery"]["domains"] if url == DELIVERY else site.newsletter["theme"]["links"]
    assert len(stored) == 231


FILM = """
# The cinema
[[newsletters.kinaforum.theme.sections]]   # the most read
name = "film"
colour = '#1d4f73'                         # as on the site

# Literature
[[newsletters.kinaforum.theme.sections]]
name = "books"
"""


def test_a_change_of_one_section_leaves_the_others_as_they_were_written(site: Site) -> None:
    url = f"{KINAFORUM}/design/"
    site.file.write_text(TEXT + FILM, encoding="utf-8")
    assert "Saved." in site.post(url, **{"theme.sections:1:heading": "New books"})
    assert site.file.read_text(encoding="utf-8") == TEXT + FILM + 'heading = "New books"\n'
    assert "Saved." in site.post(url, **{"theme.sections:0:name": "cinema", "theme.sections:1:remove": "on"})
    assert site.file.read_text(encoding="utf-8") == TEXT + FILM.replace('"film"', '"cinema"').partition("\n# Lit")[0]


def test_rows_are_moved_without_scripts_and_keep_what_was_typed(site: Site) -> None:
    url = f"{KINAFORUM}/design/"
    site.file.write_text(TEXT + FILM, encoding="utf-8")
    typed = {
        **site.form(url),
        **row("theme.sections", 1, heading="New books", colour="no colour"),
        **row("theme.sections", 2, name="art"),
        "theme.tagline": "Every Friday",
    }
    page = lxml.html.fromstring(site.client.post(url, {**typed, "move": "theme.sections:1:up"}).content)
    shown = dict(fields_of(page))
    assert [shown[f"theme.sections:{n}:name"] for n in range(3)] == ["books", "film", "art"]
    assert (shown["theme.sections:0:heading"], shown["theme.sections:0:colour"]) == ("New books", "no colour")
    assert shown["theme.tagline"] == "Every Friday"
    assert not page.cssselect("[aria-invalid], .errorlist, .note.error")
    (focused,) = page.cssselect("[autofocus]")
    assert (focused.get("value"), focused.text_content()) == ("theme.sections:0:down", "↓Move down books")
    assert site.file.read_text(encoding="utf-8") == TEXT + FILM
    sent = {**shown, "theme.sections:0:colour": ""}
    assert b"Saved." in site.client.post(url, sent, follow=True).content
    assert [each["name"] for each in site.newsletter["theme"]["sections"]] == ["books", "film", "art"]
    after = site.file.read_text(encoding="utf-8")
    first = '# Literature\n[[newsletters.kinaforum.theme.sections]]\nname = "books"\nheading = "New books"\n'
    film = FILM.partition("\n# Lit")[0].strip()
    assert first in after
    assert film in after
    assert after.index(first) < after.index(film) < after.index('name = "art"')


@pytest.mark.parametrize("move", ["topics:0:up", "topics:9:down", "topics:x:up", "title:0:up", "topics", ""])
def test_a_forged_move_changes_nothing(site: Site, move: str) -> None:
    url = f"{KINAFORUM}/topics/"
    typed = {**site.form(url), **row("topics", 0, name="film", words="film"), "move": move}
    page = lxml.html.fromstring(site.client.post(url, typed).content)
    assert dict(fields_of(page))["topics:0:name"] == "film"
    assert site.file.read_text(encoding="utf-8") == TEXT


def test_the_order_of_topics_and_links_is_kept_in_the_file(site: Site) -> None:
    topics = "[newsletters.kinaforum.topics]\nfilm = { words = ['film'] }  # a\nart = { words = ['art'] }  # b\n"
    links = "theme.links = { Shop = 'https://shop.example', Map = 'https://map.example' }"
    site.file.write_text(TEXT.replace("skip =", f"{links}\nskip =") + topics, encoding="utf-8")
    url = f"{KINAFORUM}/topics/"
    moved = lxml.html.fromstring(site.client.post(url, {**site.form(url), "move": "topics:0:down"}).content)
    assert b"Saved." in site.client.post(url, dict(fields_of(moved)), follow=True).content
    assert site.file.read_text(encoding="utf-8").endswith(
        "[newsletters.kinaforum.topics]\nart = { words = ['art'] }  # b\nfilm = { words = ['film'] }  # a\n"
    )
    assert list(config.current().newsletters["kinaforum"].topics) == ["art", "film"]
    assert "Saved." in site.post(f"{KINAFORUM}/design/", **{"theme.links:0:label": "Our shop"})
    assert list(site.newsletter["theme"]["links"]) == ["Our shop", "Map"]


@pytest.mark.parametrize(
    ("url", "rows", "cell"),
    [
        (
            f"{KINAFORUM}/design/",
            {
                **row("theme.sections", 0, name="a"),
                "theme.sections:0:remove": "on",
                **row("theme.sections", 1, name="b", colour="blue"),
            },
            "theme.sections:1:colour",
        ),
        (f"{KINAFORUM}/design/", row("theme.links", 0, label="Shop", address="shop.example"), "theme.links:0:address"),
        (
            f"{KINAFORUM}/topics/",
            {**row("topics", 0, name="a", words="x"), "topics:0:remove": "on", **row("topics", 1, name="a")},
            "topics:1:name",
        ),
        (f"{KINAFORUM}/topics/", row("topics", 0, name="a", sources="http://127.0.0.1:9/gone"), "topics:0:sources"),
    ],
)
def test_a_problem_is_shown_in_its_own_cell(site: Site, url: str, rows: dict[str, str | list[str]], cell: str) -> None:
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), **rows}).content)
    (problem,) = page.cssselect(".rows p.bad")
    assert problem.get("id") == f"{cell}:problem"
    (described,) = page.xpath(f"//*[contains(@aria-describedby, '{cell}:problem')]")
    assert described.tag in ("input", "fieldset")


def test_limits_of_domains_are_edited_in_rows(site: Site) -> None:
    assert row("domains", 0, domain="gmail.com", connections="2", rate="20/s").items() <= site.form(DELIVERY).items()
    assert "Saved." in site.post(DELIVERY, **row("domains", 1, domain="example.org", connections="1"))
    wanted = {"gmail.com": {"connections": 2, "rate": "20/s"}, "example.org": {"connections": 1}}
    assert site.tree["delivery"]["domains"] == wanted
    told = site.post(DELIVERY, **row("domains", 2, domain="Gmail.com", connections="1"))
    assert "DomainGmail.com: is the same domain as gmail.com; keep only one of the two" in told
    site.post(DELIVERY, **{"domains:0:remove": "on", "domains:1:remove": "on"})
    assert site.tree["delivery"]["domains"] == {}
    assert site.form(DELIVERY)["domains:0:domain"] == ""


@pytest.mark.parametrize(("column", "typed", "said"), [
    ("connections", "two", "Enter a number."), ("connections", "0", "write 1 or more"),
    ("rate", "fast", "is not a rate"),
])  # fmt: skip
def test_a_wrong_limit_is_explained_in_its_cell(site: Site, column: str, typed: str, said: str) -> None:
    values = site.form(DELIVERY) | row("domains", 1, domain="a.example") | {f"domains:1:{column}": typed}
    page = lxml.html.fromstring(site.client.post(DELIVERY, values).content)
    assert said in page.get_element_by_id(f"domains:1:{column}:problem").text_content()
    assert dict(fields_of(page))[f"domains:1:{column}"] == typed


def test_sections_and_links_are_edited_in_rows(site: Site) -> None:
    url = f"{KINAFORUM}/design/"
    film = row("theme.sections", 0, name="film", colour="#1d4f73", heading="At the cinema")
    site.post(url, **film, **row("theme.sections", 1, name="books"))
    link = row("theme.links", 0, label="The shop", address="https://shop.example")
    site.post(url, **link, **row("theme.links", 1, label="Mastodon", address="https://m.example/@us"))
    assert site.newsletter["theme"] == {
        "sections": [{"name": "film", "colour": "#1d4f73", "heading": "At the cinema"}, {"name": "books"}],
        "links": {"The shop": "https://shop.example", "Mastodon": "https://m.example/@us"},
    }
    assert "Nothing was changed." in site.post(url)
    site.post(url, **{"theme.sections:0:remove": "on", "theme.links:0:remove": "on"})
    assert site.newsletter["theme"] == {"sections": [{"name": "books"}], "links": {"Mastodon": "https://m.example/@us"}}


@pytest.mark.parametrize(("address", "said"), [
    ("", "Fill this in, or remove the row."), ("shop.example", "that isn’t a web address; enter one like https://news.example.org"),
])  # fmt: skip
def test_a_wrong_link_is_explained_and_kept(site: Site, address: str, said: str) -> None:
    url = f"{KINAFORUM}/design/"
    typed = row("theme.links", 0, label="Shop", address=address)
    page = lxml.html.fromstring(site.client.post(url, {**site.form(url), **typed}).content)
    assert said in page.text_content()
    assert typed.items() <= dict(fields_of(page)).items()
