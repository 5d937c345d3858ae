from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0059_when_programs_ended'),
    ]

    operations = [
        migrations.AddField(
            model_name='identity',
            name='renewals',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='the journal folders note the newest, so that an older copy is recognized'),
        ),
        migrations.AddField(
            model_name='identity',
            name='renewed_at',
            field=models.DateTimeField(help_text='when a sender counted last', null=True),
        ),
    ]
