"""Machines don't compare their configuration, and their shares follow from when they joined."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0054_judged_posts")]
    operations = [
        migrations.RemoveField(model_name="machine", name=name)
        for name in ("configuration", "configured_at", "place", "parts")
    ]
