"""Reading sources: errors and warnings."""

from newsletter.messages import general
from newsletter.messages.message import Message, MessageType, gettext_noop

# Requests.
NO_HOST = MessageType("source.no-host", gettext_noop("there is no host {host}; check the address"))
CONNECTION_REFUSED = MessageType(
    "source.connection-refused", gettext_noop("the connection was refused; check the address and the port")
)
CONNECTION_FAILED = MessageType(
    "source.connection-failed", gettext_noop("the connection failed ({cause}); we'll try again automatically")
)
TLS_FAILED = MessageType(
    "source.tls-failed", gettext_noop("the secure connection failed ({cause}); tell the owner of the site")
)
PRIVATE_ADDRESS = MessageType(
    "source.private-address", gettext_noop("{cause}; set collect.allow_private_addresses = true if that is intended")
)
TIMEOUT = MessageType(
    "source.timeout",
    gettext_noop(
        "no complete answer within {seconds} s; raise the timeout for one request if the site is always this slow"
    ),
)
TOO_SLOW = MessageType(
    "source.too-slow",
    gettext_noop(
        "reading took longer than {seconds} s in all; raise the timeout for one request if the site is always this slow"
    ),
)
NOT_FOUND = MessageType("source.not-found", gettext_noop("not found (404); check the address"))
GONE = MessageType("source.gone", gettext_noop("gone permanently (410); remove it from the sources"))
FORBIDDEN = MessageType(
    "source.forbidden", gettext_noop("access denied ({status}); ask the owner, or use the public feed")
)
BUSY = MessageType("source.busy", gettext_noop("the site asked us to wait ({status}); we'll try again later"))
BUSY_FOR = MessageType(
    "source.busy-for", gettext_noop("the site asked us to wait {wait} ({status}); we'll try again later")
)
SERVER_ERROR = MessageType(
    "source.server-error", gettext_noop("the site returned an error ({status}); we'll try again automatically")
)
# The same where a source is read once, and nothing tries again.
CONNECTION_FAILED_ONCE = MessageType(
    "source.connection-failed-once", gettext_noop("the connection failed ({cause}); check the address and try again")
)
BUSY_ONCE = MessageType("source.busy-once", gettext_noop("the site asked us to wait ({status}); try again later"))
BUSY_FOR_ONCE = MessageType(
    "source.busy-for-once", gettext_noop("the site asked us to wait {wait} ({status}); try again later")
)
SERVER_ERROR_ONCE = MessageType(
    "source.server-error-once", gettext_noop("the site returned an error ({status}); try again later")
)
OTHER_STATUS = MessageType("source.other-status", gettext_noop("the site answered {status}; check the address"))
NOT_AN_ADDRESS = MessageType(
    "source.not-an-address", gettext_noop("this is not a web address; enter one that begins with https://")
)
LEADS_NOWHERE = MessageType(
    "source.leads-nowhere",
    gettext_noop("it redirects to {address}, which is not a web address; enter one that begins with https://"),
)
TOO_MANY_REDIRECTS = MessageType(
    "source.too-many-redirects",
    gettext_noop("it redirects more than {most} times, finally to {address}; enter the blog's own address"),
)
TOO_LARGE = MessageType(
    "source.too-large",
    gettext_noop(
        "it is larger than {bytes} bytes and was not read; raise the maximum size of a response if that is intended"
    ),
)
WAITING = MessageType("source.waiting", gettext_noop("not read before {at}, as it asked us to wait"))
STOPPED = MessageType("source.stopped", gettext_noop("gone permanently and no longer read; remove this source"))
AND_MORE = MessageType("source.and-more", gettext_noop("{problem} (and {count} more)"))
OUR_FAULT = MessageType("source.our-fault", gettext_noop("newsletter failed to read it ({error}); please report this"))
CPU_TIME = MessageType("source.cpu-time", gettext_noop("it takes more than {seconds} s of CPU time to read"))
MEMORY = MessageType(
    "source.memory", gettext_noop("it takes more than {megabytes} MB of memory to read, or crashes the parser")
)
IMAGE_NOT_FETCHED = MessageType("source.image-not-fetched", gettext_noop("it has not been fetched yet"))
UNREADABLE_FILE = MessageType("source.unreadable-file", gettext_noop("can't be read: {cause}"))

# What is not a feed.
NO_FEED_ON_PAGE = MessageType(
    "source.no-feed-on-page", gettext_noop("no feed found on this page; enter its RSS address")
)
ENTER_FEED = MessageType(
    "source.enter-feed", gettext_noop("enter the address of the blog's feed (RSS, Atom or JSON Feed)")
)
WEB_PAGE = MessageType("source.web-page", gettext_noop("is a web page, not a feed"))
NOT_A_FEED = MessageType("source.not-a-feed", gettext_noop("is not a feed"))
EMPTY = MessageType("source.empty", gettext_noop("is empty"))
COMPRESSED = MessageType(
    "source.compressed",
    gettext_noop("is gzip-compressed without saying so in its headers; use the address of the feed itself"),
)
WORDPRESS_EXPORT = MessageType(
    "source.wordpress-export",
    gettext_noop("is a WordPress export with its drafts and pages, not a feed; use the blog's /feed/"),
)
BROKEN_XML = MessageType("source.broken-xml", gettext_noop("is not a feed, because its XML can't be read"))
COMMENTS = MessageType(
    "source.comments", gettext_noop("is a feed of comments, not of posts; use the blog's own address")
)
DANGEROUS_ENTITIES = MessageType(
    "source.dangerous-entities",
    gettext_noop("defines nested or external XML entities, as attacks do; tell its owner"),
)
BROKEN_JSON = MessageType("source.broken-json", gettext_noop("begins like JSON, but can't be read ({cause})"))
NOT_JSON_FEED = MessageType("source.not-json-feed", gettext_noop("is JSON, but not a JSON Feed"))
NO_JSON_VERSION = MessageType(
    "source.no-json-version",
    gettext_noop("is JSON, but not a JSON Feed (it names no jsonfeed.org version, or has no items)"),
)
NO_REST_POSTS = MessageType(
    "source.no-rest-posts", gettext_noop("does not list posts through WordPress's REST interface")
)

