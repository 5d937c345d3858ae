"""`draft`, `editions`, `show`, `preview`, `designs`, `lint`: create and inspect editions."""

import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
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
    from newsletter.editions.rendering import Proof
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
    from newsletter.editions import serialize
    from newsletter.sending.progress import counts

    document = serialize.edition(row, configuration)
    document["counts"] = counts(row).document() if row.audience is not None else None
    document["variants"] = None if row.state == "draft" else _variants(configuration, row)
    table = new_table(
        ("", "post", "day", "title", "reason"),
        (
            ("in" if post["included"] else "out", post["id"], post["day"], post["title"], post["reason"])
            for post in document["posts"]
        ),
        title=_headline(document),
        title_justify="left",
    )
    emit(document, Group(table, *_blocks_and_notes(document), *_variants_table(document["variants"] or ())))


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


def _variants(configuration: "Config", row: "Edition") -> list[dict[str, Any]]:
    """Return the variants of an edition as JSON; none if all subscribers get the same."""
    from newsletter.editions.variants.listing import documents
    from newsletter.sending.audience import receiving

    now = datetime.now(UTC)
    return documents(configuration, row, receiving(configuration.edited(row), row, now))


def _variants_table(variants: Sequence[dict[str, Any]]) -> "Iterator[Table]":
    """Yield a table of the variants, if there are several."""
    if len(variants) > 1:
        yield new_table(
            ("variant", "readers", "posts", "topics", "subject"),
            (
                (
                    variant["variant"],
                    variant["readers"],
                    len(variant["posts"]),
                    "; ".join(", ".join(names) or "all" for names in variant["topics"]),
                    variant["subject"] or f"no email: {variant['reason']}",
                )
                for variant in variants
            ),
            title="Variants",
            title_justify="left",
        )


@app.command(epilog="Example: newsletter preview kinaforum/2026-W06 --out out --open")
def preview(
    edition: EditionName,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("out"),
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write edition.html, edition.txt and edition.eml. Sizes, problems found and variants are shown."""
    from rich.console import Group

    configuration, row = ready_with_edition(edition)
    from newsletter.editions import serialize
    from newsletter.editions.previews import write

    preview = write(row, configuration, out)
    findings, variants = serialize.findings(preview.proof.findings), _variants(configuration, row)
    document = {
        "edition": row.name,
        "revision": row.revision,
        "files": {kind: str(path) for kind, path in preview.files.items()},
        "bytes": preview.sizes,
        "shortened": [post.id for post in preview.proof.rendered.shortened],
        "unlisted": list(preview.proof.rendered.unlisted),
        "lint": findings,
        "variants": variants,
    }
    lines = [
        f"{path}  {preview.sizes.get(kind, preview.sizes['mail']):,} bytes" for kind, path in preview.files.items()
    ]
    text = "\n".join(lines + _shortened(preview.proof) + _findings(row, findings))
    emit(document, Group(text, *_variants_table(variants)))
    if open_:
        webbrowser.open(preview.files["html"].resolve().as_uri())


@app.command(epilog="Example: newsletter designs kinaforum --open")
def designs(
    newsletter: Annotated[str, typer.Argument(metavar="NEWSLETTER", help="The newsletter's name in config.toml.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("designs"),
    open_: Annotated[bool, typer.Option("--open", help="Open them in the browser.")] = False,
) -> None:
    """Write every design with the newsletter's own posts. One page shows them all."""
    configuration = ready()
    from newsletter.editions.previews import sample_digest, samples

    settings = newsletter_named(configuration, newsletter)
    digest = sample_digest(configuration, settings)
    if digest is None:
        fail(f"{newsletter} has no posts yet; collect some with 'newsletter collect'")
    emails = samples(configuration, digest)
    out.mkdir(parents=True, exist_ok=True)
    files = {}
    for sample in emails:
        files[sample.design] = out / f"{sample.design}.html"
        files[sample.design].write_text(sample.html, encoding="utf-8")
        files[sample.design].with_suffix(".txt").write_text(sample.text, encoding="utf-8")
    page = out / "index.html"
    page.write_text(_gallery_page(settings.title, list(files)), encoding="utf-8")
    sizes = {sample.design: len(sample.html.encode()) for sample in emails}
    document = {
        "newsletter": newsletter,
        "files": {design: str(path) for design, path in files.items()},
        "page": str(page),
        "bytes": sizes,
    }
    lines = [f"{path}  {sizes[design]:,} bytes" for design, path in files.items()]
    emit(document, "\n".join([*lines, f"All of them: {page}"]))
    if open_:
        webbrowser.open(page.resolve().as_uri())


def _gallery_page(title: str, names: Sequence[str]) -> str:
    """Return a page that shows each design as on a phone and on a computer."""
    from html import escape  # its table of entities takes 4 ms, which every command would pay

    frames = "".join(
        f"<h2>{name}</h2><div><iframe title='{name}, phone' width='375' height='720' src='{name}.html'></iframe> "
        f"<iframe title='{name}, computer' width='700' height='720' src='{name}.html'></iframe></div>"
        for name in names
    )
    style = "body { font-family: sans-serif; margin: 24px; } iframe { border: 1px solid #999; max-width: 100%; }"
    head = f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
    return f"{head}<style>{style}</style></head><body><h1>{escape(title)}</h1>{frames}</body></html>\n"


@app.command(epilog="Example: newsletter lint kinaforum/2026-W06")
def lint(edition: EditionName) -> None:
    """Check an edition for problems. The exit status is 1 if there is an error."""
    configuration, row = ready_with_edition(edition)
    from newsletter.editions import serialize
    from newsletter.editions.rendering import make_proof

    proof = make_proof(row, configuration)
    findings = serialize.findings(proof.findings)
    emit({"edition": row.name, "revision": row.revision, "lint": findings}, "\n".join(_findings(row, findings)))
    if proof.errors:
        fail(f"{row.name} has {counted(len(proof.errors), 'error')}; fix or override before approving")


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


def _shortened(proof: "Proof") -> list[str]:
    """Return lines about posts that were shortened to keep the email below `maximum_size`."""
    cut = {post.id: post for post in proof.rendered.shortened}
    titles = [
        f"“{post.title}” ({cut[post.id].words} of {cut[post.id].whole} words)"
        for post in proof.digest.posts
        if post.id in cut
    ]
    lines = [f"shortened to stay below maximum_size: {', '.join(titles)}"] if titles else []
    if unlisted := len(proof.rendered.unlisted):
        lines.append(f"posts that don't fit and are only on the edition's page: {unlisted}")
    return lines


def _findings(edition: "Edition", findings: list[dict[str, str]]) -> list[str]:
    """Return one line for each problem, or one that says that there are none, or that only drafts are checked."""
    lines = [
        f"{f['level']}: {f['code']}: {f['message']}" + (f" ({f['where']})" if f["where"] else "") for f in findings
    ]
    return lines or ["No problems found." if edition.state == "draft" else "Not checked, since it is no draft."]
