"""A feed's document as posts."""

import gzip
import json
from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.formats.jsonfeed import MAXIMUM_ENTRIES
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.identity import MADE_UP
from newsletter.feeds.model import NotAFeed
from tests.feeds.conftest import BASE, atom, day, entry, item, one, rss, titles


def test_atom_is_read() -> None:
    feed = parse(atom(entry(6, more="<author><name>Ada</name></author><category term='News'/>")), BASE)
    (post,) = feed.posts
    assert (feed.kind, feed.title, feed.problems, feed.whole) == ("feed", "A blog", (), True)
    assert post == FoundPost(
        uid="tag:blog.example,2026:6",
        url="https://blog.example/posts/6",
        title="Post 6",
        html="<p>This is the text of post number 6.</p>",
        published=datetime.fromisoformat("2026-02-06T12:00:00+01:00"),
        updated=datetime.fromisoformat("2026-02-06T12:00:00+01:00"),
        author="Ada",
        categories=("News",),
    )


def test_rss_is_read_with_its_whole_text() -> None:
    more = "<content:encoded><![CDATA[<p>The whole.</p>]]></content:encoded><dc:creator>Ada</dc:creator>"
    more += "<category>News</category>"
    post = one(rss(item("A title", "The short.", more)))
    assert (post.title, post.html, post.summary, post.author) == ("A title", "<p>The whole.</p>", "The short.", "Ada")
    assert post.published == datetime.fromisoformat("2026-02-06T18:40:00+01:00")
    assert post.published is not None
    assert post.published.isoformat() == "2026-02-06T18:40:00+01:00"
    assert (post.uid, post.url, post.categories) == ("https://blog.example/a", "https://blog.example/a", ("News",))


def test_rdf_is_read() -> None:
    body = (
        b'<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>A blog</title></channel>'
        b'<item rdf:about="https://blog.example/a"><title>A title</title><link>https://blog.example/a</link>'
        b"<dc:date>2026-02-06</dc:date></item></rdf:RDF>"
    )
    post = one(body)
    assert (post.uid, post.url) == ("https://blog.example/a", "https://blog.example/a")
    assert post.published == datetime.fromisoformat("2026-02-06T00:00:00+00:00")


def json_feed(*items: dict[str, object], **more: object) -> bytes:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "A blog", **more}
    return json.dumps({**head, "items": list(items)}).encode()


def test_json_feed_is_read() -> None:
    feed = parse(
        json_feed(
            {"id": 7, "url": "/a", "title": "A <b> title", "content_html": "<p>Text.</p>", "date_published": day(6),
             "tags": ["News"], "authors": [{"name": "Ada"}, {"name": "Grace"}], "image": "/a.png"},
            next_url="/feed?page=2",
        ),
        BASE,
    )  # fmt: skip
    (post,) = feed.posts
    assert (feed.kind, feed.next) == ("jsonfeed", "https://blog.example/feed?page=2")
    assert (post.uid, post.url, post.title, post.html) == ("7", "https://blog.example/a", "A <b> title", "<p>Text.</p>")
    assert (post.author, post.categories) == ("Ada, Grace", ("News",))
    assert post.image is not None
    assert post.image.url == "https://blog.example/a.png"


def test_plain_text_of_json_feed_gets_paragraphs_and_links() -> None:
    post = one(json_feed({"id": "1", "content_text": "See <here>:\nhttps://x.example/?a&b.\n\nEnd."}))
    link = '<a href="https://x.example/?a&amp;b">https://x.example/?a&amp;b</a>'
    assert post.html == f"<p>See &lt;here&gt;:<br>{link}.</p><p>End.</p>"


def test_rss_in_json_is_read() -> None:
    body = {
        "rss": {
            "channel": {"title": "A blog", "item": [{"title": "One", "guid": {"#value": "https://blog.example/1"}}]}
        }
    }
    post = one(json.dumps(body).encode())
    assert (post.uid, post.url, post.title) == ("https://blog.example/1", "https://blog.example/1", "One")


@pytest.mark.parametrize(
    "generator",
    [
        "<generator uri='https://www.blogger.com'>Blogger</generator>",
        "<generator>https://wordpress.org/?v=6.8</generator>",
    ],
)
def test_the_engine_is_told_by_its_generator(generator: str) -> None:
    assert parse(rss(head=generator), BASE).kind == ("blogger" if "Blogger" in generator else "wordpress")


