"""The time zone of a blog, from its language and the UTC offsets of its posts."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

_NO_TERRITORY = "001"


def guess_timezone(times: Iterable[datetime], language: str, machine: str = "") -> str:
    """Return the IANA time zone in which a blog's dates were written, or "" if they don't say.

    `times` keep the offset that the feed gave. UTC offsets say nothing: many blogs write UTC wherever they are. Of the
    zones that fit every offset, the machine's own comes first, then those where the language is spoken.
    """
    offsets = [(time, time.utcoffset()) for time in times if time.utcoffset() is not None]
    if not any(offset != timedelta() for _, offset in offsets):
        return ""
    candidates = [*([machine] if machine else []), *_zones_of(language), *_zones_of("")]
    return next((zone for zone in candidates if _fits(zone, offsets)), "")


def _fits(zone: str, offsets: list[tuple[datetime, timedelta | None]]) -> bool:
    timezone = ZoneInfo(zone)
    return all(time.astimezone(timezone).utcoffset() == offset for time, offset in offsets)


def _zones_of(language: str) -> Iterator[str]:
    """Yield the zones of the territory where a language is mostly spoken (CLDR); with "", those of all territories."""
    zones = get_global("territory_zones")
    available = available_timezones()
    if not language:
        sorted_zones = sorted(
            {zone for zones_of_territory in zones.values() for zone in zones_of_territory} & available
        )
        yield from sorted(sorted_zones, key=lambda zone: (_is_minor(zone), not zone.startswith("Europe/")))
        return
    try:
        territory = Locale.parse(language, sep="-").territory or _likely_territory(language)
    except (ValueError, UnknownLocaleError):
        return
    yield from sorted((zone for zone in zones.get(territory, []) if zone in available), key=_is_minor)


def _is_minor(zone: str) -> bool:
    """Return whether CLDR names another zone first for the same time, as New York before Detroit."""
    return zone not in get_global("windows_zone_mapping").values()


def _likely_territory(language: str) -> str:
    likely = get_global("likely_subtags").get(language.replace("-", "_"), "")
    return likely.rpartition("_")[2] or _NO_TERRITORY
