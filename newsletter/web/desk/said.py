"""What jobs, sources and lint say, in the language of whoever looks.

They speak English, since commands, logs and mails repeat them; a sentence that is not known here stays as it is. The
braces stand for what changes: names, numbers, a server's own words. A test holds each against the code that says it.
"""

import re
from functools import cache

from django.utils.translation import get_language, gettext, gettext_noop

from newsletter.jobs import selection

SENTENCES = (
    # Why an edition waits, is paused, was skipped or cancelled
    gettext_noop("nobody has approved it yet"),
    gettext_noop("its time was {when}Z and nothing ran then; send it by hand"),
    gettext_noop("not read since {told}; what it has is missing until it answers"),
    gettext_noop("the last edition"),
    gettext_noop("{counted}, and minimum_posts is {n}; what there is waits for the next"),
    gettext_noop("no posts"),
    gettext_noop("paused by hand"),
    gettext_noop("by {who}"),
    gettext_noop("the edition was cancelled"),
    gettext_noop("cancelled before its first mail"),
    gettext_noop("the mail server refused the login: {words}; check delivery.smtp.user and password"),
    gettext_noop(
        "{n} of the last {all} replies hold something against us, the latest: {words}; find out why before you resume"
    ),
    # What differs between two revisions
    gettext_noop("headline: “{old}” is now “{new}”"),
    gettext_noop("{what}: “{old}” is now “{new}”"),
    gettext_noop("{what} changed"),
    gettext_noop("in now: {title} ({reason})"),
    gettext_noop("out now: {title} ({reason})"),
    gettext_noop("out now: {title}"),
    gettext_noop("text changed: {title}"),
    gettext_noop("the order of posts changed"),
    # What can't be done
    gettext_noop("{name} changed: revision {seen} was seen and {newest} is newest: {told}"),
    gettext_noop("{name} is {state}: only a draft can be changed; 'newsletter reopen' makes it one"),
    gettext_noop("{name} is {state}: it can't become {to}"),
    gettext_noop("{name} was {state} and is {now} now: somebody else changed it; look at it again"),
    gettext_noop("{name} is {state}: it can't be cancelled this way any more"),
    gettext_noop("{name} is {state}, not paused: there is nothing to resume"),
    gettext_noop("“{title}” is already in {other}; a post is in one edition only"),
    gettext_noop("a post needs a headline"),
    gettext_noop("a proof goes to 1 to {most} addresses, not {n}"),
    gettext_noop("'{text}' is no time; write such as 2026-02-06T18:00, with or without an offset"),
    gettext_noop("{period} has not begun"),
    gettext_noop("{problem}; write its headline yourself"),
    gettext_noop(
        "site.url is {url}: readers could not follow a mail's links there; "
        "give it a public https address in config.toml"
    ),
    # What is wrong with a source
    gettext_noop("there is no host {host}; check the address"),
    gettext_noop("nothing answers there (connection refused); check address and port"),
    gettext_noop("is not there (404); check the address"),
    gettext_noop("says that it is gone for good (410); remove it from the sources in config"),
    gettext_noop("wants no visitors without permission ({status}); ask its owner, or use its public feed"),
    gettext_noop("its server has a fault ({status}); it is asked again with the next collecting"),
    gettext_noop("no whole answer within {seconds} s; raise collect.timeout if the server is always this slow"),
    gettext_noop("the connection failed ({words}); it is tried again with the next collecting"),
    gettext_noop("no safe connection ({words}); tell the owner of the site"),
    # What is wrong with the bounce mailbox
    gettext_noop("could not be reached"),
    gettext_noop("refused the login; look at bounces.imap.user and bounces.imap.password"),
    gettext_noop("has no folder '{folder}'; look at bounces.imap.folder"),
    gettext_noop("the connection failed ({words}); it is tried again"),
    # Why a line of an import is refused, or the file
    gettext_noop("the address is suppressed ({why})"),
    gettext_noop("this person has left {newsletter}"),
    gettext_noop("the file says that this person gets no mail any more"),
    gettext_noop("it has no address"),
    gettext_noop("it has no @"),
    gettext_noop("it is no mail address: {problem}"),
    gettext_noop("it is longer than an address may be"),
    gettext_noop("it has no cell for the address"),
    gettext_noop("it has {n} cells, but the first line has {width}; is a quote missing?"),
    gettext_noop("a quote is opened and never closed"),
    gettext_noop("its first line is empty; it must be a CSV file with addresses"),
    gettext_noop("no column is to hold addresses; choose one"),
    gettext_noop("{n} columns are to hold {what}; choose one"),
    # What lint found
    gettext_noop("The subject is empty."),
    gettext_noop("The subject has {length} characters; {most} are seen."),
    gettext_noop("The preheader has {length} characters; write {low} to {high}."),
    gettext_noop("The HTML has {bytes} bytes; Gmail clips at about 102,000."),
    gettext_noop("{word} stands for nothing."),
    gettext_noop("The {where} has no unsubscribe link."),
    gettext_noop("The {where} has no link to the reader's preferences."),
    gettext_noop("The {where} does not hold the postal address."),
    gettext_noop("The {where} has no link to {page}."),
    gettext_noop("{mark} was left in: {words}"),
    gettext_noop("{address} is linked {count} times in one post."),
    gettext_noop("The picture {source} has no alt."),
    gettext_noop("The picture {source} has no width."),
    gettext_noop("“{title}” is not in the {where}."),
    gettext_noop("“{title}” stands {found} times in the {where}."),
    gettext_noop("“{words}” has a contrast of {ratio} to 1 ({colours})."),
    # What was looked at in the settings
    gettext_noop("the database is there and up to date"),
    gettext_noop("its mails' links begin with {url}"),
    gettext_noop("subject and templates can be rendered"),
    gettext_noop("mails are written into {folder}"),
    gettext_noop("an API is only tried by sending: use 'newsletter test'"),
    gettext_noop("{name} has no {what} record; add one"),
    gettext_noop("{name} has {n} {what} records; there must be one"),
)
WORDS = (
    *(
        gettext_noop("draft"),
        gettext_noop("approved"),
        gettext_noop("queued"),
        gettext_noop("sending"),
        gettext_noop("paused"),
        gettext_noop("sent"),
        gettext_noop("cancelled"),
        gettext_noop("skipped"),
    ),
    *(gettext_noop("subject"), gettext_noop("preheader"), gettext_noop("greeting"), gettext_noop("closing")),
    *(gettext_noop("addresses"), gettext_noop("languages"), gettext_noop("states")),
)
"""What stands for `state`, `to`, `now` and `what` in them."""

