"""Whose a domain is: the publisher's, or that of somebody whose DNS records the publisher can't change.

Not the publisher's are public suffixes, the domains of mailbox providers, and those that email services share among
their customers. Names below a shared suffix of the Public Suffix List's private section, such as `user.github.io`,
are the publisher's only if they are delegated.
"""

from dataclasses import dataclass
from functools import cache

from publicsuffixlist import PublicSuffixList

from newsletter.deliverability.lookups import Lookups
from newsletter.messages import Message
from newsletter.messages.deliverability import records as messages
from newsletter.messages.general import TEXT
from newsletter.providers import PROVIDERS

COUNTRY_LETTERS = 2
_MAILBOXES: dict[str, tuple[str, tuple[str, ...]]] = {
    "google": ("Google", ("gmail.com", "googlemail.com")),
    "microsoft": (
        "Microsoft",
        ("outlook.*", "hotmail.*", "live.*", "msn.com", "passport.com", "windowslive.com", "onmicrosoft.com"),
    ),
    "yahoo": ("Yahoo", ("yahoo.*", "ymail.com", "rocketmail.com", "myyahoo.com", "aol.*", "aim.com")),
    "apple": ("Apple", ("icloud.com", "me.com", "mac.com", "privaterelay.appleid.com")),
    "fastmail": ("Fastmail", ("fastmail.*", "sent.com", "messagingengine.com")),
    "proton": ("Proton", ("proton.me", "protonmail.com", "protonmail.ch", "pm.me")),
    "gmx": ("GMX", ("gmx.*", "gmx.net", "gmx.org", "web.de", "mail.com")),
    "zoho": ("Zoho", ("zohomail.*", "zoho.com")),
    "yandex": ("Yandex", ("yandex.*", "ya.ru")),
    "mail_ru": ("Mail.ru", ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru")),
    "tencent": ("Tencent", ("qq.com", "foxmail.com")),
    "netease": ("NetEase", ("163.com", "126.com", "yeah.net")),
    "telenor": ("Telenor", ("online.no", "telenor.no", "broadpark.no", "frisurf.no")),
    "others": (
        "",
        (
            "tutanota.com", "tuta.com", "tutamail.com", "hey.com", "t-online.de", "freenet.de", "posteo.de",
            "mailbox.org", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it",
            "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "naver.com", "daum.net", "hanmail.net",
            "sina.com", "sohu.com", "rediffmail.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net",
            "cox.net", "bellsouth.net", "btinternet.com", "sky.com", "virginmedia.com", "telia.com", "ziggo.nl",
            "telenet.be", "bluewin.ch", "uol.com.br", "bol.com.br", "terra.com.br",
        ),
    ),
}  # fmt: skip
"""The domains at which mailbox providers give addresses to the public; `*` is com or a country's suffix."""

_SHARED = {domain: provider.name for provider in PROVIDERS.values() for domain in provider.shared_domains}
"""The domains of email services that their customers may send from, or get their return path in."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody else who owns a domain; `service` is the key of a mailbox provider that sends for it."""

    name: Message
    service: str = ""


def other_owner(domain: str, lookups: Lookups) -> Owner | None:
    """Return who owns a domain (in ASCII); None if it is the publisher's. Raises LookupFailed."""
    if owner := known_owner(domain):
        return owner
    organization, registered = _suffixes().privatesuffix(domain), _icann().privatesuffix(domain)
    if registered is None:
        return Owner(messages.REGISTRY())
    if organization == registered or (organization and lookups.ask(organization, "NS")):
        return None
    return Owner(TEXT(words=registered))


def known_owner(domain: str) -> Owner | None:
    """Return the mailbox provider or email service that owns a domain (in ASCII), without DNS; None for others."""
    if mailbox := _mailbox(domain):
        return mailbox
    services = (name for shared, name in _SHARED.items() if domain == shared or domain.endswith(f".{shared}"))
    service = next(services, None)
    return Owner(TEXT(words=service)) if service else None


def registered_domain(domain: str) -> str:
    """Return the domain that was registered: the public suffix and one label more; the domain itself if it is one."""
    return str(_suffixes().privatesuffix(domain) or domain)


def _mailbox(domain: str) -> Owner | None:
    names = {domain, registered_domain(domain)}
    names |= {f"{label}.*" for label, _, suffix in (name.partition(".") for name in names) if _is_plain(suffix)}
    for service, (owner, domains) in _MAILBOXES.items():
        if same := names & set(domains):
            return Owner(TEXT(words=owner or min(same).replace(".*", "")), service)
    return None


def _is_plain(suffix: str) -> bool:
    """Return whether a suffix is `com` or a country's, in which a mailbox provider has its name."""
    return _icann().is_public(suffix) and (suffix == "com" or len(suffix.rpartition(".")[2]) == COUNTRY_LETTERS)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _icann() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
