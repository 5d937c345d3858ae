"""Segments, and the one that an edition is sent to."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0016_problems_as_text'),
    ]

    operations = [
        migrations.AddField(
            model_name='edition',
            name='segment',
            field=models.CharField(blank=True, help_text='the name of the segment that gets it; empty: all', max_length=60),
        ),
        migrations.AddField(
            model_name='edition',
            name='segment_where',
            field=models.TextField(blank=True, help_text="that segment's filter when it was chosen"),
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=60)),
                ('conditions', models.JSONField(help_text='what was filled in')),
                ('where', models.TextField(help_text='a filter as in newsletters.NAME.where')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'name'), name='segment_once')],
            },
        ),
    ]
