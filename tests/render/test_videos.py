"""Links to videos in emails."""

from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

import newsletter
from newsletter.domain.digest import Preview, Rendered
from newsletter.domain.found_post import Image
from newsletter.render.content.content import prepare
from newsletter.render.content.first_line import first_line
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.videos import PICTURE
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, letterhead, picture, post

WATCH = "https://www.youtube.com/watch?v=abcdefghijk"
SHOWN = f'<img src="https://brev.example.org{PICTURE}" alt="" width="552" height="310"'


def body(html: str) -> str:
    return prepare(html, url="https://blog.example/p", title="The title", level=3, whole=True, play="play.png")


@pytest.mark.parametrize(
    "link",
    [
        f'<a href="{WATCH}">Harbour at dawn</a>',
        '<a href="https://tube.example/w/abc">▶ Harbour at dawn</a>',
        '<a href="https://vimeo.com/123"><b>▶ Harbour</b> at dawn</a>',
    ],
)
def test_a_video_alone_in_its_paragraph_is_a_picture_with_a_title(link: str) -> None:
    address = link.split('"')[1]
    assert body(f"<p>{link}</p>") == (
        f'<p><a href="{address}"><img src="play.png" alt="" width="552" height="310" '
        'style="width:100%; max-width:552px" class="poster"><br>▶ Harbour at dawn</a></p>'
    )


@pytest.mark.parametrize(
    "html",
    [
        f'<p>See <a href="{WATCH}">the film</a>.</p>',
        f'<p><a href="{WATCH}"><img src="https://x.example/a.jpg" alt="x" width="9"></a></p>',
        '<p><a href="https://x.example/">A page</a></p>',
    ],
)
def test_other_links_get_no_picture(html: str) -> None:
    assert "play.png" not in body(html)


def test_in_an_edition() -> None:
    edition = digest([post(0, html=f'<p><a href="{WATCH}">Harbour at dawn</a></p>'), post(1)])
    rendered = render(edition)
    assert SHOWN in rendered.html
    assert f"▶ Harbour at dawn: {WATCH}\n" in rendered.text
    assert lint(rendered, edition) == ()


def test_a_post_with_an_image_of_its_own_shows_that() -> None:
    edition = digest([post(0, html=f'<p><a href="{WATCH}">Harbour at dawn</a></p>', image=picture())])
    rendered = render(edition)
    assert PICTURE not in rendered.html
    assert "▶ Harbour at dawn</a>" in rendered.html
    assert 'class="lead"' in rendered.html


def test_the_picture_has_twice_the_size_it_is_shown_in() -> None:
    data = (Path(newsletter.__file__).parent / PICTURE.lstrip("/")).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) < 8_000
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1104, 620)


MP3 = "https://blog.example/40.mp3"


CARD = '<table class="card" role="presentation" width="100%" cellspacing="0"><tbody><tr>{}</tr></tbody></table>'


def test_a_recording_has_a_card_with_a_play_mark() -> None:
    assert body(f'<p><a href="{MP3}">Salt</a><br>1 h 2 min</p>') == CARD.format(
        f'<td><a href="{MP3}">▶ Salt</a><br>1 h 2 min</td>'
    )


COVER = (
    f'<td class="cover" width="96"><a href="{MP3}" tabindex="-1" aria-hidden="true">'
    '<img src="cover.jpg" alt="" width="96" height="72"></a></td>'
)


@pytest.mark.parametrize(
    "links",
    [
        f'<a href="{MP3}"><img src="cover.jpg" alt="" width="160" height="120"><br>Salt</a>',
        f'<a href="{MP3}"><img src="cover.jpg" alt="Salt" width="1600" height="1200"></a><br><a href="{MP3}">Salt</a>',
    ],
)
def test_the_image_of_a_recording_has_a_cell_beside_its_title(links: str) -> None:
    text = f'<td><a href="{MP3}">▶ Salt</a><br>1 h 2 min</td>'
    assert body(f"<p>{links}<br>1 h 2 min</p>") == CARD.format(COVER + text)


@pytest.mark.parametrize(
    ("sides", "shown"),
    [
        ("", 'width="552"'),
        ('width="1280" height="720"', 'width="552" height="310"'),
        ('width="480" height="270"', 'width="552" height="310"'),
        ('width="240" height="135"', 'width="240" height="135"'),
        ('width="720" height="1280"', 'width="225" height="400"'),
    ],
)
def test_the_poster_of_a_video_file_fills_the_column_above_its_title(sides: str, shown: str) -> None:
    link = f'<a href="https://blog.example/boat.mp4"><img src="boat.jpg" alt="" {sides}><br>Boat</a>'
    html = prepare(f"<p>{link}<br>1 min</p>", url="", title="", level=3, whole=True, tallest=400)
    width = shown.split('"')[1]
    assert html == (
        f'<p><a href="https://blog.example/boat.mp4"><img src="boat.jpg" alt="" {shown} '
        f'style="width:100%; max-width:{width}px" class="poster"><br>▶ Boat</a><br>1 min</p>'
    )


