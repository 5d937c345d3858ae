from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0060_renewals'),
    ]

    operations = [
        migrations.AddField(
            model_name='approvedcontent',
            name='personal_subject',
            field=models.TextField(blank=True, db_default='', default='', help_text="with recipients' values"),
        ),
        migrations.AddField(
            model_name='variant',
            name='personal_subject',
            field=models.TextField(blank=True, db_default='', default='', help_text='as in the approved content'),
        ),
    ]
