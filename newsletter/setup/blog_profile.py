"""Facts about a blog before its newsletter exists: title, language, time zone, feeds."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Literal
from unicodedata import normalize
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import SourceReading
from newsletter.feeds.document import split_address
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.formats.decode import decode
from newsletter.feeds.html.markup import to_tree
from newsletter.feeds.language import detect
from newsletter.feeds.model import SourceProblem
from newsletter.feeds.sources.read import read
from newsletter.setup.site_page import SitePage, language_tag, read_site_page

_PAGE = 1_000_000
_LEAST_A_WEEK = 1.0
_TEXTS = 20
_OF_A_WEEK = timedelta(days=7)
"""How far back a feed is read in any case: the first edition of a weekly newsletter has the posts of a week."""
_NAME = re.compile(r"[^a-z0-9]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_LATIN = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
"""Letters that Unicode doesn't decompose into one of ASCII and an accent; `casefold` makes ss of ß."""
_KINDS_OF_FEEDS = ("", "blog", "news", "rss", "rss feed", "feed")
_LARGEST = (
    "America/Sao_Paulo", "America/Santiago", "America/Toronto", "Asia/Almaty", "Asia/Riyadh", "Australia/Sydney",
    "Europe/Lisbon", "Europe/London", "Europe/Madrid",
)  # fmt: skip
"""Where most people of a territory are, if a smaller zone of it, such as Ceuta's, may have the same time."""
_TITLE_PARTS = re.compile(r"(?<!\s)\s++[|–—·-]\s++")


@dataclass(frozen=True, slots=True)
class BlogProfile:
    """A blog as its newsletter will present it; "" for what could not be found.

    `language` and `timezone` are the newsletter's; `post_language` is the posts' where that is another. `posts` are
    those in the feed, the newest first.
    """

    url: str
    title: str
    description: str = ""
    author: str = ""
    cover: str = ""
    language: str = ""
    post_language: str = ""
    timezone: str = ""
    logo: str = ""
    logo_dark: str = ""
    accent: str = ""
    period: config.Period = "week"
    posts: tuple[FoundPost, ...] = ()

    @property
    def name(self) -> str:
        """A name for the newsletter, made from the title, else from the host: `a-z`, `0-9` and `-`."""
        host = (split_address(self.url).hostname or "").removeprefix("www.").partition(".")[0]
        return newsletter_name(self.title) or newsletter_name(host) or "newsletter"


class ReadingStep(IntEnum):
    """The steps of reading a blog, in their order."""

    FEED = 0
    HOME_PAGE = 1


def find_profile(
    url: str,
    collect: config.Collect,
    *,
    now: datetime,
    machine_timezone: str = "",
    step: Callable[[ReadingStep], None] = lambda _step: None,
) -> BlogProfile:
    """Read a blog's feed and its home page. `step` is called when each begins.

    Raises SourceProblem if no feed was found there, or it could not be read.
    """
    step(ReadingStep.FEED)
    reading = read(config.SourceSettings(url=url), collect, now=now, since=now - _OF_A_WEEK)
    if reading.problems and not reading.posts:
        raise SourceProblem(reading.problems[0])
    step(ReadingStep.HOME_PAGE)
    page = _home_page(_home(url, reading), collect)
    post_language = _language_of(reading.posts)
    language = _language(page.language, post_language)
    if post_language == language.partition("-")[0]:
        post_language = language
    times = [post.published for post in reading.posts if post.published]
    return BlogProfile(
        url=url,
        title=_short_title(reading.title, page.title) or urlsplit(url).hostname or url,
        description=page.description,
        author=page.author,
        cover=page.picture,
        language=language,
        post_language=post_language if post_language != language else "",
        timezone=guess_timezone(times, language, machine_timezone),
        logo=page.logo,
        accent=page.accent,
        period=posting_period(times, now),
        posts=reading.posts,
    )


def _language(page: str, posts: str) -> str:
    """Return a blog's language: the page's, unless that is English and the posts are in another one.

    Many programs say of each page that it is English, whatever it is.
    """
    is_default = page.startswith("en") and posts not in ("", "en")
    return page if page and not is_default else language_tag(posts)


def newsletter_name(text: str) -> str:
    """Return a newsletter's name from any text; "" if nothing of it can stand in one."""
    plain = _ACCENTS.sub("", normalize("NFKD", text.casefold().translate(_LATIN)))
    return _NAME.sub("-", plain).strip("-")[:40].strip("-")


def posting_period(times: Sequence[datetime], now: datetime) -> Literal["week", "month"]:
    """Return "week" for a blog with at least one post a week on average, else "month"."""
    recent = sorted(time for time in times if time <= now)
    if len(recent) < 2:
        return "week"
    weeks = max((recent[-1] - recent[0]) / timedelta(days=7), 1)
    return "week" if len(recent) / weeks >= _LEAST_A_WEEK else "month"


def _home(url: str, reading: SourceReading) -> str:
    """Return the blog's home page: the address that was given, unless that is the feed itself."""
    if reading.feed_url != url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _home_page(url: str, collect: config.Collect) -> SitePage:
    """Return what the home page says; nothing if it can't be read, since the feed is enough."""
    try:
        with Fetcher(collect) as fetcher:
            answer = fetcher.get(url)
    except SourceProblem:
        return SitePage()
    if "html" not in answer.content_type:
        return SitePage()
    return read_site_page(decode(answer.body[:_PAGE], answer.content_type), answer.url)


def _short_title(feed: str, page: str) -> str:
    """Return the feed's title without "Blog", else the page's without what follows a dash or a bar, often a slogan."""
    names = [part.strip() for part in _TITLE_PARTS.split(feed) if part.strip().lower() not in _KINDS_OF_FEEDS]
    if names:
        return names[0] if len(names) == 1 else feed.strip()
    return _TITLE_PARTS.split(page)[0].strip() or feed.strip()


def _language_of(posts: Sequence[FoundPost]) -> str:
    newest = sorted(posts, key=lambda post: post.published or datetime.min.replace(tzinfo=UTC), reverse=True)[:_TEXTS]
    return detect(
        " ".join(
            f"{post.title} {to_tree(post.html).text_content()[:400]}" for post in newest if post.html or post.title
        )
    )


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
    """Yield the zones of the territory where most speakers of a language are, and of those where it is official (CLDR);
    with "", those of all territories.
    """
    zones = get_global("territory_zones")
    available = available_timezones()
    if not language:
        sorted_zones = sorted(
            {zone for zones_of_territory in zones.values() for zone in zones_of_territory} & available
        )
        yield from sorted(sorted_zones, key=lambda zone: (_is_minor(zone), not zone.startswith("Europe/")))
        return
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return
    likely = locale.territory or _likely_territory(language) or _likely_territory(locale.language)
    official = [
        territory
        for territory, languages in get_global("territory_languages").items()
        if languages.get(locale.language, {}).get("official_status") in ("official", "de_facto_official")
    ]
    for territories in ((likely,), official):
        found = {zone for territory in territories for zone in zones.get(territory, []) if zone in available}
        yield from sorted(sorted(found), key=lambda zone: (zone not in _LARGEST, _is_minor(zone)))


def _is_minor(zone: str) -> bool:
    """Return whether CLDR names another zone first for the same time, as New York before Detroit."""
    return zone not in get_global("windows_zone_mapping").values()


def _likely_territory(language: str) -> str:
    """Return the territory where most speakers of a language are, "" if it is unknown."""
    likely: str = get_global("likely_subtags").get(language.replace("-", "_"), "")
    return likely.rpartition("_")[2]
