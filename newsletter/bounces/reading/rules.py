"""The rules by which the words of a bounce are read: what each proves, and what it rests on.

A rule rests on the documentation of a mail server or service, on a standard, or on two senders that are independent of
each other. One sample proves nothing. The order counts, and has reasons:

- What passes with time comes first, whatever else is said ("user unknown, try again later").
- What is said about the sender comes before what is said about the recipient, since both are said in the same words
  ("domain of sender address does not exist").
- A mailbox that is full or disabled exists, whatever else is said.
- A bare "rejected" or "unavailable" comes last: it gives no reason.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Cause(StrEnum):
    """The reason that a refusal names."""

    NONE = ""
    TRY_AGAIN = "try again"
    SENDER = "sender"
    FULL = "full"
    CLOSED = "closed"
    LOCAL_FAULT = "local fault"
    DISABLED = "disabled"
    DOCUMENTED = "documented"
    NO_MAILBOX = "no mailbox"
    NO_DOMAIN = "no domain"
    POLICY = "policy"
    CONTENT = "content"
    NOT_REACHED = "not reached"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that servers use for one cause: a regular expression, without regard to case, and its sources."""

    cause: Cause
    words: str
    source: str


_WITHIN = r"(?:[^.\n]|\.(?=\w))"
"""A character of a sentence; the dots inside names belong to it."""
_NAME = (
    r"(?:users?|user ?name|recipients?|addressee|mail ?box|inbox|account|address|alias|e?-?mail(?: address)?"
    r"|person|userid|name"
    r"|customer|local[- ]part|login)"
)
_ABSENT = (
    r"(?:unknown|not found|wasn'?t found|(?:could|can)(?:n'?t| ?not) be found|not exist|n'?t exist|not known"
    r"|not recogni[sz]ed|not listed|no longer exists?|does ?n[o']t belong|not (?:a )?(?:valid|known"
    r"|local) (?:user|mailbox|recipient|address|account))"
)
_DEPARTED = (
    r"(?:closed|deleted|removed|terminated|cancel+ed|no longer (?:on|valid|available|active|in use|works?|with"
    r"|employed))"
)

