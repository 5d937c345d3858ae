from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscribers", "0002_mail_queue"),
    ]

    operations = [
        migrations.AlterField(
            model_name="letter",
            name="problem",
            field=models.TextField(blank=True, help_text="why the last attempt failed, as text"),
        ),
    ]
