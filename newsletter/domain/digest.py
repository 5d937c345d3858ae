"""An edition before, during and after rendering: its posts, the rendered email, and what lint found."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from newsletter.config.theme import Theme
from newsletter.domain.encoded_email import Slot
from newsletter.domain.found_post import Image
from newsletter.messages import Message

GroupBy = Literal["day", "source", "category", "none"]


@dataclass(frozen=True, slots=True)
class Preview:
    """A video of a post: the address of its page, its title ("" if unknown), and its picture with a play mark."""

    url: str
    title: str = ""
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class DigestPost:
    """A post in an edition, with editors' changes applied.

    `html` is the cleaned HTML of the part that is shown ("" for a headline only); `whole` is False if it was shortened,
    and `cut_to_fit` is True if it was for the size of the email. `written` is True for a text of an editor, in which
    `{name}` is replaced with the reader's name. `minutes` is the time that reading the whole post takes, 0 if it is
    unknown or the post has no text. `partial` says that its source has only its beginning. `previews` has what is known
    of its videos. `comments_url` is the page of its comments.
    """

    id: str
    url: str
    title: str
    html: str = ""
    whole: bool = True
    cut_to_fit: bool = False
    published: datetime | None = None
    author: str = ""
    source: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    image: Image | None = None
    pinned: bool = False
    day: date | None = None
    written: bool = False
    minutes: int = 0
    partial: bool = False
    comments_url: str = ""
    previews: tuple[Preview, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A sponsor, an event or a call to action that an editor put between posts.

    `text` is Markdown, `when` an event's time and place, `button` the words of the link to `url`. `after` is the id of
    the post above it, "top" or "end".
    """

    id: str
    kind: str
    title: str
    when: str = ""
    text: str = ""
    url: str = ""
    button: str = ""
    after: str = "end"


@dataclass(frozen=True, slots=True)
class Group:
    """Posts under one heading: a day, a source or a category ("" if posts are not grouped).

    `colour` is that of the heading, "" for the usual one; `by` is what the heading names.
    """

    heading: str
    posts: tuple[DigestPost, ...]
    day: date | None = None
    colour: str = ""
    by: GroupBy = "none"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every email of a newsletter shows, from its configuration; `fields` are the keys of own fields."""

    newsletter: str
    title: str
    description: str
    language: str
    timezone: str
    sender_name: str
    sender_address: str
    reply_to: str
    postal_address: str
    site_url: str
    theme: Theme = field(default_factory=Theme)
    template: str = "edition"
    mailto_unsubscribe: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """An edition ready to be rendered. `greeting` and `closing` are Markdown; `subject` and `preheader` plain text.

    `groups` are shown in full or as excerpts, `headlines` only as links below them. `rest` is not listed in the email:
    it links to the edition's page instead, with the number of posts. A `standalone` edition says nothing about posts
    that it doesn't have. `images_not_hosted` says why images that the site should serve come from their sources, and
    `images_left_out` has the addresses of those that no email program shows. `previews` has what is known of the videos
    in the editors' texts that are no posts. `personal_subject` and `personal_preheader` are an editor's lines that have
    values such as `{name|reader}`, else ""; `subject` and `preheader` are then what somebody without values reads.
    """

    name: str
    letterhead: Letterhead
    since: datetime
    until: datetime
    subject: str
    preheader: str
    groups: tuple[Group, ...]
    headlines: tuple[DigestPost, ...] = ()
    rest: tuple[DigestPost, ...] = ()
    greeting: str = ""
    closing: str = ""
    contents: bool = True
    code_colours: bool = True
    standalone: bool = False
    blocks: tuple[Block, ...] = ()
    images_not_hosted: tuple[Message, ...] = ()
    images_left_out: tuple[str, ...] = ()
    previews: tuple[Preview, ...] = ()
    personal_subject: str = ""
    personal_preheader: str = ""

    @property
    def page_url(self) -> str:
        """The URL of the edition's public page."""
        return f"{self.letterhead.site_url}/n/{self.name}/"

    @property
    def posts(self) -> tuple[DigestPost, ...]:
        """All posts that the email lists, in reading order."""
        return tuple(post for group in self.groups for post in group.posts) + self.headlines

    @property
    def is_empty(self) -> bool:
        """Whether it has no posts, blocks and editors' texts."""
        return not (self.posts or self.blocks or self.greeting.strip() or self.closing.strip())


@dataclass(frozen=True, slots=True)
class ShortenedPost:
    """A post that was cut to keep the email below its size limit, and how many of its words are left (0: the title)."""

    id: str
    words: int
    whole: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """An edition as HTML and text, with placeholders for each reader's values.

    `placeholders` maps each placeholder to its slot; placeholders are random, so that no post can contain one.
    `personal_subject` is as in the digest.
    `shortened` has the posts that were cut to keep the email below its size limit, `unlisted` the ids of those for
    which there was no space even as titles. If there are any, `page` is the HTML of the edition's page, which lists
    them all; otherwise the page shows `html`.
    """

    subject: str
    preheader: str
    html: str
    text: str
    placeholders: tuple[tuple[str, Slot], ...]
    shortened: tuple[ShortenedPost, ...] = ()
    unlisted: tuple[str, ...] = ()
    page: str = ""
    personal_subject: str = ""


class Level(StrEnum):
    """The severity of a finding: errors block approval."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that lint found: a stable code, a sentence, and where (a post's id, "subject", "html" …)."""

    code: str
    level: Level
    message: Message
    where: str = ""
