"""Deliveries to webhooks become later work."""

from itertools import islice
from typing import Any

import django.utils.timezone
from django.db import migrations, models

import newsletter.models.message_field
from newsletter.messages.general import TEXT

BATCH = 1_000


def take_over(apps: Any, schema_editor: Any) -> None:
    """Let each delivery be a piece of later work, with what became of it."""
    later_work = apps.get_model("newsletter", "LaterWork")
    rows = apps.get_model("newsletter", "WebhookDelivery").objects.select_related("event").order_by("pk")
    works = (_work(later_work, row) for row in rows.iterator(BATCH))
    while batch := list(islice(works, BATCH)):
        later_work.objects.bulk_create(batch)


def _work(later_work: Any, row: Any) -> Any:
    return later_work(
        kind="webhook",
        key=f"{row.webhook_id} {row.event.key}",
        lane=f"webhook {row.webhook_id}",
        newsletter=row.event.newsletter,
        payload={"webhook": row.webhook_id, "event": row.event.key, "status": row.status},
        created_at=row.event.at,
        due=row.due,
        attempts=row.attempts,
        tried_at=row.tried_at,
        problem=TEXT(words=row.problem) if row.problem else None,
        done_at=row.tried_at or row.event.at if row.state == "delivered" else None,
        gave_up_at=row.tried_at or row.event.at if row.state == "failed" else None,
    )


class Migration(migrations.Migration):

    dependencies = [("newsletter", "0055_machines_without_configuration")]

    operations = [
        migrations.CreateModel(
            name="LaterWork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text="what is done: the name in its decorator", max_length=32)),
                ("key", models.CharField(
                    help_text="of its kind; work with the same key is stored only once", max_length=128
                )),
                ("lane", models.CharField(
                    blank=True, help_text="work of one lane is done one after another", max_length=64
                )),
                ("newsletter", models.CharField(blank=True, help_text="that it is about, if any", max_length=40)),
                ("payload", models.JSONField(default=dict, help_text="what its function needs")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due", models.DateTimeField(
                    default=django.utils.timezone.now, help_text="when it is attempted next"
                )),
                ("leased_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("tried_at", models.DateTimeField(help_text="when the last attempt ended", null=True)),
                ("problem", newsletter.models.message_field.MessageField(help_text="why it failed", null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("gave_up_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["due"], condition=models.Q(done_at=None, gave_up_at=None), name="later_work_waiting"
                    ),
                    models.Index(fields=["kind", "lane"], name="later_work_of_lane"),
                ],
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="later_work_once")],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.DeleteModel(name="WebhookDelivery"),
    ]
