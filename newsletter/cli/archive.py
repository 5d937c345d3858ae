"""`newsletter archive …`: remove an edition from the public archive or return it; bring old issues; old addresses."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from newsletter.cli.common import (
    WRONG,
    EditionName,
    confirm,
    emit,
    fail,
    newsletter_named,
    progress,
    ready,
    ready_with_edition,
    say,
)
from newsletter.domain.english import counted

if TYPE_CHECKING:
    from newsletter.editions.imported.archive_import import ImportResult
    from newsletter.models import ArchiveImport

app = typer.Typer(
    name="archive",
    help="Manage the public archive, and import old issues.",
    epilog="Example: newsletter archive remove kinaforum/2026-W06",
    no_args_is_help=True,
)

BY = "the command line"
SHOWN = 20
"""The number of issues that are named which were left out; --json has all of them."""

NewsletterName = Annotated[str, typer.Option("--newsletter", "-n", help="The newsletter's name in config.toml.")]


@app.command("remove", epilog="Example: newsletter archive remove kinaforum/2026-W06")
def remove(edition: EditionName) -> None:
    """Remove an edition from the archive, with its images."""
    _, row = ready_with_edition(edition)
    from newsletter.editions import public_editions

    row = public_editions.remove(row, by=BY)
    document = {"edition": row.name, "removed_from_archive_at": row.removed_from_archive_at}
    emit(document, f"{row.name} is removed from the archive; undo it with 'newsletter archive restore {row.name}'")


@app.command("restore", epilog="Example: newsletter archive restore kinaforum/2026-W06")
def restore(edition: EditionName) -> None:
    """Return a removed edition to the archive."""
    _, row = ready_with_edition(edition)
    from newsletter.editions import public_editions

    row = public_editions.restore(row, by=BY)
    emit({"edition": row.name, "removed_from_archive_at": None}, f"{row.name} is in the archive again")


@app.command("import", epilog="Example: newsletter archive import ghost.json -n kinaforum --url https://old.example/")
def import_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An export of another tool (ZIP, CSV or JSON), or a folder of HTML or Markdown files."
        ),
    ],
    newsletter: NewsletterName,
    url: Annotated[
        str, typer.Option(help="The address of the old site, from which relative addresses of images count.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the result without changing anything.")] = False,
) -> None:
    """Import issues that another tool sent.

    They become editions that are only read, with their dates and images.

    They are in the archive, its search and the feeds, and their old paths lead to them. They are mailed to nobody, and
    posts that they had are not sent again. Importing a file twice adds nothing.
    """
    configuration = ready()
    settings = newsletter_named(configuration, newsletter)
    if url and not url.startswith(("https://", "http://")):
        fail("--url must be an address that begins with https://", WRONG)
    from newsletter.editions.imported.archive_import import import_archive

    with progress("importing") as step:
        result = import_archive(
            configuration, settings, path, now=datetime.now(UTC), base=url, by=BY, dry_run=dry_run, step=step
        )
    emit(_document(result), _summary(result, dry_run=dry_run))


def _document(result: "ImportResult") -> dict[str, Any]:
    left_out = [
        {"name": issue.name, "reason": str(issue.reason), "code": issue.reason.code} for issue in result.left_out
    ]
    return {
        "import": result.number,
        "added": result.added,
        "present": result.present,
        "images_missing": result.images_missing,
        "missing_images": [
            {"address": issue.address, "reason": str(issue.reason), "code": issue.reason.code}
            for issue in result.missing
        ],
        "left_out": left_out,
    }


def _summary(result: "ImportResult", *, dry_run: bool) -> str:
    figures = (
        f"{counted(result.added, 'issue')} added, {result.present:,} already here, {len(result.left_out):,} left out."
    )
    lines = [f"Nothing was changed. An import would give: {figures}" if dry_run else figures]
    lines += [f"  {item.name}: {item.reason}" for item in result.left_out[:SHOWN]]
    if len(result.left_out) > SHOWN:
        lines.append(f"  … and {len(result.left_out) - SHOWN:,} more")
    if result.images_missing:
        count = counted(result.images_missing, "image")
        lines.append(f"{count} could not be fetched:" if result.missing else f"{count} could not be fetched.")
        lines += [f"  {item.address}: {item.reason}" for item in result.missing]
        if result.missing and result.images_missing > len(result.missing):
            lines.append(f"  … and {result.images_missing - len(result.missing):,} more")
        lines.append(
            "Import the same file again to retry, ten minutes from now or later, while the old site is there."
            " Until then, the issues show images of other sites from there."
        )
    if result.number is not None and result.added:
        lines.append(f"'newsletter archive undo-import {result.number}' undoes it.")
    return "\n".join(lines)


@app.command(epilog="Example: newsletter archive imports")
def imports() -> None:
    """List imports of old issues, the newest first."""
    ready()
    from newsletter.models import ArchiveImport

    rows = list(ArchiveImport.objects.order_by("-pk"))
    emit({"imports": [_import_document(row) for row in rows]}, "\n".join(map(_import_line, rows)) or "No imports yet.")


def _import_document(record: "ArchiveImport") -> dict[str, Any]:
    return {
        "import": record.pk,
        "at": record.at.isoformat(),
        "newsletter": record.newsletter,
        "file": record.file,
        "added": record.added,
        "present": record.present,
        "left_out": len(record.left_out),
        "finished": record.finished_at is not None,
        "undone": record.undone_at.isoformat() if record.undone_at else None,
    }


def _import_line(record: "ArchiveImport") -> str:
    state = ", undone" if record.undone_at else "" if record.finished_at else ", not finished"
    figures = f"{record.added:,} added, {record.present:,} already here, {len(record.left_out):,} left out"
    return f"{record.pk}  {record.at:%Y-%m-%d %H:%M}  {record.newsletter}  {record.file}: {figures}{state}"


@app.command("undo-import", epilog="Example: newsletter archive undo-import 1 --yes")
def undo_import(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number that 'import' and 'imports' print.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Delete the editions that an import of old issues added."""
    configuration = ready()
    from newsletter.editions.imported.archive_import import import_of, undo_import

    record = import_of(number)
    confirm(f"Delete the {counted(record.added, 'edition')} that {record.file} added?", yes=yes)
    deleted = undo_import(configuration, record, now=datetime.now(UTC), by=BY)
    emit({"import": record.pk, "deleted": deleted}, f"Undone: {counted(deleted, 'edition')} deleted.")


