"""`draft`, `editions`, `show`: create, list and show editions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.common import (
    BY,
    WRONG,
    EditionName,
    emit,
    fail,
    new_table,
    newsletter_named,
    ready,
    ready_with_edition,
    say,
    time_given,
)
from newsletter.domain.english import counted

if TYPE_CHECKING:
    from rich.table import Table

    from newsletter import config
    from newsletter.config import Config
    from newsletter.editions.selection.windows import RequestedWindow
    from newsletter.models import Edition


app = typer.Typer()


@app.command(epilog="Example: newsletter draft kinaforum --week 2026-W06")
def draft(
    newsletter: Annotated[str, typer.Argument(metavar="NEWSLETTER", help="The newsletter's name in config.toml.")],
    week: Annotated[str, typer.Option(help="The calendar week, such as 2026-W06.")] = "",
    day: Annotated[str, typer.Option(help="The day, such as 2026-02-06.")] = "",
    month: Annotated[str, typer.Option(help="The month, such as 2026-02.")] = "",
    since: Annotated[str, typer.Option(help="Posts from this time on; requires --until.")] = "",
    until: Annotated[str, typer.Option(help="Posts before this time.")] = "",
    cadence: Annotated[
        str, typer.Option(help="One of the newsletter's cadences: post, day, week or month. Default: its period.")
    ] = "",
    collect: Annotated[
        bool, typer.Option("--collect/--no-collect", help="Check the sources for new posts first.")
    ] = True,
    correct: Annotated[
        str, typer.Option(metavar="EDITION", help="Create a correction of this edition, for everyone who received it.")
    ] = "",
    letter: Annotated[
        bool,
        typer.Option(
            "--letter", help="Create a standalone edition (a letter), outside the schedule and without posts."
        ),
    ] = False,
    with_posts: Annotated[
        bool, typer.Option("--with-posts", help="With --letter: include the posts that are due.")
    ] = False,
    subject: Annotated[str, typer.Option(help="With --letter: its subject.")] = "",
    copy: Annotated[
        str,
        typer.Option(metavar="EDITION", help="Create a standalone edition with the texts and blocks of this edition."),
    ] = "",
) -> None:
    """Create or update the draft of an edition. The sources are checked first."""
    configuration = ready()
    from newsletter.editions import draft as drafts, serialize
    from newsletter.editions.composing import standalone
    from newsletter.editions.edition_names import find
    from newsletter.editions.hosting import fetch_images

    settings, now = _in_cadence(newsletter_named(configuration, newsletter), cadence), datetime.now(UTC)
    options = {"--correct": correct, "--copy": copy, "--letter": letter}
    if sum(map(bool, options.values())) > 1:
        fail(f"{' and '.join(option for option, value in options.items() if value)} contradict each other", WRONG)
    if (with_posts or subject) and not letter:
        fail("--with-posts and --subject need --letter", WRONG)
    if cadence and any(options.values()):
        fail("letters, copies and corrections have no --cadence", WRONG)
    periods = {"--week": week, "--day": day, "--month": month, "--since": since, "--until": until}
    if any(options.values()) and (unused := [option for option, value in periods.items() if value]):
        fail(f"letters, copies and corrections have no period; remove {' and '.join(unused)}", WRONG)
    if correct:
        edition = drafts.correct(configuration, _of(newsletter, find(configuration, correct)), now=now, by=BY)
    elif copy:
        edition = standalone.duplicate(configuration, _of(newsletter, find(configuration, copy)), now=now, by=BY)
    elif letter:
        edition = standalone.make(configuration, settings, now=now, subject=subject, with_posts=with_posts, by=BY)
    else:
        window = _window(settings.zone, settings.period, week=week, day=day, month=month, since=since, until=until)
        edition = drafts.make(configuration, settings, window, now=now, read_sources=collect)
    fetch_images(configuration, edition, now)
    document = serialize.edition(edition, configuration)
    in_variants = _counted_in_variants(configuration, edition, document)
    emit(document, f"{edition.name}: {edition.state}, revision {edition.revision}, {_counted(document)}{in_variants}")
    if edition.waiting:
        say(str(edition.waiting))
    elif not document["days"] and not in_variants and not any(options.values()):
        newest_day, its_edition = serialize.newest(settings)
        say(_newest(newest_day, its_edition, settings) if newest_day else "no posts yet")


def _newest(day: date, its_edition: str, newsletter: "config.Newsletter") -> str:
    """Return the sentence about the newest post, with its edition or else the command that drafts one."""
    if its_edition:
        return f"no new posts in this period; the newest known post, from {day}, is in {its_edition}"
    option = {"week": f"--week {day:%G-W%V}", "month": f"--month {day:%Y-%m}"}.get(newsletter.period, f"--day {day}")
    return (
        f"no posts in this period; the newest known post is from {day}: "
        f"newsletter draft {newsletter.name} {option} creates an edition with it"
    )


def _in_cadence(newsletter: "config.Newsletter", cadence: str) -> "config.Newsletter":
    if cadence and cadence not in newsletter.offered:
        fail(f"--cadence must be {' or '.join(newsletter.offered)} for {newsletter.name}, not '{cadence}'", WRONG)
    return newsletter.at(cadence)


def _of(newsletter: str, edition: "Edition") -> "Edition":
    if edition.newsletter != newsletter:
        fail(f"{edition.name} is not an edition of {newsletter}")
    return edition


@app.command(epilog="Example: newsletter editions kinaforum")
def editions(
    newsletter: Annotated[
        str | None, typer.Argument(metavar="NEWSLETTER", help="Only this newsletter's editions.")
    ] = None,
) -> None:
    """List editions, newest first."""
    from rich.console import Group
    from rich.table import Column

    configuration = ready()
    from newsletter.models import Edition

    if newsletter:
        newsletter_named(configuration, newsletter)
    rows = Edition.objects.filter(**({"newsletter": newsletter} if newsletter else {})).order_by("-until", "-pk")
    zones = {name: each.zone for name, each in configuration.newsletters.items()}
    table = new_table(
        (Column("edition", no_wrap=True), "state", "revision", Column("until", no_wrap=True), "audience"),
        (
            (
                row.name,
                row.state,
                row.revision,
                f"{row.until.astimezone(zones.get(row.newsletter, UTC)):%F %H:%M}",
                "" if row.audience is None else row.audience,
            )
            for row in rows
        ),
    )
    document = [
        {
            "edition": r.name,
            "state": r.state,
            "revision": r.revision,
            "until": r.until.isoformat(),
            "audience": r.audience,
            "reason": str(r.waiting or r.reason or ""),
        }
        for r in rows
    ]
    reasons = [f"{each['edition']}: {each['reason']}" for each in document if each["reason"]]
    emit(
        {"editions": document},
        Group(table, *reasons) if document else "No editions yet. Create one with 'newsletter draft NEWSLETTER'.",
    )


@app.command(epilog="Example: newsletter show kinaforum/2026-W06")
def show(edition: EditionName) -> None:
    """Show an edition with its delivery counts. Each post has the reason why it is included or not."""
    from rich.console import Group

    configuration, row = ready_with_edition(edition)
    from newsletter.cli.previewing import variants_of, variants_table
    from newsletter.editions import serialize
    from newsletter.sending.progress import counts

    document = serialize.edition(row, configuration)
    document["counts"] = counts(row).document() if row.audience is not None else None
    document["variants"] = None if row.state == "draft" else variants_of(configuration, row)
    table = new_table(
        ("", "post", "day", "title", "reason"),
        (
            ("in" if post["included"] else "out", post["id"], post["day"], post["title"], post["reason"])
            for post in document["posts"]
        ),
        title=_headline(document),
        title_justify="left",
    )
    emit(document, Group(table, *_blocks_and_notes(document), *variants_table(document["variants"] or ())))


def _blocks_and_notes(document: Mapping[str, Any]) -> "Iterator[Table]":
    """Yield a table of the blocks and one of the notes, if there are any."""
    if document["blocks"]:
        yield new_table(
            ("block", "kind", "after", "heading"),
            ((block["id"], block["kind"], block["after"], block["title"]) for block in document["blocks"]),
            title="Blocks",
            title_justify="left",
        )
    if document["notes"]:
        yield new_table(
            ("by", "for", "note"),
            (
                (note["by"], note["to"] or "everybody", note["text"] + (" (done)" if note["done"] else ""))
                for note in document["notes"]
            ),
            title="Notes",
            title_justify="left",
        )


def _window(zone: ZoneInfo, period: str, **options: str) -> "RequestedWindow | None":
    """Return the period that the options select; None for the next scheduled one."""
    from newsletter.editions.selection.windows import RequestedWindow, bounds

    names = [k for k, v in options.items() if v and k not in ("since", "until")]
    if len(names) + bool(options["since"] or options["until"]) > 1:
        fail("use only one of --week, --day, --month, or --since with --until", WRONG)
    if names:
        shape = {"week": r"2026-W06", "day": r"2026-02-06", "month": r"2026-02"}[names[0]]
        value = options[names[0]]
        if len(value) != len(shape) or ("W" in value) != ("W" in shape):
            fail(f"--{names[0]} must look like {shape}, not '{value}'", WRONG)
        if names[0] != period:
            return RequestedWindow(until=bounds(value, zone)[1], since=bounds(value, zone)[0], period=value)
        return RequestedWindow(until=bounds(value, zone)[1], period=value)
    if options["since"] and not options["until"]:
        fail("--since requires --until", WRONG)
    if options["until"]:
        since = time_given("--since", options["since"], zone) if options["since"] else None
        return RequestedWindow(until=time_given("--until", options["until"], zone), since=since)
    return None


def _counted(document: dict[str, Any]) -> str:
    included = sum(p["included"] for p in document["posts"])
    posts, days = counted(included, "post"), counted(len(document["days"]), "day")
    return f"{posts} on {days}, {len(document['posts']) - included} not included"


def _counted_in_variants(configuration: "Config", edition: "Edition", document: dict[str, Any]) -> str:
    """Return how many posts subscribers get who don't get those of the edition itself; nothing if there are none."""
    from newsletter.editions.variants.listing import post_counts
    from newsletter.sending.audience import receiving

    now, included = datetime.now(UTC), sum(p["included"] for p in document["posts"])
    counts = set(post_counts(configuration, edition, receiving(configuration.edited(edition), edition, now)))
    if counts <= {included}:
        return ""
    posts = counted(max(counts), "post")
    return f"; variants with {posts if len(counts) == 1 else f'{min(counts)} to {posts}'}"


def _headline(document: dict[str, Any]) -> str:
    why = document["waiting"] or document["reason"]
    return (
        f"{document['edition']}: {document['state']}, revision {document['revision']}\n"
        f"{document['since']} to {document['until']}\n{document['subject']}\n{_counted(document)}"
        + (f"\n{why}" if why else "")
    )
