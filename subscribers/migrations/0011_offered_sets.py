import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0010_earlier_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='OfferedSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('hash', models.CharField(help_text='of the posts, so that equal sets are one row', max_length=32)),
                ('posts', models.TextField(blank=True, help_text='ranges of ordinals, as in 1:40,42 (newsletter/domain/ordinals.py)')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'hash'), name='offered_set_once')],
            },
        ),
        migrations.CreateModel(
            name='Base',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('cadence', models.CharField(max_length=5)),
                ('is_on', models.BooleanField(default=True, help_text='the cadence is offered')),
                ('is_default', models.BooleanField(default=False, help_text='subscribers without a cadence of their own are in it')),
                ('offered', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='subscribers.offeredset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'cadence'), name='base_once')],
            },
        ),
        migrations.AddField(
            model_name='subscription',
            name='offered',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text="the posts that were offered; empty: those of the cadence's base", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='subscriptions', to='subscribers.offeredset'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='returns',
            field=models.BooleanField(db_default=False, default=False, help_text="has unsubscribed: gets the cadence's base in addition when back"),
        ),
        migrations.AddField(
            model_name='subscription',
            name='waited',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='for how many editions posts have waited because their variant was missing'),
        ),
    ]