def test_a_card_is_a_line_of_text_with_its_duration() -> None:
    html = f'<p>Of salt.</p><p><a href="{MP3}"><img src="https://blog.example/c.jpg" alt=""><br>Salt</a><br>42 min</p>'
    text = render(digest([post(0, html=html)])).text
    assert f"▶ Salt: {MP3}\n42 min" in text


def test_the_line_of_an_episode_has_its_duration_and_not_its_title_again() -> None:
    html = f'<p>Where it comes from.</p><p><a href="{MP3}">Salt</a><br>1 h 2 min</p>'
    assert first_line(html, 160) == "Where it comes from. ▶\u00a01\u00a0h\u00a02\u00a0min"


def test_the_line_of_an_episode_without_a_duration_has_no_mark_alone() -> None:
    html = f'<p>Where it comes from.</p><p><a href="{MP3}">Salt</a></p>'
    assert first_line(html, 160) == "Where it comes from."


def test_the_line_of_a_list_in_a_list_has_dots_between_all_items() -> None:
    html = "<ul><li>No crash</li><li>Two leaks<ul><li>of sockets</li><li>of files</li></ul></li></ul>"
    assert first_line(html, 160) == "No crash · Two leaks · of sockets · of files"


def test_the_line_of_a_list_in_an_item_without_text_begins_without_a_dot() -> None:
    assert first_line("<ul><li><ul><li>One</li><li>Two</li></ul></li></ul>", 160) == "One · Two"


@pytest.mark.parametrize(
    "html",
    [
        f'<p>Listen to <a href="{MP3}">the second episode</a> of the series about salt.</p>',
        f'<p><a href="{MP3}">Salt</a> <a href="https://blog.example/">Blog</a></p>',
        '<p><a href="https://blog.example/mp3">Salt</a></p>',
    ],
)
def test_other_paragraphs_have_no_box(html: str) -> None:
    assert body(html) == html


THUMB = Image("https://brev.example.org/images/thumb.jpg", "", 480, 270)


def with_preview(design: str, **changes: Any) -> Rendered:
    html = f'<p><a href="{WATCH}">▶ Harbour at dawn</a></p><p>The boats come in.</p>'
    entry = post(0, html=html, previews=(Preview(WATCH, "Another title", THUMB),), **changes)
    return render(digest([entry], letterhead=letterhead(design=design)))


def test_the_picture_of_a_video_fills_the_column() -> None:
    shown = with_preview("letter", image=picture())
    assert f'<img src="{THUMB.url}" alt="" width="552" height="310"' in shown.html
    assert 'class="lead"' not in shown.html
    assert THUMB.url not in shown.text


def test_a_small_picture_stays_small() -> None:
    small = Preview(WATCH, "", Image("https://brev.example.org/images/s.jpg", "", 240, 135))
    html = prepare(
        f'<p><a href="{WATCH}">▶ Film</a></p>', url="", title="", level=3, whole=True, previews=(small,), play="p.png"
    )
    assert 'width="240" height="135"' in html


def test_a_player_without_a_title_gets_that_of_the_video() -> None:
    html = prepare(
        f'<p><a href="{WATCH}">▶ youtube.com</a></p>', url="", title="", level=3, whole=True,
        previews=(Preview(WATCH, "Found title"),),
    )  # fmt: skip
    assert html == f'<p><a href="{WATCH}">▶ Found title</a></p>'


def test_a_post_that_is_a_video_has_it_as_cover_in_a_magazine() -> None:
    shown = with_preview("magazine", url=WATCH)
    assert shown.html.count(THUMB.url) == 1
    assert "▶" not in shown.html
    assert shown.html.count(f'href="{WATCH}"') == 2


@pytest.mark.parametrize("design", ["letter", "magazine", "brief", "plain"])
def test_lint_is_content_with_a_post_that_is_a_video(design: str) -> None:
    html = f'<p><a href="{WATCH}">▶ Harbour at dawn</a></p><p>The boats come in.</p>'
    entry = post(0, url=WATCH, title="Harbour at dawn", html=html, previews=(Preview(WATCH, "", THUMB),))
    edition = digest([entry], letterhead=letterhead(design=design))
    assert [finding.code for finding in lint(render(edition), edition)] == []


