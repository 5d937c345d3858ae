"""The day by which an edition is dated: a letter by the day on which it is sent, a digest by the end of its window."""

from datetime import UTC, date, datetime, timedelta

from newsletter import config
from newsletter.editions.selection.windows import midnight
from newsletter.models import Edition, State
from newsletter.render.dates import last_day


def last_day_of(edition: Edition, newsletter: config.Newsletter, now: datetime | None = None) -> date:
    """Return the local day by which an edition is dated.

    A letter that is a draft has the day of its send time, or of `now`; once it is approved, its window ends when it
    is sent.
    """
    if edition.standalone and edition.state == State.DRAFT:
        now = now or datetime.now(UTC)
        return max(edition.due_at or now, now).astimezone(newsletter.zone).date()
    return last_day(edition.until, newsletter.zone)


def dated_window(
    edition: Edition, newsletter: config.Newsletter, now: datetime | None = None
) -> tuple[datetime, datetime]:
    """Return the window that an edition's dates and subject show, as `[since, until)`.

    That of a letter is the last second of its day, so that it is rendered in the same way at any time of that day. A
    correction has that of the edition that it corrects.
    """
    original = edition
    while original.corrects:
        original = original.corrects
    if original.standalone:
        end = midnight(last_day_of(edition, newsletter, now) + timedelta(days=1), newsletter.zone)
        return end - timedelta(seconds=1), end
    return edition.until - timedelta(seconds=1) if newsletter.by_post else edition.since, edition.until


def subject_template(edition: Edition, newsletter: config.Newsletter) -> str:
    """Return the template of an edition's subject; that of emails of the welcome series names posts, and no date."""
    return "{{ news }}" if edition.welcome_id else newsletter.subject
