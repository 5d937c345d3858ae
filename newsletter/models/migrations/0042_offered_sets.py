import newsletter.models.message_field
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0041_worker_frozen'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='post',
            name='post_number_once',
        ),
        migrations.AddField(
            model_name='post',
            name='ordinal',
            field=models.PositiveIntegerField(null=True, help_text='its place among the posts of the newsletter, from 1'),
        ),
        migrations.AddField(
            model_name='post',
            name='refusal',
            field=newsletter.models.message_field.MessageField(null=True, help_text='why it is out in every cadence, judged when it was first seen'),
        ),
        migrations.AddField(
            model_name='numbering',
            name='judged',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='edition',
            name='candidates',
            field=models.JSONField(null=True, help_text='the posts that its readers may get, when approved: ordinal, primary key and topics of each'),
        ),
        migrations.AddField(
            model_name='approvedcontent',
            name='posts',
            field=models.BinaryField(default=b'', help_text='the candidates as they were when approved, packed by variants/locked_posts.py'),
        ),
    ]
