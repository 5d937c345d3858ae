"""The tables of commit a6e0b70: all migrations up to this one, whose name it keeps.

A database at that commit has it applied. An older one must be upgraded with that commit first.
"""

import django.db.models.deletion
import django.utils.timezone
import subscribers.models.people
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Fingerprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(max_length=32)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Subscriber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=254)),
                ('key', models.CharField(max_length=254, unique=True)),
                ('domain', models.CharField(max_length=253)),
                ('address_hash', models.CharField(max_length=32)),
                ('domain_hash', models.CharField(max_length=32)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('language', models.CharField(blank=True, max_length=35)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('moved_at', models.DateTimeField(help_text='when the address was last changed: older links end', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Hits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=32)),
                ('start', models.BigIntegerField()),
                ('until', models.BigIntegerField()),
                ('count', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('what', 'start'), name='hits_once')],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('active', 'Active'), ('unsubscribed', 'Unsubscribed')], default='pending', max_length=12)),
                ('paused_until', models.DateField(blank=True, help_text='gets nothing before this day', null=True)),
                ('tags', subscribers.models.people.TagsField(blank=True, default=tuple)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('joined', models.DateTimeField(blank=True, null=True)),
                ('unsubscribed_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('cadence', models.CharField(blank=True, db_default='', default='', help_text="how often; empty: the newsletter's default", max_length=5)),
                ('mark', models.PositiveIntegerField(db_default=0, default=0, help_text='the number of the last post that was offered (docs/design.md)')),
                ('topics', models.TextField(blank=True, db_default='', default='', help_text='names of topics, sorted, with commas between; empty: all posts')),
                ('starts', models.BooleanField(db_default=True, default=True, help_text="the mark is to be set to the end of the cadence's last edition")),
                ('welcome_from', models.DateTimeField(blank=True, help_text='when the welcome series begins, the confirmation; empty: gets none', null=True)),
                ('heard_at', models.DateTimeField(blank=True, help_text='the last sign of the reader since they subscribed (subscribers/asking)', null=True)),
                ('asked_at', models.DateTimeField(blank=True, help_text='when they were last asked whether they still want it', null=True)),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='subscribers.subscriber')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('welcome_from__isnull', False)), fields=['newsletter', 'welcome_from'], name='subscription_to_welcome')],
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'subscriber'), name='subscription_once')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('confirm', 'Confirm'), ('welcome', 'Welcome'), ('me', 'Me'), ('change', 'Change'), ('ask', 'Ask')], max_length=16)),
                ('newsletter', models.CharField(max_length=40)),
                ('payload', models.JSONField(default=dict)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('due', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(null=True)),
                ('journal', models.CharField(blank=True, db_default='', default='', help_text='of the process that sends it, if only once', max_length=64)),
                ('number', models.PositiveIntegerField(help_text='its number in that journal', null=True)),
                ('problem', models.TextField(blank=True, help_text='why the last attempt failed, as text')),
                ('gave_up_at', models.DateTimeField(help_text='when it was refused, or tried for days in vain', null=True)),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='subscribers.subscriber')),
                ('subscription', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='subscribers.subscription')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['due'], name='letter_waiting')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('how', models.CharField(choices=[('form', 'Form'), ('import', 'Import'), ('by hand', 'By Hand')], max_length=8)),
                ('wording', models.CharField(blank=True, max_length=20)),
                ('text', models.TextField(blank=True)),
                ('language', models.CharField(blank=True, max_length=35)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('network', models.CharField(blank=True, max_length=45)),
                ('page', models.CharField(blank=True, max_length=500)),
                ('cadence', models.CharField(blank=True, db_default='', default='', help_text='how often; stored when it is confirmed', max_length=5)),
                ('topics', models.TextField(blank=True, db_default='', default='', help_text='stored when it is confirmed')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='subscribers.subscription')),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('address', 'Address'), ('domain', 'Domain')], max_length=8)),
                ('hash', models.CharField(max_length=32)),
                ('reason', models.CharField(choices=[('unsubscribed', 'Unsubscribed'), ('bounced', 'Bounced'), ('erased', 'Erased'), ('complained', 'Complained'), ('by hand', 'By Hand')], max_length=16)),
                ('key_id', models.CharField(help_text='the fingerprint of the secret key that the hash was made under', max_length=32)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('note', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'hash'), name='suppression_once')],
            },
        ),
        migrations.CreateModel(
            name='TopicChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('before', models.TextField(blank=True)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='topic_changes', to='subscribers.subscription')),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='topic_change_by_time')],
            },
        ),
    ]
