"""Names of the IANA time zone database, and a suggestion for the name of a city or a country."""

import re
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

_LANGUAGES = ("en", "nb", "nn", "da", "sv", "de", "fr", "es")
"""The languages in which names of countries are recognized."""
_MAIN_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "ES": "Europe/Madrid",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "US": "America/New_York",
}
"""The time zone of most people in countries that have several."""
_SIMILARITY = 0.75
"""How similar a misspelled name must be (0 to 1)."""
_SHORTEST_NAME = 4
"""The characters of a name that may be misspelled; shorter ones are abbreviations such as EST."""


@cache
def known_time_zones() -> frozenset[str]:
    """Return every name of the database."""
    return frozenset(available_timezones())


def suggested_time_zone(text: str) -> str | None:
    """Return the time zone of a city or a country, or the most similar name; None for an offset such as `CET+1`."""
    if re.search(r"\d", text):
        return None
    zones, countries = _zones(), _countries()
    for name in map(_simple, (text, *re.split("[,/]", text))):
        if zone := zones.get(name) or countries.get(name):
            return zone
    close = get_close_matches(_simple(text), zones, n=1, cutoff=_SIMILARITY) if len(text) >= _SHORTEST_NAME else []
    return zones[close[0]] if close else None


@cache
def _zones() -> dict[str, str]:
    """Return the time zones by their names, and by the cities that they are named after."""
    from babel.core import get_global  # only needed for a wrong name

    zones = sorted(zone for zone in known_time_zones() if "/" in zone and not zone.startswith("Etc/"))
    current = {zone for zones_of_territory in get_global("territory_zones").values() for zone in zones_of_territory}
    cities = {_simple(zone.rpartition("/")[2]): zone for zone in zones if zone in current}
    return {**{_simple(zone): zone for zone in zones}, **cities}


@cache
def _countries() -> dict[str, str]:
    """Return the time zones by names of countries."""
    from babel import Locale
    from babel.core import get_global

    zones: dict[str, str] = {}
    for code, zones_of_territory in get_global("territory_zones").items():
        if zone := _MAIN_ZONES.get(code) or _only_one(zones_of_territory):
            names = (Locale(language).territories.get(code) for language in _LANGUAGES)
            zones.update({_simple(name): zone for name in names if name})
    return zones


def _only_one(zones: list[str]) -> str | None:
    """Return the time zone of a country that has one, or one that CLDR names first."""
    from babel.core import get_global

    current_zones = [zone for zone in zones if zone in known_time_zones()]
    main = (
        current_zones
        if len(current_zones) == 1
        else [zone for zone in current_zones if zone in get_global("windows_zone_mapping").values()]
    )
    return main[0] if len(main) == 1 else None


def _simple(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().casefold()
