"""The configuration: what is wrong with config.toml, or with a change of it."""

from newsletter.messages.message import MessageType, gettext_noop

# The file.
NO_FILE = MessageType("config.no-file", gettext_noop("no such file; create one with 'newsletter init'"))
FILE_GONE = MessageType(
    "config.file-gone",
    gettext_noop(
        "the file is gone, but not its site, so 'newsletter init' would begin with other settings; take it out of a "
        "backup: unzip -p BACKUP config.toml > {file}"
    ),
)
FILE_GONE_KEPT = MessageType(
    "config.file-gone-kept",
    gettext_noop(
        "the file is gone; the program has kept it as it was before the last change at the desk: cp -p {copy} {file}, "
        "or take it out of a newer backup: unzip -p BACKUP config.toml > {file}"
    ),
)
UNREADABLE = MessageType(
    "config.unreadable",
    gettext_noop("{file} can't be read ({cause}); it must be a text file that the user who runs newsletter may read"),
)
NOT_UTF8 = MessageType(
    "config.not-utf-8", gettext_noop("{file} is not in UTF-8 (line {line}); save it in that encoding")
)
NOT_TOML = MessageType("config.not-toml", gettext_noop("not valid TOML: {cause}"))
READ_ONLY = MessageType("config.read-only", gettext_noop("{file} is read-only"))
FOLDER_READ_ONLY = MessageType("config.folder-read-only", gettext_noop("the folder {folder} is read-only"))
MOUNT_POINT = MessageType("config.mount-point", gettext_noop("{file} is a mount point and can't be replaced"))
UNWRITABLE = MessageType("config.unwritable", gettext_noop("{file} can't be written: {cause}"))
SET_BY = MessageType("config.set-by", gettext_noop("this is set by {origin}; change it there"))
EDIT_BY_HAND = MessageType(
    "config.edit-by-hand",
    gettext_noop("can't be changed without disturbing the rest of the file; edit it by hand"),
)

# Keys.
NO_KEY = MessageType("config.no-key", gettext_noop("no such key"))
DID_YOU_MEAN = MessageType("config.did-you-mean", gettext_noop("{problem}; did you mean '{word}'?"))
MISSING = MessageType("config.missing", gettext_noop("required, but missing"))
NOT_A_TABLE = MessageType("config.not-a-table", gettext_noop("not a table; write [{key}] above its keys"))
BELOW_A_VALUE = MessageType(
    "config.below-a-value", gettext_noop("${name} sets a key in '{part}', which is not a table")
)
LIST_OF_TABLES = MessageType(
    "config.list-of-tables", gettext_noop("must be a list of tables; write [[{key}]], with double brackets")
)
NO_VARIABLE = MessageType("config.no-variable", gettext_noop("the environment variable {name} is not set"))
CREDENTIAL = MessageType(
    "config.credential",
    gettext_noop("credentials of systemd are read as files; write file = '/run/credentials/newsletter.service/{name}'"),
)
NOT_REMOVED = MessageType("config.not-removed", gettext_noop("it can't be removed yet: {reason}"))
NOT_ARCHIVED = MessageType("config.not-archived", gettext_noop("it can't be archived yet: {reason}"))
NAME = MessageType(
    "config.name",
    gettext_noop("the name must be 1 to 40 characters out of a-z, 0-9 and '-', without '-' at either end"),
)
FALLBACK_SAME = MessageType(
    "config.fallback-same",
    gettext_noop("is the provider itself ({provider}); name another one, or leave it empty"),
)
NOT_A_PROVIDER = MessageType("config.not-a-provider", gettext_noop("{value} is not a provider"))
URL_TWICE = MessageType("config.url-twice", gettext_noop("the same url is listed twice"))
PLACEHOLDER_SENDER = MessageType(
    "config.placeholder-sender",
    gettext_noop("is still a placeholder; write your sender address before you use the provider '{provider}'"),
)
PLACEHOLDER_POSTAL = MessageType(
    "config.placeholder-postal",
    gettext_noop("is still a placeholder; write your postal address before you use the provider '{provider}'"),
)