@pytest.mark.parametrize(
    ("given_title", "read"),
    [
        ("Salt &amp;amp; pepper", "Salt & pepper"),
        ("Salt&lt;br /&gt;and pepper", "Salt and pepper"),
        ("&#160;&#8203;&#65279;", ""),
        ("Salt &amp; pepper", "Salt & pepper"),
        ("A &lt;b&gt;bold&lt;/b&gt; title", "A bold title"),
        ("&lt;font color=red&gt;Big news", "Big news"),
        ("Use &lt;video&gt; well", "Use <video> well"),
        ("1 &lt; 2", "1 < 2"),
        ("\n  Two\n  lines ", "Two lines"),
        ("&nbsp;10&nbsp;km\u2009!&#160;", "10\u00a0km\u2009!"),
        ("", ""),
    ],
)
def test_titles_of_rss_are_plain_text(given_title: str, read: str) -> None:
    assert one(rss(item(given_title))).title == read


@pytest.mark.parametrize(
    ("kind", "given_title", "read"),
    [
        ("text", "Use &lt;b&gt; &amp;amp;", "Use <b> &amp;"),
        ("html", "Use &lt;b&gt;it&lt;/b&gt; &amp;amp; more", "Use it & more"),
        ("html", "10&amp;nbsp;&lt;i&gt;km&lt;/i&gt;", "10\u00a0km"),
        ("xhtml", "<div xmlns='http://www.w3.org/1999/xhtml'>A <em>fine</em> one</div>", "A fine one"),
    ],
)
def test_titles_of_atom_are_what_their_type_says(kind: str, given_title: str, read: str) -> None:
    body = atom(entry(1).replace("<title>Post 1<", f"<title type='{kind}'>{given_title}<"))
    assert one(body).title == read


def test_xhtml_content_becomes_html() -> None:
    body = atom(entry(1).replace("<content type='html'>", "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>")
                .replace("</content>", "<p>one<br/>two</p></div></content>"))  # fmt: skip
    assert "<p>one<br>two</p>" in one(body).html


def test_links_and_pictures_count_from_xml_base_and_else_from_the_post() -> None:
    html = "&lt;a href='x'&gt;x&lt;/a&gt;"
    assert 'href="https://blog.example/posts/x"' in one(atom(entry(1, html=html))).html
    based = atom(entry(1, html=html).replace("<content ", "<content xml:base='https://other.example/y/' "))
    assert 'href="https://other.example/y/x"' in one(based).html


def test_the_base_of_an_entry_counts_once() -> None:
    html = "&lt;a href='x'&gt;x&lt;/a&gt;"
    inside = entry(1, html=html).replace("<entry>", "<entry xml:base='2026/'>")
    assert 'href="https://blog.example/2026/x"' in one(atom(inside)).html


def test_content_of_bytes_is_no_text() -> None:
    assert one(atom(entry(1, html="SGVsbG8=").replace("type='html'", "type='application/pdf'"))).html == ""
    assert one(atom(entry(1, html="Hello").replace("type='html'", "type='text/plain'"))).html == "<p>Hello</p>"


def test_an_empty_href_is_no_address() -> None:
    body = entry(1).replace("href='/posts/1'", "href=''")
    assert one(atom(body)).url == ""
    based = body.replace("<content ", "<content xml:base='https://blog.example/home/' ")
    assert one(atom(based)).url == "https://blog.example/home/"


def test_the_page_of_a_post_is_chosen_among_its_links() -> None:
    body = entry(1).replace("<link ", "<link rel='replies' href='/comments'/><link rel='self' href='/self'/><link ", 1)
    assert one(atom(body)).url == "https://blog.example/posts/1"


def test_the_address_behind_feedburner_is_the_post_s() -> None:
    post = one(rss(item(more="<feedburner:origLink>https://blog.example/own</feedburner:origLink>")))
    assert (post.url, post.via) == ("https://blog.example/own", "https://blog.example/a")


def test_a_permanent_guid_is_the_address_of_a_post_without_a_link() -> None:
    body = rss(item()).replace(b"<link>https://blog.example/a</link>", b"")
    assert one(body).url == "https://blog.example/a"
    assert one(body.replace(b"<guid>", b'<guid isPermaLink="false">')).url == ""


