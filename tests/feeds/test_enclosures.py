"""Cards for audio and video files."""

import pytest

from newsletter.domain.found_post import Image
from newsletter.feeds.enclosures import Enclosure, cards, read_duration
from newsletter.feeds.post import Raw, finish
from newsletter.render.content.excerpt import excerpt
from newsletter.render.content.headline import headline_of

AUDIO = Enclosure("https://harbour.example/1.mp3", "audio/mpeg", "", 2530)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:42:10", 2530), ("42:10", 2530), ("2530", 2530), (" 1:00:00 ", 3600), ("2530.5", 2530), ("", 0), ("long", 0),
     ("1:2:3:4", 0), ("-5", 0)],
)  # fmt: skip
def test_durations_are_read(text: str, seconds: int) -> None:
    assert read_duration(text) == seconds


def test_a_card_has_the_title_the_link_and_the_duration() -> None:
    card = cards([AUDIO], "", "", 'A "boat" & <more>', None)
    assert card == '<p><a href="https://harbour.example/1.mp3">A "boat" &amp; &lt;more&gt;</a><br>42 min</p>'


@pytest.mark.parametrize(
    "enclosure",
    [Enclosure("https://harbour.example/1.pdf", "application/pdf"), Enclosure("https://harbour.example/1.jpg"),
     Enclosure("javascript:alert(1)", "audio/mpeg"), Enclosure("", "audio/mpeg")],
)  # fmt: skip
def test_other_files_get_no_card(enclosure: Enclosure) -> None:
    assert cards([enclosure], "", "", "Boats", None) == ""


def test_a_file_gets_one_card_and_none_where_the_post_links_to_it() -> None:
    assert cards([AUDIO, AUDIO], "", "", "Boats", None).count("<p>") == 1
    assert cards([AUDIO], f'<p><a href="{AUDIO.url}">Listen</a></p>', "", "Boats", None) == ""


def test_a_card_shows_the_cover_in_the_same_link() -> None:
    card = cards([AUDIO], "", "", "Boats", Image("https://harbour.example/cover.jpg"))
    image = '<img src="https://harbour.example/cover.jpg" alt="" width="160"><br>'
    assert card == f'<p><a href="{AUDIO.url}">{image}Boats</a><br>42 min</p>'


def test_the_cover_of_a_video_keeps_its_own_size() -> None:
    video = Enclosure("https://harbour.example/1.mp4", "video/mp4")
    card = cards([video], "", "", "Boats", Image("https://harbour.example/cover.jpg", "", 1280, 720))
    assert '<img src="https://harbour.example/cover.jpg" alt="" width="1280" height="720">' in card


def test_the_file_of_a_post_is_above_its_notes_and_in_its_excerpt() -> None:
    notes = "".join(f"<p>We talk of boat {n} and of those who wait for it.</p>" for n in range(30))
    episode, _ = finish(Raw(title="Boats", html=notes, enclosures=(AUDIO,)), "https://harbour.example/feed")
    html, whole = excerpt(episode.html, 80)
    assert not whole
    assert html.startswith(f'<p><a href="{AUDIO.url}">Boats</a><br>42 min</p><p>We talk')


def test_the_headline_of_a_note_without_a_title_is_made_of_its_words() -> None:
    note, _ = finish(Raw(html="<p>Listen to the tide.</p>", enclosures=(AUDIO,)), "https://harbour.example/feed")
    assert headline_of(note.html) == ("Listen to the tide.", False)
    assert AUDIO.url in note.html
