"""`try` and `collect`: read sources."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from newsletter import config
from newsletter.cli.common import (
    WRONG,
    configuration,
    emit,
    fail,
    new_table,
    newsletter_named,
    progress,
    ready,
    say,
    time_given,
)
from newsletter.domain.english import counted
from newsletter.domain.found_post import FoundPost
from newsletter.messages import Message
from newsletter.messages.general import ABOUT
from newsletter.messages.sources import read_once

if TYPE_CHECKING:
    from rich.table import Table

    # what reads sources takes a third of a second to import, and other commands don't need it
    from newsletter.feeds import SourceReading

app = typer.Typer()


@app.command("try", epilog="Example: newsletter try https://kinaforum.example/")
def try_source(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A website, feed, feed file, or folder of Markdown files.")
    ],
    base: Annotated[str, typer.Option(help="The web address that the file belongs to.")] = "",
    since: Annotated[str, typer.Option(help="Only posts from this time on, such as 2026-02-01.")] = "",
    until: Annotated[str, typer.Option(help="Only posts before this time.")] = "",
) -> None:
    """Show the posts of a source. Nothing is stored."""
    reading = _reading(source, base, since)
    problems = [str(read_once(problem)) for problem in reading.problems]
    last = _time("--until", until)
    first = _time("--since", since)
    posts = [p for p in reading.posts if _between(p.published, first, last)]
    document = {
        "type": reading.kind,
        "title": reading.title,
        "feed_url": reading.feed_url,
        "posts": [_post_document(p) for p in posts],
        "problems": problems,
        "problem_codes": [_code(problem) for problem in reading.problems],
    }
    if reading.posts or not reading.problems:
        emit(document, _table(reading, posts))
        for problem in problems:
            say(problem)
    else:
        emit(document)
        fail(problems[0])


def _code(problem: Message) -> str:
    """Return the code of a problem, not of the sentence that names its source."""
    about = problem.param("message") if ABOUT.matches(problem) else problem
    return about.code if isinstance(about, Message) else problem.code


@app.command(epilog="Example: newsletter collect kinaforum")
def collect(
    newsletter: Annotated[
        str | None, typer.Argument(metavar="NEWSLETTER", help="Only this newsletter's sources.")
    ] = None,
) -> None:
    """Check all sources for new posts now."""

    configuration = ready()
    from newsletter.collecting import gaps
    from newsletter.collecting.collect import collect as collect_now

    if newsletter:
        newsletter_named(configuration, newsletter)
    with progress("collecting") as step:
        results = collect_now(configuration, newsletter, now=datetime.now(UTC), step=step)
    rows = [
        {
            "newsletter": r.newsletter,
            "url": r.url,
            "type": r.type,
            "new": r.new,
            "changed": r.changed,
            "problem": str(r.problem) if r.problem else None,
            "problem_code": _code(r.problem) if r.problem else None,
            "gap": gaps.document(r.gap, UTC) if r.gap else None,
        }
        for r in results
    ]
    table = new_table(
        ("newsletter", "source", "type", "new", "changed", "problem"),
        ((r.newsletter, r.url, r.type, r.new, r.changed, r.problem or "") for r in results),
    )
    emit({"sources": rows}, table)
    for r in results:
        if r.gap:
            say(str(gaps.message(r.gap)))
    if results and all(r.problem and not (r.new or r.changed) for r in results):
        fail("no source could be read completely; the problems are listed above")


def _reading(source: str, base: str, since: str) -> "SourceReading":
    from newsletter.feeds.sources.read import read, read_file

    if not source.strip():
        fail("SOURCE is empty; use a file or a web address such as https://kinaforum.example/", WRONG)
    path = Path(source)
    if path.is_file():
        return read_file(path, base)
    folder = path.is_dir()
    if not folder and "://" not in source:
        if "." not in source:
            fail(f"{source}: not a file or web address; use one such as https://kinaforum.example/", WRONG)
        source = f"https://{source}"
    settings = config.SourceSettings(url=source, type="folder" if folder else "auto", base=base if folder else "")
    return read(settings, _limits(), now=datetime.now(UTC), since=_time("--since", since), root=Path.cwd())


def _limits() -> config.Collect:
    """Return the limits of the configuration if there is one; trying an address doesn't need it."""
    try:
        return configuration().collect
    except config.ConfigError:
        return config.Collect()


def _time(option: str, text: str) -> datetime | None:
    """Return the time that an option gives, None for none; without an offset it is local to the machine."""
    from newsletter.setup.machine import machine_timezone

    return time_given(option, text, ZoneInfo(machine_timezone() or "UTC")) if text else None


def _between(at: datetime | None, first: datetime | None, last: datetime | None) -> bool:
    return at is None or ((first is None or at >= first) and (last is None or at < last))


def _post_document(post: FoundPost) -> dict[str, Any]:
    from newsletter.feeds.html.markup import spaced
    from newsletter.feeds.identity import MADE_UP

    return {
        "id": None if post.uid.startswith(MADE_UP) else post.uid,
        "title": spaced(post.title),
        "url": post.via or post.url or None,
        "leads_to": post.url or None,
        "published": post.published.isoformat() if post.published else None,
        "updated": post.updated.isoformat() if post.updated else None,
        "author": post.author,
        "has_body": bool(post.html),
        "dropped": dict(post.dropped),
    }


def _table(reading: "SourceReading", posts: list[FoundPost]) -> "Table":
    return new_table(
        ("published", "title", "address"),
        ((f"{post.published:%F %H:%M}" if post.published else "no date", post.title, post.url) for post in posts),
        title=f"{reading.title} ({reading.kind}), {counted(len(posts), 'post')}",
    )
