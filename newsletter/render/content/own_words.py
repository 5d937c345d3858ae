"""Words that this program adds to texts, in the language of the edition: links to recordings, durations, and labels.

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
    NAMED,
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
    watch: str
    listen: str
    hours: str
    minutes: str
    note: str
    tip: str
    warning: str


class Label(NamedTuple):
    """A word, and the language that it is in."""

    text: str
    language: str


_TABLE = {
    "nb": ("Avstemning", "Se videoen", "Lytt", "{} t", "{} min", "Merk", "Tips", "Advarsel"),
    "nn": ("Avrøysting", "Sjå videoen", "Lytt", "{} t", "{} min", "Merk", "Tips", "Åtvaring"),
    "en": ("Poll", "Watch the video", "Listen", "{} h", "{} min", "Note", "Tip", "Warning"),
    "sv": ("Omröstning", "Se videon", "Lyssna", "{} tim", "{} min", "Obs", "Tips", "Varning"),
    "da": ("Afstemning", "Se videoen", "Lyt", "{} t.", "{} min.", "Bemærk", "Tip", "Advarsel"),
    "de": ("Umfrage", "Video ansehen", "Anhören", "{} Std.", "{} Min.", "Hinweis", "Tipp", "Achtung"),
    "fr": ("Sondage", "Regarder la vidéo", "Écouter", "{} h", "{} min", "Remarque", "Astuce", "Attention"),
    "es": ("Encuesta", "Ver el vídeo", "Escuchar", "{} h", "{} min", "Nota", "Consejo", "Atención"),
    "bg": ("Анкета", "Гледайте видеото", "Слушайте", "{} ч", "{} мин", "Бележка", "Съвет", "Внимание"),
    "cs": ("Anketa", "Přehrát video", "Poslechnout", "{} h", "{} min", "Poznámka", "Tip", "Upozornění"),
    "el": ("Δημοσκόπηση", "Δείτε το βίντεο", "Ακούστε", "{} ώ.", "{} λ.", "Σημείωση", "Συμβουλή", "Προσοχή"),
    "et": ("Küsitlus", "Vaata videot", "Kuula", "{} t", "{} min", "Märkus", "Nõuanne", "Hoiatus"),
    "fi": ("Kysely", "Katso video", "Kuuntele", "{} t", "{} min", "Huomautus", "Vinkki", "Varoitus"),
    "ga": ("Pobalbhreith", "Féach ar an bhfíseán", "Éist", "{} u", "{} nóim", "Nóta", "Leid", "Rabhadh"),
    "hr": ("Anketa", "Pogledajte video", "Poslušajte", "{} h", "{} min", "Napomena", "Savjet", "Upozorenje"),
    "hu": ("Szavazás", "Videó megtekintése", "Meghallgatás", "{} óra", "{} perc", "Megjegyzés", "Tipp", "Figyelem"),
    "is": ("Könnun", "Horfa á myndbandið", "Hlusta", "{} klst.", "{} mín.", "Athugið", "Ábending", "Viðvörun"),
    "it": ("Sondaggio", "Guarda il video", "Ascolta", "{} h", "{} min", "Nota", "Suggerimento", "Attenzione"),
    "lt": ("Apklausa", "Žiūrėti vaizdo įrašą", "Klausytis", "{} val.", "{} min.", "Pastaba", "Patarimas", "Dėmesio"),
    "lv": ("Aptauja", "Skatīties video", "Klausīties", "{} st.", "{} min", "Piezīme", "Padoms", "Uzmanību"),
    "mt": ("Stħarriġ", "Ara l-vidjow", "Isma’", "{} s.", "{} min.", "Nota", "Parir", "Twissija"),
    "nl": ("Peiling", "Bekijk de video", "Beluister", "{} uur", "{} min", "Opmerking", "Tip", "Waarschuwing"),
    "pl": ("Ankieta", "Obejrzyj wideo", "Posłuchaj", "{} godz.", "{} min", "Informacja", "Wskazówka", "Ostrzeżenie"),
    "pt": ("Sondagem", "Ver o vídeo", "Ouvir", "{} h", "{} min", "Nota", "Dica", "Atenção"),
    "pt-br": ("Enquete", "Assistir ao vídeo", "Ouvir", "{} h", "{} min", "Nota", "Dica", "Atenção"),
    "ro": ("Sondaj", "Vezi videoclipul", "Ascultă", "{} h", "{} min", "Notă", "Sfat", "Atenție"),
    "sk": ("Anketa", "Prehrať video", "Vypočuť", "{} h", "{} min", "Poznámka", "Tip", "Upozornenie"),
    "sl": ("Anketa", "Oglejte si video", "Poslušajte", "{} h", "{} min", "Opomba", "Nasvet", "Opozorilo"),
    "uk": ("Опитування", "Переглянути відео", "Слухати", "{} год", "{} хв", "Примітка", "Порада", "Увага"),
    "ru": ("Опрос", "Смотреть видео", "Слушать", "{} ч", "{} мин", "Примечание", "Совет", "Внимание"),
    "tr": ("Anket", "Videoyu izle", "Dinle", "{} sa.", "{} dk.", "Not", "İpucu", "Uyarı"),
    "ar": ("استطلاع", "شاهد الفيديو", "استمع", "{} س", "{} د", "ملاحظة", "نصيحة", "تحذير"),
    "he": ("סקר", "לצפייה בסרטון", "להאזנה", "{} שע׳", "{} דק׳", "הערה", "טיפ", "אזהרה"),
    "hi": ("मतदान", "वीडियो देखें", "सुनें", "{} घं॰", "{} मि॰", "नोट", "सुझाव", "चेतावनी"),
    "ja": ("投票", "動画を見る", "聴く", "{}時間", "{}分", "メモ", "ヒント", "注意"),
    "ko": ("설문", "동영상 보기", "듣기", "{}시간", "{}분", "참고", "팁", "주의"),
    "zh-hans": ("投票", "观看视频", "收听", "{}小时", "{}分钟", "说明", "提示", "警告"),
    "zh-hant": ("投票", "觀看影片", "收聽", "{}小時", "{}分鐘", "說明", "提示", "警告"),
    "vi": ("Bình chọn", "Xem video", "Nghe", "{} giờ", "{} phút", "Lưu ý", "Mẹo", "Cảnh báo"),
    "th": ("โพล", "ดูวิดีโอ", "ฟัง", "{} ชม.", "{} นาที", "หมายเหตุ", "เคล็ดลับ", "คำเตือน"),
    "id": ("Jajak pendapat", "Tonton video", "Dengarkan", "{} jam", "{} mnt", "Catatan", "Tips", "Peringatan"),
    "ca": ("Enquesta", "Mira el vídeo", "Escolta", "{} h", "{} min", "Nota", "Consell", "Atenció"),
    "gl": ("Enquisa", "Ver o vídeo", "Escoitar", "{} h", "{} min", "Nota", "Consello", "Atención"),
    "af": ("Peiling", "Kyk na die video", "Luister", "{} u.", "{} min.", "Let wel", "Wenk", "Waarskuwing"),
    "ms": ("Tinjauan", "Tonton video", "Dengar", "{} jam", "{} min", "Nota", "Petua", "Amaran"),
    "fa": ("نظرسنجی", "تماشای ویدیو", "شنیدن", "{} ساعت", "{} دقیقه", "توجه", "راهنمایی", "هشدار"),
    "ur": ("رائے شماری", "ویڈیو دیکھیں", "سنیں", "{} گھنٹے", "{} منٹ", "نوٹ", "مشورہ", "انتباہ"),
    "bn": ("জরিপ", "ভিডিও দেখুন", "শুনুন", "{} ঘণ্টা", "{} মিনিট", "দ্রষ্টব্য", "পরামর্শ", "সতর্কতা"),
    "mr": ("मतदान", "व्हिडिओ पहा", "ऐका", "{} ता.", "{} मि.", "टीप", "सल्ला", "इशारा"),
    "ta": ("வாக்கெடுப்பு", "வீடியோவைக் காண்க", "கேட்க", "{} ம.நே.", "{} நிமி.", "குறிப்பு", "உதவிக்குறிப்பு", "எச்சரிக்கை"),
}  # fmt: skip
OWN_WORDS: Mapping[str, OwnWords] = MappingProxyType({language: OwnWords(*row) for language, row in _TABLE.items()})

ENGLISH = OWN_WORDS["en"]
_STORED = (
    ("Poll", "poll", re.compile(r"(?:#poll-|\Ahttps://poll\.fm/)\d+\Z")),
    ("Video", "watch", re.compile(r"/api/v1/video/upload/[\w-]+/src")),
    ("Audio", "listen", re.compile(r"\Ahttps://api\.substack\.com/api/v1/audio/upload/")),
)
"""What links without a title are called in stored posts, the word for each, and where such links lead."""
_DURATION = re.compile(r"(?:(\d{1,3}) h)?(?:(?:(?<=h) )?(\d{1,4}) min)?")
_ANY = re.compile(r">\s*\d{1,4} (?:h|min)\b|(?:#poll-|//poll\.fm/)\d|/api/v1/(?:video|audio)/upload/")


@lru_cache(maxsize=256)
def with_own_words(html: str, language: str, headline: str = "") -> str:
    """Return a cleaned post with this program's words in a language, or in English if they are not translated.

    Only the titles that players and polls without one get, durations below titles of recordings, and titles of
    recordings that repeat the post's headline, or are the name of a file, are changed. The links that get such words
    say so, for `show_recordings`.
    """
    words = OWN_WORDS.get(translation_of(language), ENGLISH)
    repeats = bool(headline) and f">{escape(headline, quote=False)}<" in html
    if not repeats and not NAME_OF_FILE.search(html) and not _ANY.search(html):
        return html
    root = parse(html)
    alone = [title for _, title in recordings(root)]
    files = [title for title in alone if _is_called_by_its_file(title)]
    for link in root.iter("a"):
        is_repeated = repeats and text_of(link) == headline and RECORDING.search(link.get("href") or "")
        if is_repeated or files == [link]:
            _rename(link, name_of_recording(link.get("href"), language))
        elif link in files:
            _rename(link, _readable(short_name(link.get("href"))))
        else:
            _name(link, words)
            continue
        if link in alone:
            link.set(NAMED, "")
    for paragraph in root.iter("p"):
        _write_durations(paragraph, words)
    return serialise(root)


def name_of_recording(url: str, language: str) -> str:
    """Return what a link to a recording says: "Listen", or "Watch the video", in a language or in English."""
    words = OWN_WORDS.get(translation_of(language), ENGLISH)
    return words.listen if RECORDING.search(url) and not is_video_file(url) else words.watch


def named_tint(tint: str, language: str) -> Label:
    """Return what a block with a tint is, a note, a tip or a warning, in a language or in English."""
    translation = translation_of(language)
    words = OWN_WORDS.get(translation)
    return Label(getattr(words or ENGLISH, tint), language if words else "en")


def _is_called_by_its_file(link: Element) -> bool:
    """Return whether a recording is named after its file; several of one post are told apart by their names."""
    href = link.get("href") or ""
    return text_of(link).removeprefix(PLAY).strip() in (href, short_name(href))


def _readable(file: str) -> str:
    """Return the name of a file as words."""
    return " ".join(re.split(r"[\s_-]+", file.rpartition(".")[0])).strip() or file


def _rename(link: Element, name: str) -> None:
    """Give a recording its name, behind the play mark if it has one."""
    if text_of(link).startswith(PLAY):
        name = f"{PLAY} {name}"
    if len(link):
        link[-1].tail = name
    else:
        link.text = name


def _name(link: Element, words: OwnWords) -> None:
    for stored, word, pattern in _STORED:
        text = link.text or ""
        if text in (stored, f"{PLAY} {stored}") and pattern.search(link.get("href") or ""):
            link.text = text.replace(stored, getattr(words, word))


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
