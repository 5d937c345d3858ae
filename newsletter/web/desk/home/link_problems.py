"""Links that subscribers could not open, as the first page says it."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.editions.local_links import check_edition, check_links_of_everyone
from newsletter.editions.problems import Impossible
from newsletter.models import ApprovedContent, State
from newsletter.web.desk import formatting
from newsletter.web.desk.home.queries import Card


def links_that_fail(config: Config, card: Card) -> Iterator[tuple[str, str, str]]:
    """Yield a sentence, an address and the words of a link to it: for a newsletter that must not be sent, since its
    links would not work, or for each of its editions that were approved with such links.
    """
    newsletter = card.newsletter
    try:
        check_links_of_everyone(config, newsletter.name)
    except Impossible as problem:
        text = f"{newsletter.title}: {formatting.message(problem.message)}."
        yield text, reverse("desk:settings-site", args=("address",)), _("Change")
        return
    lines = [line for line in card.open if line.edition.state in (State.APPROVED, State.QUEUED)]
    approved = {line.edition.pk: line for line in lines if line.edition.waiting is None}
    for content in ApprovedContent.objects.filter(edition__in=approved).only("edition_id", "headers"):
        try:
            check_edition(config, newsletter.name, content)
        except Impossible as problem:
            line = approved[content.edition_id]
            text = _("“%(edition)s” – %(standing)s") % {
                "edition": line.title,
                "standing": formatting.message(problem.message),
            }
            yield formatting.sentence(text), line.address, _("Open")
