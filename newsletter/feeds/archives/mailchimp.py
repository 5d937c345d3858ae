"""Mailchimp's account export: a table of campaigns, and the HTML of each in `campaigns_content`."""

import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo

from newsletter.feeds.archives import merge_tags
from newsletter.feeds.archives.export_values import columns, moment, rows
from newsletter.feeds.archives.files import ArchiveFiles
from newsletter.feeds.archives.old_issue import ArchiveProblem, LeftOut, OldIssue
from newsletter.feeds.archives.page_files import date_in, title_in
from newsletter.feeds.html.markup import page_tree, spaced
from newsletter.messages import archives as messages, message_of

_COLUMNS = {"title", "subject", "send_date"}
_FOLDER = "campaigns_content/"
_NUMBER = re.compile(r"^\d{1,20}_")
_NAME = re.compile(r"[^a-z0-9]+")


def table(files: ArchiveFiles) -> str:
    """Return the name of the table of campaigns; "" if this is no export of Mailchimp."""
    if not any(_FOLDER in name for name in files.names):
        return ""
    return next((name for name in files.ending(".csv") if columns(files, name) >= _COLUMNS), "")


def issues(files: ArchiveFiles, table_name: str, zone: tzinfo) -> Iterator[OldIssue | LeftOut]:
    """Yield the campaigns of a table that were sent, each with the document that has its title in its name, and other
    documents.

    Their old addresses are on Mailchimp's own domains, so that none of them can be answered here.
    """
    names = [name for name in files.ending(".html", ".htm") if _FOLDER in name]
    documents = {_words(name.rpartition("/")[2].rpartition(".")[0]): name for name in names}
    unnamed = dict.fromkeys(names)
    for row in rows(files, table_name):
        title = merge_tags.without_tags(row["subject"]) or row["title"]
        published = moment(row["send_date"], zone, local=True)
        document = _document(row, documents)
        unnamed.pop(document or "", None)
        if not row["send_date"]:
            yield LeftOut(title, messages.NOT_SENT())
        elif published is None:
            yield LeftOut(title, messages.NO_DATE())
        elif document is None:
            yield LeftOut(title, messages.NO_TEXT())
        else:
            identifier = row.get("unique_id") or f"{row['title']}:{row['send_date']}"
            yield OldIssue(f"mailchimp:{identifier}", title, published, files.text(document))
    for name in unnamed:
        yield _unnamed(name, files, zone)


def _unnamed(name: str, files: ArchiveFiles, zone: tzinfo) -> OldIssue | LeftOut:
    """Return a document that no line of the table names, with the title and the date that it has itself."""
    file = _NUMBER.sub("", name.rpartition("/")[2])
    published = date_in(file, zone)
    if published is None:
        return LeftOut(name, messages.NO_DATE())
    try:
        html = files.text(name)
    except ArchiveProblem as problem:
        return LeftOut(name, message_of(problem))
    page = page_tree(html)
    texts = () if page is None else (page.findtext(".//title") or "", *(h1.text_content() for h1 in page.iter("h1")))
    title = next(filter(None, (merge_tags.without_tags(spaced(text)) for text in texts)), "")
    return OldIssue(f"mailchimp:{name}", title or title_in(file), published, html)


def _document(row: Mapping[str, str], documents: Mapping[str, str]) -> str | None:
    """Return the name of a campaign's document: its name has the campaign's number or title."""
    for words in map(_words, (row.get("unique_id", ""), row.get("campaign_id", ""), row["title"], row["subject"])):
        if words in documents:
            return documents[words]
        ends = [name for plain, name in documents.items() if words and plain.endswith(f"-{words}")]
        begins = [name for plain, name in documents.items() if words and plain.startswith(f"{words}-")]
        if ends or begins:
            return (ends or begins)[0]
    return None


def _words(text: str) -> str:
    return _NAME.sub("-", text.lower()).strip("-")
