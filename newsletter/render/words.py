"""The fixed words of an edition, in eight languages; any other language gets the English ones with its own dates."""

from collections.abc import Mapping
from types import MappingProxyType

_KEYS = (
    "week", "contents", "more", "empty", "browser", "preferences", "unsubscribe", "reason",
)  # fmt: skip

# In the order of the keys above. {title} in the reason stands for the newsletter's title.
_TABLE = {
    "nb": (
        "uke", "I dette brevet", "Flere saker", "Ingen nye saker denne gangen.", "Les i nettleseren",
        "Innstillinger", "Meld deg av", "Du får dette brevet fordi du abonnerer på {title}.",
    ),
    "nn": (
        "veke", "I dette brevet", "Fleire saker", "Ingen nye saker denne gongen.", "Les i nettlesaren",
        "Innstillingar", "Meld deg av", "Du får dette brevet fordi du abonnerer på {title}.",
    ),
    "en": (
        "week", "In this letter", "More posts", "No new posts this time.", "View in browser",
        "Preferences", "Unsubscribe", "You get this letter because you subscribe to {title}.",
    ),
    "sv": (
        "vecka", "I det här brevet", "Fler inlägg", "Inga nya inlägg den här gången.", "Läs i webbläsaren",
        "Inställningar", "Avsluta prenumerationen", "Du får det här brevet för att du prenumererar på {title}.",
    ),
    "da": (
        "uge", "I dette brev", "Flere indlæg", "Ingen nye indlæg denne gang.", "Læs i browseren",
        "Indstillinger", "Afmeld", "Du får dette brev, fordi du abonnerer på {title}.",
    ),
    "de": (
        "Woche", "In diesem Brief", "Weitere Beiträge", "Diesmal keine neuen Beiträge.", "Im Browser lesen",
        "Einstellungen", "Abmelden", "Sie erhalten diesen Brief, weil Sie {title} abonniert haben.",
    ),
    "fr": (
        "semaine", "Dans cette lettre", "Autres articles", "Pas de nouvel article cette fois-ci.",
        "Lire dans le navigateur", "Préférences", "Se désabonner",
        "Vous recevez cette lettre parce que vous êtes abonné à {title}.", ),
    "es": (
        "semana", "En esta carta", "Más artículos", "Esta vez no hay artículos nuevos.", "Leer en el navegador",
        "Preferencias", "Darse de baja", "Recibe esta carta porque está suscrito a {title}.",
    ),
}  # fmt: skip

_ALSO = {"no": "nb"}

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {language: MappingProxyType(dict(zip(_KEYS, row, strict=True))) for language, row in _TABLE.items()}
)

LANGUAGES = tuple(_WORDS)


def words(language: str) -> Mapping[str, str]:
    """The fixed words in a language (BCP 47); the English ones where there are none in it."""
    base = language.partition("-")[0].lower()
    return _WORDS.get(_ALSO.get(base, base), _WORDS["en"])


def language_of_words(language: str) -> str:
    """The language that `words` really gives, for the `lang` of the parts that hold them."""
    base = language.partition("-")[0].lower()
    return language if _ALSO.get(base, base) in _WORDS else "en"
