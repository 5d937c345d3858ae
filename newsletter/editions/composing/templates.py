"""Letters that new ones are started from: an editor names one, and it stays a template whatever becomes of it."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from newsletter.editions import history
from newsletter.editions.problems import Impossible
from newsletter.messages import editions as messages
from newsletter.messages import history as acts
from newsletter.models import Edition

LONGEST_NAME = 100


def templates(newsletter: str) -> QuerySet[Edition]:
    """Return the templates of a newsletter, by name."""
    return Edition.objects.filter(newsletter=newsletter, standalone=True).exclude(template="").order_by("template")


def name_template(edition: Edition, name: str, *, by: str = "", now: datetime | None = None) -> None:
    """Make a letter a template under a name, or with "" no template any more.

    Raises Impossible for an edition that is no letter, and for a name that is too long or that another one has.
    """
    name, now = " ".join(name.split()), now or datetime.now(UTC)
    if not edition.standalone:
        raise Impossible(messages.TEMPLATE_OF_LETTERS())
    if len(name) > LONGEST_NAME:
        raise Impossible(messages.TEMPLATE_NAME_LONG(most=LONGEST_NAME))
    with transaction.atomic():
        letters = templates(edition.newsletter).select_for_update().exclude(pk=edition.pk)
        if name and any(other.template.casefold() == name.casefold() for other in letters):
            raise Impossible(messages.TEMPLATE_NAME_TAKEN(name=name))
        Edition.objects.filter(pk=edition.pk).update(template=name)
        what = acts.TEMPLATE_SAVED(name=name) if name else acts.TEMPLATE_REMOVED(name=edition.template)
        history.log(by, what, edition.name, now)
