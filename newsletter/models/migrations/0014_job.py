"""Work that is started at the desk and done in the background."""

import django.utils.timezone
import newsletter.models.message_field
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0013_letters_blocks_notes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('about', models.CharField(help_text='a newsletter', max_length=254)),
                ('by', models.CharField(help_text='the address of whoever started it', max_length=254)),
                ('place', models.CharField(help_text='the machine and folder of the program that does it', max_length=500)),
                ('order', models.JSONField(help_text='what was asked for')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('done', models.PositiveBigIntegerField(default=0)),
                ('total', models.PositiveBigIntegerField(default=0)),
                ('result', models.JSONField(default=dict, help_text='the result, as far as there is one')),
                ('problem', newsletter.models.message_field.MessageField(help_text='why it failed', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('restarted_at', models.DateTimeField(help_text='when it was continued after the program had ended', null=True)),
            ],
        ),
    ]
