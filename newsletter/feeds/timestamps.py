"""Dates as feeds write them: RFC 3339, W3CDTF, RFC 822 and what is near to these, each with its own offset kept.

Promises: `parse_date` never raises, never guesses an offset that the text names otherwise, and gives None rather than
a wrong instant.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

# RFC 822 5.1 and what feeds write beside it; hours from UTC.
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2,
    "mesz": 2, "mez": 1, "eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "jst": 9, "kst": 9, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3,
}  # fmt: skip
# The names of months in the languages of feeds (CLDR): whole, short and cut to three letters. If a word means different
# months in two languages, the more usual one has it. Babel has them too, but takes 30 MB for the data of all of them.
_MONTH_NAMES = (
    """jan january janeiro ene enero janv janvier januar gen gennaio januari tammi tammikuuta tammikuu sty stycznia
    styczeń янв января январь oca ocak januarie gener tam led ledna leden січ січня січень ιαν ιανουαρίου ιανουάριοσ
    január""",
    """feb february fev fevereiro febrero févr février februar febbraio februari helmi helmikuuta helmikuu lut lutego
    luty февр февраля февраль şub şubat februarie febr febrer fév hel фев úno února únor лют лютого лютий φεβ
    φεβρουαρίου φεβρουάριοσ február""",
    """mar march março marzo mars märz mär mrt maart marts maalis maaliskuuta maaliskuu marca marzec мар марта март
    mart maret març maa bře března březen бер березня березень μαρ μαρτίου μάρ μάρτιοσ márc március már""",
    """apr april abr abril avr avril aprile huhti huhtikuuta huhtikuu kwi kwietnia kwiecień апр апреля апрель nis
    nisan huh dub dubna duben квіт квітня квітень απρ απριλίου απρίλιοσ ápr április кві""",
    """may mai maio mayo mag maggio mei maj touko toukokuuta toukokuu maja мая май mayıs maig tou kvě května květen
    трав травня травень μάι μάιοσ máj május тра μαι""",
    """jun june junho junio juin juni giu giugno kesä kesäkuuta kesäkuu cze czerwca czerwiec июн июня июнь haz haziran
    junie juny jui kes čvn června červen черв червня червень ιουν ιουνίου ιούν ιούνιοσ jún június čer чер ιου ιού""",
    """jul july julho julio juil juillet juli lug luglio heinä heinäkuuta heinäkuu lip lipca lipiec июл июля июль tem
    temmuz julie juliol hei čvc července červenec лип липня липень ιουλ ιουλίου ιούλ ιούλιοσ júl július""",
    """aug august ago agosto août augustus augusti elo elokuuta elokuu sie sierpnia sierpień авг августа август ağu
    ağustos agu agustus agost aoû srp srpna srpen серп серпня серпень αυγ αυγούστου αύγ αύγουστοσ augusztus сер""",
    """sep september set setembro sept septiembre septembre settembre syys syyskuuta syyskuu wrz września wrzesień
    сент сентября сентябрь eyl eylül setembre syy сен zář září вер вересня вересень σεπ σεπτεμβρίου σεπτέμβριοσ szept
    szeptember sze""",
    """oct october out outubro octubre octobre okt oktober ott ottobre loka lokakuuta lokakuu paź października
    październik окт октября октябрь eki ekim lok říj října říjen жовт жовтня жовтень οκτ οκτωβρίου οκτώβριοσ október
    жов""",
    """nov november novembro noviembre novembre marras marraskuuta marraskuu lis listopada listopad нояб ноября ноябрь
    kas kasım ноя listopadu лист листопада листопад νοε νοεμβρίου νοέ νοέμβριοσ лис""",
    """dec december dez dezembro dic diciembre déc décembre dezember dicembre des desember joulu joulukuuta joulukuu
    gru grudnia grudzień дек декабря декабрь ara aralık desembre jou pro prosince prosinec груд грудня грудень δεκ
    δεκεμβρίου δεκέμβριοσ гру""",
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
"""Months by their names, case-folded."""

_OFFSET = r"(?P<offset>[+-]\d{1,2}(?::?\d{2})?(?::?\d{2})?)"
_SECONDS = r"(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?"
_CLOCK = rf"(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.]{_SECONDS})?\s*(?P<half>[ap]\.?m\.?)?"
# Go writes the name of the zone, or the offset again, behind the offset.
_ZONE = rf"\s*(?:\(?(?P<zone>[a-z]{{1,5}})\)?)?\s*(?:{_OFFSET}(?:\s+(?:[a-z]{{2,5}}|[+-]\d{{2,4}}))?)?"
_NUMERIC = re.compile(
    rf"(?P<year>\d{{4}})(?:[-/.](?P<month>\d{{1,2}})(?:[-/.](?P<day>\d{{1,2}})(?:(?:\s*t\s*|\s+){_CLOCK}{_ZONE})?)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)(?:t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?{_ZONE})?",
    re.IGNORECASE,
)
_NAME = r"(?P<name>[^\W\d_]{3,}\.?)"
_NAME_FIRST = r"(?P<name2>[^\W\d_]{3,}\.?)\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?"
_SPELT = re.compile(
    rf"(?:(?P<day>\d{{1,2}})\.?[\s-]+(?:de\s+)?{_NAME}|{_NAME_FIRST})"
    rf"[\s,-]+(?:de\s+)?(?P<year>\d{{4}}|\d\d)(?:(?:\s*t\s*|[\s,]+(?:(?:at|à|kl\.?|um|-)\s+)?){_CLOCK}{_ZONE})?",
    re.IGNORECASE,
)
_UNIX_STYLE = re.compile(rf"{_NAME}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}{_ZONE}\s+(?P<year>\d{{4}})", re.IGNORECASE)
# Day, month, year, as they stand with dots from Lisbon to Vladivostok; with slashes it is ambiguous.
_DOTTED = re.compile(
    rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}})(?:[\s,]+{_CLOCK}{_ZONE})?", re.IGNORECASE
)
_SECONDS_SINCE_1970 = re.compile(r"(\d{9,10})(?:\d{3}|\.\d+)?")
_CHARACTERS = str.maketrans("年月日", "-- ")
MAXIMUM_LENGTH = 100
"""The characters of a date that are read."""

_COMMENT = re.compile(r"\s*\([^()]*\)$")
# What programs write that know no date: nought in the reckoning of their machine.
_NOUGHT = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1000, 9000)
# A day's name, in any language: "Fri,", "Seg,", "terça-feira,". Before a year alone stands a month's or a season's.
_DAY_NAME = re.compile(r"^[^\W\d]+(?:-[^\W\d]+)?(?:\.?,\s*|\.?\s+)(?=\S)(?!\d{4}\Z)", re.IGNORECASE)


def parse_date(text: str) -> datetime | None:
    """Return the instant that `text` names, with its offset; UTC if it has none, or `-0000`.

    A bare date is its midnight in UTC. None if it is no date, one that can't be (30 February), or the nought of a
    machine's reckoning (1 January 1970 or of the year 1).
    """
    instant = _found(" ".join(text.split())[:MAXIMUM_LENGTH])
    return instant if instant and is_plausible(instant) else None


def is_plausible(instant: datetime) -> bool:
    """Return whether a post may be dated so: in a year that every time zone can hold, and not on the Unix epoch."""
    return instant.year in _YEARS and instant != _NOUGHT


def _found(text: str) -> datetime | None:
    if seconds := _SECONDS_SINCE_1970.fullmatch(text):
        return datetime.fromtimestamp(int(seconds[1]), UTC)
    text = " ".join(text.translate(_CHARACTERS).split())
    bare = _DAY_NAME.sub("", text, count=1)
    for pattern in (_NUMERIC, _COMPACT, _DOTTED, _SPELT, _UNIX_STYLE):
        for candidate in (text, bare, _COMMENT.sub("", bare)):
            if match := pattern.fullmatch(candidate):
                return _moment({k: v for k, v in match.groupdict().items() if v})
    return None


def _moment(parts: dict[str, str]) -> datetime | None:
    month = _month(parts)
    offset = _offset(parts)
    if month is None or offset is None:
        return None
    day = int(parts.get("day") or parts.get("day2") or 1)
    hour, minute, second = _hour(parts), int(parts.get("minute", 0)), int(parts.get("second", 0))
    if minute > 59 or second > 60 or (hour, minute, second) > (24, 0, 0):
        return None
    micro = int(parts.get("fraction", "0")[:6].ljust(6, "0"))
    try:
        # Hour 24 is the next day's midnight (ISO 8601); a leap second is the second before it.
        midnight = datetime(_year(parts["year"]), month, day, tzinfo=offset)
        return midnight + timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)
    except (ValueError, OverflowError):
        return None


def _year(digits: str) -> int:
    """Two digits as RFC 2822 4.3 reads them."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)


def _month(parts: dict[str, str]) -> int | None:
    if name := parts.get("name") or parts.get("name2"):
        return MONTHS.get(name.rstrip(".").casefold())
    return int(parts.get("month", 1))


def _hour(parts: dict[str, str]) -> int:
    hour = int(parts.get("hour", 0))
    if half := parts.get("half"):
        return hour % 12 + (12 if half[0] in "pP" else 0)
    return hour


def _offset(parts: dict[str, str]) -> timezone | None:
    """Return the zone of a date; "GMT+2" counts from GMT, and an unknown zone is UTC (RFC 2822 4.3)."""
    hours = _ZONES.get(parts.get("zone", "z").casefold(), 0)
    digits = parts.get("offset", "+0").replace(":", "")
    sign, digits = (-1 if digits[0] == "-" else 1), digits[1:]
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    total = timedelta(hours=hours) + sign * ahead
    if abs(total) >= timedelta(hours=24):
        return None
    return timezone(total) if total else UTC
