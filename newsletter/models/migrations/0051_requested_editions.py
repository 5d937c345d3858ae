"""Record of drafts that a person asked for their window."""

from typing import Any

from django.db import migrations, models


def _set_of_drafts(apps: Any, _schema: object) -> None:
    """Drafts without a time to be sent at were asked for, as long as they were not approved before."""
    drafts = apps.get_model("newsletter", "Edition").objects.filter(state="draft", due_at=None, standalone=False)
    drafts.filter(corrects=None).exclude(cadence="post").update(by_request=True)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0050_source_configured_at")]

    operations = [
        migrations.AddField(
            "edition",
            "by_request",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="a person asked for the window or its period, not the schedule",
            ),
        ),
        migrations.RunPython(_set_of_drafts, migrations.RunPython.noop),
    ]
