"""The texts that editors write in a draft, as fields of its page and of a post's panel."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from newsletter.models import Edition, EditionPost
from newsletter.render.editor_html import editor_html
from newsletter.render.subject import beginning
from newsletter.web.desk.edition import texts


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
    automatic: str = ""

    @property
    def shown(self) -> str:
        """The mark of the value."""
        return texts.mark(self.value)

    @property
    def html(self) -> str:
        """The text as its editor shows it, where it can't be changed."""
        return editor_html(self.value)

    @property
    def begin(self) -> str:
        """The first line, which is shown while the field is folded."""
        return self.value.strip().partition("\n")[0]


def word_fields(edition: Edition) -> list[WordField]:
    """Return the four parts, in reading order."""
    of_letter = edition.standalone
    fields = (
        (
            "subject",
            _("Subject"),
            "" if of_letter else _("Automatic when blank: the first headline and the number of other posts."),
            1,
        ),
        (
            "preheader",
            _("Preview text"),
            _("Shown after the subject in the inbox. If blank, the beginning of the text.")
            if of_letter
            else _("Shown after the subject in the inbox. Automatic when blank: the next headlines."),
            1,
        ),
        ("greeting", _("Text"), "", 18)
        if of_letter
        else ("greeting", _("Introduction"), _("Shown above the posts."), 12),
        ("closing", _("Sign-off"), _("Shown below the posts."), 12),
    )
    unfolded = ("subject", "preheader", "greeting") if of_letter else ("subject",)
    proposed = {"preheader": beginning(edition.greeting)} if of_letter else {}
    return [
        WordField(
            k, label, help_text, getattr(edition, k), rows, folded=k not in unfolded, automatic=proposed.get(k, "")
        )
        for k, label, help_text, rows in fields
    ]


def post_fields(entry: EditionPost) -> list[WordField]:
    """Return headline and text of a post."""
    title, text = texts.of_entry(entry).items()
    return [
        WordField(title[0], _("Headline"), "", title[1].value, 1, automatic=title[1].automatic),
        WordField(text[0], _("Text"), _("If you leave this blank, the post’s own text is used."), text[1].value, 12),
    ]
