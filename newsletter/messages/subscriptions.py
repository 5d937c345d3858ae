"""Subscribers: addresses, importing, filters, and actions on one of them."""

from newsletter.messages.message import MessageType, gettext_noop

# Addresses.
NO_AT = MessageType("address.no-at", gettext_noop("it has no @"))
NO_LOCAL = MessageType("address.no-local", gettext_noop("there is nothing before the @"))
NO_DOMAIN = MessageType("address.no-domain", gettext_noop("there is nothing after the @"))
NOT_ALONE = MessageType("address.not-alone", gettext_noop("write the address alone, without a name and angle brackets"))
SEVERAL = MessageType("address.several", gettext_noop("it has more than one @; write one address only"))
HAS_SPACE = MessageType("address.space", gettext_noop("it has a space"))
PERIODS = MessageType("address.periods", gettext_noop("a part of it begins or ends with a period, or has two in a row"))
NO_PERIOD = MessageType("address.no-period", gettext_noop("the part after the @ has no period"))
CHARACTERS = MessageType(
    "address.characters", gettext_noop("it has characters that can't be in an address: {characters}")
)
DOMAIN = MessageType(
    "address.domain", gettext_noop("the part after the @ is not the name of a domain that receives email")
)
TOO_LONG = MessageType("address.too-long", gettext_noop("it is longer than an address may be"))
LOCAL_TOO_LONG = MessageType(
    "address.local-too-long", gettext_noop("the part before the @ is longer than {most} octets")
)
INVALID = MessageType("address.invalid", gettext_noop("it is not an email address: {problem}"))
INVALID_GIVEN = MessageType("address.invalid-given", gettext_noop("'{address}' is not an email address: {problem}"))

# Why a line is refused.
BLOCKED = MessageType("import.blocked", gettext_noop("the address is blocked ({reason})"))
LEFT = MessageType("import.unsubscribed", gettext_noop("this person has unsubscribed from {newsletter}"))
CONFIRMED_HERE = MessageType(
    "import.confirmed-here",
    gettext_noop("the file says that this person left, but they confirmed here on {at} that they want it"),
)
UNKNOWN_STATE = MessageType(
    "import.unknown-state",
    gettext_noop("'{text}' is not a known state; correct it, for example to active, or choose another column for it"),
)
NO_ADDRESS = MessageType("import.no-address", gettext_noop("it has no address"))
NO_ADDRESS_CELL = MessageType("import.no-address-cell", gettext_noop("it has too few cells, and none for the address"))
TOO_MANY_CELLS = MessageType(
    "import.too-many-cells", gettext_noop("it has {cells} cells, but the first line has {width}; is a quote missing?")
)
SEVERAL_ADDRESSES = MessageType(
    "import.several-addresses", gettext_noop("it has several addresses; write each on a line of its own")
)
NUL = MessageType("import.nul", gettext_noop("it has a NUL character"))
LONG_CELL = MessageType(
    "import.long-cell", gettext_noop("a cell is longer than {most} characters; is a quote missing?")
)
UNREADABLE_ADDRESS = MessageType(
    "import.unreadable-address", gettext_noop("the address has a character that can't be read; is the file in UTF-8?")
)
OPEN_QUOTE = MessageType("import.open-quote", gettext_noop("a quote is opened and never closed"))
NOT_A_DATE = MessageType(
    "import.not-a-date", gettext_noop("'{text}' is not a date; write it as 2025-12-31, or ignore that column")
)
VALUE_NO_NUMBER = MessageType(
    "import.value-no-number",
    gettext_noop("'{text}' in {field} is not a number; write it as 1234.5, or ignore that column"),
)
VALUE_NO_ANSWER = MessageType(
    "import.value-no-answer",
    gettext_noop("'{text}' in {field} is neither yes nor no; correct it, or ignore that column"),
)
VALUE_NO_CHOICE = MessageType(
    "import.value-no-choice",
    gettext_noop("'{text}' is not among the choices of {field}; correct it, or ignore that column"),
)
VALUE_TOO_LONG = MessageType(
    "import.value-too-long",
    gettext_noop("'{text}…' in {field} is too long; shorten it to 100 characters, or ignore that column"),
)
NOT_A_CADENCE = MessageType(
    "import.not-a-cadence",
    gettext_noop(
        "'{text}' in the column cadence must be post, day, week, month or empty; correct it, or remove the column"
    ),
)
NOT_A_TOPIC = MessageType(
    "import.not-a-topic",
    gettext_noop(
        "'{text}' in the column topics can't be the name of a topic; write the names as in config.toml, separated by"
        " commas, or remove the column"
    ),
)
AMBIGUOUS_DATE = MessageType(
    "import.ambiguous-date",
    gettext_noop("'{text}' can be read in two ways; say whether the day or the month comes first"),
)
EARLY_DATE = MessageType(
    "import.early-date", gettext_noop("the date '{text}' is before 1970; correct it, or ignore that column")
)
FUTURE_DATE = MessageType(
    "import.future-date", gettext_noop("the date '{text}' is in the future; correct it, or ignore that column")
)

