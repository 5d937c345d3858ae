"""The texts of a draft, each of which is saved as it is typed: four of the edition, and headline and text of its posts.

A text's key is its name in forms: `greeting`, `title-12`, `text-12`. A field is where an editor writes one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.editions import editing
from newsletter.editions.history import WORDS
from newsletter.models import Edition, EditionPost
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.markdown import markdown
from newsletter.render.content.to_markdown import to_markdown
from newsletter.render.editor_html import editor_html
from newsletter.render.subject import beginning

_OF_POST = re.compile(r"(title|text)-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Text:
    """What an editor wrote, "" if nothing, and what is used then: the source's headline or text."""

    written: str
    automatic: str = ""

    @property
    def value(self) -> str:
        """What the page shows."""
        return self.written or self.automatic

    @property
    def mark(self) -> str:
        """The hash of the value, by which a form says which text it was filled with."""
        return mark(self.value)


def mark(text: str) -> str:
    """Return a short hash of a text."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def post_of(key: str) -> int | None:
    """Return the primary key of the post that a text belongs to; None for a text of the edition."""
    match = _OF_POST.fullmatch(key)
    return int(match[2]) if match else None


def is_key(key: str) -> bool:
    """Return whether a field of a form is a text."""
    return key in WORDS or post_of(key) is not None


def plain(key: str, text: str) -> str:
    """Return a text as it is stored; in a line, any white space becomes one space."""
    if key in ("subject", "preheader") or key.startswith("title-"):
        return " ".join(text.split())
    text = text.replace("\r\n", "\n")
    return text if key in WORDS else text.strip()


def of_entry(entry: EditionPost) -> dict[str, Text]:
    """Return headline and text of a post."""
    source = to_markdown(entry.post.html or entry.post.summary).strip()
    title, text = f"title-{entry.post_id}", f"text-{entry.post_id}"
    return {
        title: Text(plain(title, entry.title), plain(title, entry.post.title)),
        text: Text(plain(text, entry.text), source),
    }


def read(edition: Edition, keys: Iterable[str]) -> dict[str, Text]:
    """Return the texts of these keys, without those of posts that the draft doesn't have."""
    keys = list(keys)
    numbers = {post for key in keys if (post := post_of(key)) is not None}
    entries = edition.entries.select_related("post").filter(post_id__in=numbers) if numbers else ()
    texts = {key: Text(getattr(edition, key)) for key in WORDS}
    for entry in entries:
        texts |= of_entry(entry)
    return {key: texts[key] for key in keys if key in texts}


def store(configuration: Config, edition: Edition, by: str, written: dict[str, str]) -> Edition:
    """Store texts of a draft; those of the edition are one revision, each of a post's is another."""
    if words := {key: text for key, text in written.items() if key in WORDS}:
        edition = editing.set_words(configuration, edition, by, edition.revision, words)
    for key, text in written.items():
        post = post_of(key)
        if post is not None:
            change = editing.retitle if key.startswith("title-") else editing.rewrite
            edition = change(configuration, edition, by, edition.revision, post, text)
    return edition


@dataclass(frozen=True, slots=True)
class WordField:
    """A text that editors write; `shown` marks what the page holds, `automatic` is what is used if it is empty."""

    key: str
    label: str
    help: str
    value: str
    rows: int
    folded: bool = False
    """Whether the field is shown when it is asked for, since the posts come below; the body of a letter is not."""
    is_page: bool = False
    """Whether the field is the page itself, as the body of a letter is: its label is only read aloud."""
    automatic: str = ""

    @property
    def shown(self) -> str:
        """The mark of the value."""
        return mark(self.value)

    @property
    def html(self) -> str:
        """The text as its editor shows it, where it can't be changed."""
        return editor_html(self.value)

    @property
    def begin(self) -> str:
        """The first line in plain words, or the automatic text, which is shown while the field is folded."""
        lines = (line.strip() for line in (self.value or self.automatic).splitlines() if not line.startswith(":::"))
        if self.rows == 1:
            return next(filter(None, lines), "")
        return next(filter(None, (text_of(parse(markdown(line))) for line in lines if line)), "")


def word_fields(edition: Edition) -> list[WordField]:
    """Return the four parts, in reading order."""
    closing = WordField("closing", _("Sign-off"), _("Shown below the posts."), edition.closing, 12, folded=True)
    if edition.is_unscheduled:
        help_text = _("Shown after the subject in the inbox. If blank, the beginning of the text.")
        start = beginning(edition.greeting)
        return [
            WordField("subject", _("Subject"), "", edition.subject, 1),
            WordField("greeting", _("Text"), "", edition.greeting, 18, is_page=True),
            closing,
            WordField("preheader", _("Preview text"), help_text, edition.preheader, 1, folded=True, automatic=start),
        ]
    of_subject = _("Automatic when blank: the first headline and the number of other posts.")
    of_preheader = _("Shown after the subject in the inbox. Automatic when blank: the next headlines.")
    of_greeting = _("Shown above the posts.")
    return [
        WordField("subject", _("Subject"), of_subject, edition.subject, 1),
        WordField("preheader", _("Preview text"), of_preheader, edition.preheader, 1, folded=True),
        WordField("greeting", _("Introduction"), of_greeting, edition.greeting, 12, folded=True),
        closing,
    ]


def post_fields(entry: EditionPost) -> list[WordField]:
    """Return headline and text of a post."""
    (title_key, title), (text_key, text) = of_entry(entry).items()
    return [
        WordField(title_key, _("Headline"), "", title.value, 1, automatic=title.automatic),
        WordField(text_key, _("Text"), _("If you leave this blank, the post’s own text is used."), text.value, 12),
    ]