@app.command("export", epilog="Example: newsletter archive export site.zip -n kinaforum")
def export(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A folder, or a file that ends in .zip.")],
    newsletter: NewsletterName,
) -> None:
    """Write the archive as a static site.

    Every public page, feed and image, at the same paths as here, for any web server.
    """
    configuration = ready()
    settings = newsletter_named(configuration, newsletter)
    from newsletter.web.archive import static_site

    as_zip = target.suffix.lower() == ".zip"
    if not as_zip and target.is_dir() and any(target.iterdir()):
        fail(f"{target} is not empty; choose a new folder, or a file that ends in .zip")
    with progress("exporting") as step:
        files = static_site.files_of(configuration, settings, step)
        try:
            count = (static_site.write_zip if as_zip else static_site.write_folder)(target, files)
        except OSError as e:
            fail(f"{target}: can't be written: {e.strerror}")
    emit({"files": count, "target": str(target)}, f"{counted(count, 'file')} written to {target}.")


@app.command("addresses", epilog="Example: newsletter archive addresses -n kinaforum --format caddy > redirects.caddy")
def addresses(
    newsletter: NewsletterName,
    format_: Annotated[
        Literal["csv", "caddy", "nginx"], typer.Option("--format", help="The lines for Caddy or nginx, or a table.")
    ] = "csv",
) -> None:
    """Print old paths with their new addresses.

    For the server that answers the old domain, if that is not this one.
    """
    configuration = ready()
    newsletter_named(configuration, newsletter)
    from newsletter.editions.imported import old_addresses

    site = configuration.site.url
    rows = [{"path": path, "address": address} for path, address in old_addresses.table(newsletter, site)]
    if not rows:
        say(
            f"{newsletter} has no old addresses: none of its issues was imported with a path on the old site's domain"
            " (Mailchimp's issues have none); see 'newsletter archive import --help'"
        )
    emit({"addresses": rows}, to_copy="\n".join(old_addresses.proxy_lines(newsletter, site, format_)))