@pytest.mark.parametrize(
    "title",
    [
        "Harbour at dawn",
        "youtube.com",
        "YouTube",
        "YouTube video player",
        "YouTube Video Embed",
        "vimeo-player",
        "Video",
    ],
)
def test_a_video_is_never_called_by_the_headline_its_player_or_its_service(title: str) -> None:
    html = f'<p><a href="{WATCH}">▶ {title}</a></p>'
    shown = prepare(html, url="https://blog.example/1", title="Harbour at dawn", level=3, whole=True, play="p.png")
    assert text_of(parse(shown)) == "▶ Watch the video"
    assert 'alt=""' in shown


def test_a_video_without_a_title_says_so_in_the_language_of_the_edition() -> None:
    html = f'<p><a href="{WATCH}">▶ youtube.com</a></p><p>The boats come in.</p>'
    rendered = render(digest([post(0, html=html)], greeting=WATCH, letterhead=letterhead(language="fr")))
    assert rendered.text.count("▶ Regarder la vidéo") == rendered.html.count("▶ Regarder la vidéo") == 2
    brief = render(digest([post(0, html=html)], letterhead=letterhead(language="fr", design="brief")))
    assert "▶\u00a0Regarder la vidéo" in brief.html


EPISODE = f'<p><a href="{MP3}">{{}}Boats</a><br>1 h 54 min</p><p>Of boats.</p>'


def test_a_recording_without_a_title_of_its_own_is_a_button_with_its_duration() -> None:
    rendered = render(digest([post(0, title="Boats", html=EPISODE.format(""))], letterhead=letterhead(language="en")))
    (button,) = lxml_html.document_fromstring(rendered.html).xpath(f"//table[@class='go']//a[@href='{MP3}']")
    assert button.text == "▶ Listen · 1\u00a0h\u00a054\u00a0min"
    assert "block-link" in button.get("class")
    assert f"▶ Listen · 1 h 54 min: {MP3}" in rendered.text.replace("\u00a0", " ")
    assert "data-named" not in rendered.html


def test_the_button_of_a_recording_stands_beside_its_picture() -> None:
    html = EPISODE.format('<img src="https://blog.example/c.jpg" alt="" width="160"><br>')
    rendered = render(digest([post(0, title="Boats", html=html)], letterhead=letterhead(language="en")))
    (card,) = lxml_html.document_fromstring(rendered.html).xpath("//table[@class='card']")
    assert card.xpath(".//td[@class='cover']//img")
    assert card.xpath(".//td[@class='pressed']/a[@class='block-link']")


def test_a_recording_in_a_letter_is_not_called_by_its_file() -> None:
    rendered = render(digest([], greeting=f"Hello.\n\n{MP3}", letterhead=letterhead(language="nb")))
    assert "▶ Lytt</a>" in rendered.html
    assert f"▶ Lytt: {MP3}" in rendered.text


def test_a_recording_without_a_title_is_named_after_its_file() -> None:
    assert text_of(parse(body(f'<p><a href="{MP3}">{MP3}</a></p>'))) == f"▶ {MP3.rpartition('/')[2]}"


def test_the_first_line_tells_the_label_of_a_link_from_the_text() -> None:
    label = '<p><a href="https://maps.example/5">Map</a></p>'
    assert first_line(label + "<p>There are thirty-one.</p>", 160) == "Map · There are thirty-one."
    assert first_line("<p>There are thirty-one.</p>" + label, 160) == "There are thirty-one. Map"
    assert first_line(label, 160) == ""


def test_a_video_in_a_figure_has_no_empty_line_above_its_title_and_its_caption_is_one() -> None:
    video = f'<p><a href="{WATCH}">▶ Harbour at dawn</a></p>'
    boat = '<p><a href="https://blog.example/boat.mp4"><img src="boat.jpg" alt="" width="640"><br>▶ Boat</a></p>'
    for link in (video, boat):
        root = parse(body(f"<figure>{link}<figcaption><p>Filmed</p></figcaption></figure>"))
        (picture,), (caption,) = root.iter("img"), root.iter("figcaption")
        assert picture.get("style").startswith("display:inline; ")
        assert (caption.text, len(caption)) == ("Filmed", 0)
    assert "display" not in body(video + boat)


def test_lint_names_an_editors_video_whose_page_could_not_be_read() -> None:
    shown = digest(greeting=WATCH, previews=(Preview(WATCH), Preview(f"{WATCH}2", "Found title")))
    (finding,) = (finding for finding in lint(render(shown), shown) if finding.code == "video-unread")
    assert finding.message.param("address") == WATCH
