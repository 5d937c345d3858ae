import newsletter.models.message_field
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0017_segments'),
    ]

    operations = [
        migrations.CreateModel(
            name='HostedImage',
            fields=[
                ('key', models.CharField(help_text='a hash of the address', max_length=32, primary_key=True, serialize=False)),
                ('url', models.TextField()),
                ('name', models.CharField(blank=True, help_text='its file in the folder of images; empty: there is none', max_length=80)),
                ('problem', newsletter.models.message_field.MessageField(help_text='why there is no file', null=True)),
                ('unusable', models.BooleanField(default=False, help_text='it came, and is no image that an email can show')),
                ('tried_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(help_text='when a draft last contained it')),
            ],
            options={
                'indexes': [models.Index(fields=['used_at'], name='hosted_image_by_use')],
            },
        ),
    ]
