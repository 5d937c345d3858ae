from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0011_offered_sets'),
        ('newsletter', '0043_marks_become_sets'),
    ]

    operations = [
        migrations.RemoveField(model_name='subscription', name='mark'),
        migrations.RemoveField(model_name='subscription', name='starts'),
    ]
