"""The texts that editors write in a draft, as fields of its page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from newsletter.models import Edition
from newsletter.web.desk.edition import conflicts


@dataclass(frozen=True, slots=True)
class WordField:
    """One of the four texts that editors write; `shown` marks what the page holds."""

    key: str
    label: str
    help: str
    value: str
    rows: int
    of_letter: bool

    @property
    def shown(self) -> str:
        """The mark of the value."""
        return conflicts.mark(self.value)

    @property
    def folded(self) -> bool:
        """Whether the field is shown when it is asked for, since the posts come below; the body of a letter is not."""
        return self.key != "subject" and not (self.of_letter and self.key in ("preheader", "greeting"))

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
    return [WordField(k, label, said, getattr(edition, k), rows, of_letter) for k, label, said, rows in fields]
