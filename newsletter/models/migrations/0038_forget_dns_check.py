"""Forget the last check of DNS: its sentences and judgement are those of an older version. The desk asks for a new one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forget(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete the stored findings, which can be had again at any time."""
    apps.get_model("newsletter", "DnsCheck").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    """Delete the row of DnsCheck."""

    dependencies = (("newsletter", "0037_attempts"),)
    operations = (migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),)
