"""`newsletter subscribers import`, `imports` and `undo-import`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from newsletter.cli.common import WRONG, Step, confirm, emit, fail, newsletter_named, progress, ready
from newsletter.domain.english import counted

if TYPE_CHECKING:
    from subscribers.importing import ImportReport, ReportedLine
    from subscribers.models import Import

DATES: dict[str, Literal["day", "month"]] = {"day-first": "day", "month-first": "month"}
SHOWN = 20
"""The number of lines that are printed that were refused, and that were imported without a value."""

app = typer.Typer()


@app.command("import", epilog="Example: newsletter subscribers import mailchimp.zip -n kinaforum --dry-run")
def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CSV file or ZIP archive from another tool, or a list of addresses."),
    ],
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", "-n", help="The newsletter's name in config.toml.")
    ] = None,
    consent: Annotated[str, typer.Option(help="Where and when these people agreed; stored as their consent.")] = "",
    status: Annotated[str, typer.Option(help="The state of new subscriptions: active or pending.")] = "active",
    confirm_by_mail: Annotated[
        bool, typer.Option("--confirm-by-mail", help="Ask pending subscribers to confirm by email.")
    ] = False,
    welcome: Annotated[
        bool, typer.Option("--welcome", help="Send new active subscribers the welcome series, beginning now.")
    ] = False,
    as_suppressed: Annotated[
        str | None,
        typer.Option(
            "--as-suppressed",
            metavar="REASON",
            help="Block all addresses and domains in the file for all newsletters, and subscribe nobody. One of: by"
            " hand, complained, bounced, erased, unsubscribed. Other text becomes a note.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the result without changing anything.")] = False,
    dates: Annotated[
        Literal["day-first", "month-first"] | None, typer.Option(help="How to read dates such as 01/02/2025.")
    ] = None,
) -> None:
    """Import subscribers from CSV. Nobody who has unsubscribed or is blocked is subscribed again.

    People who left elsewhere are stored as unsubscribed, and addresses that bounced or complained there are blocked.
    """
    configuration = ready()
    refused_to = None if dry_run else file.with_name(f"{file.name}.refused.csv")
    from subscribers.importing.blocking import has_hashes, import_hashes

    if has_hashes(file):
        _import(lambda step: import_hashes(file, dry_run=dry_run), None, dry_run=dry_run)
        return
    if as_suppressed is not None:
        if newsletter or consent or status != "active" or confirm_by_mail or welcome or dates:
            fail("--as-suppressed blocks addresses for all newsletters; it takes no other option but --dry-run", WRONG)
        reason = as_suppressed
        _import(lambda step: _blocked(file, reason, refused_to, step, dry_run=dry_run), refused_to, dry_run=dry_run)
        return
    if newsletter is None:
        fail("say which newsletter with --newsletter, or --as-suppressed REASON to block addresses for all", WRONG)
    newsletter_named(configuration, newsletter)
    if status not in ("active", "pending"):
        fail(f"--status must be active or pending, not '{status}'", WRONG)
    from subscribers.importing import import_file

    _import(
        lambda step: import_file(
            file,
            newsletter,
            consent=consent,
            status=status,
            confirm_by_mail=confirm_by_mail,
            welcome=welcome,
            dry_run=dry_run,
            refused_to=refused_to,
            progress=step,
            dates=DATES[dates] if dates else "",
        ),
        refused_to,
        dry_run=dry_run,
    )


def _blocked(file: Path, reason_option: str, refused_to: Path | None, step: Step, *, dry_run: bool) -> "ImportReport":
    from subscribers.importing import import_blocked
    from subscribers.models import Suppression

    reason = reason_option.strip() or Suppression.Reason.BY_HAND
    is_reason = reason in Suppression.Reason.values
    return import_blocked(
        file,
        reason if is_reason else Suppression.Reason.BY_HAND,
        "" if is_reason else reason[:500],
        dry_run=dry_run,
        refused_to=refused_to,
        progress=step,
    )


def _import(run: "Callable[[Step], ImportReport]", refused_to: Path | None, *, dry_run: bool) -> None:
    """Run an import with its progress, and print the result."""
    try:
        with progress("importing") as step:
            report = run(step)
    except OSError as e:
        fail(str(e))
    emit(_document(report), _summary(report, refused_to, dry_run=dry_run))


def _document(report: "ImportReport") -> dict[str, Any]:
    changes = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    figures = {name: getattr(report, name) for name in ("lines", "active", "waiting", "suppressed", "present")}
    return {
        **changes,
        "refused": list(map(_reported, report.refused)),
        "import": report.number,
        **figures,
        "left_out": list(report.left_out),
        "ignored": list(report.ignored),
        "incomplete": list(map(_reported, report.incomplete)),
    }


def _reported(line: "ReportedLine") -> dict[str, Any]:
    reason = {"reason": str(line.reason), "reason_code": line.reason.code}
    return {"line": line.line, "address": line.address, **reason} | ({"file": line.file} if line.file else {})


def _summary(report: "ImportReport", refused_to: Path | None, *, dry_run: bool) -> str:
    changes = f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged"
    lines = [
        ("Nothing was changed. An import would give: " if dry_run else "")
        + f"{changes}, {len(report.refused):,} refused.",
        _sum(report),
    ]
    if report.left_out:
        lines.append(f"Left out, because they have no addresses: {', '.join(report.left_out)}.")
    if report.ignored:
        lines.append(
            f"Columns that are not imported: {', '.join(report.ignored)}. For a column with values of the subscribers, "
            "declare a field of its name ([fields.KEY] in config.toml)."
        )
    lines += _listed(report.refused)
    if report.incomplete:
        lines += [f"Without a date or value that can't be read: {counted(len(report.incomplete), 'line')}."]
        lines += _listed(report.incomplete)
        if report.number is not None:
            lines.append("To import those too, undo this import, correct them in the file, and import it again.")
    if report.refused and refused_to:
        lines.append(f"All refused lines are in {refused_to}.")
    if report.number is not None:
        lines.append(f"Until the next edition is sent, 'newsletter subscribers undo-import {report.number}' undoes it.")
    return "\n".join(lines)


def _listed(lines: "tuple[ReportedLine, ...]") -> list[str]:
    """Return the first lines that were refused, or imported without a value."""
    listed = [
        f"  {f'{r.file}, ' if r.file else ''}line {r.line}: {r.address or 'no address'}: {r.reason}"
        for r in lines[:SHOWN]
    ]
    return listed + ([f"  … and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else [])


def _sum(report: "ImportReport") -> str:
    """Return the sum of what became of the lines."""
    numbers = {
        "active": report.active,
        "waiting": report.waiting,
        "suppressed": report.suppressed,
        "already here": report.present,
        "refused": len(report.refused),
    }
    return f"{counted(report.lines, 'line')} = {' + '.join(f'{n:,} {name}' for name, n in numbers.items())}."


@app.command(epilog="Example: newsletter subscribers imports -n kinaforum")
def imports(
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", "-n", help="Only imports into this newsletter.")
    ] = None,
) -> None:
    """List imports, the newest first, with their counts."""
    configuration = ready()
    if newsletter is not None:
        newsletter_named(configuration, newsletter)
    from subscribers.models import Import

    all_imports = Import.objects.order_by("-pk")
    rows = list(all_imports.filter(newsletter=newsletter) if newsletter else all_imports)
    text = "\n".join(map(_import_line, rows)) or "No imports yet."
    emit({"imports": [_import_document(row) for row in rows]}, text)


def _import_document(record: "Import") -> dict[str, Any]:
    return {
        "import": record.pk,
        "at": record.at.isoformat(),
        "newsletter": record.newsletter,
        "file": record.file,
        **record.figures,
        "finished": record.finished_at is not None,
        "undone": record.undone_at.isoformat() if record.undone_at else None,
    }


def _import_line(record: "Import") -> str:
    names = {"present": "already here"}
    figures = ", ".join(f"{number:,} {names.get(name, name)}" for name, number in record.figures.items())
    state = ", undone" if record.undone_at else "" if record.finished_at else ", not finished"
    return f"{record.pk}  {record.at:%Y-%m-%d %H:%M}  {record.newsletter or 'blocked'}  {record.file}: {figures}{state}"


@app.command("undo-import", epilog="Example: newsletter subscribers undo-import 3 --yes")
def undo_import(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number that 'import' and 'imports' print.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Undo an import, until the next edition is sent. What people did since stays."""
    ready()
    from newsletter.sending import undoing_imports

    record = undoing_imports.find(number)
    already = record.undone_at is not None
    if not already:
        undoing_imports.check(record)
        confirm(f"Undo the import of {record.file} ({counted(record.lines, 'line')})?", yes=yes)
        record = undoing_imports.undo(record)
    counts = {name: record.undo.get(name, 0) for name in ("removed", "restored", "kept")}
    kept_count = f"{counts['kept']:,} kept because of later changes"
    summary = f"{counts['removed']:,} removed, {counts['restored']:,} put back, {kept_count}."
    emit(
        {"import": record.pk, "already": already, **counts},
        f"{'It was undone before' if already else 'Undone'}: {summary}",
    )
