"""Substack's export: `posts.csv`, and the text of each post in `posts/<number>.<slug>.html`."""

from collections.abc import Iterator
from datetime import tzinfo

from newsletter.feeds.archives.export_values import columns, moment, rows
from newsletter.feeds.archives.files import ArchiveFiles
from newsletter.feeds.archives.old_issue import LeftOut, OldIssue
from newsletter.messages import archives as messages

_COLUMNS = {"post_id", "post_date", "is_published", "title"}
_PUBLIC = ("", "everyone")


def table(files: ArchiveFiles) -> str:
    """Return the name of the table of posts; "" if this is no export of Substack."""
    tables = (name for name in files.ending(".csv") if name.rpartition("/")[2] == "posts.csv")
    return next((name for name in tables if columns(files, name) >= _COLUMNS), "")


def issues(files: ArchiveFiles, name: str, zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    """Yield the posts of a table.

    Pages such as "About" are left out, and posts for paying subscribers alone, so that they don't become public.
    """
    folder = name.removesuffix("posts.csv") + "posts/"
    for row in rows(files, name):
        number, _, slug = row["post_id"].partition(".")
        title = row["title"] or slug
        document = f"{folder}{row['post_id']}.html"
        published = moment(row["post_date"], zone)
        if row.get("type") == "page":
            yield LeftOut(title, messages.PAGE())
        elif row["is_published"].lower() != "true":
            yield LeftOut(title, messages.NOT_SENT())
        elif row.get("audience", "") not in _PUBLIC:
            yield LeftOut(title, messages.NOT_PUBLIC())
        elif published is None:
            yield LeftOut(title, messages.NO_DATE())
        elif document not in files.names:
            yield LeftOut(title, messages.NO_TEXT())
        else:
            yield OldIssue(
                key=f"substack:{number}",
                title=title,
                published=published,
                html=files.text(document),
                description=row.get("subtitle", ""),
                url=f"{base.rstrip('/')}/p/{slug}" if base else "",
                paths=(f"/p/{slug}",),
                base=base or "https://substack.com/",
            )
