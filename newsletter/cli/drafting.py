"""`draft`, `editions`, `show`, `preview`, `lint`: making an edition and looking at it."""

import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from newsletter.cli.common import WRONG, emit, fail, newsletter_named, ready, say

if TYPE_CHECKING:
    from newsletter.jobs.rendering import Proof
    from newsletter.jobs.windows import Asked


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: newsletter draft kinaforum --week 2026-W06")(draft)
    app.command(epilog="Example: newsletter editions kinaforum")(editions)
    app.command(epilog="Example: newsletter show kinaforum/2026-W06")(show)
    app.command(epilog="Example: newsletter preview kinaforum/2026-W06 --out out --open")(preview)
    app.command(epilog="Example: newsletter lint kinaforum/2026-W06")(lint)


def draft(
    newsletter: Annotated[str, typer.Argument(help="the newsletter's name in config.toml")],
    week: Annotated[str, typer.Option(help="the calendar week, such as 2026-W06")] = "",
    day: Annotated[str, typer.Option(help="the day, such as 2026-02-06")] = "",
    month: Annotated[str, typer.Option(help="the month, such as 2026-02")] = "",
    since: Annotated[str, typer.Option(help="from this time on; needs --until")] = "",
    until: Annotated[str, typer.Option(help="up to this time")] = "",
    collect: Annotated[bool, typer.Option("--collect/--no-collect", help="read the sources first")] = True,
    correct: Annotated[str, typer.Option(metavar="EDITION", help="a correction to those that got this edition")] = "",
) -> None:
    """Collect, then make or refresh the draft of an edition."""
    found = ready()
    from newsletter.jobs import describe
    from newsletter.jobs import draft as drafts

    settings, now = newsletter_named(found, newsletter), datetime.now(UTC)
    if correct:
        first = drafts.find(correct)
        if first.newsletter != newsletter:
            fail(f"{first.name} is no edition of {newsletter}")
        edition = drafts.correct(found, first, now=now)
    else:
        asked = _asked(settings.zone, settings.period, week=week, day=day, month=month, since=since, until=until)
        edition = drafts.make(found, settings, asked, now=now, read_sources=collect)
    document = describe.edition(edition, found)
    emit(document, f"{edition.name} is a {edition.state}, revision {edition.revision}: {_counted(document)}")
    if edition.waiting:
        say(edition.waiting)
    elif not document["days"] and not correct:
        last = describe.newest(settings)
        say(f"the window has no post; the newest one known is of {last}" if last else "no post is known yet")


def editions(newsletter: Annotated[str | None, typer.Argument()] = None) -> None:
    """List the editions, newest first."""
    found = ready()
    from newsletter.models import Edition

    if newsletter:
        newsletter_named(found, newsletter)
    rows = Edition.objects.filter(**({"newsletter": newsletter} if newsletter else {})).order_by("-until", "-pk")
    table = Table("edition", "state", "revision", "until", "audience", "", box=None)
    for row in rows:
        zone = found.newsletters[row.newsletter].zone if row.newsletter in found.newsletters else ZoneInfo("UTC")
        until = f"{row.until.astimezone(zone):%F %H:%M}"
        audience = str(row.audience) if row.audience is not None else ""
        table.add_row(row.name, row.state, str(row.revision), until, audience, row.waiting or row.reason)
    document = [
        {
            "edition": r.name,
            "state": r.state,
            "revision": r.revision,
            "until": r.until.isoformat(),
            "audience": r.audience,
        }
        for r in rows
    ]
    emit(
        {"editions": document},
        table if document else "There is no edition yet; 'newsletter draft NEWSLETTER' makes one.",
    )


