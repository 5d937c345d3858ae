"""The programs that work with this database."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0022_hold'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('key', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=255)),
                ('folder', models.CharField(help_text='of config.toml', max_length=500)),
                ('pid', models.PositiveIntegerField()),
                ('command', models.CharField(max_length=20)),
                ('version', models.CharField(max_length=100)),
                ('machine', models.CharField(blank=True, help_text='identity of its journal folder, if it has one', max_length=32)),
                ('services', models.JSONField(default=dict, help_text='the state of each of its services')),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(help_text="by the database's clock")),
            ],
        ),
    ]
