"""What can be chosen in the rows of a filter: the tags and languages of subscribers, frequencies and topics."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from babel import Locale, UnknownLocaleError
from django.db.models import QuerySet

from newsletter.config import Newsletter
from newsletter.domain.cadence import CADENCES
from newsletter.web.desk import formatting
from subscribers.models import Subscription

MOST_TAGS, MOST_SETS, MOST_SUBSCRIPTIONS = 40, 5_000, 20_000
"""How many tags are offered at most, how many different sets of tags they are counted in, and of how many of the newest
subscriptions."""

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ConditionChoices:
    """The values of each field with their titles."""

    of: dict[str, list[Choice]] = field(default_factory=dict)

    def with_chosen(self, name: str, chosen: Iterable[str]) -> list[Choice]:
        """Return the values of a field, and chosen ones that aren't among them."""
        offered = self.of.get(name, [])
        return [*offered, *((value, title_of(name, value)) for value in chosen if value not in dict(offered))]

    def title(self, name: str, value: str) -> str:
        """Return the title of a value of a field."""
        return dict(self.of.get(name, ())).get(value) or title_of(name, value)


def title_of(name: str, value: str) -> str:
    """Return the title of a value that is not among the choices."""
    if name == "frequency":
        return next((formatting.cadence(cadence) for cadence in CADENCES if cadence == value), value)
    return _language(value) if name == "language" else value


def choices_of(newsletters: Collection[Newsletter]) -> ConditionChoices:
    """Return what can be chosen for some newsletters, with the subscribers' tags and languages."""
    newest = _newest(newsletters)
    languages = _languages(newsletters, newest)
    return ConditionChoices({"tag": _tags(newest), "language": languages, **configured(newsletters)})


def configured(newsletters: Collection[Newsletter]) -> dict[str, list[Choice]]:
    """Return the frequencies and topics; of several newsletters, topics have the newsletter's title too."""
    offered = {cadence for newsletter in newsletters if len(newsletter.offered) > 1 for cadence in newsletter.offered}
    topics: dict[str, str] = {}
    for newsletter in newsletters:
        for name, topic in newsletter.topics.items():
            title = topic.title or name
            topics.setdefault(name, f"{title} ({newsletter.title})" if len(newsletters) > 1 else title)
    return {
        "frequency": [(cadence, formatting.cadence(cadence)) for cadence in CADENCES if cadence in offered],
        "topic": list(topics.items()),
    }


def _newest(newsletters: Collection[Newsletter]) -> QuerySet[Subscription]:
    """Return the newest subscriptions, a limited number, so that a large list doesn't make the page slow."""
    subscriptions = Subscription.objects.filter(newsletter__in=[newsletter.name for newsletter in newsletters])
    return Subscription.objects.filter(pk__in=subscriptions.order_by("-pk").values("pk")[:MOST_SUBSCRIPTIONS])


def _tags(subscriptions: QuerySet[Subscription]) -> list[Choice]:
    """Return the commonest tags, by name."""
    counted: Counter[str] = Counter()
    for tags in subscriptions.exclude(tags=()).values_list("tags", flat=True).order_by("tags").distinct()[:MOST_SETS]:
        counted.update(tags)
    return [(tag, tag) for tag in sorted(tag for tag, _count in counted.most_common(MOST_TAGS))]


def _languages(newsletters: Collection[Newsletter], subscriptions: QuerySet[Subscription]) -> list[Choice]:
    """Return the languages of the newsletters and of their subscribers, by name."""
    spoken = (
        subscriptions.order_by("subscriber__language")
        .values_list("subscriber__language", flat=True)
        .distinct()[:MOST_TAGS]
    )
    tags = {tag.lower() for tag in (*spoken, *(newsletter.language for newsletter in newsletters)) if tag}
    return sorted(((tag, _language(tag)) for tag in tags), key=lambda pair: pair[1].casefold())


def _language(tag: str) -> str:
    """Return the name of a language, with its tag; the tag alone if it names no known language."""
    try:
        return f"{Locale.parse(tag, sep='-').get_display_name(formatting.language())} ({tag})"
    except (ValueError, UnknownLocaleError):
        return tag