# Values of the wrong type.
INVALID = MessageType("config.invalid", gettext_noop("{value} is invalid; {remedy}"))
NOT_ONE_OF = MessageType("config.not-one-of", gettext_noop("{value} is not one of {words}"))
A_TABLE = MessageType("config.a-table", gettext_noop("this table"))
A_LIST = MessageType("config.a-list", gettext_noop("this list"))
WRITE_LIST = MessageType("config.write-list", gettext_noop('write a list, such as ["one", "two"]'))
WRITE_BOOLEAN = MessageType("config.write-boolean", gettext_noop("write true or false, without quotes"))
WRITE_WHOLE = MessageType("config.write-whole", gettext_noop("write a whole number, without quotes"))
WRITE_NUMBER = MessageType("config.write-number", gettext_noop("write a number, without quotes"))
WRITE_TEXT = MessageType("config.write-text", gettext_noop("write text, in quotes"))
WRITE_TABLE = MessageType("config.write-table", gettext_noop("write a table of keys"))
WRITE_AT_LEAST = MessageType("config.write-at-least", gettext_noop("write {limit} or more"))
WRITE_AT_MOST = MessageType("config.write-at-most", gettext_noop("write {limit} or less"))
WRITE_CHARACTER = MessageType("config.write-character", gettext_noop("write at least one character"))
WRITE_SHORTER = MessageType("config.write-shorter", gettext_noop("write at most {most} characters"))
WRITE_ONE = MessageType("config.write-one", gettext_noop("write at least one"))

