from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0058_posts_held_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='worker',
            name='ended_at',
            field=models.DateTimeField(help_text='when it ended, or was last seen if it ended without a word', null=True),
        ),
    ]
