"""Header fields that mailbox providers ask for, and the logo that they show."""

from urllib.parse import urlsplit

from newsletter.domain.hosts import is_public_host
from newsletter.domain.segments import SlotValue
from newsletter.messages.deliverability import checks as messages
from newsletter.render.placeholders import PATHS
from newsletter.scheduling.check import Verdict
from newsletter.scheduling.deliverability.check_result import CheckResult
from newsletter.scheduling.deliverability.dmarc_policy import Policy
from newsletter.scheduling.deliverability.lookups import Lookups
from newsletter.scheduling.deliverability.route import Route
from newsletter.scheduling.deliverability.tags import tags

SHOWN = ("quarantine", "reject")


def one_click(site_url: str) -> CheckResult:
    """Return whether emails have List-Unsubscribe-Post (RFC 8058), which needs https."""
    if not is_public_host(urlsplit(site_url).hostname or ""):
        return CheckResult(Verdict.BAD, messages.ONE_CLICK_LOCAL(url=site_url))
    if not site_url.startswith("https://"):
        return CheckResult(Verdict.BAD, messages.ONE_CLICK_HTTP(url=site_url))
    return CheckResult(Verdict.GOOD, messages.ONE_CLICK_GOOD(url=f"{site_url}{PATHS[SlotValue.UNSUBSCRIBE]}"))


def feedback_id(value: str, route: Route) -> CheckResult:
    """Return what Google's Postmaster Tools can tell newsletters apart by."""
    if route.service.name == "Amazon SES":
        return CheckResult(Verdict.NOTE, messages.FEEDBACK_REPLACED(provider=route.service.name))
    return CheckResult(Verdict.GOOD, messages.FEEDBACK_GOOD(value=value))


def bimi(domain: str, organization: str, policy: Policy | None, lookups: Lookups) -> CheckResult:
    """Return whether a logo is published for a domain or its organization. Raises dns.exception.DNSException."""
    names = dict.fromkeys(f"default._bimi.{each}" for each in (domain, organization))
    found = next(((name, texts[0]) for name in names if (texts := lookups.texts(name))), None)
    if found is None:
        return CheckResult(Verdict.NOTE, messages.NO_BIMI())
    name, record = found
    given = tags(record)
    addresses = [given[tag] for tag in ("l", "a") if given.get(tag)]
    if given.get("v") != "BIMI1" or not given.get("l") or not all(map(_is_https, addresses)):
        return CheckResult(Verdict.WARNING, messages.BIMI_INVALID(name=name))
    action = policy.action if policy else "none"
    if action not in SHOWN:
        return CheckResult(Verdict.WARNING, messages.BIMI_POLICY(policy=action))
    if not given.get("a"):
        return CheckResult(Verdict.NOTE, messages.BIMI_WITHOUT_CERTIFICATE())
    return CheckResult(Verdict.GOOD, messages.BIMI_GOOD(record=record))


def _is_https(address: str) -> bool:
    return address.lower().startswith("https://")
