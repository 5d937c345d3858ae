from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0018_left_by_date")]

    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="field_values",
            field=models.JSONField(blank=True, help_text="values of the site's own fields by their keys", null=True),
        ),
    ]
