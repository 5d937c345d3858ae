"""Requests to the API, and its tokens."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

TOKEN_MISSING = MessageType(
    "api.token-missing", gettext_noop("the request has no token; send “Authorization: Bearer” with a token of the API")
)
TOKEN_INVALID = MessageType(
    "api.token-invalid", gettext_noop("the token is unknown or was revoked; create a new one at the desk")
)
SCOPE_MISSING = MessageType(
    "api.scope-missing", gettext_noop("the token lacks the scope {scope}; create one that has it")
)
PERSON_SHARED = MessageType(
    "api.person-shared",
    gettext_noop(
        "this person also subscribes to a newsletter that the token is not for, and has one name for all of them; "
        "use a token for all newsletters"
    ),
)
NEWSLETTER_FORBIDDEN = MessageType(
    "api.newsletter-forbidden", gettext_noop("the token is not for the newsletter {name}; create one that is")
)
TOO_MANY_REQUESTS = MessageType(
    "api.too-many-requests", gettext_noop("more than {most} requests a minute; wait {seconds} seconds")
)
INVALID_REQUEST = MessageType(
    "api.invalid-request", gettext_noop("the request is not valid: {problems}; see the description of the API")
)
INVALID_FIELD = MessageType("api.invalid-field", gettext_noop("{field}: {problem}"))
FIELD_MISSING = MessageType("api.field-missing", gettext_noop("is missing and must be given"))
FIELD_UNKNOWN = MessageType("api.field-unknown", gettext_noop("must be left out: this request has no such field"))
FIELD_NOT_VALID = MessageType("api.field-not-valid", gettext_noop("has a value that is not valid"))
NOT_TEXT = MessageType("api.not-text", gettext_noop("must be text"))
NOT_UNICODE = MessageType("api.not-unicode", gettext_noop("has half a surrogate pair, which is not valid Unicode"))
NUL_IN_TEXT = MessageType("api.nul-in-text", gettext_noop("has a NUL character, which no text may have"))
NOT_WHOLE = MessageType("api.not-whole", gettext_noop("must be a whole number"))
NOT_BOOLEAN = MessageType("api.not-boolean", gettext_noop("must be true or false"))
NOT_LIST = MessageType("api.not-list", gettext_noop("must be a list"))
NOT_OBJECT = MessageType("api.not-object", gettext_noop("must be a JSON object"))
NOT_ONE_OF = MessageType("api.not-one-of", gettext_noop("must be one of {allowed}"))
NOT_DATE = MessageType("api.not-date", gettext_noop("must be a date, such as 2026-02-06"))
NOT_TIME = MessageType(
    "api.not-time", gettext_noop("must be a date and time with a time zone, such as 2026-02-06T18:00:00Z")
)
NOT_PERIOD = MessageType("api.not-period", gettext_noop("must be a period, such as 2026-W06, 2026-02-06 or 2026-02"))
NOT_WEB_ADDRESS = MessageType(
    "api.not-web-address", gettext_noop("must be a web address, such as https://www.example.org/page")
)
YEAR_OUT_OF_RANGE = MessageType("api.year-out-of-range", gettext_noop("must be in the years {earliest} to {latest}"))
TOO_FEW_CHARACTERS = MessageType(
    "api.too-few-characters",
    *ngettext_noop("must have at least {limit} character", "must have at least {limit} characters"),
    "limit",
)
TOO_MANY_CHARACTERS = MessageType(
    "api.too-many-characters",
    *ngettext_noop("must have at most {limit} character", "must have at most {limit} characters"),
    "limit",
)
TOO_MANY_ITEMS = MessageType(
    "api.too-many-items", *ngettext_noop("must have at most {limit} item", "must have at most {limit} items"), "limit"
)
NOT_AT_LEAST = MessageType("api.not-at-least", gettext_noop("must be {limit} or more"))
NOT_AT_MOST = MessageType("api.not-at-most", gettext_noop("must be {limit} or less"))
NOT_JSON = MessageType("api.not-json", gettext_noop("the request’s body is not valid JSON"))
NUL = MessageType("api.nul", gettext_noop("the request’s address has a NUL character, which no text may have"))
TOO_LARGE = MessageType("api.too-large", gettext_noop("the request is larger than {most} bytes; send less at a time"))
TOO_SLOW = MessageType("api.too-slow", gettext_noop("the request did not arrive in time; send it again"))
UNAVAILABLE = MessageType("api.unavailable", gettext_noop("the database can’t be used; try again in a minute"))
INTERNAL_ERROR = MessageType(
    "api.internal-error", gettext_noop("an error that nobody expected; the log of the server has the details")
)
NOT_FOUND = MessageType("api.not-found", gettext_noop("there is nothing at {path}"))
METHOD_NOT_ALLOWED = MessageType("api.method-not-allowed", gettext_noop("{method} is not allowed here; use {allowed}"))
INVALID_CURSOR = MessageType(
    "api.cursor-invalid", gettext_noop("the cursor does not belong to this list; start without a cursor")
)
INVALID_IDEMPOTENCY_KEY = MessageType(
    "api.idempotency-key-invalid",
    gettext_noop("an Idempotency-Key has 1 to 255 visible ASCII characters; send such a key"),
)
IDEMPOTENCY_KEY_REUSED = MessageType(
    "api.idempotency-key-reused",
    gettext_noop("this Idempotency-Key was used for another request; use a new key for each request"),
)
IF_MATCH_MISSING = MessageType(
    "api.if-match-missing", gettext_noop("send the edition’s ETag as If-Match, so that nobody’s changes are lost")
)
IF_MATCH_FAILED = MessageType(
    "api.if-match-failed", gettext_noop("{name} has changed since; read it again and repeat the request")
)
NO_SUBSCRIPTION = MessageType("api.subscription-unknown", gettext_noop("there is no subscription {number}"))
CADENCE_NOT_OFFERED = MessageType(
    "api.cadence-not-offered",
    gettext_noop("subscribers of this newsletter can't choose '{cadence}'; use one of {offered}"),
)
TOPIC_NOT_OFFERED = MessageType(
    "api.topic-not-offered", gettext_noop("this newsletter has no topic '{topic}'; use topics of {offered}")
)
NO_TOPICS = MessageType("api.no-topics", gettext_noop("this newsletter has no topics; leave them out"))
NO_TOKEN_NAME = MessageType("api.token-without-name", gettext_noop("give the token a name that says what it is for"))
NO_SCOPES = MessageType("api.token-without-scopes", gettext_noop("choose at least one scope; the scopes are {known}"))
UNKNOWN_SCOPE = MessageType("api.scope-unknown", gettext_noop("there is no scope {scope}; the scopes are {known}"))
UNKNOWN_TOKEN = MessageType("api.token-unknown", gettext_noop("there is no token {key}; list the tokens"))
