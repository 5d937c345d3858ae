"""`try` and `collect`: what sources give."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from newsletter import config
from newsletter.cli.common import configuration, emit, fail, newsletter_named, progress, ready, say
from newsletter.feeds import Reading, read, read_file
from newsletter.feeds.identity import MADE_UP
from newsletter.feeds.markup import spaced
from newsletter.mail import FoundPost


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("try", epilog="Example: newsletter try https://kinaforum.example/")(try_source)
    app.command(epilog="Example: newsletter collect kinaforum")(collect)


def try_source(
    source: Annotated[str, typer.Argument(help="a site, a feed, a feed file, or a folder of Markdown files")],
    base: Annotated[str, typer.Option(help="the address that a file is to be read as if from")] = "",
    since: Annotated[str, typer.Option(help="read back to this time, such as 2026-02-01")] = "",
    until: Annotated[str, typer.Option(help="leave out posts from this time on")] = "",
) -> None:
    """Show what an address or a feed file would give; nothing is stored."""
    reading = _reading(source, base, since)
    last = _time(until)
    first = _time(since)
    posts = [p for p in reading.posts if _between(p.published, first, last)]
    document = {
        "type": reading.kind,
        "title": reading.title,
        "feed_url": reading.feed_url,
        "posts": [_shown(p) for p in posts],
        "problems": list(reading.problems),
    }
    if reading.posts or not reading.problems:
        emit(document, _table(reading, posts))
        for problem in reading.problems:
            say(problem)
    else:
        emit(document)
        fail(reading.problems[0])


def collect(
    newsletter: Annotated[str | None, typer.Argument(help="only this newsletter's sources")] = None,
) -> None:
    """Fetch every source now, and put new posts into the ledger."""
    found = ready()
    from newsletter.jobs.collect import collect as collect_now

    if newsletter:
        newsletter_named(found, newsletter)
    with progress("collecting") as step:
        results = collect_now(found, newsletter, now=datetime.now(UTC), step=step)
    rows = [
        {
            "newsletter": r.newsletter,
            "url": r.url,
            "type": r.type,
            "new": r.new,
            "changed": r.changed,
            "problem": r.problem,
        }
        for r in results
    ]
    table = Table("newsletter", "source", "type", "new", "changed", "problem", box=None)
    for r in results:
        table.add_row(r.newsletter, r.url, r.type, str(r.new), str(r.changed), r.problem or "")
    emit({"sources": rows}, table)
    if results and all(r.problem and not (r.new or r.changed) for r in results) and len(results) > 0:
        fail("no source could be read whole; each is named above with what to do", 1)


def _reading(source: str, base: str, since: str) -> Reading:
    path = Path(source)
    if path.is_file():
        return read_file(path, base)
    folder = path.is_dir()
    if not folder and "://" not in source:
        if "." not in source:
            fail(f"{source}: is no address and no file; write such as https://kinaforum.example/", 2)
        source = f"https://{source}"
    settings = config.Source(url=source, type="folder" if folder else "auto", base=base if folder else "")
    return read(settings, _limits(), now=datetime.now(UTC), since=_time(since), root=Path.cwd())


def _limits() -> config.Collect:
    """Those of the configuration where there is one; trying an address needs none."""
    try:
        return configuration().collect
    except config.ConfigError:
        return config.Collect()


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is no time; write such as 2026-02-06 or 2026-02-06T18:00+01:00", 2)
    return found if found.tzinfo else found.astimezone()


def _between(at: datetime | None, first: datetime | None, last: datetime | None) -> bool:
    if at is None:
        return True
    return (first is None or at >= first) and (last is None or at < last)


def _shown(post: FoundPost) -> dict[str, Any]:
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


def _table(reading: Reading, posts: list[FoundPost]) -> Table:
    count = "1 post" if len(posts) == 1 else f"{len(posts)} posts"
    table = Table("published", "title", "address", title=f"{reading.title} ({reading.kind}), {count}", box=None)
    for post in posts:
        table.add_row(f"{post.published:%F %H:%M}" if post.published else "no date", post.title, post.url)
    return table