# What is wrong with a file.
UNREADABLE = MessageType("import.unreadable-file", gettext_noop("can't be read: {cause}"))
EMPTY_FILE = MessageType("import.empty-file", gettext_noop("it is empty; it must be a CSV file with addresses"))
EMPTY_FIRST_LINE = MessageType(
    "import.empty-first-line", gettext_noop("its first line is empty; it must be a CSV file with addresses")
)
BROKEN_FIRST_LINE = MessageType(
    "import.broken-first-line", gettext_noop("in its first line {problem}; it must be a CSV file with addresses")
)
NO_ADDRESS_COLUMN = MessageType(
    "import.no-address-column", gettext_noop("no column has addresses; call one 'email' (the first line says: {line})")
)
OTHER_COLUMNS = MessageType(
    "import.other-columns", gettext_noop("its columns are not the ones that you saw; upload it again")
)
CHOOSE_ADDRESSES = MessageType("import.choose-addresses", gettext_noop("choose the column with the email addresses"))
TWO_ADDRESSES = MessageType(
    "import.two-address-columns", gettext_noop("{count} columns are chosen for addresses; choose one")
)
TWO_LANGUAGES = MessageType(
    "import.two-language-columns", gettext_noop("{count} columns are chosen for languages; choose one")
)
SENDY_ALL = MessageType(
    "import.everybody",
    gettext_noop(
        "by its name, it is Sendy's list of everybody, which doesn't say who left; export the active, unconfirmed,"
        " unsubscribed, bounced and marked as spam ones separately, or rename the file if it is something else"
    ),
)
BROKEN_ARCHIVE = MessageType("import.broken-archive", gettext_noop("it is a ZIP archive that can't be read: {cause}"))
NOT_HASHES = MessageType(
    "import.not-hashes", gettext_noop("it can't be read as the hashes of another site ({cause}); export them again")
)
NO_CSV_IN_ARCHIVE = MessageType("import.no-csv", gettext_noop("it is a ZIP archive without a CSV file"))
WORKBOOK = MessageType(
    "import.workbook",
    gettext_noop("it is a spreadsheet; save it as “CSV UTF-8” in Excel or as CSV elsewhere, and import that"),
)
NOT_TEXT = MessageType(
    "import.not-text",
    gettext_noop("it is not a text file, but perhaps an image; export the subscribers as CSV, and import that"),
)
OLD_ISSUES = MessageType(
    "import.old-issues",
    gettext_noop(
        "it has old issues, not subscribers; import it with 'newsletter archive import FILE', or at the desk with"
        " “Import old issues”"
    ),
)
LARGE_ARCHIVE = MessageType(
    "import.large-archive", gettext_noop("it is a ZIP archive with more than can be imported at once; unpack it first")
)
NOT_A_DOMAIN = MessageType(
    "import.not-a-domain", gettext_noop("'{text}' is neither an address nor the name of a domain: {problem}")
)

# Undoing an import.
IMPORT_UNDONE = MessageType("import.undone", gettext_noop("this import is being undone, so nothing more is imported"))
NO_IMPORT = MessageType("import.unknown", gettext_noop("there is no import {number}"))
LATER_IMPORT = MessageType(
    "import.later", gettext_noop("to undo this import, first undo import {number}, which was made after it")
)
IMPORT_SENT = MessageType(
    "import.sent",
    gettext_noop("{edition} was sent to the subscribers as they are since this import, so it can't be undone any more"),
)

# Actions on one subscriber.
BLOCKED_NOT_ADDED = MessageType(
    "subscriber.blocked", gettext_noop("{address} is blocked ({reason}), so it was not added")
)
LEFT_NOT_ADDED = MessageType(
    "subscriber.unsubscribed",
    gettext_noop("{address} has unsubscribed from {newsletter}; ask them to confirm with --confirm-by-mail"),
)
ADDRESS_TAKEN = MessageType(
    "subscriber.address-taken",
    gettext_noop("{address} is the address of another subscriber; unsubscribe one of the two"),
)
BLOCKED_NOT_CHANGED = MessageType(
    "subscriber.blocked-not-changed",
    gettext_noop("{address} is blocked ({reason}); unblock it before you change the address"),
)
UNKNOWN = MessageType("subscriber.unknown", gettext_noop("{address} is not a subscriber"))
UNKNOWN_REASON = MessageType(
    "subscriber.unknown-reason", gettext_noop("'{reason}' is not a reason; use one of {known}")
)

UNKNOWN_FIELD = MessageType(
    "subscriber.unknown-field",
    gettext_noop("there is no field '{field}' that can be changed here; declare it as [fields.KEY] in config.toml"),
)

# Filters (`where`).
FILTER_TOO_LONG = MessageType("where.too-long", gettext_noop("the filter must have at most {most} characters"))
FILTER_TOO_DEEP = MessageType("where.too-deep", gettext_noop("the filter can nest at most {most} parentheses or 'not'"))
FILTER_CHARACTER = MessageType(
    "where.character", gettext_noop("'{found}' (character {place}) is not allowed in the filter; example: {example}")
)
FILTER_EXPECTED = MessageType(
    "where.expected",
    gettext_noop("the filter needs {wanted} instead of '{found}' (character {place}); example: {example}"),
)
FILTER_ENDS = MessageType("where.ends", gettext_noop("the filter needs {wanted} after '{text}'; example: {example}"))
WANTED_END = MessageType("where.wanted-end", gettext_noop("'and', 'or' or the end"))
WANTED_ONE = MessageType("where.wanted-one", gettext_noop("one of {words}"))
WANTED_VALUE = MessageType("where.wanted-value", gettext_noop("a value for {field}"))
WANTED_DATE = MessageType("where.wanted-date", gettext_noop("a date such as 2026-01-31"))
WANTED_NUMBER = MessageType("where.wanted-number", gettext_noop("a number such as 12 or 3.5"))
