"""Periodic cleanup: expired sessions and counters, and texts that are no longer needed."""

import glob
from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Model

from newsletter import later
from newsletter.bounces import webhook_events
from newsletter.config import Config
from newsletter.messages import failures as messages
from newsletter.models import (
    DmarcReport,
    Edition,
    Job,
    JobState,
    KeptAnswer,
    LaterWork,
    Notice,
    Numbering,
    Occurrence,
    Post,
    RecordedEvent,
    Retry,
    SourceDay,
    State,
    WebhookEvent,
)
from newsletter.recovery import log
from newsletter.scheduling import held_files, old_deliveries, unused_images
from newsletter.sending import lifecycle
from subscribers import erasure, pacing, signup
from subscribers.models import Base, OfferedSet, Subscription, locked_bases

KEEP_TEXTS = timedelta(days=400)
KEEP_NOTICES = timedelta(days=90)
KEEP_RECOVERY_LOG = timedelta(days=400)
KEEP_COPIES = timedelta(days=30)
KEEP_JOBS = timedelta(days=1)
SILENT_JOBS = timedelta(hours=12)
"""A job without progress for so long has ended with its program, which may have been on a machine that is gone."""
EXPIRING: tuple[tuple[type[Model], str, timedelta], ...] = (
    (Session, "expire_date", timedelta()),
    (AccessAttempt, "attempt_time", timedelta(days=1)),
    (KeptAnswer, "at", timedelta(days=1)),
    (RecordedEvent, "at", later.KEEP),
    (LaterWork, "done_at", later.KEEP),
    (LaterWork, "gave_up_at", later.KEEP),
    (WebhookEvent, "received_at", webhook_events.KEEP),
    (Notice, "at", KEEP_NOTICES),
    (Job, "updated_at", KEEP_JOBS),
    (Occurrence, "done_at", KEEP_NOTICES),
    (DmarcReport, "ends_at", timedelta(days=400)),
)
"""Rows that are deleted with all that depends on them, and how long they are kept after the time in a field."""

COPIES = ("before-[0-9][0-9][0-9][0-9]", "before-[0-9][0-9][0-9][0-9].part", "replaced-[0-9]*T[0-9]*", "restoring*")
"""How the names of copies of a SQLite file end that the program makes; `newsletter.db.before-trial` is a person's."""
OLD_SCHEMAS = (
    "SELECT nspname FROM pg_namespace WHERE nspname ~ '^newsletter_(replaced|restoring)_[0-9]{8}t[0-9]{6}$'"
    " AND right(nspname, 15) < %s AND pg_get_userbyid(nspowner) = current_user"
)


def tidy(configuration: Config, now: datetime) -> None:
    """Delete expired data from the database and from this machine's folders."""
    tidy_database(configuration, now)
    tidy_folders(configuration, now)


def tidy_database(configuration: Config, now: datetime) -> None:
    """Delete expired rows. Rows of the ledger stay; only their text goes once no draft can need it."""
    for model, field, keep in EXPIRING:
        pacing.delete(model._default_manager.filter(**{f"{field}__lt": now - keep}))
    _end_silent_jobs(now)
    _skip_retries_of_cancelled(configuration, now)
    pacing.delete(AccessLog.objects.all())  # written only by older versions, with address and browser
    signup.delete_expired(now)
    erasure.erase_former_subscribers(now)
    pacing.delete(SourceDay.objects.filter(day__lt=(now - KEEP_NOTICES).date()))
    old = Post.objects.filter(first_seen__lt=now - KEEP_TEXTS, changed_at__lt=now - KEEP_TEXTS)
    unneeded = old.exclude(html="", summary="").exclude(entries__edition__state="draft")
    pacing.in_portions(unneeded, lambda posts: posts.update(html="", summary=""))
    old_deliveries.roll_up(configuration, now)
    remove_unused_sets()
    if connection.vendor == "postgresql":
        _drop_old_schemas(now - KEEP_COPIES)
    erasure.empty_write_ahead_log()


def _skip_retries_of_cancelled(configuration: Config, now: datetime) -> None:
    """Skip the retries that are left of editions whose cancellation was interrupted."""
    left = Retry.objects.filter(chunk=None).values("edition")
    for edition in Edition.objects.filter(state=State.CANCELLED, pk__in=left):
        lifecycle.skip_retries(edition, configuration.delivery, now)


def _drop_old_schemas(before: datetime) -> None:
    """Drop the tables that restores replaced before a moment, or left when they were killed: people who were erased
    since are still in them.
    """
    with connection.cursor() as cursor:
        cursor.execute(OLD_SCHEMAS, [f"{before:%Y%m%dt%H%M%S}"])
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')


def _end_silent_jobs(now: datetime) -> None:
    """Record that jobs were interrupted whose program has not come back, for a day before their rows are deleted."""
    unfinished = Job.objects.filter(state__in=(JobState.WAITING, JobState.RUNNING))
    unfinished.filter(updated_at__lt=now - SILENT_JOBS).update(
        state=JobState.FAILED, problem=messages.JOB_INTERRUPTED(), updated_at=now
    )


def tidy_folders(configuration: Config, now: datetime) -> None:
    """Delete unused images, files of jobs whose rows are deleted, old copies of the database, and months of the
    recovery log that nobody needs any more.
    """
    held_files.remove_unused(configuration, Job.objects.all(), now - KEEP_JOBS)
    unused_images.remove(configuration, now)
    _remove_copies(configuration, now - KEEP_COPIES)
    log.remove_before(configuration, now - KEEP_RECOVERY_LOG)


def _remove_copies(configuration: Config, before: datetime) -> None:
    """Remove copies of a SQLite file from before upgrades and restores: people who were erased since are in them."""
    if database := configuration.sqlite_file:
        for kind in COPIES:
            for file in database.parent.glob(f"{glob.escape(database.name)}.{kind}"):
                if file.stat().st_ctime < before.timestamp():
                    file.unlink()


def remove_unused_sets() -> int:
    """Delete offered sets that nobody has; return how many there were. Each edition leaves some behind.

    Whoever stores a set for a subscription first locks the newsletter's bases, as the fixing of an audience does. So no
    set is deleted between its lookup and the moment when a subscription refers to it.
    """
    newsletters = OfferedSet.objects.order_by().values_list("newsletter", flat=True).distinct()
    return sum(_remove_unused(newsletter) for newsletter in list(newsletters))


@transaction.atomic
def _remove_unused(newsletter: str) -> int:
    Numbering.locked(newsletter)
    locked_bases(newsletter)
    in_use = Subscription.objects.filter(offered__isnull=False).order_by().values("offered").distinct()
    unused = OfferedSet.objects.filter(newsletter=newsletter).exclude(pk__in=in_use)
    return unused.exclude(pk__in=Base.objects.values("offered")).delete()[0]
