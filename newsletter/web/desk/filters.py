"""Template filters of the desk: `{{ told|message }}`."""

from django import template
from django.utils import timezone

from newsletter.messages import Message
from newsletter.web.desk import formatting

register = template.Library()


@register.filter
def message(value: Message | str | None) -> str:
    """Return a message in the language of the page, with times in the site's zone; text as it is."""
    return value if isinstance(value, str) else formatting.message(value, timezone.get_current_timezone())


@register.filter
def sentence(value: Message | str | None) -> str:
    """Return a message that stands alone: with a capital letter and a full stop."""
    return formatting.sentence(message(value))
