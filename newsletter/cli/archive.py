"""`newsletter archive …`: remove an edition from the public archive, or return it."""

import typer

from newsletter.cli.common import EditionName, emit, ready

app = typer.Typer(
    help="Remove editions from the public archive, or return them.",
    epilog="Example: newsletter archive remove kinaforum/2026-W06",
    no_args_is_help=True,
)

BY = "the command line"


def register(parent: typer.Typer) -> None:
    """Put these commands under `newsletter archive`."""
    parent.add_typer(app, name="archive")


@app.command("remove", epilog="Example: newsletter archive remove kinaforum/2026-W06")
def remove(edition: EditionName) -> None:
    """Remove an edition from the archive, with its images."""
    configuration = ready()
    from newsletter.editions import public_editions
    from newsletter.editions.lookup import find

    row = public_editions.remove(find(configuration, edition), by=BY)
    document = {"edition": row.name, "removed_from_archive_at": row.removed_from_archive_at}
    emit(document, f"{row.name} is removed from the archive; undo it with 'newsletter archive restore {row.name}'")


@app.command("restore", epilog="Example: newsletter archive restore kinaforum/2026-W06")
def restore(edition: EditionName) -> None:
    """Return a removed edition to the archive."""
    configuration = ready()
    from newsletter.editions import public_editions
    from newsletter.editions.lookup import find

    row = public_editions.restore(find(configuration, edition), by=BY)
    emit({"edition": row.name, "removed_from_archive_at": None}, f"{row.name} is in the archive again")
