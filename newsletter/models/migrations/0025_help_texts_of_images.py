from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0024_pictures'),
    ]

    operations = [
        migrations.AlterField(
            model_name='hostedimage',
            name='name',
            field=models.CharField(blank=True, help_text='its file in the folder of images, empty without one', max_length=80),
        ),
        migrations.AlterField(
            model_name='hostedimage',
            name='unusable',
            field=models.BooleanField(default=False, help_text="it was fetched, but emails can't show it"),
        ),
    ]
