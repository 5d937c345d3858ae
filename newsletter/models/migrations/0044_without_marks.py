from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0043_marks_become_sets'),
    ]

    operations = [
        migrations.RemoveField(model_name='post', name='number'),
        migrations.RemoveField(model_name='numbering', name='by_marks'),
        migrations.RemoveField(model_name='edition', name='end'),
        migrations.RemoveField(model_name='variant', name='marks'),
        migrations.RemoveField(model_name='variant', name='picks'),
        migrations.RemoveField(model_name='variant', name='off_topic'),
        migrations.AlterField(
            model_name='post',
            name='ordinal',
            field=models.PositiveIntegerField(help_text='its place among the posts of the newsletter, from 1'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(fields=('newsletter', 'ordinal'), name='post_ordinal_once'),
        ),
    ]
