import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0012_machine_configuration'),
    ]

    operations = [
        migrations.AlterField(
            model_name='edition',
            name='period',
            field=models.CharField(
                help_text='2026-W06, 2026-02-06, 2026-02, letter-2026-02-06; .2 for a second one', max_length=22
            ),
        ),
        migrations.AddField(
            model_name='edition',
            name='standalone',
            field=models.BooleanField(
                default=False, help_text='a letter outside the schedule: it has no posts but those that an editor adds'
            ),
        ),
        migrations.AddField(
            model_name='edition',
            name='blocks',
            field=models.JSONField(
                default=list, help_text='sponsors, events and calls to action; see editions/composing'
            ),
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(help_text='the address of who wrote it', max_length=254)),
                ('to', models.CharField(blank=True, help_text='whom it is for; empty: everybody', max_length=254)),
                ('text', models.TextField()),
                ('done_at', models.DateTimeField(help_text='when it was marked as done', null=True)),
                (
                    'edition',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='newsletter.edition'
                    ),
                ),
            ],
            options={'indexes': [models.Index(fields=['edition', '-at'], name='note_by_time')]},
        ),
    ]