def test_ids_are_opaque() -> None:
    assert (
        one(rss(item()).replace(b"<guid>https://blog.example/a", b'<guid isPermaLink="false"> ./Nr 7')).uid == "./Nr 7"
    )


def test_a_post_without_an_id_has_its_link_and_without_a_link_a_made_up_one() -> None:
    body = rss(item()).replace(b"<guid>https://blog.example/a</guid>", b"")
    assert one(body).uid == "https://blog.example/a"
    bare = body.replace(b"<link>https://blog.example/a</link>", b"")
    assert one(bare).uid.startswith(MADE_UP)
    assert one(bare).uid == one(bare).uid


def test_posts_that_share_an_id_are_told_apart_by_their_links() -> None:
    second = item("Two").replace("<link>https://blog.example/a<", "<link>https://blog.example/b<")
    posts = parse(rss(item("One"), second), BASE).posts
    assert [(post.uid, post.title) for post in posts] == [
        ("https://blog.example/a", "One"),
        ("https://blog.example/b", "Two"),
    ]
    assert [post.uid for post in parse(rss(item("One"), item("One again")), BASE).posts] == [
        "https://blog.example/a"
    ] * 2


def test_a_title_without_end_is_cut_and_said() -> None:
    feed = parse(rss(item("word " * 10_000)), BASE)
    assert (len(feed.posts[0].title), feed.posts[0].title[-6:]) == (4000, " word…")
    assert "has a title of 49,999 characters" in str(feed.problems[0])


def test_published_falls_back_to_updated_and_else_says_so() -> None:
    body = atom(entry(1)).replace(b"<published>2026-02-01T12:00:00+01:00</published>", b"")
    assert one(body).published == datetime.fromisoformat("2026-02-01T12:00:00+01:00")
    undated = parse(rss(item()).replace(b"Fri, 06 Feb 2026 18:40:00 +0100", b"some day"), BASE)
    assert undated.posts[0].published is None
    assert "can't be read ('some day')" in str(undated.problems[0])
    assert "1 of 1 posts without a date" in str(undated.problems[1])


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ada@blog.example (Ada)", "Ada"),
        ("Ada &lt;ada@blog.example&gt;", "Ada"),
        ("ada@blog.example", ""),
        ("Unknown", ""),
        ("Ada", "Ada"),
    ],
)
def test_an_author_is_a_name(said: str, name: str) -> None:
    assert one(rss(item(more=f"<author>{said}</author>"))).author == name


def test_all_authors_are_named_and_references_in_names_are_characters() -> None:
    creators = "<dc:creator><![CDATA[Ada &amp; Co]]></dc:creator><dc:creator>Grace</dc:creator>"
    post = one(rss(item(more=f"{creators}<category><![CDATA[Cod &amp; ling]]></category>")))
    assert (post.author, post.categories) == ("Ada & Co, Grace", ("Cod & ling",))
    many = "".join(f"<dc:creator>Author {number}</dc:creator>" for number in range(3_000))
    assert one(rss(item(more=many))).author.endswith(", Author 18 …")


def test_the_author_of_an_atom_feed_is_its_posts_author() -> None:
    assert one(atom(entry(1), head="<author><name>Ada</name></author>")).author == "Ada"


def test_a_video_without_text_has_its_description() -> None:
    text = "<content type='html'>&lt;p&gt;This is the text of post number 1.&lt;/p&gt;</content>"
    film = "<media:group><media:description>A film.\nTwo.</media:description></media:group>"
    body = entry(1).replace(text, film)
    assert one(atom(body)).html == "<p>A film.<br>Two.</p>"


def test_a_thumbnail_of_blogger_s_is_taken_large() -> None:
    thumbnail = "<media:thumbnail url='https://1.bp.blogspot.com/-a/b/c/s72-c/boat.jpg' width='72' height='72'/>"
    post = one(atom(entry(1, more=thumbnail)))
    assert post.image is not None
    assert post.image.url == "https://1.bp.blogspot.com/-a/b/c/s1600/boat.jpg"


def test_drafts_and_settings_are_left_out() -> None:
    draft = entry(2, more="<app:control><app:draft>yes</app:draft></app:control>")
    setting = entry(3, more="<category scheme='http://schemas.google.com/g/2005#kind' term='http://x#settings'/>")
    assert titles(parse(atom(entry(1), draft, setting), BASE)) == ["Post 1"]


