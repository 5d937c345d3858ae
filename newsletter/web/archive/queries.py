"""Queries for public editions, and their teasers, which are kept in memory."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.db.models import F, Q, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Concat, RowNumber
from lxml import html as lxml_html

from newsletter.config import Newsletter, Theme
from newsletter.editions.public_editions import in_archive, in_archives, public
from newsletter.editions.rendering import placeholders_of
from newsletter.models import ApprovedContent, Edition
from newsletter.render.placeholders import fill, name_for
from newsletter.render.teaser import TeaserPicture, teaser
from newsletter.web.archive.article import title_of
from subscribers.models import Folded, Subscription, fold

LONGEST_QUERY, MOST_WORDS = 80, 6
"""So many characters and words of a search count, since each reads every edition's text."""

APPROVED = ("approved_content__subject", "approved_content__preheader", "approved_content__text")
"""The fields that the archive's search reads; the desk's reads what editors wrote in drafts, too."""


@dataclass(frozen=True, slots=True)
class ListedEdition:
    """An edition as the archive lists it. `at` is when its first email was accepted, `content` the key of its text."""

    newsletter: str
    period: str
    subject: str
    preheader: str
    at: datetime
    content: int

    @property
    def path(self) -> str:
        """Return the path of its page."""
        return f"/n/{self.newsletter}/{self.period}/"


_FIELDS = (
    "newsletter",
    "period",
    "approved_content__subject",
    "approved_content__preheader",
    "published_at",
    "approved_content__pk",
)


def listed(newsletter: str, words: str = "", *, start: int = 0, count: int = 50) -> list[ListedEdition]:
    """Return a newsletter's public editions that contain all the words, newest first."""
    rows = in_archive(newsletter).order_by("-until", "-pk")
    return _listed(with_words(rows, words, *APPROVED)[start : start + count])


def with_words(rows: QuerySet[Edition], words: str, *fields: str) -> QuerySet[Edition]:
    """Return the editions that have all the words in these fields, regardless of case; all for no word."""
    whole = Concat(*(part for field in fields for part in (F(field), Value(" ", TextField()))))
    folded = rows.alias(folded=Folded(whole))
    for word in fold(words).split()[:MOST_WORDS]:
        folded = folded.filter(folded__contains=word)
    return folded


def number_of_editions(newsletter: str) -> int:
    """Return how many public editions a newsletter has."""
    return in_archive(newsletter).count()


FEWEST_SHOWN = 100
"""A newsletter with fewer subscribers doesn't show how many they are."""


def subscribers_shown(newsletter: Newsletter) -> int:
    """Return how many people subscribe, 0 if its page doesn't show that."""
    if not newsletter.show_subscribers:
        return 0
    active = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE).count()
    return active if active >= FEWEST_SHOWN else 0


def latest(newsletter: Newsletter) -> tuple[str, "EditionTeaser"] | None:
    """Return the path of a newsletter's newest public edition, and what sign-up pages show of it; None without one."""
    editions = listed(newsletter.name, count=1)
    return next(((edition.path, teasers([edition], newsletter.theme)[0]) for edition in editions), None)


def latest_of_each() -> dict[str, ListedEdition]:
    """Return the newest public edition of each newsletter that has one, by the newsletter's name."""
    newest = Window(RowNumber(), partition_by="newsletter", order_by=["-until", "-pk"])
    rows = in_archives().alias(place=newest).filter(place=1)
    return {edition.newsletter: edition for edition in _listed(rows)}


def _listed(rows: QuerySet[Edition]) -> list[ListedEdition]:
    return [ListedEdition(*row) for row in rows.values_list(*_FIELDS)]


def neighbours(newsletter: str, edition: int) -> tuple[ListedEdition | None, ListedEdition | None]:
    """Return the public editions before and after one: older, newer."""
    until = Edition.objects.filter(pk=edition).values("until")[:1]
    rows = in_archive(newsletter)
    older = rows.filter(Q(until__lt=Subquery(until)) | Q(until=Subquery(until), pk__lt=edition))
    newer = rows.filter(Q(until__gt=Subquery(until)) | Q(until=Subquery(until), pk__gt=edition))
    nearest = (older.order_by("-until", "-pk")[:1], newer.order_by("until", "pk")[:1])
    before, after = (next(iter(_listed(rows)), None) for rows in nearest)
    return before, after


def public_edition(newsletter: str, period: str) -> tuple[int, int, datetime] | None:
    """Return what an edition's page depends on: its number, revision and first accepted email; None if it is not
    public.
    """
    row = public().filter(newsletter=newsletter, period=period)
    values = row.values_list("pk", "approved_content__revision", "published_at").first()
    return (values[0], values[1], values[2]) if values and values[2] else None


def was_removed(newsletter: str, period: str) -> bool:
    """Return whether an editor removed this edition from the archive."""
    return Edition.objects.filter(newsletter=newsletter, period=period, removed_from_archive_at__isnull=False).exists()


MOST_KEPT = 2_000
"""A teaser takes about 1 KB."""


@dataclass(frozen=True, slots=True)
class EditionTeaser:
    """What the archive shows of an edition; `picture` is None for an edition without pictures."""

    title: str
    excerpt: str
    picture: TeaserPicture | None = None


_Key = tuple[int, tuple[str, ...]]
_made: OrderedDict[_Key, EditionTeaser] = OrderedDict()
_lock = Lock()


def teasers(editions: Sequence[ListedEdition], theme: Theme) -> list[EditionTeaser]:
    """Return the teasers of editions in their order: one query for those that are not kept, none if all are."""
    logos = tuple(filter(None, (theme.logo, theme.logo_dark)))
    kept = {key: value for key in (_key(edition, logos) for edition in editions) if (value := _made.get(key))}
    missing = [edition.content for edition in editions if _key(edition, logos) not in kept]
    if missing:
        kept |= _from_content(missing, logos)
    _keep(kept)
    return [kept.get(_key(edition, logos)) or EditionTeaser(edition.subject, edition.preheader) for edition in editions]


def _key(edition: ListedEdition, logos: tuple[str, ...]) -> _Key:
    return edition.content, logos


def _from_content(numbers: list[int], logos: tuple[str, ...]) -> dict[_Key, EditionTeaser]:
    edition = ("edition__preheader", "edition__subject", "edition__standalone")
    fields = ("subject", "preheader", "html", "page", "placeholders", *edition)
    rows = ApprovedContent.objects.filter(pk__in=numbers).select_related("edition").only(*fields)
    return {(row.pk, logos): _teaser(row, logos) for row in rows}


def forget() -> None:
    """Make every teaser anew."""
    _made.clear()


def _teaser(content: ApprovedContent, logos: tuple[str, ...]) -> EditionTeaser:
    page = fill(content.page or content.html, placeholders_of(content), name_for)
    shown = teaser(page, content.preheader, written=bool(content.edition.preheader), logos=logos)
    document = lxml_html.document_fromstring(page)
    title = title_of(document, content.subject, written=has_own_subject(content))
    return EditionTeaser(title, shown.excerpt, shown.picture)


def has_own_subject(content: ApprovedContent) -> bool:
    """Return whether an editor wrote the subject, as of every letter; others are made by the newsletter's template."""
    return content.edition.standalone or bool(content.edition.subject)


def _keep(teasers_in_use: dict[_Key, EditionTeaser]) -> None:
    with _lock:
        for key, value in teasers_in_use.items():
            _made[key] = value
            _made.move_to_end(key)
        while len(_made) > MOST_KEPT:
            _made.popitem(last=False)
