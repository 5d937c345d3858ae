"""Archives of other tools: why one can't be read, and why an issue is left out."""

from newsletter.messages.message import MessageType, gettext_noop

UNREADABLE = MessageType("archive.unreadable", gettext_noop("it can't be read ({cause})"))
BROKEN_ARCHIVE = MessageType(
    "archive.broken", gettext_noop("the ZIP archive can't be read ({cause}); download it again")
)
BROKEN_FILE = MessageType("archive.broken-file", gettext_noop("{name} can't be read ({cause})"))
LARGE_ARCHIVE = MessageType(
    "archive.large", gettext_noop("the archive has more than 50,000 files or 4 GB; import its parts one by one")
)
LARGE_FILE = MessageType("archive.large-file", gettext_noop("{name} is larger than {most}"))
NO_ISSUES = MessageType(
    "archive.no-issues",
    gettext_noop(
        "it has no issues that we can read; see docs/moving-in.md for what to export from each tool, or use a folder"
        " of HTML or Markdown files"
    ),
)
BAD_JSON = MessageType("archive.bad-json", gettext_noop("it is not valid JSON ({cause})"))
NOT_SENT = MessageType("archive.not-sent", gettext_noop("it was not sent or published"))
NOT_PUBLIC = MessageType("archive.not-public", gettext_noop("it was only for paying subscribers or members"))
NO_DATE = MessageType(
    "archive.no-date",
    gettext_noop("it has no date; write 'date: 2024-05-31' above its text, or begin the file's name with the date"),
)
IN_THE_FUTURE = MessageType("archive.future", gettext_noop("its date is in the future"))
PAGE = MessageType("archive.page", gettext_noop("it is a page of the old site, not an issue"))
NO_TEXT = MessageType("archive.no-text", gettext_noop("it has no text"))
LONG_TITLE = MessageType(
    "archive.long-title",
    gettext_noop("its title has {length} characters, more than {most}; shorten it in the file, and import that again"),
)
LONG_TEXT = MessageType(
    "archive.long-text",
    gettext_noop("its text is larger than {most}; shorten it in the file, and import that again"),
)
NO_IMAGE = MessageType("archive.no-image", gettext_noop("there is no such file in the archive; add it there"))
IMAGE_WAITS = MessageType(
    "archive.image-waits", gettext_noop("it was not tried yet; one import tries only so many images of an issue")
)
UNDONE = MessageType("archive.undone", gettext_noop("this import was undone before"))
NO_IMPORT = MessageType("archive.no-import", gettext_noop("there is no import of old issues with the number {number}"))
