"""`backup`, `restore`, `move-database`: copies of everything in one file, and of the database elsewhere."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import (
    BY,
    WRONG,
    config_file,
    configuration,
    emit,
    fail,
    progress,
    ready,
    refuse_unmigrated,
    say,
)
from newsletter.config import Config
from newsletter.config.database import parse_database
from newsletter.config.values import InvalidValue

if TYPE_CHECKING:
    from newsletter.backup.archive import ArchiveReader
    from newsletter.backup.files import NewFiles

app = typer.Typer()


@app.command(epilog="Example: newsletter backup /backup/newsletter-2026-02-06.zip")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist yet.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Include the secret key. Keep the file as safe as the key.")
    ] = False,
    without_images: Annotated[bool, typer.Option("--without-images", help="Leave out the folder of images.")] = False,
) -> None:
    """Back up the database, config.toml, templates and images. Editions may be sent meanwhile."""
    configuration = ready(migrate=False)
    refuse_unmigrated()
    from newsletter.backup.create import create

    with progress("backup") as step:
        manifest = create(configuration, file.absolute(), with_key=with_key, images=not without_images, progress=step)
    rows = sum(member.rows or 0 for member in manifest.members.values())
    document = {"file": str(file), "made_at": manifest.made_at, "rows": rows, "with_key": with_key}
    key = "with the secret key" if with_key else "without the secret key; keep a copy of it elsewhere"
    emit(document, f"{file}: {rows:,} rows of {len(manifest.tables)} tables, {key}")


@app.command(epilog="Example: newsletter restore /backup/newsletter-2026-02-06.zip --replace")
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

    had_configuration = config_file().exists()
    created.add(config_file())
    files.restore_configuration(file, config_file())
    files.restore_key_files(file, config_file(), created)
    loaded = configuration()
    created.add(*files.made_before_django(loaded))
    files.restore_key(file, loaded)
    set_up(replace(loaded, site=replace(loaded.site, database=files.restoring_url(loaded))))
    from newsletter.backup import restore as restoring

    lines: list[str] = []

    def finish(archive: "ArchiveReader", restored: Config) -> None:
        lines.append(_complete(archive, restored, [loaded.recovery_log, *logs]))
        created.keep()

    with progress("restore") as step:
        archive = restoring.restore(loaded, file, finish, step, created, replace_database=replace_database)
    made_at = archive.manifest.made_at
    if had_configuration:
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
    from newsletter.backup import replay
    from newsletter.editions import held_back
    from newsletter.messages import acts
    from newsletter.models import Act, Edition, State
    from newsletter.recovery import hold

    replay.accept_older_copy(configuration, datetime.now(UTC))
    if not hold.confirm():
        sentence = "There is nothing to confirm: this database was not restored, or sending was confirmed already."
        emit({"confirmed": False, "waiting": []}, sentence)
        return
    Act.objects.log(BY, acts.RESTORE_CONFIRMED(), configuration.site.url, now=datetime.now(UTC))
    unsent = Edition.objects.filter(state__in=(State.PAUSED, State.APPROVED)).order_by("pk")
    names = [edition.name for edition in unsent]
    waiting_sentence = f" These wait for your decision: {', '.join(names)}." if names else ""
    titles = [post.title or post.url for post in held_back.held_back(*configuration.newsletters)]
    held_sentence = (
        f" These posts may have been sent, and are held back until an editor decides at the desk (Editions, Check) or "
        f"includes them with 'newsletter edit EDITION --include POST': {', '.join(titles)}."
        if titles
        else ""
    )
    emit(
        {"confirmed": True, "waiting": names, "held_back": titles},
        f"Sending has resumed.{waiting_sentence}{held_sentence}",
    )


@app.command(
    "move-database",
    epilog="Example: newsletter move-database sqlite:///newsletter.db postgresql://newsletter@db.example.org/newsletter",
)
def move_database(
    here: Annotated[str, typer.Argument(metavar="FROM", help="The URL of the current database.")],
    there: Annotated[str, typer.Argument(metavar="TO", help="The URL of an empty database.")],
) -> None:
    """Copy the database into another one. If it is interrupted, run it again."""
    loaded = configuration()
    from newsletter.start import set_up

    try:
        old, new = parse_database(here), parse_database(there)
    except InvalidValue as problem:
        fail(str(problem), WRONG)
    if old == new:
        fail("FROM and TO are the same database", WRONG)
    set_up(replace(loaded, site=replace(loaded.site, database=old)))
    from newsletter.backup.move import move

    with progress("move-database") as step:
        results = move(loaded, old, new, step)
    rows = sum(result.rows for result in results)
    emit(
        {"rows": rows, "tables": [asdict(result) for result in results]},
        f"{rows:,} rows of {len(results)} tables, with equal checksums. Now set site.database to the new address.",
    )
