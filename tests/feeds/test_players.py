"""Players: a link to what each one plays."""

import cProfile
from urllib.parse import urlsplit

import pytest
from hypothesis import given, strategies as st

from newsletter.feeds.html import players
from newsletter.feeds.html.clean import clean
from newsletter.feeds.html.markup import to_tree
from newsletter.feeds.html.media import safe_address
from newsletter.feeds.html.players import page_of

BASE = "https://blog.example/2026/02/post.html"


@pytest.mark.parametrize(
    ("player", "address", "name"),
    [
        ('<iframe src="//youtube.com/embed/abcde1" title="A">', "https://www.youtube.com/watch?v=abcde1", "▶ A"),
        ('<iframe src="//player.vimeo.com/video/123?x=1"></iframe>', "https://vimeo.com/123", "▶ vimeo.com"),
        ('<video><source src="/film.mp4">no video here</video>', "https://blog.example/film.mp4", "▶ film.mp4"),
        ('<iframe src="//tube.example/videos/embed/a?x=1" title="B">', "https://tube.example/videos/watch/a", "▶ B"),
        ('<iframe src="//www.tiktok.com/embed/v2/1" title="C"></iframe>', "https://www.tiktok.com/embed/v2/1", "▶ C"),
        ('<iframe src="//www.blogger.com/video.g?t=a">', "https://www.blogger.com/video.g?t=a", "▶ blogger.com"),
        ('<object data="//x.example/a"><embed src="//x.example/a"></object>', "https://x.example/a", "x.example"),
    ],
)  # fmt: skip
def test_a_player_becomes_a_link_that_names_it(player: str, address: str, name: str) -> None:
    cleaned = clean(player, BASE)
    assert cleaned.html == f'<p><a href="{address}">{name}</a></p>'
    assert cleaned.dropped == (("player", 1),)


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ('<audio src="/talk%201.mp3"></audio>', '<a href="https://blog.example/talk%201.mp3">talk 1.mp3</a>'),
        ('<video><source src="/film.mp4"></video>', '<a href="https://blog.example/film.mp4">▶ film.mp4</a>'),
        ('<iframe src="https://www.google.com/maps/embed?pb=1"></iframe>',
         '<a href="https://www.google.com/maps/embed?pb=1">google.com/maps</a>'),
        ('<iframe src="https://poll.example/1" title="Which boat?"></iframe>',
         '<a href="https://poll.example/1">Which boat?</a>'),
        ('<iframe src="https://www.blogger.com/video.g?token=A"></iframe>',
         '<a href="https://www.blogger.com/video.g?token=A">▶ blogger.com</a>'),
        ('<iframe src="https://player.vimeo.com/video/12"></iframe>', '<a href="https://vimeo.com/12">▶ vimeo.com</a>'),
        ('<iframe src="https://tube.example/videos/embed/1f2e"></iframe>',
         '<a href="https://tube.example/videos/watch/1f2e">▶ tube.example</a>'),
    ],
)  # fmt: skip
def test_an_embedded_player_becomes_a_labelled_link(html: str, line: str) -> None:
    cleaned = clean(html, BASE)
    assert cleaned.html == f"<p>{line}</p>"
    assert cleaned.dropped == (("player", 1),)


def test_a_quoted_video_gets_a_line_that_leads_to_it() -> None:
    page = "https://www.tiktok.com/@harbour/video/7"
    cleaned = clean(f'<blockquote class="tiktok-embed" cite="{page}"><p>Boats at dawn</p></blockquote>', BASE)
    assert cleaned.html == f'<p><a href="{page}">▶ tiktok.com</a></p><blockquote><p>Boats at dawn</p></blockquote>'


