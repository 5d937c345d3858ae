from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0018_hosted_images'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='partial',
            field=models.BooleanField(default=False, help_text='its source has only the beginning of its text'),
        ),
    ]