ACTS = (
    gettext_noop("reopened"),
    gettext_noop("resumed"),
    gettext_noop("proof"),
    gettext_noop("posts changed at their source"),
    gettext_noop("sent the unknown ones again"),
    gettext_noop("left the unknown ones"),
    gettext_noop("user added"),
    gettext_noop("user removed"),
    gettext_noop("role changed"),
    gettext_noop("sending changed"),
    gettext_noop("password set"),
    gettext_noop("password link asked for"),
    gettext_noop("second factor on"),
    gettext_noop("second factor off"),
    gettext_noop("recovery codes made"),
    gettext_noop("recovery code used"),
    gettext_noop("import"),
    gettext_noop("export"),
    gettext_noop("subscriber added"),
    gettext_noop("tags changed"),
    gettext_noop("unsubscribed"),
    gettext_noop("suppressed"),
    gettext_noop("suppression lifted"),
    gettext_noop("erased"),
)
"""What the audit log calls what was done; the states are acts too."""

MAILBOX = gettext_noop("the bounce mailbox at {where}")
"""How what is said of the mailbox begins; the rest is a sentence of its own."""

_MAILBOX = re.compile(r"the bounce mailbox at (?P<where>\S+:\d+)(?P<mark>:? )(?P<what>.+)", re.DOTALL)

NESTED = ("state", "to", "now", "what", "counted", "problem")


def in_words(text: str) -> str:
    """The sentence, or the part of it after a name and a colon, in the language of the page."""
    if (get_language() or "en").startswith("en") or not text:
        return text
    return _known(text) or _of_the_mailbox(text) or _after_a_name(text) or text


def _known(text: str) -> str:
    if text in WORDS or text in ACTS:
        return gettext(text)
    for pattern, english in _patterns():
        if found := pattern.fullmatch(text):
            return gettext(english).format(**{key: _part(key, part) for key, part in found.groupdict().items()})
    return ""


def _part(key: str, text: str) -> str:
    if key == "told":
        return text.replace("the last edition", gettext("the last edition"))
    return reason(text) if key == "reason" else in_words(text) if key in NESTED else text


def _of_the_mailbox(text: str) -> str:
    found = _MAILBOX.fullmatch(text)
    known = _known(found["what"]) if found else ""
    return gettext(MAILBOX).format(where=found["where"]) + found["mark"] + known if found and known else ""


def _after_a_name(text: str) -> str:
    name, colon, rest = text.partition(": ")
    known = _known(rest)
    return f"{name}{colon}{known}" if known else ""


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), english)
        for english in SENTENCES
    ]


def reason(text: str) -> str:
    """Why a post is in or out, in the language of whoever looks."""
    known = {
        selection.IN_THE_WINDOW: gettext("in the window"),
        selection.LATE: gettext("late: it came after the last edition"),
        selection.TOO_LATE: gettext("too late"),
        selection.THERE_BEFORE: gettext("there before the first collection"),
        selection.BY_WORD: gettext("filtered by word"),
        selection.BY_CATEGORY: gettext("filtered by category"),
        selection.OVER_THE_MAXIMUM: gettext("over the maximum: a headline only"),
        selection.GONE: gettext("gone from its source"),
        selection.LEFT_OUT: gettext("left out by an editor"),
        selection.INCLUDED: gettext("included by an editor"),
        selection.IN_THE_FUTURE: gettext("dated in the future"),
        selection.OUTSIDE: gettext("outside the window"),
    }
    if text.startswith(selection.ALREADY_IN):
        return gettext("already in %(edition)s") % {"edition": text.removeprefix(selection.ALREADY_IN).strip()}
    return known.get(text, text)
