"""Words that this program adds to posts, in the language of the edition: titles of recordings, and durations.

Posts are stored before an edition's language is known, with these words in English.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from newsletter.render.content.fragment import Element, parse, serialise, text_of
from newsletter.render.content.videos import (
    NAME_OF_FILE,
    PLAY,
    RECORDING,
    is_video_file,
    recordings,
    short_name,
)
from newsletter.render.words import translation_of


class OwnWords(NamedTuple):
    """The words in one language; `{}` is a number."""

    poll: str
    video: str
    audio: str
    hours: str
    minutes: str


_TABLE = {
    "nb": ("Avstemning", "Video", "Lyd", "{} t", "{} min"),
    "nn": ("Avrøysting", "Video", "Lyd", "{} t", "{} min"),
    "en": ("Poll", "Video", "Audio", "{} h", "{} min"),
    "sv": ("Omröstning", "Video", "Ljud", "{} tim", "{} min"),
    "da": ("Afstemning", "Video", "Lyd", "{} t.", "{} min."),
    "de": ("Umfrage", "Video", "Audio", "{} Std.", "{} Min."),
    "fr": ("Sondage", "Vidéo", "Audio", "{} h", "{} min"),
    "es": ("Encuesta", "Vídeo", "Audio", "{} h", "{} min"),
    "bg": ("Анкета", "Видео", "Аудио", "{} ч", "{} мин"),
    "cs": ("Anketa", "Video", "Audio", "{} h", "{} min"),
    "el": ("Δημοσκόπηση", "Βίντεο", "Ήχος", "{} ώ.", "{} λ."),
    "et": ("Küsitlus", "Video", "Heli", "{} t", "{} min"),
    "fi": ("Kysely", "Video", "Ääni", "{} t", "{} min"),
    "ga": ("Pobalbhreith", "Físeán", "Fuaim", "{} u", "{} nóim"),
    "hr": ("Anketa", "Video", "Audio", "{} h", "{} min"),
    "hu": ("Szavazás", "Videó", "Hang", "{} óra", "{} perc"),
    "is": ("Könnun", "Myndband", "Hljóð", "{} klst.", "{} mín."),
    "it": ("Sondaggio", "Video", "Audio", "{} h", "{} min"),
    "lt": ("Apklausa", "Vaizdo įrašas", "Garso įrašas", "{} val.", "{} min."),
    "lv": ("Aptauja", "Video", "Audio", "{} st.", "{} min"),
    "mt": ("Stħarriġ", "Vidjow", "Awdjo", "{} s.", "{} min."),
    "nl": ("Peiling", "Video", "Audio", "{} uur", "{} min"),
    "pl": ("Ankieta", "Wideo", "Audio", "{} godz.", "{} min"),
    "pt": ("Sondagem", "Vídeo", "Áudio", "{} h", "{} min"),
    "pt-br": ("Enquete", "Vídeo", "Áudio", "{} h", "{} min"),
    "ro": ("Sondaj", "Video", "Audio", "{} h", "{} min"),
    "sk": ("Anketa", "Video", "Audio", "{} h", "{} min"),
    "sl": ("Anketa", "Video", "Zvok", "{} h", "{} min"),
    "uk": ("Опитування", "Відео", "Аудіо", "{} год", "{} хв"),
    "ru": ("Опрос", "Видео", "Аудио", "{} ч", "{} мин"),
    "tr": ("Anket", "Video", "Ses", "{} sa.", "{} dk."),
    "ar": ("استطلاع", "فيديو", "صوت", "{} س", "{} د"),
    "he": ("סקר", "וידאו", "אודיו", "{} שע׳", "{} דק׳"),
    "hi": ("मतदान", "वीडियो", "ऑडियो", "{} घं॰", "{} मि॰"),
    "ja": ("投票", "動画", "音声", "{}時間", "{}分"),
    "ko": ("설문", "동영상", "오디오", "{}시간", "{}분"),
    "zh-hans": ("投票", "视频", "音频", "{}小时", "{}分钟"),
    "zh-hant": ("投票", "影片", "音訊", "{}小時", "{}分鐘"),
    "vi": ("Bình chọn", "Video", "Âm thanh", "{} giờ", "{} phút"),
    "th": ("โพล", "วิดีโอ", "เสียง", "{} ชม.", "{} นาที"),
    "id": ("Jajak pendapat", "Video", "Audio", "{} jam", "{} mnt"),
    "ca": ("Enquesta", "Vídeo", "Àudio", "{} h", "{} min"),
    "gl": ("Enquisa", "Vídeo", "Audio", "{} h", "{} min"),
    "af": ("Peiling", "Video", "Klank", "{} u.", "{} min."),
    "ms": ("Tinjauan", "Video", "Audio", "{} jam", "{} min"),
    "fa": ("نظرسنجی", "ویدیو", "صدا", "{} ساعت", "{} دقیقه"),
}  # fmt: skip
OWN_WORDS: Mapping[str, OwnWords] = MappingProxyType({language: OwnWords(*row) for language, row in _TABLE.items()})

_ENGLISH = OWN_WORDS["en"]
_PLACES = MappingProxyType(
    {
        "poll": re.compile(r"(?:#poll-|\Ahttps://poll\.fm/)\d+\Z"),
        "video": re.compile(r"/api/v1/video/upload/[\w-]+/src"),
        "audio": re.compile(r"\Ahttps://api\.substack\.com/api/v1/audio/upload/"),
    }
)
"""Where the links lead that are called so if they have no title."""
_DURATION = re.compile(r"(?:(\d{1,3}) h)?(?:(?:(?<=h) )?(\d{1,4}) min)?")
_ANY = re.compile(r">\s*\d{1,4} (?:h|min)\b|(?:#poll-|//poll\.fm/)\d|/api/v1/(?:video|audio)/upload/")


@lru_cache(maxsize=256)
def with_own_words(html: str, language: str, headline: str = "") -> str:
    """Return a cleaned post with this program's words in a language, or in English if they are not translated.

    Only the titles that players and polls without one get, durations below titles of recordings, and titles of
    recordings that repeat the post's headline, or are the name of a file, are changed.
    """
    words = OWN_WORDS.get(translation_of(language), _ENGLISH)
    repeats = bool(headline) and f">{escape(headline, quote=False)}<" in html
    if not repeats and not NAME_OF_FILE.search(html) and (words is _ENGLISH or not _ANY.search(html)):
        return html
    root = parse(html)
    files = [title for _, title in recordings(root) if _is_called_by_its_file(title)]
    for link in root.iter("a"):
        is_repeated = repeats and text_of(link) == headline and RECORDING.search(link.get("href") or "")
        if is_repeated or files == [link]:
            _rename(link, words)
        else:
            _name(link, words)
    for paragraph in root.iter("p"):
        _write_durations(paragraph, words)
    return serialise(root)


def name_of_recording(url: str, language: str) -> str:
    """Return what a recording is: "Audio" or "Video", in a language or in English."""
    words = OWN_WORDS.get(translation_of(language), _ENGLISH)
    return words.audio if RECORDING.search(url) and not is_video_file(url) else words.video


def _is_called_by_its_file(link: Element) -> bool:
    """Return whether a recording is named after its file; several of one post are told apart by their names."""
    href = link.get("href") or ""
    return text_of(link).removeprefix(PLAY).strip() in (href, short_name(href))


def _rename(link: Element, words: OwnWords) -> None:
    """Call a recording what it is, behind the play mark if it has one."""
    name = words.video if is_video_file(link.get("href")) else words.audio
    if text_of(link).startswith(PLAY):
        name = f"{PLAY} {name}"
    if len(link):
        link[-1].tail = name
    else:
        link.text = name


def _name(link: Element, words: OwnWords) -> None:
    for kind, pattern in _PLACES.items():
        english, translated = getattr(_ENGLISH, kind), getattr(words, kind)
        text = link.text or ""
        if text in (english, f"{PLAY} {english}") and pattern.search(link.get("href") or ""):
            link.text = text.replace(english, translated)


def _write_durations(paragraph: Element, words: OwnWords) -> None:
    """Translate a paragraph of a card that is only a duration, and the lines of a recording that are."""
    parent = paragraph.getparent()
    if not len(paragraph) and parent is not None and parent.get("class") == "link-card":
        paragraph.text = _translated(paragraph.text or "", words)
    elif any(RECORDING.search(link.get("href") or "") for link in paragraph.iter("a")):
        for line_break in paragraph.iter("br"):
            line_break.tail = _translated(line_break.tail or "", words)


def _translated(text: str, words: OwnWords) -> str:
    duration = _DURATION.fullmatch(text.strip())
    if duration is None or not duration[0]:
        return text
    hours, minutes = duration.groups()
    parts = (words.hours.format(hours) if hours else "", words.minutes.format(minutes) if minutes else "")
    return " ".join(filter(None, parts))
