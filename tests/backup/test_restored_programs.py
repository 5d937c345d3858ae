"""Programs that ran when the backup was made are not waited for in the restored database."""

from pathlib import Path

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.backup import replay
from newsletter.backup.archive import Manifest
from newsletter.models import Worker
from newsletter.sending.machines.presence import Presence

pytestmark = pytest.mark.django_db


def test_nobody_is_told_that_a_program_of_the_backups_time_is_silent(tmp_path: Path) -> None:
    Presence("run", tmp_path, None).beat({})
    manifest = Manifest("none", timezone.now().isoformat(), "", "", "", "", [], [])
    replay.complete(manifest, config.current(), [tmp_path], timezone.now())
    assert not Worker.objects.exists()
