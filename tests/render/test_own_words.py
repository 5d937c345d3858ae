"""Words that the program adds to posts, in the language of the edition."""

import pytest

from newsletter.feeds.enclosures import Enclosure, cards
from newsletter.feeds.html.clean import clean
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.own_words import OWN_WORDS, with_own_words
from newsletter.render.content.text import plain
from newsletter.render.edition import render
from newsletter.render.words import LANGUAGES
from tests.render.samples import digest, letterhead, post

PAGE = "https://blog.example/boats"
AUDIO = '<div class="native-audio-embed" data-attrs=\'{"mediaUploadId": "1f0b-22", "duration": 754.3}\'></div>'
VIDEO = '<div class="native-video-embed" data-attrs=\'{"mediaUploadId": "2e1c-77"}\'></div>'
POLL = '<div class="poll-embed" data-attrs=\'{"id": 123456}\'></div>'
EPISODE = cards([Enclosure("https://blog.example/1.mp3", "audio/mpeg", seconds=3720)], "", PAGE, "Boats", None)


def test_every_language_of_emails_has_the_words() -> None:
    assert tuple(OWN_WORDS) == LANGUAGES
    assert all("{}" in words.hours and "{}" in words.minutes for words in OWN_WORDS.values())


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("nb", ("Lytt", "13 min", "▶ Se videoen", "Avstemning", "1 t 2 min")),
        ("no", ("Lytt", "13 min", "▶ Se videoen", "Avstemning", "1 t 2 min")),
        ("pt-BR", ("Ouvir", "13 min", "▶ Assistir ao vídeo", "Enquete", "1 h 2 min")),
        ("zh-TW", ("收聽", "13分鐘", "▶ 觀看影片", "投票", "1小時 2分鐘")),
        ("ru", ("Слушать", "13 мин", "▶ Смотреть видео", "Опрос", "1 ч 2 мин")),
        ("sw", ("Listen", "13 min", "▶ Watch the video", "Poll", "1 h 2 min")),
    ],
)
def test_names_and_durations_are_in_the_language_of_the_edition(language: str, names: tuple[str, ...]) -> None:
    stored = clean(AUDIO + VIDEO + POLL, PAGE, PAGE).html + EPISODE
    shown = with_own_words(stored, language)
    assert all(f">{name}<" in shown for name in names)
    assert with_own_words(shown, language) == shown


def test_the_words_of_authors_stay() -> None:
    html = (
        '<p><a href="https://blog.example/poll">Poll</a><br>42 min</p><p>13 min</p>'
        '<p><a href="https://blog.example/a#poll-1">Poll of boats</a></p>'
        '<p><a href="https://blog.example/1.mp3">Video</a><br>about 42 min</p>'
    )
    assert with_own_words(html, "ru") == html


@pytest.mark.parametrize(("file", "name"), [("1.mp3", "Lytt"), ("1.mp4", "Se videoen")])
@pytest.mark.parametrize("picture", ["", '<img src="https://blog.example/1.jpg" alt=""><br>'])
def test_a_recording_does_not_repeat_the_headline(file: str, name: str, picture: str) -> None:
    html = '<p><a href="https://blog.example/{}"{}>{}{}</a><br>42 min</p><p>Salt &amp; tea</p>'
    repeating = html.format(file, "", picture, "Salt &amp; tea")
    assert with_own_words(repeating, "nb", "Salt & tea") == html.format(file, ' data-named=""', picture, name)
    assert with_own_words(repeating, "nb", "Salt") == repeating


def test_a_recording_is_not_called_by_the_name_of_its_file_and_several_by_its_words() -> None:
    link = '<p><a href="https://blog.example/{0}.mp4?_=1">{1}</a><br>2 min</p>'
    for text in ("▶ Boats_1.mp4", "Boats_1.mp4", "https://blog.example/Boats_1.mp4?_=1"):
        shown = with_own_words(link.format("Boats_1", text), "fr")
        assert text_of(parse(shown)).removeprefix("▶ ") == "Regarder la vidéo2 min"
        assert text.startswith("▶") == text_of(parse(shown)).startswith("▶ ")
    assert ">Lytt</a>" in with_own_words('<p><a href="/tide.mp3">tide.mp3</a></p>', "nb")
    in_a_sentence = '<p>Get <a href="/tide.mp3">tide.mp3</a> and play it as often as you like.</p>'
    assert with_own_words(in_a_sentence, "nb") == in_a_sentence
    several = link.format("Boats_1", "Boats_1.mp4") + link.format("Tide", "Tide.mp4")
    assert [text_of(title) for title in parse(with_own_words(several, "en")).iter("a")] == ["Boats 1", "Tide"]


@pytest.mark.parametrize("design", ["letter", "brief"])
def test_an_edition_has_them_in_both_parts(design: str) -> None:
    edition = digest([post(0, html=f"<p>Of boats.</p>{EPISODE}")], letterhead=letterhead(design=design, language="ru"))
    rendered = render(edition)
    for text in (plain(rendered.html), rendered.text):
        assert "1 ч 2 мин" in text.replace("\u00a0", " ")
        assert "2 min" not in text
