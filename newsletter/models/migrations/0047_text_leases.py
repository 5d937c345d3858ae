import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0046_imported_editions'),
    ]

    operations = [
        migrations.CreateModel(
            name='TextLease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(help_text='greeting, title-12, text-12', max_length=40)),
                ('by', models.CharField(help_text='the address of who is writing', max_length=254)),
                ('until', models.DateTimeField()),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to='newsletter.edition')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('edition', 'text'), name='text_lease_once')],
            },
        ),
    ]
