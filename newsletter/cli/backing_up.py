"""`newsletter backup`: copy everything into one file."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.common import emit, progress, ready, refuse_unmigrated


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: newsletter backup /backup/newsletter-2026-02-06.zip")(backup)


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
