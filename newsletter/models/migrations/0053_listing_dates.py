"""A listing keeps the date that its source gave last; of those that exist it is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0052_segments_without_conditions")]

    operations = [
        migrations.AddField(
            "listing",
            "published",
            models.DateTimeField(
                null=True, help_text="the date that the source gave last; NULL where only the post's own is known"
            ),
        ),
        migrations.AddIndex("listing", models.Index(fields=["published"], name="listing_by_date")),
    ]
