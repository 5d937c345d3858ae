"""The day on which an edition was published, as the archive shows it."""

from datetime import date, datetime

from babel.dates import format_date

from newsletter.config import Newsletter
from newsletter.render.dates import locale_of
from subscribers import pages


def published_on(at: datetime, newsletter: Newsletter) -> date:
    """Return the day of a time where the newsletter is published."""
    return at.astimezone(newsletter.zone).date()


def in_words(day: date, newsletter: Newsletter, language: str) -> str:
    """Return a day in the active language, `language`: if it is the newsletter's, as in its emails, such as
    `February 6, 2026` in American English.
    """
    if newsletter.language.partition("-")[0] == language:
        return format_date(day, "long", locale=locale_of(newsletter.language))
    return pages.day(day)
