"""`newsletter restore`: restore a backup, and confirm that sending may continue."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import WRONG, config_file, configuration, emit, fail, progress, ready, say
from newsletter.config import Config

if TYPE_CHECKING:
    from newsletter.backup.archive import ArchiveReader
    from newsletter.backup.files import NewFiles


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: newsletter restore /backup/newsletter-2026-02-06.zip --replace")(restore)


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A file that 'newsletter backup' made.")] = None,
    replace_database: Annotated[
        bool, typer.Option("--replace", help="Replace the current database, which is kept under another name.")
    ] = False,
    log: Annotated[
        list[Path] | None, typer.Option("--log", metavar="FOLDER", help="Also read this recovery log; may be repeated.")
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Allow a restored database to send again; used without FILE.")
    ] = False,
) -> None:
    """Restore a backup. Nothing is sent until it is confirmed, at the desk or with --confirm."""
    if confirm == (file is not None):
        fail("give either the FILE of a backup, or --confirm to let a restored database send again", WRONG)
    if file is None:
        _confirm()
        return
    from newsletter.backup import files

    for folder in log or ():
        if not folder.is_dir():
            fail(f"--log: {folder} is not a folder", WRONG)
    with files.removing_new_files_on_error() as created:
        _restore(file, replace_database=replace_database, logs=tuple(log or ()), created=created)


def _restore(file: Path, *, replace_database: bool, logs: tuple[Path, ...], created: "NewFiles") -> None:
    from newsletter.backup import files
    from newsletter.start import set_up

    created.add(config_file())
    files.restore_configuration(file, config_file())
    files.restore_key_files(file, config_file(), created)
    loaded = configuration()
    created.add(*files.made_before_django(loaded))
    files.restore_key(file, loaded)
    set_up(replace(loaded, site=replace(loaded.site, database=files.restoring_url(loaded))))
    from newsletter.backup import restore as restoring

    order = restoring.RestoreOrder(file, replace=replace_database, logs=logs)
    lines: list[str] = []

    def finish(archive: "ArchiveReader", restored: Config) -> None:
        lines.append(_complete(archive, restored, restoring.log_folders(loaded, order)))

    with progress("restore") as step:
        archive = restoring.restore(loaded, order, finish, step, created)
    made_at = archive.manifest.made_at
    say("Images, templates and config.toml that were here already are unchanged.")
    emit(
        {"file": str(file), "made_at": made_at, "reason": lines[0]},
        f"The backup of {made_at} is restored. Nothing is sent until you confirm it: {lines[0]}. "
        "Check the editions at the desk or with 'newsletter status', then run 'newsletter restore --confirm'.",
    )


def _complete(archive: "ArchiveReader", restored: Config, folders: list[Path]) -> str:
    """Set up Django with the restored database, migrate it, and apply the recovery log."""
    from newsletter.start import start

    start(restored)
    from newsletter.backup import replay

    return str(replay.complete(archive.manifest, restored, folders, datetime.now(UTC)))


def _confirm() -> None:
    configuration = ready()
    from newsletter.editions import history
    from newsletter.messages import history as acts
    from newsletter.models import Edition, State
    from newsletter.recovery import hold

    if not hold.confirm():
        sentence = "There is nothing to confirm: this database was not restored, or sending was confirmed already."
        emit({"confirmed": False, "waiting": []}, sentence)
        return
    history.log("command line", acts.RESTORE_CONFIRMED(), configuration.site.url, datetime.now(UTC))
    left = Edition.objects.filter(state__in=(State.PAUSED, State.APPROVED)).order_by("pk")
    names = [edition.name for edition in left]
    more = f" These wait for your decision: {', '.join(names)}." if names else ""
    emit({"confirmed": True, "waiting": names}, f"Sending has resumed.{more}")
