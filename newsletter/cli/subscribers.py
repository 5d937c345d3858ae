"""`newsletter subscribers …`: manage subscribers."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from newsletter.cli import importing
from newsletter.cli.common import WRONG, confirm, document_output, emit, fail, newsletter_named, options, ready, say
from newsletter.domain.english import counted

app = typer.Typer(
    name="subscribers",
    help="Manage subscribers.",
    epilog="Example: newsletter subscribers import readers.csv --newsletter kinaforum --consent 'shop counter, 2024'",
    no_args_is_help=True,
)
app.add_typer(importing.app)

OfNewsletter = Annotated[str, typer.Option("--newsletter", "-n", help="The newsletter's name in config.toml.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An email address.")]


@app.command(epilog="Example: newsletter subscribers export -n kinaforum readers.csv")
def export(
    newsletter: OfNewsletter,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="The file to write; *.json for JSON. Default: standard output."),
    ] = None,
    tool: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TOOL",
            help="Only people who get it, as CSV with the columns of: beehiiv, buttondown, ghost, jetpack, kit,"
            " listmonk, mailchimp, mailerlite, mailpoet, sendy or substack.",
        ),
    ] = None,
    suppressions: Annotated[
        bool, typer.Option("--suppressions", help="Who must not get it, as CSV with reason and date.")
    ] = False,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="All suppressions as hashes, for another site of this program.")
    ] = False,
) -> None:
    """Export subscribers with their consent, as CSV or JSON."""
    configured = newsletter_named(ready(), newsletter)
    from django.utils import timezone

    from subscribers.exporting import COLUMNS, export_csv, export_for, export_json, export_suppressions
    from subscribers.importing.blocking import export_hashes
    from subscribers.models import local_day
    from subscribers.spreadsheets import create

    if tool is not None and tool not in COLUMNS:
        fail(f"--for must be one of {', '.join(sorted(COLUMNS))}, not '{tool}'", WRONG)
    if (tool is not None) + suppressions + hashes > 1:
        fail("--for, --suppressions and --hashes have different people; export one after the other", WRONG)
    as_json = options().json if file is None else file.suffix.lower() == ".json"
    only_hashes = 0
    with ExitStack() as stack:
        try:
            target: TextIO = stack.enter_context(create(file)) if file else document_output()
        except OSError as e:
            fail(f"{file}: can't be written: {e.strerror}")
        if hashes:
            count = export_hashes(target)
        elif suppressions:
            count, only_hashes = export_suppressions(newsletter, target)
        elif tool is not None:
            count = export_for(tool, newsletter, local_day(configured, timezone.now()), target)
        else:
            count = (export_json if as_json else export_csv)(newsletter, target)
    if only_hashes:
        say(
            f"{counted(only_hashes, 'suppression')} can't be written, because only a hash of the address is stored;"
            " 'newsletter subscribers export --hashes' has them for another site of this program"
        )
    if file:
        emit({"exported": count, "file": str(file)}, f"{count:,} exported to {file}.")


@app.command(epilog="Example: newsletter subscribers add kari@example.org -n kinaforum --consent 'by telephone'")
def add(
    address: Address,
    newsletter: OfNewsletter,
    consent: Annotated[str, typer.Option(help="Where and when this person agreed; stored as the consent.")] = "",
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    confirm_by_mail: Annotated[
        bool, typer.Option("--confirm-by-mail", help="Ask for confirmation by email first.")
    ] = False,
) -> None:
    """Subscribe one person."""
    newsletter_named(ready(), newsletter)
    from subscribers import admin_actions

    result = admin_actions.add(address, newsletter, consent=consent, name=name, confirm_by_mail=confirm_by_mail)
    emit({"address": address, "newsletter": newsletter, "result": result}, f"{address}: {result}.")


@app.command(epilog="Example: newsletter subscribers unanswered -n kinaforum")
def unanswered(newsletter: OfNewsletter) -> None:
    """List subscribers who were asked to stay and haven't answered.

    They were asked by email at least 30 days ago whether they still want it. Nobody is unsubscribed.
    """
    configured = newsletter_named(ready(), newsletter)
    from django.utils import timezone

    from subscribers import asking

    rows = [
        {
            "address": subscription.subscriber.address,
            "asked_at": subscription.asked_at.isoformat() if subscription.asked_at else "",
        }
        for subscription in asking.unanswered(configured, timezone.now())
    ]
    lines = [f"{row['address']}, asked {row['asked_at'][:10]}" for row in rows]
    emit({"newsletter": newsletter, "unanswered": rows}, "\n".join(lines) or "Nobody.")


@app.command(epilog="Example: newsletter subscribers delayed -n kinaforum --send kari@example.org")
def delayed(
    newsletter: OfNewsletter,
    send: Annotated[str, typer.Option(metavar="ADDRESS", help="Send the email to this address now.")] = "",
    send_all: Annotated[bool, typer.Option("--send-all", help="Send all of them now.")] = False,
    delete_all: Annotated[bool, typer.Option("--delete-all", help="Delete all of them.")] = False,
) -> None:
    """Count delayed confirmation emails, or send or delete them.

    They are delayed when unusually many people sign up and few of them confirm.
    """
    newsletter_named(ready(), newsletter)
    if (bool(send), send_all, delete_all).count(True) > 1:
        fail("use one of --send, --send-all and --delete-all", WRONG)
    from django.utils import timezone

    from subscribers import delayed_confirmations, pacing

    rows = delayed_confirmations.waiting().filter(newsletter=newsletter)
    if send:
        rows = rows.filter(subscriber__key=send.strip().lower())
    sent = delayed_confirmations.release(rows, timezone.now()) if send or send_all else 0
    deleted = pacing.delete(rows) if delete_all else 0
    if send and not sent:
        fail(f"{send}: no delayed email waits for this address")
    waiting = delayed_confirmations.waiting().filter(newsletter=newsletter).count()
    emit(
        {"newsletter": newsletter, "sent": sent, "deleted": deleted, "waiting": waiting},
        f"{sent:,} sent now, {deleted:,} deleted, {waiting:,} delayed.",
    )


@app.command(epilog="Example: newsletter subscribers show kari@example.org")
def show(address: Address) -> None:
    """Show everything stored about an address."""
    ready()
    from subscribers import admin_actions

    record = admin_actions.show(address)
    emit(record, "\n".join(_lines(record)))


def _lines(document: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return all that a document has, but for empty values: a line for each value, and below it what belongs to it."""
    lines = []
    for key, value in document.items():
        name = f"{indent}{key.replace('_', ' ')}:"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(name)
            for item in value:
                first_line, *other_lines = _lines(item, f"{indent}    ")
                lines += [f"{indent}  - {first_line.strip()}", *other_lines]
        elif isinstance(value, list) and value:
            lines.append(f"{name} {', '.join(map(str, value))}")
        elif value not in (None, "", []):
            lines.append(f"{name} {value}")
    return lines