def test_replies_are_no_posts_and_a_feed_of_them_is_refused() -> None:
    reply = entry(2, more="<thr:in-reply-to ref='tag:blog.example,2026:1'/>")
    assert titles(parse(atom(entry(1), reply), BASE)) == ["Post 1"]
    with pytest.raises(NotAFeed, match="comments"):
        parse(atom(reply), BASE)


BOMB = b"<!DOCTYPE rss [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><rss><channel><title>&b;</title></channel></rss>"
OUTSIDE = b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><rss><channel><title>&a;</title></channel></rss>"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n ", "is empty"),
        (gzip.compress(b"<rss/>"), "compressed"),
        (b"Hello", "not a feed"),
        (b"<html><body><rss>no</rss></body></html>", "web page"),
        (b"<!DOCTYPE html><title>x</title>", "web page"),
        (b'{"a": ', "can't be read"),
        (b'{"items": []}', "not a JSON Feed"),
        (b"[1, 2]", "not a JSON Feed"),
        (b"[" * 200_000, "can't be read"),
        (BOMB, "attack"),
        (OUTSIDE, "attack"),
        (b'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel></channel></rss>', "export"),
    ],
    ids=[
        "empty",
        "blank",
        "gzip",
        "text",
        "page",
        "page2",
        "half json",
        "json",
        "list",
        "deep json",
        "bomb",
        "outside",
        "export",
    ],
)
def test_a_document_that_is_no_feed_is_refused_in_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(NotAFeed, match=said):
        parse(body, BASE)


def test_a_feed_with_200_000_nested_elements_keeps_its_other_posts() -> None:
    deep = "<div>" * 200_000 + "text" + "</div>" * 200_000
    feed = parse(rss(item("Deep", deep), item("Second")), BASE)
    assert titles(feed) == ["Deep", "Second"]
    assert any("nested" in p for p in map(str, feed.problems))


def test_a_post_of_thirty_megabytes_is_cut_and_named() -> None:
    feed = parse(rss(item("Long", "one more line " * 2_200_000), item("Short", "x")), BASE)
    assert titles(feed) == ["Long", "Short"]
    assert any("'Long' has 30,7" in p for p in map(str, feed.problems))


def test_entries_without_end_are_cut_and_counted() -> None:
    feed = parse(rss(*(item(f"T{n}") for n in range(MAXIMUM_ENTRIES + 5))), BASE)
    assert len(feed.posts) == MAXIMUM_ENTRIES
    assert f"{MAXIMUM_ENTRIES + 5:,} entries" in str(feed.problems[0])


def said_of(document: bytes) -> str:
    """What was read, or why it is not a feed."""
    try:
        return str(parse(document, BASE))
    except NotAFeed as e:
        return str(e)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet="<rss>feed/ntryim![CDATA]&;'\"{}", max_size=200).map(str.encode))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for document in (
        body,
        b"<rss><channel><item>" + body,
        b'{"version": "https://jsonfeed.org/version/1", "items": [' + body,
    ):
        assert said_of(document)


def _with_ids(*entries: tuple[str, str]) -> bytes:
    items = "".join(
        f"<item><guid>{uid}</guid><link>https://blog.example/{uid}</link><title>T</title>"
        f"<description>{text}</description></item>"
        for uid, text in entries
    )
    return f'<rss version="2.0"><channel><title>A</title>{items}</channel></rss>'.encode()


def test_an_entry_with_the_id_of_another_and_another_text_is_told() -> None:
    told = [str(p) for p in parse(_with_ids(("a", "One."), ("a", "Two."), ("b", "Two.")), BASE).problems]
    assert [t for t in told if "identifier" in t] == [
        "has 1 entries with the identifier of another one, which were left out (a); tell its owner"
    ]


def test_the_same_entry_twice_is_not_told() -> None:
    told = [str(p) for p in parse(_with_ids(("a", "One."), ("a", "One.")), BASE).problems]
    assert [t for t in told if "identifier" in t] == []


@pytest.mark.parametrize("link", ["http://[::1", "https://a.example:99999/", "http:///nowhere"])
def test_a_malformed_address_is_none(link: str) -> None:
    feed = parse(rss(item("A title", "The text.").replace("<link>https://blog.example/a<", f"<link>{link}<")), BASE)
    assert [post.url for post in feed.posts] == [""]