@pytest.mark.parametrize(
    ("player", "page"),
    [
        ("//www.youtube-nocookie.com/embed/videoseries?list=PLabc-1_2", "https://www.youtube.com/playlist?list=PLabc-1_2"),
        ("//www.youtube.com/embed?listType=playlist&list=PLabc", "https://www.youtube.com/playlist?list=PLabc"),
        ("//www.youtube.com/embed/abcdef1?list=PLabc&start=42", "https://www.youtube.com/watch?v=abcdef1&t=42"),
        ("//www.youtube.com/embed/live_stream?channel=UCabc", "https://www.youtube.com/channel/UCabc/live"),
        ("//player.vimeo.com/video/12?dnt=1&h=8272103f6e", "https://vimeo.com/12/8272103f6e"),
        ("//www.dailymotion.com/embed/video/x7?autoplay=1", "https://www.dailymotion.com/video/x7"),
        ("//geo.dailymotion.com/player/x.html?mute=1&video=x7", "https://www.dailymotion.com/video/x7"),
        ("//player.twitch.tv/?parent=blog.example&video=v123", "https://www.twitch.tv/videos/123"),
        ("//player.twitch.tv/?channel=quay&parent=blog.example", "https://www.twitch.tv/quay"),
        ("//clips.twitch.tv/embed?clip=Foghorn-1&parent=blog.example", "https://clips.twitch.tv/Foghorn-1"),
        ("//www.loom.com/embed/abc?hide_owner=true", "https://www.loom.com/share/abc"),
        ("//giphy.com/embed/abc", "https://giphy.com/gifs/abc"),
        ("//archive.org/embed/quay_1930/2.mp4", "https://archive.org/details/quay_1930"),
        ("//www.linkedin.com/embed/feed/update/urn:li:share:1?compact=1", "https://www.linkedin.com/feed/update/urn:li:share:1"),
        ("//drive.google.com/file/d/1ab_c/preview", "https://drive.google.com/file/d/1ab_c/view"),
        ("//embed.ted.com/talks/quay", "https://www.ted.com/talks/quay"),
        ("//open.spotify.com/embed/episode/7mak?utm_source=generator", "https://open.spotify.com/episode/7mak"),
        ("//embed.podcasts.apple.com/no/podcast/a/id1?i=2", "https://podcasts.apple.com/no/podcast/a/id1?i=2"),
        ("//platform.twitter.com/embed/Tweet.html?dnt=true&id=20", "https://twitter.com/i/status/20"),
        ("//www.instagram.com/p/abc_1/embed/captioned/", "https://www.instagram.com/p/abc_1/"),
        ("//mastodon.example/@harbour/1002/embed", "https://mastodon.example/@harbour/1002"),
        ("//codepen.io/quay/embed/preview/abc?theme-id=1", "https://codepen.io/quay/pen/abc"),
        ("//www.facebook.com/plugins/post.php?width=5&href=https%3A%2F%2Fwww.facebook.com%2Fquay%2Fposts%2F1&show_text=true",
         "https://www.facebook.com/quay/posts/1"),
        ("//w.soundcloud.com/player/?visual=1&url=https%3A//soundcloud.com/quay/foghorn&color=%23f50",
         "https://soundcloud.com/quay/foghorn"),
        ("//www.google.com/maps/embed/v1/place?key=A&q=Old+harbour,Bergen",
         "https://www.google.com/maps/search/?api=1&query=Old+harbour,Bergen"),
        ("//www.google.com/maps/embed?pb=!1m18!1m12!1m3!1d1!2d5.32!3d60.39!3m2!1i1!4f13.1!3m3!1m2!1s0x46:0x9a!2sOld%20harbour!5e0",
         "https://www.google.com/maps/search/?api=1&query=Old%20harbour"),
        ("//www.google.no/maps/embed?pb=!1m14!1m12!1m3!1d1!2d5.32!3d-60.39!2m3!1f0", "https://www.google.com/maps?q=-60.39,5.32"),
    ],
)  # fmt: skip
def test_a_player_leads_to_the_page_of_what_it_shows(player: str, page: str) -> None:
    assert (
        f'href="{page.replace("&", "&amp;")}"'
        in clean(f'<iframe src="{player.replace("&", "&amp;")}"></iframe>', BASE).html
    )


@pytest.mark.parametrize(
    "player",
    [
        "https://poll.example/1?embed=1",
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1",
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Felsewhere.example%2F",
        "https://www.google.com/maps/embed?pb=1",
        "https://www.youtube.com/@quay",
    ],
)
def test_other_addresses_stay(player: str) -> None:
    assert page_of(player) == player


@given(
    st.text(),
    st.sampled_from(
        ["https://www.youtube.com/embed/", "//open.spotify.com/embed/", "https://www.google.com/maps/embed?pb="]
    ),
)
def test_any_address_of_a_player_is_read(text: str, beginning: str) -> None:
    assert urlsplit(safe_address(page_of(beginning + text), BASE)).scheme in ("http", "https", "")


