"""Emails of Buttondown: `emails.csv` of its export, the answer of its API as JSON, or Markdown files with front matter
as its command line tool writes them (those are read by `page_files`).
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import urlsplit

from newsletter.feeds.archives import merge_tags
from newsletter.feeds.archives.export_values import columns, moment, paths_of
from newsletter.feeds.archives.files import ArchiveFiles
from newsletter.feeds.archives.old_issue import HERE, LeftOut, OldIssue
from newsletter.feeds.formats.markdown import html_of
from newsletter.messages import archives as messages

_COLUMNS = {"subject", "body", "publish_date"}
_OTHERS = ("id", "slug", "status", "email_type", "absolute_url", "description", "image")
_SENT = ("sent", "imported", "published", "resending", "throttled", "")
_HIDDEN = ("premium", "private", "hidden", "churned", "archival_only_premium")


def table(files: ArchiveFiles) -> str:
    """Return the name of the table of emails; "" if this is no export of Buttondown."""
    return next((name for name in files.ending(".csv") if columns(files, name) >= _COLUMNS), "")


def is_answer(document: Any) -> bool:
    """Return whether a JSON document is a list of emails, or a page of the API's answer."""
    emails = emails_of(document)
    return bool(emails) and all(isinstance(email, dict) and email.keys() >= _COLUMNS for email in emails)


def emails_of(document: Any) -> list[Any]:
    """Return the emails of a JSON document."""
    emails = document.get("results") if isinstance(document, dict) else document
    return emails if isinstance(emails, list) else []


def issue(email: Mapping[str, Any], zone: tzinfo, base: str) -> OldIssue | LeftOut:
    """Return an email as an issue. Those for paying subscribers alone are left out."""
    values = {key: str(email.get(key) or "") for key in (*_COLUMNS, *_OTHERS)}
    title, slug = merge_tags.without_tags(values["subject"], braces=True) or values["slug"], values["slug"]
    published = moment(values["publish_date"], zone)
    if values["status"] not in _SENT:
        return LeftOut(title, messages.NOT_SENT())
    if values["email_type"] in _HIDDEN:
        return LeftOut(title, messages.NOT_PUBLIC())
    if published is None:
        return LeftOut(title, messages.NO_DATE())
    url = values["absolute_url"] or (f"{base.rstrip('/')}/archive/{slug}/" if base and slug else "")
    path = f"/archive/{slug}" if slug else ""
    user = urlsplit(url).path.strip("/").partition("/")[0]
    path_of_user = f"/{user}{path}" if path and user not in ("", "archive") else ""
    return OldIssue(
        key=f"buttondown:{values['id'] or slug or values['publish_date']}",
        title=title,
        published=published,
        html=html_of(values["body"]),
        description=values["description"],
        url=url,
        paths=paths_of([url, path, path_of_user]),
        base=url or HERE,
        image=values["image"],
        merge_tags=True,
    )
