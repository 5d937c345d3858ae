"""Editions before they are sent."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

# The states, as part of a sentence.
DRAFT = MessageType("state.draft", gettext_noop("a draft"))
APPROVED = MessageType("state.approved", gettext_noop("approved"))
QUEUED = MessageType("state.queued", gettext_noop("scheduled"))
SENDING = MessageType("state.sending", gettext_noop("being sent"))
PAUSED = MessageType("state.paused", gettext_noop("paused"))
SENT = MessageType("state.sent", gettext_noop("sent"))
CANCELLED = MessageType("state.cancelled", gettext_noop("cancelled"))
IMPORTED = MessageType("state.imported", gettext_noop("imported"))
SKIPPED = MessageType("state.skipped", gettext_noop("skipped"))

# Why an edition waits, or was skipped or cancelled.
NOT_APPROVED = MessageType("edition.not-approved", gettext_noop("nobody has approved it yet"))
SOURCES_NOT_READ = MessageType(
    "edition.sources-not-read",
    *ngettext_noop(
        "{count} source couldn't be read, so posts may be missing: {sources}",
        "{count} sources couldn't be read, so posts may be missing: {sources}",
    ),
    count="count",
)
SOURCE_LAST_READ = MessageType("edition.source-last-read", gettext_noop("{url} (last read {at})"))
SOURCE_NOT_READ = MessageType("edition.source-not-read", gettext_noop("{url} (not read since the last edition)"))
TIME_PASSED = MessageType(
    "edition.time-passed", gettext_noop("it was due at {at}, but newsletter was not running; send it by hand")
)
SCHEDULED_TIME_MISSED = MessageType(
    "edition.scheduled-time-missed",
    gettext_noop(
        "it was scheduled for {at} and could not be sent then; send it, choose a new time, take it back to draft or "
        "cancel it"
    ),
)
TOO_FEW_POSTS = MessageType(
    "edition.too-few-posts",
    *ngettext_noop(
        "it has {count} post, and the minimum is {minimum}; the post goes into the next edition",
        "it has {count} posts, and the minimum is {minimum}; its posts go into the next edition",
    ),
    count="count",
)
SUBSCRIBERS_WAIT = MessageType(
    "edition.readers-wait",
    *ngettext_noop(
        "it has {posts}, and the minimum is {minimum}; {count} subscriber still waits for {waiting}",
        "it has {posts}, and the minimum is {minimum}; {count} subscribers still wait for {waiting}",
    ),
    count="count",
)
COUNT_OF_POSTS = MessageType("edition.count-of-posts", *ngettext_noop("{count} post", "{count} posts"), count="count")
REPLACED = MessageType("edition.replaced", gettext_noop("replaced by {edition}, which has its posts"))
POSTS_ELSEWHERE = MessageType("edition.posts-elsewhere", gettext_noop("its posts are in {edition}"))
TEXT_LEFT = MessageType(
    "edition.text-left", gettext_noop("its posts are in {edition}; use the text written here elsewhere, or cancel it")
)
CANCELLED_UNSENT = MessageType("edition.cancelled-unsent", gettext_noop("cancelled before anything was sent"))
CANCELLED_UNSENT_BY = MessageType(
    "edition.cancelled-unsent-by", gettext_noop("cancelled by {who} before anything was sent")
)

# Letters of the welcome series.
BEING_WRITTEN = MessageType(
    "edition.being-written",
    gettext_noop("{who} is writing at the desk in {name}: {field}; wait until they have stopped, or force the change"),
)
TEMPLATE_OF_LETTERS = MessageType(
    "template.letters-only", gettext_noop("only a letter can be a template; duplicate the edition first")
)
TEMPLATE_NAME_LONG = MessageType(
    "template.name-too-long", gettext_noop("the name of a template has at most {most} characters; shorten it")
)
TEMPLATE_NAME_TAKEN = MessageType(
    "template.name-taken", gettext_noop("there is a template “{name}” already; choose another name")
)
WELCOME_FULL = MessageType(
    "welcome.full", gettext_noop("a welcome series has at most {most} emails; change or remove one of them")
)
WELCOME_DAYS = MessageType("welcome.days", gettext_noop("choose 0 to {longest} days after the confirmation"))
WELCOME_TAKEN = MessageType(
    "welcome.taken",
    *ngettext_noop(
        "another email is sent {days} day after the confirmation; choose another number of days",
        "another email is sent {days} days after the confirmation; choose another number of days",
    ),
    count="days",
)
WELCOME_GONE = MessageType("welcome.gone", gettext_noop("this email was removed from the series; add a new one"))
WELCOME_REMOVED = MessageType("welcome.removed", gettext_noop("removed from the welcome series"))
WELCOME_SENT_BY_ITSELF = MessageType(
    "welcome.sent-by-itself",
    gettext_noop("{name} is an email of the welcome series; each new subscriber gets it when it is due"),
)

# Newsletters that are paused or archived.
NEWSLETTER_PAUSED = MessageType(
    "newsletter.paused",
    gettext_noop("{title} is paused: no drafts are made and nothing is sent; set its status to “active” to continue"),
)
NEWSLETTER_ARCHIVED = MessageType(
    "newsletter.archived", gettext_noop("{title} is archived; set its status to “active” to make new editions")
)
UNFINISHED = MessageType(
    "newsletter.unfinished", gettext_noop("{edition} is {state}; wait until it is sent, or cancel it first")
)
STILL_DEFERRED = MessageType(
    "newsletter.still-deferred",
    gettext_noop("some emails of {edition} are still retried; wait until that ends, or cancel it first"),
)

# What can't be done with an edition.
RECIPIENTS_FIXED = MessageType(
    "edition.recipients-fixed", gettext_noop("{name} is {state}; its recipients can be chosen until it is queued")
)
NO_NEWSLETTER = MessageType(
    "edition.no-newsletter", gettext_noop("there is no newsletter '{name}'; config.toml has {known}")
)
NO_EDITION = MessageType(
    "edition.no-edition", gettext_noop("there is no edition '{name}'; 'newsletter editions' lists them")
)
CANNOT_BECOME = MessageType("edition.cannot-become", gettext_noop("{name} is {state}, so it can't become {to}"))
CHANGED_BY_OTHERS = MessageType(
    "edition.state-changed",
    gettext_noop("{name} was {state} and is now {now}, because someone else changed it; check it again"),
)
GONE = MessageType("edition.gone", gettext_noop("deleted"))
EMPTY = MessageType(
    "edition.empty",
    gettext_noop("this edition is empty; add a post or write something before you approve it"),
)
EMPTY_LETTER = MessageType(
    "edition.empty-letter", gettext_noop("this letter is empty; write something before you approve it")
)
NOT_PUBLIC = MessageType(
    "edition.not-public", gettext_noop("{name} is not in the archive, because none of its emails has been accepted yet")
)
REMOVED_ALREADY = MessageType("edition.removed-already", gettext_noop("{name} was already removed from the archive"))
NOT_REMOVED = MessageType("edition.not-removed", gettext_noop("{name} has not been removed from the archive"))
ONLY_DRAFTS_CHANGE = MessageType(
    "edition.only-drafts-change",
    gettext_noop("{name} is {state}, and only drafts can be changed; take it back to draft first"),
)
NO_LONGER_CHANGED = MessageType(
    "edition.no-longer-changed", gettext_noop("{name} is {state}, and only drafts can be changed")
)
ONLY_DRAFTS_APPROVED = MessageType(
    "edition.only-drafts-approved", gettext_noop("{name} is {state}, and only drafts can be approved")
)
ONLY_APPROVED_REOPENED = MessageType(
    "edition.only-approved-reopened",
    gettext_noop("{name} is {state}, and only approved or scheduled editions can be made drafts again"),
)
ONLY_APPROVED_QUEUED = MessageType(
    "edition.only-approved-queued", gettext_noop("{name} is {state}, and only approved editions can be sent")
)
ONLY_QUEUED_SENT_NOW = MessageType(
    "edition.only-queued-sent-now", gettext_noop("{name} is {state}, and only scheduled editions can be sent earlier")
)
ONLY_BEGUN_CORRECTED = MessageType(
    "edition.only-begun-corrected",
    gettext_noop("{name} is {state}; only an edition that has begun to be sent can be corrected"),
)
WELCOME_NOT_CORRECTED = MessageType(
    "edition.welcome-not-corrected",
    gettext_noop(
        "{name} belongs to a welcome series, and can't be corrected; change its text on the page of the series instead"
    ),
)
TOO_OLD_TO_CORRECT = MessageType(
    "edition.too-old-to-correct",
    gettext_noop(
        "the record of who received {name} has been deleted, so it can't be corrected; send a letter to "
        "everyone instead"
    ),
)
NOT_CANCELLED = MessageType(
    "edition.not-cancelled", gettext_noop("{name} is {state}, so it can't be cancelled here any more")
)
DUE_PASSED = MessageType(
    "edition.due-passed", gettext_noop("{at} has passed; choose a later time, or none to send now")
)
CONFLICT = MessageType(
    "edition.conflict",
    gettext_noop(
        "{name} changed after you opened it: you saw revision {seen}, and revision {newest} is the latest; "
        "{differences}"
    ),
)
CHECK_AGAIN = MessageType("edition.check-again", gettext_noop("check it again"))
LINT_ERRORS = MessageType(
    "edition.lint-errors",
    *ngettext_noop(
        "{name} has {count} lint error: {code}: {message}; fix it, or override it with --despite-lint {codes}",
        "{name} has {count} lint errors, such as {code}: {message}; fix them, or override them with "
        "--despite-lint {codes}",
    ),
    count="count",
)
NOT_A_LINT_CODE = MessageType(
    "edition.not-a-lint-code", gettext_noop("'{code}' is not a code of lint; 'newsletter lint {name}' lists its errors")
)
POST_TAKEN = MessageType(
    "edition.post-taken",
    gettext_noop("“{title}” is already in {edition}; check for new posts, and then review the draft again"),
)
POST_OUT = MessageType(
    "edition.post-out",
    gettext_noop(
        "“{title}” is out since {edition} was approved; include it, or check for new posts, and then review the draft "
        "again"
    ),
)
POST_HAS_NO_PERIOD = MessageType(
    "edition.post-has-no-period",
    gettext_noop("an edition with a single post has no period: the next post is in it; leave the period out"),
)
NO_NEW_POST = MessageType(
    "edition.no-new-post", gettext_noop("no new post: an edition with a single post is made when there is one")
)
BEFORE_ITS_DATE = MessageType(
    "edition.before-its-date",
    gettext_noop(
        "“{title}” in {name} is dated {at}; send the edition then, or make it a draft again and include the post"
    ),
)
NO_POST = MessageType("edition.no-post", gettext_noop("{name} has no post {post}; 'newsletter show {name}' lists them"))
NO_BLOCK = MessageType("edition.no-block", gettext_noop("{name} no longer has this block"))
BLOCK_KIND = MessageType(
    "edition.block-kind", gettext_noop("'{text}' is not a kind of block; use sponsor, event or action")
)
BLOCK_WITHOUT_TITLE = MessageType("edition.block-without-title", gettext_noop("a block needs a heading"))
BLOCK_TOO_LONG = MessageType(
    "edition.block-too-long",
    gettext_noop("the block has {length} characters, and at most {most} are allowed; shorten it"),
)
TOO_MANY_BLOCKS = MessageType("edition.too-many-blocks", gettext_noop("an edition can have at most {most} blocks"))
BLOCK_FILE_WITHOUT_KEYS = MessageType(
    "edition.block-file-without-keys",
    gettext_noop("{file} has no front matter; begin it with kind and title between two lines of ---"),
)
BLOCK_FILE_KEY = MessageType(
    "edition.block-file-key", gettext_noop("{file}: '{key}' is not a key of a block; the keys are {known}")
)
NOTE_EMPTY = MessageType("edition.note-empty", gettext_noop("write the note first"))
NOTE_TOO_LONG = MessageType("edition.note-too-long", gettext_noop("the note is too long; shorten it"))
NOTE_FOR_NOBODY = MessageType(
    "edition.note-for-nobody", gettext_noop("this person can no longer log in; choose someone else")
)
NO_POSTS_CHOSEN = MessageType("edition.no-posts-chosen", gettext_noop("select at least one post"))
CHANGED_AGAIN = MessageType(
    "edition.changed-again",
    gettext_noop("this has been changed again since you opened the page, so nothing was undone"),
)
NO_REVISION = MessageType("edition.no-revision", gettext_noop("{name} has no revision {revision}"))
NO_HEADLINE = MessageType("edition.no-headline", gettext_noop("a post needs a headline"))
TEXT_TOO_LONG = MessageType(
    "edition.text-too-long",
    gettext_noop("the {field} has {length} characters, and at most {most} are allowed; shorten it"),
)
NEWER_FORMAT = MessageType(
    "edition.newer-format",
    gettext_noop("an approved email of version {version} is newer than this program; upgrade newsletter"),
)
UNREADABLE = MessageType(
    "edition.unreadable",
    gettext_noop("an approved email in the database can't be read ({cause}); restore the database from a backup"),
)

# Periods and times.
NOT_A_PERIOD = MessageType(
    "period.invalid",
    gettext_noop("'{text}' is not a period; write a week as 2026-W06, a day as 2026-02-06, a month as 2026-02"),
)
NO_SUCH_PERIOD = MessageType(
    "period.does-not-exist",
    gettext_noop(
        "the period '{text}' does not exist; write a week as 2026-W06, a day as 2026-02-06, a month as 2026-02"
    ),
)
PERIOD_IMPLAUSIBLE = MessageType(
    "period.implausible",
    gettext_noop("no blog has posts from {period}; choose one from {first} on that ends within a year from now"),
)
PERIOD_ENDS_FIRST = MessageType(
    "period.ends-first",
    gettext_noop(
        "the period would end ({until}) before it begins ({since}); choose an earlier beginning or a later end"
    ),
)
PERIOD_NOT_BEGUN = MessageType("period.not-begun", gettext_noop("{period} has not begun; choose an earlier period"))
NOT_A_TIME = MessageType(
    "time.invalid",
    gettext_noop("'{text}' is not a time; use a form such as 2026-02-06T18:00, with or without an offset"),
)
TIME_SKIPPED = MessageType(
    "time.skipped",
    gettext_noop("the clocks in {zone} skip that time when they go forward; choose another one, such as {at}"),
)

# Links that readers could not follow.
LINKS_LOCAL = MessageType(
    "links.local",
    gettext_noop(
        "subscribers can't open links that begin with {url}; change the public address of this site to one with https"
    ),
)
LINKS_LOCAL_FOR_SOME = MessageType(
    "links.local-for-some",
    *ngettext_noop(
        "{count} subscriber can't open links that begin with {url}; change the public address of this site to"
        " one with https",
        "{count} subscribers can't open links that begin with {url}; change the public address of this site "
        "to one with https",
    ),
    count="count",
)
LINKS_WERE_LOCAL = MessageType(
    "links.were-local",
    gettext_noop(
        "it was approved when links began with {url}, which subscribers can't open; take it back to draft and approve "
        "it again"
    ),
)
LINKS_TO_EVERYONE = MessageType(
    "links.sent-to-everyone",
    gettext_noop("links in emails begin with {url}, and they are sent to everyone because of --allow-local-links"),
)
LINKS_TO_RESERVED = MessageType(
    "links.sent-to-reserved",
    gettext_noop(
        "links in emails begin with {url}, which readers can't open, so editions are sent only if all subscribers "
        "have an address under a reserved name such as .example or .test; enter a public address of this site"
    ),
)

# Adding a post by its address.
NOT_A_WEB_ADDRESS = MessageType(
    "post-page.not-an-address",
    gettext_noop("that isn’t a web address; enter one like https://news.example.org/article"),
)
WRITE_HEADLINE = MessageType("post-page.write-headline", gettext_noop("write its headline yourself"))
NOT_A_PAGE = MessageType("post-page.not-a-page", gettext_noop("{url} is not a web page; write its headline yourself"))
NO_PAGE_HEADLINE = MessageType("post-page.no-headline", gettext_noop("{url} has no headline; write it yourself"))

TEST_ADDRESSES = MessageType("test.addresses", gettext_noop("a test goes to 1 to {most} addresses, not {count}"))

# Uploaded images.
NOT_AN_IMAGE = MessageType(
    "image.not-an-image",
    gettext_noop("this is not an image that can be used; choose a JPEG, PNG, GIF, WebP or AVIF file"),
)
DAMAGED = MessageType("image.damaged", gettext_noop("the image is damaged; choose another file"))
TOO_MANY_PIXELS = MessageType(
    "image.too-many-pixels",
    gettext_noop("the image has {millions} million pixels; choose one with at most {most} million"),
)
NO_FILE = MessageType("image.no-file", gettext_noop("no image was chosen; choose a file"))
NOT_STORED = MessageType(
    "image.not-stored", gettext_noop("the image can't be stored: {cause}; ask whoever runs the site")
)