@pytest.mark.parametrize(
    ("player", "link"),
    [
        ('<amp-youtube data-videoid="abcdef1"></amp-youtube>',
         '<a href="https://www.youtube.com/watch?v=abcdef1">▶ youtube.com</a>'),
        ('<amp-vimeo data-videoid="12"></amp-vimeo>', '<a href="https://vimeo.com/12">▶ vimeo.com</a>'),
        ('<amp-twitter data-tweetid="20"></amp-twitter>', '<a href="https://twitter.com/i/status/20">twitter.com</a>'),
        ('<amp-iframe src="https://poll.example/1" title="Which boat?"></amp-iframe>',
         '<a href="https://poll.example/1">Which boat?</a>'),
        ('<amp-video src="/a.mp4"><div fallback>Too old</div></amp-video>',
         '<a href="https://blog.example/a.mp4">▶ a.mp4</a>'),
        ('<amp-audio src="/a.mp3"></amp-audio>', '<a href="https://blog.example/a.mp3">a.mp3</a>'),
    ],
)  # fmt: skip
def test_elements_of_amp_are_players_too(player: str, link: str) -> None:
    cleaned = clean(player, BASE)
    assert cleaned.html == f"<p>{link}</p>"
    assert cleaned.dropped == (("player", 1),)


def test_an_identifier_that_is_none_makes_no_address() -> None:
    assert clean('<p>Text</p><amp-youtube data-videoid="a&quot;/../b"></amp-youtube>', BASE).html == "<p>Text</p>"


def test_the_file_that_most_programs_can_play_is_linked() -> None:
    html = '<video><source src="/a.webm"><source src="/a.mp4"><source src="/a.ogv"></video>'
    assert clean(html, BASE).html == '<p><a href="https://blog.example/a.mp4">▶ a.mp4</a></p>'


def test_a_document_in_a_frame_is_named_after_its_file() -> None:
    html = '<object data="/the%20report.pdf" type="application/pdf"><p>No plugin</p></object>'
    assert clean(html, BASE).html == '<p><a href="https://blog.example/the%20report.pdf">the report.pdf</a></p>'


def test_an_address_that_is_the_text_of_a_link_keeps_its_link() -> None:
    html = '<a href="https://blog.example/film"><div>https://youtu.be/abcdef1</div></a>'
    assert 'href="https://blog.example/film">https://youtu.be/abcdef1</a>' in clean(html, BASE).html


def test_an_address_alone_in_its_paragraph_is_a_link() -> None:
    html = "<p>https://youtu.be/abcdef1?t=4&amp;x=1</p><p>See https://blog.example/a</p>"
    linked = '<p><a href="https://youtu.be/abcdef1?t=4&amp;x=1">https://youtu.be/abcdef1?t=4&amp;x=1</a></p>'
    cleaned = clean(html, BASE).html
    assert cleaned == f"{linked}<p>See https://blog.example/a</p>"
    assert clean(cleaned, BASE).html == cleaned


def test_the_text_of_nested_quotations_is_read_once_however_deep_they_are() -> None:
    """Reading it anew for each of them took seconds for a post of 200 KB. Calls of functions are counted."""
    calls = []
    for depth in (1, 30):
        inside = "<br>" * 1000 + '<a href="https://a.example/1"></a>'
        root = to_tree("<blockquote>" * depth + inside + "</blockquote>" * depth)
        profile = cProfile.Profile()
        profile.runcall(players.link_bare_addresses, root)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
        assert root.find(".//a").text == "https://a.example/1"
    assert calls[1] < 2 * calls[0]


def test_a_link_in_a_quotation_with_words_or_an_image_stays_as_it_is() -> None:
    for more in ("<p>Boats</p>", '<img src="https://a.example/i.png">', "<b></b>at dawn"):
        root = to_tree(f'<blockquote><blockquote><a href="https://a.example/1"></a></blockquote>{more}</blockquote>')
        players.link_bare_addresses(root)
        assert root.find(".//a").text == "https://a.example/1", "the inner one has only the link"
        outer = to_tree(f'<blockquote>{more}<a href="https://a.example/1"></a></blockquote>')
        players.link_bare_addresses(outer)
        assert not outer.find(".//a").text
