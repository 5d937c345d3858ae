"""`newsletter move-database`: copy the database into another one."""

from dataclasses import asdict, replace
from typing import Annotated

import typer

from newsletter.cli.common import WRONG, configuration, emit, fail, progress
from newsletter.config.database import parse_database
from newsletter.config.values import InvalidValue


def register(app: typer.Typer) -> None:
    """Add this command."""
    example = "newsletter move-database sqlite:///newsletter.db postgresql://newsletter@db.example.org/newsletter"
    app.command("move-database", epilog=f"Example: {example}")(move_database)


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
