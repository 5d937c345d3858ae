"""Header fields that mailbox providers ask for, and the logo that they show."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from newsletter.deliverability.dmarc.policy import Policy
from newsletter.deliverability.dmarc.policy_record import FULL, POLICIES
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.records import tags
from newsletter.deliverability.route import Route
from newsletter.domain.check import CheckResult, Verdict
from newsletter.domain.encoded_email import SlotValue
from newsletter.domain.hosts import is_public_host
from newsletter.messages.deliverability import header_fields as messages
from newsletter.messages.general import SETTING
from newsletter.render.placeholders import PATHS

SHOWN = ("quarantine", "reject")


def check_one_click(site_url: str) -> CheckResult:
    """Return whether emails have List-Unsubscribe-Post (RFC 8058), which needs https."""
    address = SETTING(key="site.url")
    if not is_public_host(urlsplit(site_url).hostname or ""):
        return CheckResult(Verdict.BAD, messages.ONE_CLICK_LOCAL(url=site_url, setting=address))
    if not site_url.startswith("https://"):
        return CheckResult(Verdict.BAD, messages.ONE_CLICK_HTTP(url=site_url, setting=address))
    return CheckResult(Verdict.GOOD, messages.ONE_CLICK_GOOD(url=f"{site_url}{PATHS[SlotValue.UNSUBSCRIBE]}"))


def check_feedback_id(value: str, route: Route) -> CheckResult:
    """Return what Google's Postmaster Tools can tell newsletters apart by."""
    if route.service.name == "Amazon SES":
        return CheckResult(Verdict.NOTE, messages.FEEDBACK_REPLACED(provider=route.service.name))
    return CheckResult(Verdict.GOOD, messages.FEEDBACK_GOOD(value=value))


def check_bimi(domain: str, policies: Sequence[Policy], lookups: Lookups) -> CheckResult:
    """Return whether a logo is published for a domain or its organization, and shown. Raises LookupFailed.

    `policies` are those of the domain and of its organization, which must all be for all emails.
    """
    domains = dict.fromkeys((domain, *(policy.location for policy in policies)))
    names = [f"default._bimi.{location}" for location in domains]
    published = next(((name, texts[0]) for name in names if (texts := lookups.texts(name))), None)
    if published is None:
        return CheckResult(Verdict.NOTE, messages.NO_BIMI())
    name, record = published
    values = tags(record)
    if values.get("v") == "BIMI1" and values.get("l") == "":
        return CheckResult(Verdict.NOTE, messages.NO_BIMI())  # a domain says that it has no logo
    addresses = [values[tag] for tag in ("l", "a") if values.get(tag)]
    if not record.startswith("v=BIMI1;") or not values.get("l") or not all(map(_is_https, addresses)):
        return CheckResult(Verdict.WARNING, messages.BIMI_INVALID(name=name))
    weak = next(filter(None, map(_weakness, policies)), "" if policies else "none")
    if weak:
        return CheckResult(Verdict.WARNING, messages.BIMI_POLICY(policy=weak))
    if not values.get("a"):
        return CheckResult(Verdict.NOTE, messages.BIMI_WITHOUT_CERTIFICATE())
    return CheckResult(Verdict.GOOD, messages.BIMI_GOOD(record=record))


def _weakness(policy: Policy) -> str:
    """Return what of a policy keeps a logo from being shown; "" if nothing does."""
    record = policy.record
    if policy.action not in SHOWN:
        return policy.action
    if record.policy not in SHOWN:
        return record.policy or POLICIES[0]
    if record.subdomain_policy == POLICIES[0]:
        return f"{record.policy}; sp={record.subdomain_policy}"
    if record.testing:
        return f"{record.policy}; t=y"
    return f"{record.policy}; pct={record.percent}" if record.percent < FULL else ""


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)