# Values that can't be understood.
DURATION = MessageType(
    "value.duration",
    gettext_noop("{value} is not a duration; use a number and a unit, such as '20s', '30m', '6h' or '30d'"),
)
MONTHS = MessageType(
    "config.months", gettext_noop('write 6 to 120 months, such as "24 months" or "2 years", not {value}')
)
LONG_DURATION = MessageType("value.long-duration", gettext_noop("{value} is too long a duration"))
SIZE = MessageType(
    "value.size", gettext_noop("{value} is not a size; use a number of bytes, or a form such as '100 KB' or '8 MB'")
)
LARGE_SIZE = MessageType("value.large-size", gettext_noop("{value} is too large a size"))
RATE = MessageType(
    "value.rate",
    gettext_noop("{value} is not a rate; use '0' for no limit, or a form such as '20/s', '300/m' or '5000/h'"),
)
MOMENT = MessageType(
    "value.moment",
    gettext_noop("{value} is not a time; use a form such as 'fri 15:00', '15:00' (daily) or '1 15:00' (monthly)"),
)
DAY_OF_MONTH = MessageType(
    "value.day-of-month", gettext_noop("{value}: the day of the month must be 1 to 28, which every month has")
)
WEEKDAY = MessageType("value.weekday", gettext_noop("{value}: '{word}' is not a weekday; use one of {days}"))
ADDRESS_NOT_PUBLIC = MessageType(
    "config.address-not-public",
    gettext_noop("{url} is not a public address with https, with which links in emails work for everyone"),
)
OUTSIDE_OF_THE_SITE = MessageType(
    "config.outside-of-the-site",
    gettext_noop("{path} is outside of the site's folder; use a path in it, or edit config.toml"),
)
MOMENT_OF_PERIOD = MessageType(
    "value.moment-of-period", gettext_noop('{key}: with period = "{period}" use a time such as {example}')
)
CADENCE_OF_PERIOD = MessageType(
    "value.cadence-of-period",
    gettext_noop('cadences: add "{period}", the period, which subscribers get if they choose nothing'),
)
PERIOD_OF_POST = MessageType(
    "value.period-of-post",
    gettext_noop(
        "period must be day, week or month; to let subscribers get an email for every post, add post to cadences"
    ),
)
POST_KEY = MessageType(
    "value.post-key",
    gettext_noop("{key}: an edition with a single post is made when the post is found; remove this line"),
)
CADENCE_TWICE = MessageType("value.cadence-twice", gettext_noop("cadences: list each one once"))
CADENCE_TABLE = MessageType(
    "value.cadence-table",
    gettext_noop(
        "cadence.{cadence}: this table is only for a cadence that is listed in cadences and is not the period; "
        "list it there, or remove this table"
    ),
)
TOPIC_NAME = MessageType(
    "value.topic-name",
    gettext_noop(
        "topics: '{name}' must be 1 to 40 characters out of a-z, 0-9 and '-'; write what readers see as its title"
    ),
)
FIELD_KEY = MessageType(
    "value.field-key",
    gettext_noop(
        "the key of a field must be 1 to 40 characters out of a-z, 0-9 and '-', and begin with a letter; write what "
        "readers see as its label"
    ),
)
FIELD_RESERVED = MessageType(
    "value.field-reserved",
    gettext_noop("'{key}' has another meaning in forms, files or filters; choose another key, such as 'my-{key}'"),
)
FIELD_CHOICES = MessageType("value.field-choices", gettext_noop("write at least two values to choose from"))
FIELD_WITHOUT_CHOICES = MessageType(
    "value.field-without-choices", gettext_noop('only a field of the kind "choice" has choices; write kind = "choice"')
)
FIELD_CHOICE = MessageType(
    "value.field-choice",
    gettext_noop(
        "'{choice}' must be one line of at most {most} characters, without quotation marks and unneeded spaces"
    ),
)
TOO_MANY_FIELDS = MessageType(
    "value.too-many-fields", gettext_noop("{count} fields are too many; declare at most {most}")
)
TOPIC_WITHOUT_POSTS = MessageType(
    "value.topic-without-posts", gettext_noop("topics.{name}: write the categories, sources or words that it has")
)
LONG_SOURCE = MessageType(
    "value.long-source",
    gettext_noop("it has {length} characters, more than {most}; write the address of the blog, its feed or its folder"),
)
TOPIC_SOURCE = MessageType(
    "value.topic-source",
    gettext_noop("topics.{name}.sources: {url} is not the url of a source of this newsletter; copy it from there"),
)
TOO_MANY_TOPICS = MessageType(
    "value.too-many-topics",
    gettext_noop(
        "topics: subscribers can pick from {count} topics in {combinations} ways, and each may need an email of its "
        "own; that is more than maximum_variants ({maximum}): use fewer topics, or raise it"
    ),
)
NETWORK = MessageType(
    "value.network",
    gettext_noop("{value} is not an IP address or network; use a form such as '127.0.0.1' or '10.0.0.0/8'"),
)
EMAIL = MessageType("value.email", gettext_noop("{value} is not an email address"))
EMAIL_BECAUSE = MessageType("value.email-because", gettext_noop("{value} is not an email address: {cause}"))
SENDER = MessageType(
    "value.sender", gettext_noop("{value} is not a sender; use a form such as 'Kinaforum <brev@example.org>'")
)
SEVERAL_SENDERS = MessageType(
    "value.several-senders",
    gettext_noop("{value} is not one sender; write one address, and put a name with a comma or an @ in double quotes"),
)
TIME_ZONE = MessageType("value.time-zone", gettext_noop("{value} is not a time zone"))
NO_TIME_ZONE = MessageType(
    "value.no-time-zone",
    gettext_noop("{value} is not a time zone; use the name of one such as 'Europe/Oslo' or 'America/New_York'"),
)
LANGUAGE = MessageType(
    "value.language", gettext_noop("{value} is not a language; use a tag such as 'nb', 'en' or 'pt-BR'")
)
COLOUR = MessageType("value.colour", gettext_noop("{value} is not a colour; use a form such as '#b3261e'"))
DATE = MessageType("value.date", gettext_noop("{value} is not a date; use a form such as 2026-12-25"))
DATE_RANGE = MessageType(
    "value.date-range", gettext_noop("{value} must begin before it ends, and have at most {most} days")
)
WEB_ADDRESS = MessageType(
    "value.web-address", gettext_noop("that isn’t a web address; enter one like https://news.example.org")
)
NO_ORIGIN = MessageType(
    "value.no-origin", gettext_noop("{value} is not a web address; enter one like https://www.example.org")
)
ORIGIN = MessageType(
    "value.origin", gettext_noop("{value} is more than the beginning of a website’s addresses; write '{origin}'")
)
DOMAIN_TWICE = MessageType(
    "value.domain-twice", gettext_noop("is the same domain as {other}; keep only one of the two")
)
HOST_NAME = MessageType("value.host-name", gettext_noop("{value} has an invalid host name: {cause}"))

# site.database
DATABASE_FORMS = MessageType(
    "value.database-forms",
    gettext_noop("{problem}; use a form such as 'sqlite:///newsletter.db' or 'postgresql://user:password@host/name'"),
)
DATABASE_TEXT = MessageType("value.database-text", gettext_noop("must be text"))
DATABASE_UNNAMED = MessageType("value.database-unnamed", gettext_noop("names no database"))
DATABASE_KIND = MessageType("value.database-kind", gettext_noop("must be SQLite or PostgreSQL, not '{kind}'"))
DATABASE_FILE = MessageType(
    "value.database-file", gettext_noop("a SQLite database must be a file without '?' and '#' in its name")
)
DATABASE_URL = MessageType("value.database-url", gettext_noop("is not a URL that PostgreSQL understands: {cause}"))
DATABASE_PACKAGE = MessageType(
    "value.database-package",
    gettext_noop(
        "PostgreSQL needs the packages psycopg and procrastinate; install them: pip install 'newsletter[postgresql]'"
    ),
)
