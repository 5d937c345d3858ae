"""Editions that are approved already, which a change of settings doesn't reach."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from newsletter.config.document import Change
from newsletter.editions.titles import subjects
from newsletter.models import Edition, State
from newsletter.web.desk.settings.public_address import URL
from subscribers.requests import config_of

LOCKED = {
    *("title", "language", "timezone", "from", "reply_to", "address", "topics", "subject", "body", "excerpt"),
    *("excerpt_words", "images", "track", "group_by", "order", "maximum_posts", "maximum_size", "theme", "template"),
}
"""Keys of a newsletter whose values an edition keeps from its approval."""


def tell_approved(request: HttpRequest, changes: tuple[Change, ...]) -> None:
    """Name the editions that are already approved, if the changes would be in their emails."""
    names = {change.path[1] for change in changes if LOCKED.intersection(map(str, change.path[2:]))}
    if any(change.path == URL for change in changes):
        names.update(config_of(request).newsletters)
    waiting = Edition.objects.filter(state__in=(State.APPROVED, State.QUEUED), began_at=None, welcome=None)
    if titles := subjects(waiting.filter(newsletter__in=names).order_by("pk"), config_of(request)).values():
        named = ", ".join(_("“%(title)s”") % {"title": title} for title in titles)
        sentence = _(
            "Already approved, with the earlier settings: %(titles)s. Take an edition back to draft to give it the new "
            "ones."
        )
        messages.warning(request, sentence % {"titles": named})