# Folders.
NO_FOLDER = MessageType("source.no-folder", gettext_noop("there is no such folder; check the address of the source"))
BAD_PERMALINK = MessageType(
    "source.bad-permalink", gettext_noop("its permalink has ':{name}', which is unknown; use {known}")
)
NO_BASE = MessageType(
    "source.no-base", gettext_noop("has no base, so its posts have no address; set base to the address of the blog")
)
TOO_MANY_FILES = MessageType(
    "source.too-many-files", gettext_noop("has more than {most} files, of which the first in order of name were read")
)
FILE_LEFT_OUT = MessageType("source.file-left-out", gettext_noop("its file {name} was left out: {problem}"))
NOT_UTF8 = MessageType("source.not-utf8", gettext_noop("it is not text in UTF-8"))
LINK_OUTSIDE = MessageType("source.link-outside", gettext_noop("it is a symbolic link that leads out of the folder"))
FILE_TOO_LARGE = MessageType(
    "source.file-too-large", gettext_noop("it has {bytes} bytes, more than the maximum size of a response")
)
YAML_ALIAS = MessageType(
    "source.yaml-alias", gettext_noop("its front matter has a YAML alias (*name); write the value itself instead")
)
LONG_FRONT_MATTER = MessageType(
    "source.long-front-matter", gettext_noop("its front matter has more than {most} characters")
)
NO_KEYS = MessageType("source.no-keys", gettext_noop("its front matter holds no keys"))
BAD_FRONT_MATTER = MessageType("source.bad-front-matter", gettext_noop("its front matter can't be read: {cause}"))

LISTS_NONE = MessageType(
    "source.lists-none",
    gettext_noop("it lists no posts any more, although it did before; we'll try again automatically"),
)

# What was odd about a source that was read.
ENTRY_LEFT_OUT = MessageType("source.entry-left-out", gettext_noop("its entry {number} was left out: {problem}"))
TOO_MANY_ENTRIES = MessageType(
    "source.too-many-entries", gettext_noop("has {count} entries, of which the first {most} were read")
)
UNDATED = MessageType(
    "source.undated",
    gettext_noop("has {count} of {total} posts without a date, which no edition includes automatically"),
)
SAME_ID = MessageType(
    "source.same-id",
    gettext_noop("has {count} entries with the identifier of another one, which were left out ({id}); tell its owner"),
)
TOO_DEEP = MessageType(
    "source.too-deep", gettext_noop("has elements nested more than {most} deep, which were flattened")
)
BREAKS_OFF = MessageType("source.breaks-off", gettext_noop("ends too early; the complete posts were kept"))
TOO_LONG = MessageType("source.too-long", gettext_noop("has {length} characters, of which the first {most} were kept"))
LONG_TITLE = MessageType(
    "source.long-title", gettext_noop("has a title of {length} characters, of which the first {most} were kept")
)
BAD_DATE = MessageType("source.bad-date", gettext_noop("has a date that can't be read ({text})"))
SITE_TAGS = MessageType(
    "source.site-tags", gettext_noop("has shortcodes or tags that only its own site can fill in; they were left out")
)
OF_A_POST = MessageType("source.of-a-post", gettext_noop("its post '{title}' {problem}"))
DATED_AHEAD = MessageType(
    "source.dated-ahead", gettext_noop("its post '{title}' is dated in the future ({day}) and waits for that day")
)
SEVERAL_DATED_AHEAD = MessageType(
    "source.several-dated-ahead",
    gettext_noop("its post '{title}' and {count} more are dated in the future ({day}) and wait for that day"),
)
TOO_MANY_PAGES = MessageType(
    "source.too-many-pages", gettext_noop("has more than {most} pages back to {day}, and the rest was not read")
)
POSTS_MISSING = MessageType(
    "source.posts-missing",
    gettext_noop(
        "posts may be missing between {after} and {before}, as more appeared at once than its feed shows; "
        "compare with the blog, and add what is missing by hand"
    ),
)
READ_IN_PART = MessageType("source.read-in-part", gettext_noop("could be read back only in part: {problem}"))

_ONCE = {
    CONNECTION_FAILED.code: CONNECTION_FAILED_ONCE,
    BUSY.code: BUSY_ONCE,
    BUSY_FOR.code: BUSY_FOR_ONCE,
    SERVER_ERROR.code: SERVER_ERROR_ONCE,
}


def read_once(problem: Message) -> Message:
    """Return what to tell a person who has a source read once: not that we try again."""
    inner = problem.param("message") if general.ABOUT.matches(problem) else None
    if isinstance(inner, Message):
        return general.ABOUT(subject=problem.param("subject"), message=read_once(inner))
    once = _ONCE.get(problem.code)
    return once(**dict(problem.params)) if once else problem
