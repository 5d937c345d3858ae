"""An issue of another tool, and what was left out of its archive."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.messages import Message, Problem

HERE = "https://archive.invalid/"
"""What relative addresses count from where the old site's address is unknown: the files of the archive itself."""


class ArchiveProblem(Problem):
    """The archive can't be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class OldIssue:
    """An issue as its tool exported it.

    `key` identifies it in that tool, the same in a later export. `html` is what the tool has, until it is cleaned.
    `url` is its whole old address, if the export has it, and `paths` are the paths that it had on its own domain.
    `base` is what its relative addresses count from, and `image` its cover. `merge_tags` says that `{{ … }}` in its
    text is a placeholder for a subscriber's values.
    """

    key: str
    title: str
    published: datetime
    html: str
    description: str = ""
    url: str = ""
    paths: tuple[str, ...] = ()
    base: str = HERE
    image: str = ""
    merge_tags: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in an archive that is not imported, and why."""

    name: str
    reason: Message
