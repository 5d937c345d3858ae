"""Errors in templates, and what lint reports about an email."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

# Templates.
AT_LINE = MessageType("template.at-line", gettext_noop("{file} line {line}: {problem}"))
NO_TEMPLATE = MessageType("template.missing", gettext_noop("there is no template '{name}' in {folders}"))
UNKNOWN_NAME = MessageType(
    "template.unknown-name", gettext_noop("{cause}; see docs/templates.md for the names that exist")
)
LETTER_SUBJECT = MessageType("template.letter-subject", gettext_noop('write "Subject: …" and an empty line first'))
TAG_UNKNOWN = MessageType("template.tag-unknown", gettext_noop("<{tag}> is not a tag that works in emails here"))
ATTRIBUTE_UNKNOWN = MessageType("template.attribute-unknown", gettext_noop("<{tag}> has no attribute {attribute}"))
TAG_UNCLOSED = MessageType("template.tag-unclosed", gettext_noop("<{tag}> is never closed"))
TAG_UNOPENED = MessageType("template.tag-unopened", gettext_noop("</{tag}> closes nothing"))
TAG_MISMATCH = MessageType(
    "template.tag-mismatch", gettext_noop("</{tag}> closes nothing; <{open}> of line {line} is still open")
)
MJML_UNREADABLE = MessageType("template.mjml-unreadable", gettext_noop("MJML can't be read: {cause}"))
OF_THE_RESULT = MessageType("template.of-the-result", gettext_noop("{problem} (line {line} of the resulting MJML)"))
SELECTOR = MessageType("template.selector", gettext_noop("a selector can't be inlined: {cause}"))
DOCTYPE_LOST = MessageType("template.doctype-lost", gettext_noop("inlining the styles removed the doctype"))
NUMBER_CHANGED = MessageType(
    "template.number-changed",
    gettext_noop("inlining the styles changed the number of {what} from {before} to {after}"),
)
LINK_CHANGED = MessageType("template.link-changed", gettext_noop("inlining the styles changed a subscriber's link"))
SUBJECT_WITHOUT_POST = MessageType("subject.no-post", gettext_noop("there is no post for the subject to name"))
SUBJECT_NAMES = MessageType("subject.names", gettext_noop("{problem}; the names are {names}"))
SUBJECT_RESULT_EMPTY = MessageType("subject.empty", gettext_noop("the result is empty"))
SUBJECT_RESULT_LONG = MessageType(
    "subject.long", gettext_noop("the result has {length} characters, and at most {most} are possible; shorten it")
)
SUBJECT_LIMITS = MessageType(
    "subject.limits",
    gettext_noop(
        "rendering it takes more than {seconds} s or {megabytes} MB of memory; leave out large loops and calculations"
    ),
)

# Lint.
SUBJECT_EMPTY = MessageType("lint.subject-empty", gettext_noop("The subject is empty."))
SUBJECT_PHONE = MessageType(
    "lint.subject-phone",
    gettext_noop(
        "Phones show about {most} characters of a subject, and “{title}” takes some of them. Readers see that name as "
        "the sender already."
    ),
)
SUBJECT_LONG = MessageType(
    "lint.subject-long", gettext_noop("The subject has {length} characters; inboxes show {most}.")
)
PREHEADER_LENGTH = MessageType(
    "lint.preheader-length", gettext_noop("The preview text has {length} characters; write {low} to {high}.")
)
NEWS_LATE = MessageType(
    "lint.news-late",
    gettext_noop(
        "The first {most} characters of the {where} have no headline, or an image comes before it. Inboxes make their "
        "summaries of them: shorten the title and the tagline, or write an introduction."
    ),
)
SIZE_OVER = MessageType(
    "lint.size-over",
    gettext_noop("The HTML has {size} bytes, and the maximum is {limit}; shorten it, or remove posts."),
)
SIZE_NEAR = MessageType(
    "lint.size-near", gettext_noop("The HTML has {size} bytes; Gmail clips emails over about 102,000.")
)
CSS_SIZE = MessageType("lint.css-size", gettext_noop("The style sheets have {size} bytes; Gmail keeps {most}."))
CSS_NESTED = MessageType(
    "lint.css-nested", gettext_noop("A style sheet has an @ rule inside an @ rule; Gmail drops all of it.")
)
PLACEHOLDER = MessageType("lint.placeholder", gettext_noop("{word} has not been replaced."))
UNSUBSCRIBE_MISSING = MessageType("lint.unsubscribe-missing", gettext_noop("The {where} has no unsubscribe link."))
PREFERENCES_MISSING = MessageType(
    "lint.preferences-missing", gettext_noop("The {where} has no link to the subscriber's preferences.")
)
ADDRESS_MISSING = MessageType("lint.address-missing", gettext_noop("The {where} has no postal address."))
BROWSER_MISSING = MessageType("lint.browser-missing", gettext_noop("The {where} has no link to {page}."))
BRACES = MessageType("lint.braces", gettext_noop("template syntax ({mark}) was left in the text: {words}"))
LINK_WITHOUT_ADDRESS = MessageType("lint.link-without-address", gettext_noop("A link has no address: {words}"))
LINK_WITHOUT_WORDS = MessageType("lint.link-without-words", gettext_noop("A link has no words: {words}"))
LINK_ANCHOR = MessageType(
    "lint.link-anchor", gettext_noop("“{words}” links to a place in the email itself ({address}).")
)
LINK_SCHEME = MessageType(
    "lint.link-scheme", gettext_noop("“{words}” links to {address}, which email programs don't follow.")
)
ADDRESS_TWICE = MessageType("lint.address-twice", gettext_noop("{address} is linked {count} times in one post."))
ALT_MISSING = MessageType("lint.alt-missing", gettext_noop("The image {source} has no alt text."))
IMAGE_WIDTH = MessageType(
    "lint.image-width",
    *ngettext_noop(
        "{count} image has no width: {source}",
        "{count} images have no width; the first: {source}",
    ),
    count="count",
)
VIDEO_UNREAD = MessageType(
    "lint.video-unread",
    gettext_noop(
        "The page of the video {address} can't be read, so the email has only a link to it. Check the address."
    ),
)
IMAGES_NOT_HOSTED = MessageType(
    "lint.images-not-hosted",
    *ngettext_noop(
        "{count} image comes from its source instead of this site: {problem}",
        "{count} images come from their sources instead of this site; the first: {problem}",
    ),
    count="count",
)
IMAGES_LEFT_OUT = MessageType(
    "lint.images-left-out",
    *ngettext_noop(
        "{count} image was left out, because email programs don't show it: {address}",
        "{count} images were left out, because email programs don't show them; the first: {address}",
    ),
    count="count",
)
NAME_FALLBACK = MessageType(
    "lint.name-fallback",
    gettext_noop(
        "The name has no fallback; inside the braces, after a |, write a word for subscribers without a name."
    ),
)
VALUE_FALLBACK = MessageType(
    "lint.value-fallback",
    gettext_noop(
        "{field} has no fallback; inside the braces, after a |, write a word for subscribers without this value."
    ),
)
PLACEHOLDER_UNKNOWN = MessageType(
    "lint.placeholder-unknown",
    gettext_noop("{word} is not a placeholder; remove the braces, or insert the subscriber's name instead."),
)
RAW_MARKDOWN = MessageType(
    "lint.raw-markdown",
    gettext_noop(
        "“{words}” is Markdown that subscribers would see as it is; format it with the toolbar, or remove it."
    ),
)
POST_MISSING = MessageType("lint.post-missing", gettext_noop("“{title}” is not in the {where}."))
POST_REPEATED = MessageType("lint.post-repeated", gettext_noop("“{title}” is in the {where} {count} times."))
NOTHING_IN_IT = MessageType("lint.nothing-in-it", gettext_noop("This email is empty."))
POSTS_UNLISTED = MessageType(
    "lint.posts-unlisted",
    *ngettext_noop(
        "{count} post did not fit into the email; it links to the edition's page instead.",
        "{count} posts did not fit into the email; it links to the edition's page instead.",
    ),
    count="count",
)
REST_MISSING = MessageType(
    "lint.rest-missing", gettext_noop("The {where} does not link to the {count} posts that did not fit.")
)
BLOCK_MISSING = MessageType(
    "lint.block-missing", gettext_noop("The block “{title}” or its link is not in the {where}.")
)
BLOCK_WITHOUT_LINK = MessageType("lint.block-without-link", gettext_noop("The block “{title}” has no link."))
BLOCK_INSECURE = MessageType(
    "lint.block-insecure", gettext_noop("The block “{title}” links to {address}, which is not encrypted.")
)
DOCTYPE = MessageType("lint.doctype", gettext_noop("The HTML does not begin with <!DOCTYPE html>."))
MSO_BALANCE = MessageType("lint.mso-balance", gettext_noop("An MSO condition is opened or closed once too often."))
LANGUAGE_MISSING = MessageType("lint.language-missing", gettext_noop("The <html> element has no lang attribute."))
TITLE_MISSING = MessageType("lint.title-missing", gettext_noop("The HTML has no title."))
HEADING_FIRST = MessageType("lint.heading-first", gettext_noop("The HTML should begin with its only <h1>."))
HEADING_ORDER = MessageType("lint.heading-order", gettext_noop("<h{after}> “{words}” follows <h{before}>."))
HEADING_EMPTY = MessageType("lint.heading-empty", gettext_noop("A heading <{tag}> is empty."))
CONTRAST = MessageType("lint.contrast", gettext_noop("“{words}” has a contrast of {ratio} to 1 ({colours})."))
CLIENT = MessageType("lint.client", gettext_noop("{fact} ({source})"))
IGNORED = MessageType("client.ignores", gettext_noop("{feature} doesn't work in {clients}."))
BACKGROUND = MessageType(
    "client.background", gettext_noop("CSS background images are not shown in {clients}; don't rely on them.")
)
FORM = MessageType("client.form", gettext_noop("Forms don't work in {clients}; link to a page with one."))
IMAGE_FORMAT = MessageType("client.image-format", gettext_noop("{format} images are not shown in {clients}."))
OUTLOOK_WINDOWS = MessageType("client.outlook-windows", gettext_noop("Outlook on Windows"))
GMAIL_WEB = MessageType("client.gmail-web", gettext_noop("Gmail on the web"))
