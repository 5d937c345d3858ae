"""One bad entry costs one sentence, in every format; what is read can be stored."""

import json
from datetime import UTC, datetime

import pytest

from newsletter.feeds.fetcher import Response
from newsletter.feeds.formats import entry, jsonfeed
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.html.players import replace_players
from newsletter.feeds.post import Raw, finish
from newsletter.feeds.sources import wordpress

BASE = "https://blog.example/"
HUGE = "9" * 5_000


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>B</title>{"".join(items)}</channel></rss>'.encode()


def item(title: str, more: str = "") -> str:
    return f"<item><title>{title}</title><link>{BASE}{title}</link><guid>{title}</guid>{more}</item>"


def atom(*entries: str) -> bytes:
    inside = "".join(f"<entry><id>{e}</id><title>{e}</title></entry>" for e in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>B</title>{inside}</feed>'.encode()


def feed(*titles: str) -> bytes:
    items = [{"id": t, "title": t, "content_text": t} for t in titles]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "B", "items": items}).encode()


DOCUMENTS = {"rss": rss(item("bad"), item("good")), "atom": atom("bad", "good"), "json": feed("bad", "good")}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("place", ["reading", "finishing"])
def test_an_entry_that_fails_costs_one_sentence(kind: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def title(text: str, kind: str) -> str:
        return str(1 // (text != "bad")) and text

    def finishing(raw: Raw, feed_url: str) -> object:
        return finish(raw, feed_url) if raw.title != "bad" else 1 // 0

    if place == "reading":
        monkeypatch.setattr(entry, "title_of", title)
        monkeypatch.setattr(jsonfeed, "title_of", title)
    else:
        monkeypatch.setattr("newsletter.feeds.formats.parse.finish", finishing)
    found = parse(DOCUMENTS[kind], BASE)
    assert [p.title for p in found.posts] == ["good"]
    sentence = "its entry 1 was left out: newsletter failed to read it (ZeroDivisionError); please report this"
    assert sentence in map(str, found.problems)
    assert not found.whole  # or its post would count as gone from the source


def test_a_row_of_wordpress_that_fails_costs_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def finishing(raw: Raw, feed_url: str) -> object:
        return finish(raw, feed_url) if raw.link != "bad" else 1 // 0

    monkeypatch.setattr(wordpress, "finish", finishing)
    rows = [{"link": "bad"}, {"link": f"{BASE}good", "title": {"rendered": "good"}}]
    page = wordpress.rest_page(Response(BASE, 200, json.dumps(rows).encode()), f"{BASE}?page=1", None)
    assert [p.title for p in page.posts] == ["good"]
    assert str(page.problems[-1]).startswith("its entry 1 was left out")
    assert not page.whole


@pytest.mark.parametrize(
    "more",
    [
        f'<enclosure url="{BASE}a.png" type="image/png" width="{HUGE}" height="1"/>',
        '<description>&lt;iframe src="http://[">&lt;/iframe></description>',
        '<description>&lt;img src="http://[::1">&lt;a href="//[">x&lt;/a></description>',
        '<link>http://[</link><guid isPermaLink="true">http://x:99999999/</guid>',
    ],
)
def test_odd_numbers_and_addresses_cost_nothing(more: str) -> None:
    found = parse(rss(item("odd", more), item("good")), BASE)
    assert [p.title for p in found.posts] == ["odd", "good"]
    assert not any("was left out" in p for p in map(str, found.problems))


def test_odd_numbers_beside_the_entries_cost_nothing() -> None:
    total = f'<o:totalResults xmlns:o="http://a9.com/-/spec/opensearchrss/1.0/">{HUGE}</o:totalResults>'
    assert len(parse(rss(total, item("good")), BASE).posts) == 1
    page = wordpress.rest_page(
        Response(BASE, 200, b'[{"link": "https://blog.example/1"}]', {"X-WP-TotalPages": HUGE}), f"{BASE}?page=1", None
    )
    assert page.next
    assert wordpress.next_feed_page(f"{BASE}?paged={HUGE}").endswith("paged=2")
    assert not wordpress.is_main_listing("http://x:99999999/wp-json/", BASE)


def test_a_player_with_a_malformed_address_is_left_out() -> None:
    from newsletter.feeds.html.markup import to_tree

    root = to_tree('<p>Text</p><iframe src="http://["></iframe>')
    assert replace_players(root, BASE) == 1


@pytest.mark.parametrize("mark", ["\x00", "\ud800", "\x1b"])
def test_characters_that_no_database_can_store_are_removed(mark: str) -> None:
    raw = Raw(
        uid=f"a{mark}", link=f"{BASE}{mark}", via=f"{BASE}{mark}", title=f"t{mark}", html=f"<p>t{mark}</p>",
        author=f"A{mark}", categories=(f"c{mark}",), published=datetime(2026, 2, 4, tzinfo=UTC),
    )  # fmt: skip
    post, _ = finish(raw, BASE)
    assert mark not in "".join((post.uid, post.url, post.via, post.title, post.html, post.author, *post.categories))
    said = json.dumps({"version": "https://jsonfeed.org/version/1", "title": f"T{mark}", "items": []}).encode()
    assert parse(said, BASE).title == "T"


def test_a_picture_needs_a_web_address() -> None:
    items = [{"id": i, "image": url} for i, url in enumerate(("javascript:x", "data:image/png,x", "a.png"))]
    found = parse(json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode(), BASE)
    assert [p.image and p.image.url for p in found.posts] == [None, None, f"{BASE}a.png"]


@pytest.mark.parametrize("tag", ["o:p", "fb:like", "a:1b", "a:"])
def test_an_undeclared_prefix_inside_of_content_costs_no_post(tag: str) -> None:
    body = f"<item><title>t</title><link>{BASE}</link><description><{tag}>Text</{tag}></description></item>"
    found = parse(rss(body), BASE)
    assert ([post.html for post in found.posts], found.problems[1:]) == (["<p>Text</p>"], ())


@pytest.mark.parametrize("number", ["0", "1", "x1f", "xD800", "xFFFE", "65535", "1114112", "000000000000001"])
@pytest.mark.parametrize("text", ["{}", "a{}<b>c</b>"])
def test_references_to_what_no_tree_can_hold_are_left_out(number: str, text: str) -> None:
    html = text.format(f"&#{number};")
    post, _ = finish(Raw(html=f"<p>More.</p>{html}", summary=html, title="t"), BASE)
    assert not any(c in post.html + post.summary for c in "\x00\x01\x1f\ud800\ufffd\ufffe\uffff")
    assert post.summary == text_of(text.format(""))
