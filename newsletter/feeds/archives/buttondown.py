"""Emails of Buttondown: `emails.csv` of its export, the answer of its API as JSON, or Markdown files with front matter
as its command line tool writes them (those are read by `page_files`).
"""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import urlsplit

from newsletter.feeds.archives import merge_tags
from newsletter.feeds.archives.export_values import columns, moment, paths_of, rows
from newsletter.feeds.archives.files import ArchiveFiles
from newsletter.feeds.archives.old_issue import HERE, LeftOut, OldIssue
from newsletter.feeds.formats.markdown import html_of
from newsletter.messages import archives as messages

_COLUMNS = {"subject", "body", "publish_date"}
_SENT = ("sent", "imported", "published", "resending", "throttled", "")
_HIDDEN = ("premium", "private", "hidden", "churned", "archival_only_premium")


def table(files: ArchiveFiles) -> str:
    """Return the name of the table of emails; "" if this is no export of Buttondown."""
    return next((name for name in files.ending(".csv") if columns(files, name) >= _COLUMNS), "")


def from_table(files: ArchiveFiles, zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    """Yield the emails of the table."""
    for row in rows(files, table(files)):
        yield issue(row, zone, base)


def is_answer(document: Any) -> bool:
    """Return whether a JSON document is a list of emails, or a page of the API's answer."""
    emails = emails_of(document)
    return bool(emails) and all(isinstance(each, dict) and each.keys() >= _COLUMNS for each in emails)


def emails_of(document: Any) -> list[Any]:
    """Return the emails of a JSON document."""
    listed = document.get("results") if isinstance(document, dict) else document
    return listed if isinstance(listed, list) else []


def issue(email: Mapping[str, Any], zone: tzinfo, base: str) -> OldIssue | LeftOut:
    """Return an email as an issue. Those for paying subscribers alone are left out."""
    values = {key: str(email.get(key) or "") for key in (*_COLUMNS, *_OTHERS)}
    title, slug = merge_tags.without_tags(values["subject"], braces=True) or values["slug"], values["slug"]
    at = moment(values["publish_date"], zone)
    if values["status"] not in _SENT:
        return LeftOut(title, messages.NOT_SENT())
    if values["email_type"] in _HIDDEN:
        return LeftOut(title, messages.NOT_PUBLIC())
    if at is None:
        return LeftOut(title, messages.NO_DATE())
    url = values["absolute_url"] or (f"{base.rstrip('/')}/archive/{slug}/" if base and slug else "")
    own = f"/archive/{slug}" if slug else ""
    user = urlsplit(url).path.strip("/").partition("/")[0]
    theirs = f"/{user}{own}" if own and user != "archive" and user else ""
    return OldIssue(
        key=f"buttondown:{values['id'] or slug or values['publish_date']}",
        title=title,
        published=at,
        html=html_of(values["body"]),
        description=values["description"],
        url=url,
        paths=paths_of([url, own, theirs]),
        base=url or HERE,
        image=values["image"],
        merge_tags=True,
    )


_OTHERS = ("id", "slug", "status", "email_type", "absolute_url", "description", "image")
