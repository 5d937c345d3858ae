"""The filter of a segment is the only record of its conditions, from which the desk makes the rows of its form."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0051_requested_editions")]

    operations = [
        migrations.AlterField("segment", "conditions", models.JSONField(default=dict)),
        migrations.RemoveField("segment", "conditions"),
    ]
