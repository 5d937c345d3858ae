from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0015_source_days"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="problem",
            field=models.TextField(blank=True, help_text="why the last attempt failed, as text"),
        ),
        migrations.AlterField(
            model_name="result",
            name="text",
            field=models.TextField(
                blank=True, help_text="the server's reply, or a message as text; empty if it accepted"
            ),
        ),
    ]
