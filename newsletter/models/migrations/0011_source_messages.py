"""Turns the stored problems of sources into messages, as 0009 does with other sentences."""

import json
import re

from django.db import migrations, models

import newsletter.models.message_field


def message(code, **params):
    return {"code": code, "params": dict(sorted(params.items()))}


PATTERNS = (
    (r"there is no host (\S+); check the address", lambda m: message("source.no-host", host=m[1])),
    (
        r"nothing answers there \(connection refused\); check address and port",
        lambda m: message("source.connection-refused"),
    ),
    (r"is not there \(404\); check the address", lambda m: message("source.not-found")),
    (
        r"says that it is gone for good \(410\); remove it from the sources in config",
        lambda m: message("source.gone"),
    ),
    (
        r"wants no visitors without permission \((\d+)\); ask its owner, or use its public feed",
        lambda m: message("source.forbidden", status=m[1]),
    ),
    (
        r"its server has a fault \((\d+)\); it is asked again with the next collecting",
        lambda m: message("source.server-error", status=m[1]),
    ),
    (
        r"no whole answer within (\S+) s; raise collect\.timeout if the server is always this slow",
        lambda m: message("source.timeout", seconds=m[1]),
    ),
    (
        r"the connection failed \((.*)\); it is tried again with the next collecting",
        lambda m: message("source.connection-failed", cause=m[1]),
    ),
    (r"no safe connection \((.*)\); tell the owner of the site", lambda m: message("source.tls-failed", cause=m[1])),
    (
        r"is a web page that names no feed; put the address of the blog's feed \(RSS, Atom or JSON Feed\) into config",
        lambda m: message("source.no-feed-on-page"),
    ),
)


def source_message(sentence, url):
    """A problem of the source at `url`; None for none, and the words of one that is not known."""
    if not sentence:
        return None
    if sentence.startswith(f"{url}: "):
        words = sentence.removeprefix(f"{url}: ")
        for pattern, make in PATTERNS:
            if found := re.fullmatch(pattern, words, re.DOTALL):
                return message("about", message=make(found), subject=url)
    return message("text", words=sentence)


def to_messages(apps, schema_editor):
    sources = apps.get_model("newsletter", "Source").objects.using(schema_editor.connection.alias)
    for source in sources.all():
        problem = source_message(source.problem, source.url)
        source.problem = None if problem is None else json.dumps(problem)
        source.notes = [source_message(note, source.url) for note in source.notes if note]
        source.save(update_fields=["problem", "notes"])
    if schema_editor.connection.vendor == "postgresql":  # it alters no table for which a check is still to be made
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0010_help_texts'),
    ]

    operations = [
        migrations.AlterField('source', 'problem', models.TextField(null=True)),
        migrations.RunPython(to_messages, elidable=False),
        migrations.AlterField(
            'source',
            'problem',
            newsletter.models.message_field.MessageField(
                null=True, help_text='why it could not be read; NULL when the last try went well'
            ),
        ),
        migrations.AlterField(
            'source',
            'notes',
            newsletter.models.message_field.MessagesField(
                default=list, help_text='what was odd about the last reading'
            ),
        ),
    ]
