"""Shares of the limits that machines have, and what one machine returns to the others."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0019_post_partial'),
    ]

    operations = [
        migrations.AddField(
            model_name='chunk',
            name='handed_over',
            field=models.TextField(blank=True, db_default='', default='', help_text='numbers that were returned to machines that may send them'),
        ),
        migrations.AddField(
            model_name='machine',
            name='joined_at',
            field=models.DateTimeField(help_text='since when it shares the limits with others', null=True),
        ),
        migrations.AddField(
            model_name='machine',
            name='parts',
            field=models.PositiveSmallIntegerField(help_text='how many equal shares its share is one of', null=True),
        ),
        migrations.AddField(
            model_name='machine',
            name='place',
            field=models.PositiveSmallIntegerField(help_text='its share of the limits, from 0; NULL: it has none', null=True),
        ),
        migrations.AddField(
            model_name='retry',
            name='domain',
            field=models.CharField(blank=True, db_default='', default='', help_text='set if not every machine may send to it now', max_length=255),
        ),
    ]
