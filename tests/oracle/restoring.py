"""A backup of the fast form: the database as it was, put back and completed from the recovery log."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from unittest.mock import patch

from django.apps import apps
from django.core import serializers
from django.db import connection
from django.test import override_settings

from newsletter.backup import replay
from newsletter.backup.archive import Manifest
from newsletter.config import Config
from newsletter.recovery import entries, hold, log
from tests.oracle.site import OracleSite


class Backup:
    """All rows of the database at a time; the recovery log in a folder has what happens from then on."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._manifest = Manifest(secrets.token_hex(8), now.isoformat(), "", "", "", "", [], [])
        self._models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
        everything = (row for model in self._models for row in model._base_manager.order_by("pk"))
        self._rows = serializers.serialize("python", everything)
        log.append(entries.MARK, self._manifest.id, durable=True)

    def restore(self, configuration: Config, now: datetime, *, with_log: bool = True) -> None:
        """Put the rows back, complete them as `newsletter restore` does, and confirm that sending may go on."""
        with connection.cursor() as cursor:
            for model in self._models:
                cursor.execute(f"DELETE FROM {model._meta.db_table}")
        for row in serializers.deserialize("python", self._rows):
            row.save()
        replay.complete(self._manifest, configuration, [self._folder] if with_log else [], now)
        hold.confirm()


@contextmanager
def recovery_log(site: OracleSite) -> Iterator[Path]:
    """Let a recovery log be written at the site's time, and yield its folder.

    No transaction of a test is committed, so what is written then is written at once.
    """
    clock = SimpleNamespace(time=lambda: site.now.timestamp())
    at_once = SimpleNamespace(on_commit=lambda write: write())
    with (
        TemporaryDirectory() as folder,
        override_settings(RECOVERY_LOG=folder),
        patch.object(log, "time", clock),
        patch.object(entries, "transaction", at_once),
    ):
        yield Path(folder)