@app.command(epilog="Example: newsletter subscribers remove kari@example.org -n kinaforum")
def remove(
    address: Address,
    newsletter: Annotated[str | None, typer.Option("--newsletter", "-n", help="Only from this newsletter.")] = None,
) -> None:
    """Unsubscribe a person, from one newsletter or from all."""
    configuration = ready()
    if newsletter is not None:
        newsletter_named(configuration, newsletter)
    from subscribers import admin_actions

    count = admin_actions.remove(address, newsletter)
    emit(
        {"address": address, "unsubscribed": count},
        f"{address}: unsubscribed from {counted(count, 'newsletter')}." if count else f"{address}: wasn't subscribed.",
    )


@app.command(epilog="Example: newsletter subscribers suppress @example.org --reason 'by hand'")
def suppress(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS|@DOMAIN", help="An email address, or @DOMAIN for a whole domain.")
    ],
    reason: Annotated[
        str, typer.Option(help="One of: by hand, complained, bounced, erased, unsubscribed. Other text becomes a note.")
    ] = "by hand",
) -> None:
    """Block an address or a whole domain from all email."""
    ready()
    from subscribers import admin_actions
    from subscribers.models import Suppression

    is_reason = reason in Suppression.Reason.values
    is_new = admin_actions.suppress(address, reason if is_reason else "by hand", "" if is_reason else reason)
    outcome = "is now blocked" if is_new else "was already blocked"
    emit({"address": address, "new": is_new, "reason": reason}, f"{address} {outcome}.")


@app.command(epilog="Example: newsletter subscribers forget kari@example.org --yes")
def forget(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Erase a person and everything stored about them. An import can't add them again."""
    ready()
    from subscribers import admin_actions, erasure

    entered = admin_actions.address_given(address)
    confirm(f"Erase {entered.written} and everything stored about them?", yes=yes)
    is_erased = erasure.forget(entered)
    if not is_erased:
        say(f"{entered.written} was not a subscriber; a fingerprint now prevents imports from adding them")
    emit({"forgotten": is_erased}, "Erased." if is_erased else None)
