"""Newsletters that can't be removed or archived yet, because an edition of theirs is not finished."""

from collections.abc import Iterator

from django.db.models import Q

from newsletter.config import Config, ConfigProblem
from newsletter.editions.states import state_message
from newsletter.messages import Message, configuration, editions as messages
from newsletter.models import Edition, Retry, State

UNFINISHED = (State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED)


def objections(old: Config, new: Config) -> list[ConfigProblem]:
    """Return why a changed configuration can't be used now."""
    problems = []
    for name in _ended(old, new):
        if message := unfinished(name):
            removed = name not in new.newsletters
            key = f"newsletters.{name}" if removed else f"newsletters.{name}.status"
            kind = configuration.NOT_REMOVED if removed else configuration.NOT_ARCHIVED
            problems.append(ConfigProblem(key, kind(reason=message)))
    return problems


def unfinished(newsletter: str) -> Message | None:
    """Return a message about an edition of the newsletter that is not finished; None if there is none."""
    unsent_welcome = Q(state=State.APPROVED, welcome__isnull=False)
    editions = Edition.objects.filter(newsletter=newsletter, state__in=UNFINISHED).exclude(unsent_welcome)
    edition = editions.order_by("pk").first()
    if edition:
        return messages.UNFINISHED(edition=edition.name, state=state_message(edition.state))
    retry = Retry.objects.filter(edition__newsletter=newsletter, edition__state=State.SENT)
    deferred = retry.select_related("edition").first()
    return messages.STILL_DEFERRED(edition=deferred.edition.name) if deferred else None


def _ended(old: Config, new: Config) -> Iterator[str]:
    """Yield the newsletters that were not archived and now are, or are gone."""
    for name, newsletter in old.newsletters.items():
        changed = new.newsletters.get(name)
        if newsletter.status != "archived" and (changed is None or changed.status == "archived"):
            yield name
