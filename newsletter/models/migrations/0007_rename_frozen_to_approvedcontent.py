import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0006_machine'),
    ]

    operations = [
        migrations.RenameModel(old_name='Frozen', new_name='ApprovedContent'),
        migrations.AlterField(
            model_name='approvedcontent',
            name='edition',
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name='approved_content', to='newsletter.edition'
            ),
        ),
    ]