RULES = (
    Rule(Cause.TRY_AGAIN, r"not found,? (?:please )?try again|try (?:again )?later", "Postfix smtp(8); RFC 5321 4.2.1"),
    Rule(Cause.TRY_AGAIN, r"gr[ae]y-?list", "postgrey(8); milter-greylist; RFC 6647"),
    Rule(
        Cause.DOCUMENTED,
        r"resolver\.adr\.\w{0,12}(?:notfound|invalid)|recip(?:ient)?notfound",
        "Microsoft, non-delivery reports in Exchange Online: 5.1.1 and 5.1.10",
    ),
    Rule(Cause.DOCUMENTED, r"\bofr_?416\b", "Orange, postmaster page: 416 is an invalid recipient"),
    Rule(Cause.DOCUMENTED, r"\brcp-p1\b", "Facebook, postmaster response codes: the address does not exist"),
    Rule(Cause.DOCUMENTED, r"5\.7\.1 no such user!", "Yandex, sending errors: the recipient's mailbox does not exist"),
    Rule(
        Cause.DOCUMENTED,
        r"this user doesn'?t have an? \S{1,60} account",
        "Yahoo, SMTP error codes: 554 delivery error: the mailbox does not exist",
    ),
    Rule(
        Cause.DOCUMENTED,
        r"message was not accepted -- invalid mailbox\. local mailbox \S{1,60} is unavailable: user (?:not found"
        r"|is terminated)",
        "Mail.ru, SMTP errors: the recipient's mailbox does not exist",
    ),
    Rule(Cause.DOCUMENTED, r"\bhost does not accept mail\b", "Sendmail, release notes 8.16: MX 0 '.' (RFC 7505)"),
    Rule(
        Cause.SENDER,
        r"sender(?:'s)?\b(?:(?!recipient|user|mailbox|account|\bto:|\d{3})[^.\n]){0,60}\b(?:reject|not exist"
        r"|invalid|unknown|denied|refused|not allowed|not found)",
        "Postfix smtpd(8) 'Sender address rejected: Domain not found'; Exim 'Sender verify failed'",
    ),
    Rule(
        Cause.SENDER,
        r"domain of sender|sender verif|sender (?:domain|address has)|return[- ]path domain"
        r"|(?:your|sending) (?:domain|host|server|address)\b[^.\n]{0,40}\b" + _ABSENT,
        "Sendmail 'Domain of sender address … does not exist'; Exim 'Sender verify failed'",
    ),
    Rule(
        Cause.SENDER,
        r"(?:invalid|bad|reject\w{0,12}) (?:helo|ehlo)|(?:helo|ehlo) (?:name|host|command|argument)|client host",
        "Postfix smtpd(8) 'Helo command rejected: Host not found', 'Client host rejected'; Exim HELO checks",
    ),
    Rule(
        Cause.SENDER,
        r"(?:not|list of|only) (?:a )?members?\b|members? only|closed group|allow(?:ed)?-?list|allowed[- ]senders?"
        r"|permission to (?:post|send)",
        "Google Groups; Exchange 5.7.124 (Microsoft, NDR codes); Mailman",
    ),
    Rule(
        Cause.SENDER,
        r"(?:identit|address is|sender)[^.\n]{0,20}not verified|unauthenticated|purported responsible",
        "Amazon SES 'Email address is not verified'; Gmail 5.7.26; RFC 4406",
    ),
    Rule(
        Cause.SENDER,
        r"after (?:initial connection|mail from)|mail from[^\n]{0,20}(?:reject|denied)|in reply to mail\b",
        "Exim's and Postfix's names for the refused command",
    ),
    Rule(Cause.SENDER, r"to/from an address that has been", "Proofpoint; Symantec Email Security.cloud"),
    Rule(
        Cause.FULL,
        r"(?:mailbox|mailfolder|inbox|account|quota|storage)[^.\n]{0,40}(?:\bfull\b|exceed|out of storage"
        r"|\bover(?:\b|[- ]?(?:quota|limit|size))|not enough)",
        "Gmail 'out of storage space'; Dovecot 'Quota exceeded (mailbox for user is full)'; RFC 3463 X.2.2",
    ),
    Rule(
        Cause.FULL,
        r"over ?quota|(?:quota|exceed\w{0,8})[^.\n]{0,30}(?:quota|usage|allowed size)|allowed storage"
        r"|too many mess?ages (?:on|in)",
        "Cyrus 'Over quota'; web.de 'exhausted allowed storage space'; Biglobe",
    ),
    Rule(
        Cause.FULL,
        r"disk (?:full|quota|space)|no space left|mailbox size|space is not enough|insufficient (?:system|disk)",
        "QQ 'mailbox space is not enough'; Postfix local(8); RFC 5321 452",
    ),
    Rule(
        Cause.FULL,
        r"\b(?:bo[iî]te|messagerie|buz[oó]n|caixa|casella|postfach|speicher|postbok|postl[aå]d)\w{0,12}[^.\n]{0,40}"
        r"(?:pleine|lleno|llena|excedid|cheia|piena|voll|full|[uü]e?berschritten)"
        r"|ящик\w{0,2}[^.\n]{0,30}(?:переполнен|заполнен)|(?:メールボックス|受信箱|容量)[^。\n]{0,20}(?:いっぱい|超過|超え)"
        r"|(?:邮箱|信箱|郵箱)[^。\n]{0,10}(?:已满|已滿)",
        "Orange 'Boite du destinataire pleine'; web.de 'Speichervolumen ueberschritten'; Exchange's reports in other"
        " languages",
    ),
    Rule(
        Cause.LOCAL_FAULT,
        r"(?:could ?n[o']t|can ?not|can't|unable to|failed to) (?:create|open|write|lock|chdir)",
        "Postfix local(8) and maildir(5); Courier maildrop",
    ),
    Rule(
        Cause.CLOSED,
        rf"(?:user|account|mailbox|address|recipient)\b[^.\n]{{0,30}}\b{_DEPARTED}"
        r"|no longer (?:on (?:the |this )?server|valid|available)|closed account",
        "mail.ru 'user is terminated'; Lycos 'Account Closed'; Postfix relocated(5)",
    ),
    Rule(
        Cause.DISABLED,
        r"disabled|inactive|discontinued|suspended|deactivated|not active",
        "RFC 3463 X.2.1; Gmail 5.2.1 'is disabled', 'is inactive'; Yahoo 'disabled or discontinued'",
    ),
    Rule(
        Cause.DISABLED,
        r"(?:account|mailbox)[^.\n]{0,20}(?:locked|expired|blocked)|not been collected|not accepting messages"
        r"|\bon hold\b|frozen",
        "RFC 3463 X.2.1; AOL 'not accepting messages'; Exim's and PowerMTA's queues on hold",
    ),
    Rule(
        Cause.NO_DOMAIN,
        r"no such (?:domain|host)|unknown (?:host|domain)|(?:invalid|illegal|non-?existent) (?:host/)?domain"
        r"|nxdomain",
        "Sendmail 'Host unknown'; qmail-remote(8); RFC 8020; Google's DNS errors",
    ),
    Rule(
        Cause.NO_DOMAIN,
        r"\bhost (?:unknown|not found)|couldn'?t find any host|host or domain name not found|host \S+ not found"
        r"|unroute?able"
        r"|(?:name or service|servname provided, or) not known",
        "Postfix smtp(8); qmail-remote(8); Exim 'Unrouteable address'; getaddrinfo(3)",
    ),
    Rule(
        Cause.NO_DOMAIN,
        rf"\bdomain\b{_WITHIN}{{0,60}}\b(?:does|may|can|could) ?n[o']t (?:exist|be found|be resolved)"
        rf"|domain no longer exists|domain (?:name )?(?:is )?(?:unknown|not found)|bad destination"
        r"|(?:domain|host) is not reachable",
        "Exchange Online 5.4.310 'DNS domain does not exist';"
        " Postfix 'Recipient address rejected: Domain not found'; RFC 3463 X.1.2",
    ),
    Rule(
        Cause.NO_DOMAIN,
        r"null ?mx|mx or srv record indicated no smtp service"
        r"|no (?:valid )?mx (?:records? )?(?:was |were )?found|mx record[^.\n]{0,40}(?:not exist"
        r"|non-?existent)|no mail (?:exchanger|servers?)\b|no (?:mx|a|address) or \w+ records?"
        r"|\b(?:does|will) not (?:accept|receive|handle) (?:e-?mail|mail)\b|mail receiving disabled"
        r"|non-?existent hosts?",
        "RFC 7505; RFC 7504; RFC 2782; OpenSMTPD 'No MX found for domain';"
        " Exim 'all relevant MX records point to non-existent hosts'",
    ),
    Rule(
        Cause.NO_MAILBOX,
        rf"(?:\b{_NAME}\b|…){_WITHIN}{{0,45}}\b{_ABSENT}",
        "Sendmail and Postfix 'User unknown'; Gmail 'does not exist'; Cyrus 'Mailbox unknown'; Domino 'not listed'",
    ),
    Rule(
        Cause.NO_MAILBOX,
        rf"(?:unknown|no such|invalid|non-?existent|illegal|bad|undeliverable"
        rf"|incorrect) (?:(?:final )?delivery |destination )?(?:\w+ )?{_NAME}\b",
        "Exim 'Unknown user'; Mimecast 'Invalid Recipient'; iCloud 'unknown or illegal alias'; RFC 3463 X.1.1",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"\bno (?:mailbox|user|account|recipient|person|customer)s?\b[^.\n]{0,20}\b(?:by|with|of|for) (?:that"
        r"|this|the)\b"
        r"|\bno (?:mailbox|user|account|recipient|customer)s? (?:here|found)|(?:there is|have|has) no (?:user"
        r"|mailbox|account|such)"
        r"|does ?n[o']t have an? [^\n]{0,60}account|user doesn",
        "qmail-local(8) 'no mailbox here by that name'; Yahoo 'This user doesn't have a yahoo.com account'",
    ),
    Rule(
        Cause.NO_MAILBOX,
        rf"(?:can(?:no|')?t|could ?n[o']t|unable to) (?:find|locate|verify) (?:the |a |that "
        rf"|this )?(?:\w+ )?{_NAME}\b"
        r"|recipient can(?:not|'t) be (?:verified|found)|is not (?:a )?registered",
        "Symantec Email Security.cloud 'recipient cannot be verified'; Kerio Connect; MDaemon",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"name & address book|domino[- ](?:directory|verzeichnis|ディレクトリ)|annuaire domino",
        "HCL Domino, messages of the router in English, German, French and Japanese",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"not (?:our|a (?:known|valid|registered|local)) (?:user|customer|recipient|mailbox|address|account)"
        r"|user has moved|user not local"
        r"|(?:has|have) changed (?:his|her|their) address|\bnot deliverable to (?:this )?address",
        "RFC 5321 551 'User not local'; Postfix relocated(5) 'user has moved to'; CommuniGate Pro",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"\b(?:destinataire|adresse|utilisateur|bo[iî]te)\b[^.\n]{0,40}(?:invalide|inconnu|introuvable"
        r"|n'existe pas)"
        r"|\b(?:usuario|direcci[oó]n|cuenta|buz[oó]n|destinatario)\b[^.\n]{0,40}(?:no existe|desconocid"
        r"|no encontrad|inv[aá]lid|inexistente)"
        r"|\b(?:usu[aá]rio|conta|caixa|endere[cç]o|destinat[aá]rio)\b[^.\n]{0,40}(?:n[aã]o existe|desconhecid"
        r"|n[aã]o encontrad|inv[aá]lid|inexistente)"
        r"|\b(?:utente|indirizzo|casella|destinatario)\b[^.\n]{0,40}(?:sconosciut|inesistente|non esiste"
        r"|non trovat|non valid)",
        "Orange 'destinataire invalide'; Telefónica; UOL 'destinatário inexistente'; Libero 'utente sconosciuto'",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"\b(?:empf[aä]nger|benutzer|nutzer|adresse|postfach)\w{0,12}[^.\n]{0,40}(?:unbekannt|nicht (?:bekannt"
        r"|gefunden|vorhanden|existent)"
        r"|existiert nicht|ung[uü]ltig)"
        r"|\b(?:gebruiker|adres|mailbox)\b[^.\n]{0,40}(?:onbekend|bestaat niet|niet gevonden)"
        r"|\b(?:mottak\w{0,12}|adresse\w{0,12}|bruker\w{0,12}|mottagare\w{0,12}|adressen|modtager\w{0,12}|bruger\w{0,12}|postlåda\w{0,12}"
        r"|konto\w{0,12})\b[^.\n]{0,40}"
        r"(?:ukjent|okänd|ukendt|finnes ikke|finns inte|findes ikke|eksisterer ikke|existerar inte)"
        r"|(?:fant ikke|hittade inte|fandt ikke|kunne ikke finne) (?:e-post|mottak|mottag|modtag)\w{0,20}",
        "web.de 'Benutzer nicht bekannt'; GMX; KPN 'gebruiker onbekend'; Norwegian and Swedish operators;"
        " Exchange's reports in Norwegian",
    ),
    Rule(
        Cause.NO_MAILBOX,
        r"(?:пользовател|получател|ящик|адрес)\w{0,12}[^.\n]{0,40}(?:не (?:найден|существует)|неизвестн)"
        r"|宛先(?:不明|が不明)|(?:ユーザ|宛先|アドレス|メールボックス)[^。\n]{0,20}(?:存在しません|見つかりません|不明)"
        r"|(?:用户|用戶|收件人|邮箱|信箱)[^。\n]{0,20}(?:不存在|未找到|没有找到)",
        "Yandex and mail.ru; Domino and docomo; QQ and NetEase",
    ),
    Rule(
        Cause.REJECTED,
        r"recipient address rejected: access denied",
        "Exchange Online, 5.4.1 for recipients that its directory lacks; Postfix access(5) with 5.7.1, which is policy",
    ),
    Rule(
        Cause.POLICY,
        r"spam|\bblock(?:ed|list)|black ?list|\bbl\?|\(bl\)|rbl|dnsbl|banned|bulk|\bube\b|unsolicited"
        r"|reputation|complaints",
        "Spamhaus; Microsoft 5.7.606; Gmail 'likely unsolicited mail'; Barracuda",
    ),
    Rule(
        Cause.POLICY,
        r"polic(?:y|ies)|relay|access denied|authenticat|\bspf\b|dkim|dmarc|security|insecure|permission|denied by",
        "RFC 3463 X.7; Postfix 'Relay access denied'; Yahoo 5.7.9; Gmail 5.7.26",
    ),
    Rule(
        Cause.POLICY,
        r"(?:daily|hourly|sending) (?:\w+ ){0,2}(?:limit|quota)"
        r"|filtered|prohibit|overwhelmed|too fast|too many (?:recipients|messages|connections)|rate[- ](?:limit|too)"
        r"|frequency limit|throttl|unexpected volume",
        "Gmail 5.4.5 and Exchange Online 5.1.90 'daily limit'; Mimecast 'Administrative prohibition';"
        " QQ 'frequency limited'; Yahoo TS codes; Gmail 4.7.28",
    ),
    Rule(
        Cause.POLICY,
        r"\bptr\b|reverse dns|invalid ip|mismatches client ip|ip name lookup|not accepting connections"
        r"|service (?:refuse|not available)",
        "Gmail 5.7.25; RFC 1912 2.1; Comcast; GMX 'Service not available'",
    ),
    Rule(
        Cause.CONTENT,
        r"virus|malware|attachment|content[^.\n]{0,20}reject|message (?:size|too (?:big|large))|too large",
        "RFC 3463 X.2.3, X.6; ClamAV; Postfix message_size_limit",
    ),
    Rule(
        Cause.CONTENT,
        r"header error|duplicate header|multiple addresses|rfc ?\d{4}|8-?bit",
        "Gmail 5.7.1 'not RFC 5322 compliant'; RFC 6152",
    ),
    Rule(
        Cause.NOT_REACHED,
        r"timed? ?-?out|expired|could not deliver for|not delivered within|delivery failed \d+ attempts"
        r"|queue too long",
        "Postfix qmgr(8); Exim 'retry timeout exceeded'; qmail-send(8); Sendmail; RFC 3463 X.4.7",
    ),
    Rule(
        Cause.NOT_REACHED,
        r"not responding|no answer|did ?n[o']t (?:respond|accept our requests)|failing for a long time|unreachable"
        r"|connection (?:refused|reset|limit)|unable to connect|establish an smtp",
        "RFC 3463 X.4.1; connect(2); Exim; qmail-remote(8); Google",
    ),
    Rule(
        Cause.NOT_REACHED,
        r"too many hops|hop count|loop|(?:media|disk|i/o) error|name server|dns|network|temporar|system error",
        "RFC 5321 6.3; RFC 3463 X.4.3, X.4.6; Sendmail 'Name server timeout'",
    ),
    Rule(
        Cause.REJECTED,
        r"mailbox (?:is )?unavailable|(?:recipient )?address rejected|recipient rejected|no valid recipients"
        r"|not a valid mailbox"
        r"|mailbox name not allowed",
        "RFC 5321 4.2.2, 550 and 553; Postfix access(5)",
    ),
)


@cache
def _compiled() -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    """Return the rules with their expressions; compiling them takes 20 ms, which only a bounce needs."""
    return tuple((rule, re.compile(rule.words, re.IGNORECASE)) for rule in RULES)


def matching_rule(line: str) -> Rule | None:
    """Return the first rule whose words are in a line; None if there is no such rule."""
    return next((rule for rule, words in _compiled() if words.search(line)), None)
