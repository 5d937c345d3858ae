"""Reads an archive in a child process with limits, and cleans its issues one by one.

Promises: nothing of a foreign file is parsed outside of the child processes of `newsletter.sandbox`, but for small
documents whose parsers take linear time; issues come oldest first; one that can't be read leaves the others alone.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.domain.found_post import Image
from newsletter.feeds.archives import buttondown, ghost, listmonk, mailchimp, page_files, substack
from newsletter.feeds.archives.email_content import content_of
from newsletter.feeds.archives.export_values import rows
from newsletter.feeds.archives.files import LARGEST_IMAGE, LARGEST_TABLE, ArchiveFiles, files_of
from newsletter.feeds.archives.issue_limits import within_limits
from newsletter.feeds.archives.old_issue import HERE, ArchiveProblem, LeftOut, OldIssue
from newsletter.feeds.html.clean import clean
from newsletter.feeds.html.markup import to_tree
from newsletter.feeds.identity import link_key
from newsletter.images.mail_image import MailImage
from newsletter.messages import archives as messages, from_json
from newsletter.messages.general import ABOUT
from newsletter.sandbox import Sandbox

CPU_SECONDS, MEGABYTES = 120, 1_500
"""Of the child that reads the archive: a JSON document of 200 MB takes about 1,000."""


@dataclass(frozen=True, slots=True)
class CleanIssue:
    """The clean HTML of an issue, its text, its cover, and the keys of the addresses to which it links."""

    html: str
    text: str
    image: Image | None
    links: tuple[str, ...]


class Archive:
    """The issues of an archive, oldest first, and its images."""

    def __init__(self, path: Path, lines: Path, index: list[tuple[str, int]], sandbox: Sandbox) -> None:
        self._path, self._lines, self._sandbox = path, lines, sandbox
        self._index = sorted(index)

    def __len__(self) -> int:
        return len(self._index)

    def __iter__(self) -> Iterator[OldIssue | LeftOut]:
        with self._lines.open("rb") as file:
            for _at, place in self._index:
                file.seek(place)
                yield _from_line(file.readline())

    def clean(self, issue: OldIssue) -> CleanIssue:
        """Return the clean text of an issue. Raises Problem if it can't be read."""
        return self._sandbox.read(len(issue.html), clean_issue, issue)

    def image(self, name: str) -> MailImage:
        """Return an image of the archive, fit for an email. Raises Problem if it has none of that name."""
        return self._sandbox.run(_image, self._path, name)


@contextmanager
def opened(path: Path, zone: ZoneInfo, base: str = "") -> Iterator[Archive]:
    """Read an archive whose addresses count from `base`, that of the old site ("" if unknown).

    `zone` is that of dates without one. Raises ArchiveProblem if it can't be read, or has no issues.
    """
    with (
        NamedTemporaryFile("wb", prefix="newsletter-archive-", suffix=".jsonl") as lines,
        Sandbox(CPU_SECONDS, MEGABYTES, problem=ArchiveProblem) as sandbox,
    ):
        index = sandbox.run(_write_lines, path, Path(lines.name), zone.key, base)
        if not index:
            raise ArchiveProblem(ABOUT(subject=path.name, message=messages.NO_ISSUES()))
        yield Archive(path, Path(lines.name), index, sandbox)


def issues_of(files: ArchiveFiles, zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    """Yield the issues of an archive, by the tool that it is from."""
    if name := substack.table(files):
        yield from substack.issues(files, name, zone, base)
    elif name := mailchimp.table(files):
        yield from mailchimp.issues(files, name, zone)
    elif name := buttondown.table(files):
        yield from (buttondown.issue(row, zone, base) for row in rows(files, name))
    else:
        for name in files.ending(".json"):
            yield from _of_json(files, name, zone, base)
        yield from page_files.issues(files, zone)


def _of_json(files: ArchiveFiles, name: str, zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    try:
        document: Any = json.loads(files.text(name, LARGEST_TABLE))
    except (ValueError, RecursionError) as e:
        yield LeftOut(name, messages.BAD_JSON(cause=str(e)))
        return
    if (data := ghost.data_of(document)) is not None:
        yield from ghost.issues(data, zone, base)
    elif buttondown.is_answer(document):
        yield from (buttondown.issue(email, zone, base) for email in buttondown.emails_of(document))
    else:
        yield from listmonk.issues(listmonk.campaigns_of(document), zone, base)


def _write_lines(path: Path, lines: Path, zone: str, base: str) -> list[tuple[str, int]]:
    """Write each issue as a line of JSON, and return its date and where its line begins."""
    index: list[tuple[str, int]] = []
    keys: set[str] = set()
    with files_of(path) as files, lines.open("wb") as file:
        for issue in map(within_limits, issues_of(files, ZoneInfo(zone), base)):
            if isinstance(issue, LeftOut):
                at, document = "", {"left_out": issue.name, "reason": issue.reason.to_json()}
            elif issue.key not in keys:
                keys.add(issue.key)
                at = issue.published.astimezone(UTC).isoformat()
                document = {**asdict(issue), "published": issue.published.isoformat()}
            else:
                continue
            index.append((at, file.tell()))
            file.write(json.dumps(document).encode() + b"\n")
    return index


def _from_line(line: bytes) -> OldIssue | LeftOut:
    document = json.loads(line)
    if "left_out" in document:
        return LeftOut(document["left_out"], from_json(document["reason"]))
    published, paths = datetime.fromisoformat(document["published"]), tuple(document["paths"])
    return OldIssue(**{**document, "published": published, "paths": paths})


def _image(path: Path, name: str) -> MailImage:
    from newsletter.images.animation import prepare_animated  # loads Pillow

    with files_of(path) as files:
        if name not in files.sizes:
            raise ArchiveProblem(messages.NO_IMAGE())
        return prepare_animated(files.read(name, LARGEST_IMAGE))


def clean_issue(issue: OldIssue) -> CleanIssue:
    """Clean an issue's HTML, without placeholders for a subscriber's values and links with them."""
    clean_text = clean(content_of(issue), issue.base, issue.url)
    keys = (link_key(address) for address in _links(clean_text.html) if not address.startswith(HERE))
    image = Image(issue.image) if issue.image.startswith(("http://", "https://")) else None
    return CleanIssue(clean_text.html, clean_text.text, image, tuple(dict.fromkeys(keys)))


def _links(html: str) -> Iterator[str]:
    for link in to_tree(html).iter("a"):
        if (address := link.get("href") or "").startswith(("http://", "https://")):
            yield address