def show(edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")]) -> None:
    """Show one edition in full: window, posts with the reason each is in or out, counts."""
    found = ready()
    from newsletter.jobs import describe
    from newsletter.jobs import draft as drafts
    from newsletter.jobs.progress import counts

    row = drafts.find(edition)
    document = describe.edition(row, found)
    document["counts"] = counts(row).document() if row.audience is not None else None
    table = Table("", "post", "day", "title", "reason", title=_headline(document), title_justify="left", box=None)
    for post in document["posts"]:
        table.add_row("in" if post["included"] else "out", str(post["id"]), post["day"], post["title"], post["reason"])
    emit(document, table)


def preview(
    edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")],
    out: Annotated[Path, typer.Option(help="the folder to write into")] = Path("out"),
    open_: Annotated[bool, typer.Option("--open", help="show it in the browser")] = False,
) -> None:
    """Write edition.html, edition.txt and edition.eml, and print sizes and lint."""
    found = ready()
    from newsletter.jobs import describe
    from newsletter.jobs import draft as drafts
    from newsletter.jobs.previews import write

    row = drafts.find(edition)
    written = write(row, found, out)
    findings = describe.lint(written.proof)
    document = {
        "edition": row.name,
        "revision": row.revision,
        "files": {kind: str(path) for kind, path in written.files.items()},
        "bytes": written.sizes,
        "shortened": list(written.proof.rendered.shortened),
        "lint": findings,
    }
    lines = [
        f"{path}  {written.sizes.get(kind, written.sizes['mail']):,} bytes" for kind, path in written.files.items()
    ]
    emit(document, "\n".join(lines + _shortened(written.proof) + _findings(findings)))
    if open_:
        webbrowser.open(written.files["html"].resolve().as_uri())


def lint(edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")]) -> None:
    """Look for what is wrong with an edition; exit 1 on an error."""
    found = ready()
    from newsletter.jobs import describe
    from newsletter.jobs import draft as drafts
    from newsletter.jobs.rendering import proof

    row = drafts.find(edition)
    looked_at = proof(row, found)
    findings = describe.lint(looked_at)
    emit(
        {"edition": row.name, "revision": row.revision, "lint": findings},
        "\n".join(_findings(findings)) or "no findings",
    )
    if looked_at.errors:
        fail(f"{row.name} has {len(looked_at.errors)} lint errors", 1)


def _asked(zone: ZoneInfo, period: str, **given: str) -> "Asked | None":
    """The window that the options ask for; None: the next one of the schedule."""
    from newsletter.jobs.windows import Asked, bounds, moment_of

    named = [k for k, v in given.items() if v and k not in ("since", "until")]
    if len(named) + bool(given["since"] or given["until"]) > 1:
        fail("give only one of --week, --day, --month and --since with --until", WRONG)
    if named:
        shape = {"week": r"2026-W06", "day": r"2026-02-06", "month": r"2026-02"}[named[0]]
        wanted = given[named[0]]
        if len(wanted) != len(shape) or ("W" in wanted) != ("W" in shape):
            fail(f"--{named[0]} wants such as {shape}, not '{wanted}'", WRONG)
        if named[0] != period:
            return Asked(until=bounds(wanted, zone)[1], since=bounds(wanted, zone)[0], period=wanted)
        return Asked(until=bounds(wanted, zone)[1], period=wanted)
    if given["since"] and not given["until"]:
        fail("--since needs --until", WRONG)
    if given["until"]:
        since = moment_of(given["since"], zone) if given["since"] else None
        return Asked(until=moment_of(given["until"], zone), since=since)
    return None


def _counted(document: dict[str, Any]) -> str:
    inside = sum(p["included"] for p in document["posts"])
    posts, days = _many(inside, "post"), _many(len(document["days"]), "day")
    return f"{posts} on {days}, {len(document['posts']) - inside} left out"


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _headline(document: dict[str, Any]) -> str:
    return (
        f"{document['edition']}: {document['state']}, revision {document['revision']}\n"
        f"{document['since']} to {document['until']}\n{document['subject']}\n{_counted(document)}"
    )


def _shortened(looked_at: "Proof") -> list[str]:
    """Whose text was cut so that the mail stays below `maximum_size`."""
    cut = looked_at.rendered.shortened
    titles = [f"“{post.title}”" for post in looked_at.digest.posts if post.id in cut]
    return [f"shortened to stay below maximum_size: {', '.join(titles)}"] if titles else []


def _findings(findings: list[dict[str, str]]) -> list[str]:
    return [f"{f['level']}: {f['code']}: {f['message']}" + (f" ({f['where']})" if f["where"] else "") for f in findings]
