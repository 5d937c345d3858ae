"""The cause of a bounce: from the words that servers use, or else from the status.

The order counts. What is said about the sender comes before what is said about the address, since both are said in the
same words ("domain of sender address does not exist"); a mailbox that is full or disabled is there, whatever else is
said; and a bare "rejected" comes last.
"""

import re
from functools import lru_cache

from newsletter.delivery.outcome import Phase, fault_of
from newsletter.delivery.reply import redact_addresses
from newsletter.domain.outcome import Fault

LONGEST = 20_000
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]+")
_NAME = r"(?:users?|recipient|addressee|mailbox|account|address|alias|e?-?mail(?: address)?|person|userid|name)"
_ABSENT = r"(?:unknown|not found|wasn'?t found|not exist|n'?t exist|not known|not recogni[sz]ed|not listed)"

_PASSING = (r"not found,? (?:please )?try again|try (?:again )?later|gr[ae]y-?list",)
_SENDER = (
    r"sender(?:'s)?\b[^.\n]{0,60}\b(?:reject|not exist|invalid|unknown|denied|refused|not allowed)",
    r"domain of sender|sender verif|(?:invalid|bad) (?:helo|ehlo)|(?:helo|ehlo) (?:name|host|command)",
    r"(?:not|list of|only) (?:a )?members?\b|members? only|closed group|allow(?:ed)?-?list",
    r"(?:identit|address is|sender)[^.\n]{0,20}not verified",
    r"unauthenticated|purported responsible",
    r"after (?:initial connection|mail from)|mail from[^\n]{0,20}(?:reject|denied)",
    r"to/from an address that has been",
)
_FULL = (
    r"(?:mailbox|mailfolder|inbox|account|quota|storage)[^.\n]{0,40}(?:full|exceed|out of storage|over)",
    r"over ?quota|(?:quota|exceed\w{0,8})[^.\n]{0,30}(?:quota|usage|allowed size)",
    r"disk (?:full|quota)|mailbox size|insufficient system",
)
_LOCAL = (r"(?:could ?n[o']t|can ?not|can't|unable to|failed to) (?:create|open|write|lock|chdir)",)
_DISABLED = (
    r"disabled|inactive|discontinued|suspended|deactivated",
    r"(?:account|mailbox)[^.\n]{0,20}(?:locked|expired|blocked)",
    r"not been collected|not accepting messages|\bhold\b|frozen",
)
_MISSING = (
    rf"(?<!local ){_NAME}\b[^.\n]{{0,45}}\b{_ABSENT}",
    rf"(?:unknown|no such|invalid|non-?existent|illegal) (?:final delivery )?(?:\w+ )?{_NAME}\b",
    r"not our (?:user|customer)|no longer (?:on server|valid|available)|user has moved|unknown local[- ]part",
    r"user not local",
    r"no mailbox (?:here )?by that name|doesn'?t have an? [^\n]{0,60}account|recipnotfound|user doesn|there is no user",
    r"(?:destinataire|direcci[oó]n|empf[aä]nger)[^.\n]{0,20}(?:invalide|inconnu|no existe|unbekannt)",
    r"(?:has|have) changed (?:his|her|their) address|recipient address rejected: access denied",
)
_NO_HOST = (
    r"no such (?:domain|host)|unknown (?:host|domain)|(?:invalid|illegal) (?:host/)?domain|nxdomain|null ?mx",
    r"host not found|couldn'?t find any host|host or domain name not found|host \S+ not found|unrouteable",
    r"domain (?:name )?(?:does|may|can) ?not (?:exist|be found)|bad destination|no mx (?:record )?found",
    r"\bdoes not accept mail",
)
_POLICY = (
    r"spam|\bblock(?:ed|list)|black ?list|\bbl\?|\(bl\)|rbl|dnsbl|banned|bulk|\bube\b|unsolicited",
    r"reputation|complaints",
    r"polic(?:y|ies)|relay|access denied|authenticat|\bspf\b|dkim|dmarc|security|insecure|permission|denied by",
    r"filtered|prohibit|overwhelmed|too fast|too many (?:recipients|messages)",
    r"rate[- ](?:limit|too)|frequency limit|throttl|too many connections|unexpected volume",
    r"\bptr\b|reverse dns|invalid ip|mismatches client ip|ip name lookup",
    r"not accepting connections|service (?:refuse|not available)",
)
_CONTENT = (
    r"virus|malware|attachment|content[^.\n]{0,20}reject",
    r"message (?:size|too (?:big|large))|too large",
    r"header error|duplicate header|multiple addresses|rfc ?\d{4}|8-?bit",
)
_UNREACHED = (
    r"timed? ?-?out|expired|could not deliver for|not delivered within|delivery failed \d+ attempts",
    r"not responding|no answer|did ?n[o']t (?:respond|accept our requests)|failing for a long time|queue too long",
    r"connection (?:refused|reset|limit)|unable to connect|establish an smtp|too many hops|hop count|loop",
    r"(?:media|disk|i/o) error|name server|dns|network|temporar|system error",
)
_REJECTED = (
    r"mailbox unavailable|(?:recipient )?address rejected|recipient rejected|no valid recipients|not a valid mailbox",
)
_RULES = (
    (Fault.CONNECTION, _PASSING),
    (Fault.POLICY, _SENDER),
    (Fault.MAILBOX, _FULL + _DISABLED + _LOCAL),
    (Fault.READER, _MISSING + _NO_HOST),
    (Fault.POLICY, _POLICY),
    (Fault.CONTENT, _CONTENT),
    (Fault.CONNECTION, _UNREACHED),
    (Fault.READER, _REJECTED),
)
_COMPILED = tuple((fault, re.compile("|".join(words), re.IGNORECASE)) for fault, words in _RULES)
_NO_SUCH_HOST = re.compile("|".join(_NO_HOST), re.IGNORECASE)
_BARE = re.compile(r"[245]\.(?:[0-9]+\.0|5\.[0-9]+)")


def redacted_line(text: str) -> str:
    """Return the words on one line, with an ellipsis for each address."""
    return _BLANK.sub(" ", redact_addresses(text)).strip()


@lru_cache(maxsize=4)  # the same prose is asked about for each recipient of a report
def fault_of_words(text: str) -> Fault:
    """Whose fault these words say that it was; NONE where they say nothing known. Looks at the first `LONGEST`."""
    said = redacted_line(text[:LONGEST])
    return next((fault for fault, words in _COMPILED if words.search(said)), Fault.NONE)


def names_no_host(text: str) -> bool:
    """Return whether these words say that the address's domain does not exist or takes no email."""
    return _NO_SUCH_HOST.search(redacted_line(text[:LONGEST])) is not None


def fault_of_status(status: str) -> Fault:
    """Whose fault an enhanced status says that it was; NONE where it only says that something was wrong."""
    return Fault.NONE if not status or _BARE.fullmatch(status) else fault_of(Phase.RCPT, 0, status, "")
