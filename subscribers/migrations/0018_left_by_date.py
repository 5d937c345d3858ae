"""The tables of commit 2fffa3b: all migrations up to this one, whose name it keeps.

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
            name='EarlierKey',
            fields=[
                ('fingerprint', models.CharField(help_text='of the earlier secret key', max_length=32, primary_key=True, serialize=False)),
                ('encrypted', models.BinaryField(help_text='nonce and AES-GCM ciphertext of the two keys')),
                ('under', models.CharField(help_text='the fingerprint of the secret key that encrypts them', max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='Fingerprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(max_length=32)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(blank=True, help_text='the address of whoever started it; empty: a command', max_length=254)),
                ('newsletter', models.CharField(blank=True, help_text='empty: the file blocks addresses for all', max_length=40)),
                ('file', models.CharField(help_text='its name', max_length=254)),
                ('tool', models.CharField(blank=True, help_text='the tool that wrote the file', max_length=40)),
                ('consent', models.TextField(blank=True)),
                ('reason', models.CharField(blank=True, help_text='why all lines are blocked, if they are', max_length=16)),
                ('job', models.BigIntegerField(help_text="the desk's job that does it", null=True, unique=True)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('active', models.PositiveIntegerField(default=0)),
                ('waiting', models.PositiveIntegerField(default=0)),
                ('suppressed', models.PositiveIntegerField(default=0)),
                ('present', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('undo_began_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('reminder_dismissed_at', models.DateTimeField(help_text='when an editor ended reminders to import people who leave the old tool', null=True)),
                ('undo', models.JSONField(default=dict, help_text='how much was removed, restored and kept by undoing it')),
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
            name='OfferedSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('hash', models.CharField(help_text='of the posts, so that equal sets are one row', max_length=32)),
                ('posts', models.TextField(blank=True, help_text='ranges of ordinals, as in 1:40,42 (newsletter/domain/ordinals.py)')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'hash'), name='offered_set_once')],
            },
        ),
        migrations.CreateModel(
            name='RefusedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('file', models.CharField(blank=True, help_text='its file, if they were in a ZIP archive', max_length=254)),
                ('address', models.CharField(max_length=320)),
                ('key', models.CharField(db_index=True, help_text='the address in lower case', max_length=320)),
                ('reason', models.JSONField(help_text='the message')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refused_lines', to='subscribers.import')),
            ],
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
                ('returns', models.BooleanField(db_default=False, default=False, help_text="has unsubscribed: gets the cadence's base in addition when back")),
                ('waited', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='for how many editions posts have waited because their variant was missing')),
                ('topics', models.TextField(blank=True, db_default='', default='', help_text='names of topics, sorted, with commas between; empty: all posts')),
                ('welcome_from', models.DateTimeField(blank=True, help_text='when the welcome series begins, the confirmation; empty: gets none', null=True)),
                ('heard_at', models.DateTimeField(blank=True, help_text='the last sign of the reader since they subscribed (subscribers/asking)', null=True)),
                ('asked_at', models.DateTimeField(blank=True, help_text='when they were last asked whether they still want it', null=True)),
                ('imported', models.BigIntegerField(help_text='the import that added it', null=True)),
                ('offered', models.ForeignKey(db_constraint=False, db_index=False, help_text="the posts that were offered; empty: those of the cadence's base", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='subscriptions', to='subscribers.offeredset')),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='subscribers.subscriber')),
            ],
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
                ('imported', models.BigIntegerField(help_text='the import that added it', null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['key_id'], name='suppression_by_key')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'hash'), name='suppression_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('consent', models.BigIntegerField(null=True)),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='subscribers.import')),
                ('subscriber', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='import_changes', to='subscribers.subscriber')),
                ('subscription', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='import_changes', to='subscribers.subscription')),
                ('suppression', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='import_changes', to='subscribers.suppression')),
            ],
        ),
        migrations.CreateModel(
            name='TopicChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('before', models.TextField(blank=True)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='topic_changes', to='subscribers.subscription')),
            ],
        ),
        migrations.CreateModel(
            name='TransactionalEmail',
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
                ('delayed_at', models.DateTimeField(help_text='when it was delayed, because confirmations were above their budget', null=True)),
                ('released_at', models.DateTimeField(help_text='when it was let go after that', null=True)),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transactional_emails', to='subscribers.subscriber')),
                ('subscription', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='transactional_emails', to='subscribers.subscription')),
            ],
            options={
                'db_table': 'subscribers_letter',
            },
        ),
        migrations.CreateModel(
            name='Base',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.CharField(max_length=40)),
                ('cadence', models.CharField(max_length=5)),
                ('is_on', models.BooleanField(default=True, help_text='the cadence is offered')),
                ('is_default', models.BooleanField(default=False, help_text='subscribers without a cadence of their own are in it')),
                ('offered', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='subscribers.offeredset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'cadence'), name='base_once')],
            },
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('welcome_from__isnull', False)), fields=['newsletter', 'welcome_from'], name='subscription_to_welcome'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('unsubscribed_at__isnull', False)), fields=['newsletter', 'unsubscribed_at'], name='subscription_left'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('state', 'active'), models.Q(('offered__isnull', False), models.Q(('topics', ''), _negated=True), _connector='OR')), fields=['newsletter', 'offered', 'topics'], name='subscription_own_posts'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(fields=('newsletter', 'subscriber'), name='subscription_once'),
        ),
        migrations.AddIndex(
            model_name='topicchange',
            index=models.Index(fields=['at'], name='topic_change_by_time'),
        ),
        migrations.AddIndex(
            model_name='transactionalemail',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['due'], name='letter_waiting'),
        ),
        migrations.AddIndex(
            model_name='transactionalemail',
            index=models.Index(condition=models.Q(('delayed_at__isnull', False)), fields=['newsletter', 'delayed_at'], name='letter_delayed'),
        ),
    ]
