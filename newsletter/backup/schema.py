"""Makes the tables of a certain version of the program in an empty database.

That is done in a process of its own, because migrations use Django's default database.
"""

import ctypes
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from newsletter.backup import BackupProblem
from newsletter.config import Config

Migration = tuple[str, str]
"""An app, and the name of one of its migrations."""
PR_SET_PDEATHSIG = 1


def make_tables(configuration: Config, url: str, migrations: Sequence[Migration] | None = None) -> None:
    """Make the tables that these migrations result in, else all that there are. Raises BackupProblem."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            process.submit(_make, configuration.file.resolve(), url, migrations).result()
        except BrokenProcessPool as e:
            raise BackupProblem(
                "the process that makes the tables was killed, perhaps because memory ran out; free some and try again"
            ) from e


def _make(file: Path, url: str, migrations: Sequence[Migration] | None) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a command that was killed may be run again at once
    os.umask(0o077)
    os.environ |= {
        "NEWSLETTER_CONFIG": str(file),
        "NEWSLETTER__SITE__DATABASE": url,
        "DJANGO_SETTINGS_MODULE": "newsletter.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    if migrations is None:
        call_command("migrate", verbosity=0, interactive=False)
        return
    for app, name in _last(migrations):
        call_command("migrate", app, name, verbosity=0, interactive=False)


def _last(migrations: Sequence[Migration]) -> list[Migration]:
    """Return the last migration of each app. Raises BackupProblem if this program can't make the tables of one."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from newsletter.models.migration_state import FIRST_COMMIT, OURS, too_old, without_earlier

    if latest := too_old(migrations):
        raise BackupProblem(
            f"the backup is from before commit {FIRST_COMMIT} (its last migration is {latest}), and this version can't "
            f"restore it; restore it with newsletter of commit {FIRST_COMMIT}, then start this version"
        )
    graph, applied = MigrationLoader(connection).graph, without_earlier(migrations)
    if unknown := sorted(f"{app}.{name}" for app, name in applied - set(graph.nodes) if app in OURS):
        raise BackupProblem(
            f"a newer version of newsletter made the backup ({unknown[-1]}); install that version, then restore it"
        )
    applied_here = applied & set(graph.nodes)
    return sorted(
        (app, name)
        for app, name in applied_here
        if not any(child.key[0] == app and child.key in applied_here for child in graph.node_map[app, name].children)
    )
