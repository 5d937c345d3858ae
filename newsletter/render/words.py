"""The fixed text of an edition in a language (see `translations`), or in English, but with the language's own dates."""

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.messages.localized import in_own_digits
from newsletter.render.translations import KEYS, TRANSLATIONS

_COLONS = {"fr": "\u00a0: ", "ja": "：", "zh-hans": "：", "zh-hant": "："}
"""What stands between a label and what it is about, where that isn't a colon and a space."""

_ALSO = {"no": "nb", "iw": "he", "in": "id"}

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {language: MappingProxyType(dict(zip(KEYS, row, strict=True))) for language, row in TRANSLATIONS.items()}
)

LANGUAGES = tuple(_WORDS)


def words(language: str) -> Mapping[str, str]:
    """Return the fixed text in a language (BCP 47), or in English if it has no translation."""
    return _WORDS.get(translation_of(language), _WORDS["en"])


def colon(language: str) -> str:
    """Return the colon between a label of ours and its text: a no-break space before it in French, wide in Chinese."""
    return _COLONS.get(translation_of(language), ": ")


def number(count: int, language: str) -> str:
    """Return a number within the fixed text of a language, which is English for some."""
    return in_own_digits(str(count), language) if translation_of(language) in _WORDS else str(count)


def language_of_words(language: str) -> str:
    """Return the language of the text that `words` returns, for the `lang` attribute."""
    return language if translation_of(language) in _WORDS else "en"


def translation_of(language: str) -> str:
    """Return the key of the translation for a language: most have one, two depend on the script or the region."""
    base, *parts = language.lower().split("-")
    if base == "zh":
        return "zh-hant" if {"hant", "tw", "hk", "mo"} & set(parts) else "zh-hans"
    if base == "pt" and "br" in parts:
        return "pt-br"
    return _ALSO.get(base, base)
