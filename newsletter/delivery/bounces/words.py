"""Whose fault a bounce was: from the words that servers use, and where they say nothing known, from the status.

The order counts: what is said about the sender comes before what is said about the address, because both are said in
the same words ("domain of sender address does not exist"), and a bare "rejected" comes last.
"""

import re

from newsletter.delivery.outcome import Phase, fault_of
from newsletter.mail import Fault

_ADDRESS = r"(?:user|users|recipient|addressee|mailbox|account|address|alias|e?-?mail(?: address)?|person|userid|name)"
_ABSENT = r"(?:unknown|not found|wasn'?t found|not exist|n'?t exist|not known|not recogni[sz]ed|not listed|not a known)"
_RULES: tuple[tuple[Fault, str], ...] = (
    (
        Fault.POLICY,
        r"sender(?:'s)?\b[^.\n]{0,60}\b(?:reject|not exist|invalid|unknown|denied|refused|not allowed)|domain of sender"
        r"|(?:identit|address is|sender)[^.\n]{0,20}not verified|unauthenticated|purported responsible"
        r"|after (?:initial connection|mail from)|mail from[^\n]{0,20}(?:reject|denied)"
        r"|to/from an address that has been",
    ),
    (
        Fault.READER,
        rf"(?<!local ){_ADDRESS}\b[^.\n]{{0,45}}\b{_ABSENT}"
        rf"|(?:unknown|no such|invalid|non-?existent|illegal) (?:final delivery )?(?:\w+ )?{_ADDRESS}\b"
        rf"|{_ABSENT} (?:in|by)[^.\n]{{0,30}}directory|not our (?:user|customer)|no longer (?:on server|valid|available)"
        r"|no mailbox (?:here )?by that name|doesn'?t have an? [^\n]{0,60}account|recipnotfound|user doesn|there is no user"
        r"|(?:destinataire|direcci[oó]n|empf[aä]nger)[^.\n]{0,20}(?:invalide|inconnu|no existe|unbekannt)"
        r"|no such (?:domain|host)|unknown (?:host|domain)|(?:invalid|illegal) (?:host/)?domain|host not found"
        r"|couldn'?t find any host|host or domain name not found|host \S+ not found|bad destination|unrouteable"
        r"|domain (?:name )?(?:does|may|can) ?not (?:exist|be found)|nxdomain|null ?mx|\bdoes not accept mail"
        r"|user has moved|has changed (?:his|her|their) address|unknown local[- ]part|addressee unknown",
    ),
    (
        Fault.MAILBOX,
        r"(?:mailbox|mailfolder|inbox|account|quota|storage)[^.\n]{0,40}(?:full|exceed|out of storage|over)|over ?quota"
        r"|(?:quota|exceed\w*)[^.\n]{0,30}(?:quota|usage|allowed size)|disk (?:full|quota)|mailbox size|insufficient system",
    ),
    (
        Fault.MAILBOX,
        r"disabled|inactive|discontinued|suspended|deactivated|(?:account|mailbox)[^.\n]{0,20}(?:locked|expired|blocked)"
        r"|not been collected|not accepting messages",
    ),
    (
        Fault.POLICY,
        r"spam|\bblock(?:ed|list)|black ?list|\bbl\?|reputation|polic(?:y|ies)|relay|access denied|authenticat|\bspf\b"
        r"|dkim|dmarc|rate[- ](?:limit|too)|frequency limit|throttl|\bptr\b|reverse dns|rbl|dnsbl|banned|bulk|\bube\b"
        r"|complaints|unexpected volume|invalid ip|mismatches client ip|ip name lookup|security|insecure|unsolicited"
        r"|too many connections|not accepting connections|permission|denied by|service (?:refuse|not available)|\(bl\)",
    ),
    (
        Fault.CONTENT,
        r"virus|malware|content[^.\n]{0,20}reject|message (?:size|too (?:big|large))|too large|header error|rfc ?\d{4}"
        r"|8-?bit|duplicate header|multiple addresses|message filtered|attachment",
    ),
    (
        Fault.CONNECTION,
        r"timed? ?-?out|expired|retry timeout|could not deliver for|delivery failed \d+ attempts|not responding|no answer"
        r"|did ?n[o']t (?:respond|accept our requests)|connection (?:refused|reset|limit)|too many hops|hop count|loop"
        r"|name server|dns|failing for a long time|unable to connect|establish an smtp|queue too long|temporar"
        r"|network|not delivered within",
    ),
    (
        Fault.READER,
        r"mailbox unavailable|(?:recipient )?address rejected|recipient rejected|no valid recipients|not a valid mailbox",
    ),
)
_COMPILED = tuple((fault, re.compile(words, re.IGNORECASE)) for fault, words in _RULES)
_BARE = re.compile(r"[245]\.(?:[0-9]+\.0|0\.0|5\.[0-9]+)")


def fault_of_words(text: str) -> Fault:
    """Whose fault these words say that it was; NONE where they say nothing known."""
    return next((fault for fault, words in _COMPILED if words.search(text)), Fault.NONE)


def fault_of_status(status: str) -> Fault:
    """Whose fault an enhanced status says that it was; NONE where it only says that something was wrong."""
    return Fault.NONE if not status or _BARE.fullmatch(status) else fault_of(Phase.RCPT, 0, status, "")
