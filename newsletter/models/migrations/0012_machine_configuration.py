"""What each machine sends with, so that machines that differ are noticed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0011_source_messages")]

    operations = [
        migrations.AddField(
            model_name="machine",
            name="configuration",
            field=models.JSONField(help_text="keyed hashes of the tables that send, by their names", null=True),
        ),
        migrations.AddField(
            model_name="machine",
            name="configured_at",
            field=models.DateTimeField(help_text="since when it sends with them, by the database's clock", null=True),
        ),
    ]
