from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0007_rename_frozen_to_approvedcontent'),
    ]

    operations = [
        migrations.AddField(
            model_name='bounce',
            name='proven',
            field=models.BooleanField(default=True, help_text='by our return path, not only by a link or a Message-ID'),
        ),
    ]
