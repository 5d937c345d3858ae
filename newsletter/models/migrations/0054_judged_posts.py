"""Each post says whether it was judged, in place of a number for all posts up to one: a page is judged once listed."""

from typing import Any

from django.db import migrations, models


def mark_judged_posts(apps: Any, _editor: object) -> None:
    """Mark the posts that were judged; of pages that no source lists, nothing was."""
    posts = apps.get_model("newsletter", "Post").objects.exclude(content_hash="")
    for numbering in apps.get_model("newsletter", "Numbering").objects.all():
        posts.filter(newsletter=numbering.newsletter, ordinal__lte=numbering.judged).update(judged=True)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0053_listing_dates")]

    operations = [
        migrations.AddField(
            "post",
            "judged",
            models.BooleanField(default=False, help_text="whether that was judged, after a source listed it"),
        ),
        migrations.RunPython(mark_judged_posts, elidable=True),
        migrations.RemoveField("numbering", "judged"),
        migrations.AddIndex(
            "post", models.Index(fields=["newsletter"], condition=models.Q(judged=False), name="post_unjudged")
        ),
    ]
