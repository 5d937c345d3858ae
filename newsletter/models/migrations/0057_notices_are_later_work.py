"""Emailing and posting a notice become later work."""

from itertools import islice
from typing import Any

from django.db import migrations, models
from django.db.models import Q

from newsletter.messages import from_text

BATCH = 1_000
POSTED = (
    "waiting", "paused", "source", "skipped", "mail", "mailbox", "unknown", "complaints", "fallback", "task",
    "undelivered", "sign-ups",
)  # fmt: skip


def take_over(apps: Any, schema_editor: Any) -> None:
    """Let each notice that waits or was given up be later work: its email, its POST, or both."""
    later_work = apps.get_model("newsletter", "LaterWork")
    rows = apps.get_model("newsletter", "Notice").objects.filter(Q(mailed_at=None) | Q(posted_at=None)).order_by("pk")
    works = (
        _work(later_work, kind, row)
        for row in rows.iterator(BATCH)
        for kind, waits in (
            ("notice-email", row.mailed_at is None),
            ("notice-post", row.posted_at is None and row.kind in POSTED),
        )
        if waits
    )
    while batch := list(islice(works, BATCH)):
        later_work.objects.bulk_create(batch)


def _work(later_work: Any, kind: str, row: Any) -> Any:
    return later_work(
        kind=kind,
        key=str(row.pk),
        lane=kind,
        newsletter=row.newsletter,
        payload={"notice": row.pk, "about": row.kind},
        created_at=row.at,
        due=row.next_try_at or row.at,
        attempts=row.attempts,
        problem=from_text(row.problem),
        gave_up_at=row.gave_up_at,
    )


class Migration(migrations.Migration):

    dependencies = [("newsletter", "0056_later_work")]

    operations = [
        migrations.AlterField(
            "laterwork", "tried_at", models.DateTimeField(help_text="when the last attempt began", null=True)
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        *(
            migrations.RemoveField("notice", name)
            for name in ("mailed_at", "posted_at", "attempts", "next_try_at", "problem", "gave_up_at")
        ),
    ]
