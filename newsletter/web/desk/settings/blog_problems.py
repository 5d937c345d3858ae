"""Explains why a blog could not be read during set-up, where nothing is retried automatically."""

from django.utils.translation import gettext as _

from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.web.desk.pages import as_sentence

_TRIED_AGAIN_BY_COLLECTING = (messages.BUSY, messages.BUSY_FOR, messages.SERVER_ERROR)


def blog_problem(problem: Message) -> str:
    """Return the sentence with a remedy that the person has on this page."""
    message = problem.param("message") if ABOUT.matches(problem) else problem
    if not isinstance(message, Message):
        return as_sentence(problem)
    if messages.CONNECTION_FAILED.matches(message):
        why = _("The connection failed (%(cause)s). Check the address and try again.")
        return why % {"cause": message.param("cause")}
    if messages.TLS_FAILED.matches(message):
        return _("The secure connection failed. If the blog has no https, enter its address with http:// in front.")
    if messages.TIMEOUT.matches(message) or messages.TOO_SLOW.matches(message):
        why = _("The blog didn’t answer within %(seconds)s seconds. Try again, or enter the address of its feed.")
        return why % {"seconds": message.param("seconds")}
    if any(kind.matches(message) for kind in _TRIED_AGAIN_BY_COLLECTING):
        return _("The blog’s server answered with an error (%(status)s). Try again in a few minutes.") % {
            "status": message.param("status")
        }
    return as_sentence(problem)
