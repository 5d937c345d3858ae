"""Names of weeks of the year, by their numbers."""

from newsletter.render.words import translation_of, words

# How a week is named by its number where the number doesn't follow the word.
_NUMBERED_WEEKS = {
    "cs": "{week}. týden",
    "et": "{week}. nädal",
    "fa": "هفتهٔ {week}م",
    "ga": "seachtain a {week}",
    "gl": "{week}.ª semana",
    "hr": "{week}. tjedan",
    "hu": "{week}. hét",
    "id": "minggu ke-{week}",
    "ja": "第{week}週",
    "ko": "{week}번째 주",
    "lt": "{week} savaitė",
    "lv": "{week}. nedēļa",
    "pt": "{week}ª semana",
    "pt-br": "{week}ª semana",
    "ru": "{week}-я неделя",
    "sk": "{week}. týždeň",
    "sl": "{week}. teden",
    "th": "สัปดาห์ที่ {week}",
    "tr": "{week}. hafta",
    "uk": "{week}-й тиждень",
    "zh-hans": "第{week}周",
    "zh-hant": "第{week}週",
}


def week_name(week: int, language: str) -> str:
    """Return the name of a week of the year: "uke 6", "6. týden"."""
    usual = words(language)["week"] + " {week}"
    return _NUMBERED_WEEKS.get(translation_of(language), usual).format(week=week)
