"""Imports an archive of another tool: each of its issues becomes an edition that is only read.

Promises: an issue is imported once, however often its archive is; an import that was interrupted goes on when it is
repeated; nobody gets an imported edition, and its posts are refused for everyone (`offers/sent_elsewhere`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.editions.approved_content import texts_of
from newsletter.editions.draft import free_name
from newsletter.editions.imported.issue_page import IssuePage, MissingImage, issue_page
from newsletter.editions.offers import sent_elsewhere
from newsletter.editions.problems import Impossible
from newsletter.editions.redeciding import decide_drafts_again
from newsletter.editions.titles import ISSUE
from newsletter.feeds.archives.old_issue import LeftOut, OldIssue
from newsletter.feeds.archives.read import Archive, CleanIssue, opened
from newsletter.feeds.identity import link_key
from newsletter.messages import Problem, acts, archives as messages, message_of
from newsletter.models import (
    Act,
    ApprovedContent,
    ArchiveImport,
    Edition,
    ImportedEdition,
    ImportedLink,
    Numbering,
    OldAddress,
    Post,
    State,
)
from subscribers.pacing import in_portions

AFTERWARDS = timedelta(days=1)
"""How long after an issue a post to which it links may be dated."""

ISSUES_AT_ONCE = 50
"""How many editions of an import are deleted in one transaction."""

MOST_LEFT_OUT = 1_000
"""How many issues that were left out are stored by name."""

MOST_NAMED_IMAGES = 3
"""How many images that are missing are named, with the reason."""

Step = Callable[[int, int], None]
"""Called with the issues done so far, and all of them."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of an import. `images_missing` are images of its editions that still come from their old address, and
    `missing` the first of them.
    """

    number: int | None
    added: int
    present: int
    images_missing: int
    left_out: tuple[LeftOut, ...]
    missing: tuple[MissingImage, ...] = ()


def import_archive(
    configuration: Config,
    newsletter: config.Newsletter,
    path: Path,
    *,
    now: datetime,
    base: str = "",
    name: str = "",
    by: str = "",
    job: int | None = None,
    dry_run: bool = False,
    step: Step = lambda done, total: None,
) -> ImportResult:
    """Import an archive into a newsletter. `base` is the address of the old site, `name` that of the file.

    Raises ArchiveProblem if the archive can't be read.
    """
    with opened(path, newsletter.zone, base) as archive:
        record = None if dry_run else _record(newsletter, name or path.name, base, now, by, job)
        counts = {"added": 0, "present": 0, "images_missing": 0}
        left_out: list[LeftOut] = []
        missing: list[MissingImage] = []
        for done, issue in enumerate(archive):
            step(done, len(archive))
            outcome = (
                issue if isinstance(issue, LeftOut) else _import(configuration, newsletter, issue, archive, record, now)
            )
            if isinstance(outcome, LeftOut):
                left_out.append(outcome)
            else:
                counts[outcome.what] += 1
                counts["images_missing"] += outcome.images_missing
                missing += outcome.missing[: MOST_NAMED_IMAGES - len(missing)]
        step(len(archive), len(archive))
    if record is not None:
        _finish(newsletter, record, counts, left_out, now)
    return ImportResult(record.pk if record else None, **counts, left_out=tuple(left_out), missing=tuple(missing))


def _record(
    newsletter: config.Newsletter, file: str, base: str, now: datetime, by: str, job: int | None
) -> ArchiveImport:
    values = {"newsletter": newsletter.name, "file": file[-254:], "base": base, "at": now, "by": by}
    if job is None:
        return ArchiveImport.objects.create(**values)
    return ArchiveImport.objects.get_or_create(job=job, defaults=values)[0]


@dataclass(frozen=True, slots=True)
class _Done:
    what: str
    images_missing: int = 0
    missing: tuple[MissingImage, ...] = ()


def _import(
    configuration: Config,
    newsletter: config.Newsletter,
    issue: OldIssue,
    archive: Archive,
    record: ArchiveImport | None,
    now: datetime,
) -> _Done | LeftOut:
    if issue.published > now:
        return LeftOut(issue.title, messages.IN_THE_FUTURE())
    imported = ImportedEdition.objects.filter(newsletter=newsletter.name, key=issue.key).select_related("edition")
    present = imported.first()
    if present is not None and (record is None or present.archive_import_id == record.pk or not present.images_missing):
        # An import that goes on after an interruption has added it itself.
        is_own = record is not None and present.archive_import_id == record.pk
        return _Done("added" if is_own else "present", present.images_missing)
    try:
        clean = archive.clean(issue)
    except Problem as problem:
        return LeftOut(issue.title, message_of(problem))
    if not clean.text.strip() and "<img" not in clean.html:
        return LeftOut(issue.title, messages.NO_TEXT())
    if record is None:
        return _Done("added")
    while True:
        period = present.edition.period if present else _period(newsletter, issue)
        page = issue_page(configuration, newsletter, f"{newsletter.name}/{period}", issue, clean, archive, now)
        with transaction.atomic():
            Numbering.locked(newsletter.name)
            if present is not None:
                _store_again(present, page)
                return _Done("present", len(page.missing), page.missing)
            if _period(newsletter, issue) == period:  # else another import has taken the name that the page has
                _store(newsletter, issue, clean, page, record, now)
                return _Done("added", len(page.missing), page.missing)


def _period(newsletter: config.Newsletter, issue: OldIssue) -> str:
    day = issue.published.astimezone(newsletter.zone).date()
    return free_name(newsletter.name, f"{ISSUE}{day.isoformat()}")


def _store(
    newsletter: config.Newsletter,
    issue: OldIssue,
    clean: CleanIssue,
    page: IssuePage,
    record: ArchiveImport,
    now: datetime,
) -> None:
    at = issue.published.astimezone(UTC)
    edition = Edition.objects.create(
        newsletter=newsletter.name,
        period=_period(newsletter, issue),
        state=State.IMPORTED,
        standalone=True,
        since=at,
        until=at,
        fixed_window=True,
        created_at=now,
        refreshed_at=now,
        published_at=at,
        subject=page.rendered.subject,
        preheader=page.rendered.preheader,
    )
    _store_page(edition, page, revision=1)
    ImportedEdition.objects.create(
        edition=edition,
        newsletter=newsletter.name,
        key=issue.key,
        archive_import=record,
        images_missing=len(page.missing),
    )
    links = dict.fromkeys([*([link_key(issue.url)] if issue.url else []), *clean.links])
    ImportedLink.objects.bulk_create(
        ImportedLink(edition=edition, newsletter=newsletter.name, link_key=link, until=at + AFTERWARDS)
        for link in links
    )
    OldAddress.objects.bulk_create((OldAddress(path=p, edition=edition) for p in issue.paths), ignore_conflicts=True)


def _store_again(present: ImportedEdition, page: IssuePage) -> None:
    """Store the page of an edition again whose images were missing."""
    revision = present.edition.revision + 1
    Edition.objects.filter(pk=present.edition_id).update(revision=revision)
    _store_page(present.edition, page, revision)
    present.images_missing = len(page.missing)
    present.save(update_fields=["images_missing"])


def _store_page(edition: Edition, page: IssuePage, revision: int) -> None:
    ApprovedContent.objects.update_or_create(
        edition=edition, defaults={**texts_of(page.rendered), "revision": revision, "headers": {}, "segments": b""}
    )


def _finish(
    newsletter: config.Newsletter,
    record: ArchiveImport,
    counts: dict[str, int],
    left_out: list[LeftOut],
    now: datetime,
) -> None:
    """Refuse the posts that the issues had, and store the figures at last: until then, the import can be repeated."""
    with transaction.atomic():
        Numbering.locked(newsletter.name)
        sent_elsewhere.refuse(Post.objects.filter(newsletter=newsletter.name))
    decide_drafts_again(newsletter, acts.ARCHIVE_IMPORTED(file=record.file), now)
    for name, count in counts.items():
        setattr(record, name, count)
    record.left_out = [[issue.name, issue.reason.to_json()] for issue in left_out[:MOST_LEFT_OUT]]
    record.finished_at = now
    with transaction.atomic():
        record.save()
        Act.objects.log(record.by, acts.ARCHIVE_IMPORTED(file=record.file), newsletter.name, after=counts, now=now)


def import_of(number: int) -> ArchiveImport:
    """Return an import by its number. Raises Impossible for an unknown number."""
    record = ArchiveImport.objects.filter(pk=number).first()
    if record is None:
        raise Impossible(messages.NO_IMPORT(number=str(number)))
    return record


def undo_import(configuration: Config, record: ArchiveImport, *, now: datetime, by: str = "") -> int:
    """Delete the editions of an import, and return how many.

    Its posts are free again, also if editions were approved without them. If the program ends meanwhile, undoing again
    does the rest. Raises Impossible if it was undone before.
    """
    record.refresh_from_db()
    if record.undone_at is not None:
        raise Impossible(messages.UNDONE())
    deleted = in_portions(Edition.objects.filter(imported__archive_import=record), _delete_editions, ISSUES_AT_ONCE)
    newsletter = configuration.newsletters.get(record.newsletter)
    with transaction.atomic():
        Numbering.locked(record.newsletter)
        sent_elsewhere.release(record.newsletter, now - newsletter.late_posts if newsletter else now)
    what = acts.ARCHIVE_IMPORT_UNDONE(file=record.file)
    if newsletter:
        decide_drafts_again(newsletter, what, now)
    with transaction.atomic():
        if ArchiveImport.objects.filter(pk=record.pk, undone_at=None).update(undone_at=now):
            Act.objects.log(by, what, record.newsletter, now=now)
    return deleted


def _delete_editions(editions: QuerySet[Edition]) -> int:
    return editions.delete()[1].get(Edition._meta.label, 0)
