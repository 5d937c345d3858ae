"""Servers: MX records of addresses that subscribers reply to, forward-confirmed reverse DNS, and encryption."""

import dns.reversename

from newsletter.config import DeliverySettings
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.route import Route
from newsletter.domain.check import CheckResult, Verdict
from newsletter.domain.hosts import is_loopback
from newsletter.messages.deliverability import servers as messages
from newsletter.messages.general import SETTING


def check_receiving(domain: str, lookups: Lookups) -> CheckResult:
    """Return whether a domain receives email (RFC 5321 5.1, RFC 7505). Raises LookupFailed."""
    record = f"{domain}. IN MX 10 mail.{domain}."
    hosts = lookups.mail_servers(domain)
    if hosts == (".",):
        return CheckResult(Verdict.BAD, messages.NULL_MX(name=domain))
    if not hosts:
        if lookups.addresses(domain):
            return CheckResult(Verdict.WARNING, messages.MX_IMPLICIT(name=domain), f"{domain}. IN MX 10 {domain}.")
        return CheckResult(Verdict.BAD, messages.NO_MX(name=domain), record)
    for host in hosts:
        if not lookups.addresses(host):
            verdict = Verdict.WARNING if any(map(lookups.addresses, hosts)) else Verdict.BAD
            return CheckResult(verdict, messages.MX_WITHOUT_ADDRESS(host=host, name=domain))
    return CheckResult(Verdict.GOOD, messages.MX_FOUND(name=domain, hosts=", ".join(hosts)))


def check_reverse_dns(route: Route, lookups: Lookups) -> CheckResult:
    """Return whether each address of our mail server has a name that leads back. Raises LookupFailed."""
    if route.kind != "own":
        return CheckResult(Verdict.GOOD, messages.SENT_BY(provider=route.service.name))
    server = route.server.lower().rstrip(".")
    addresses = lookups.addresses(server)
    if not addresses:
        return CheckResult(Verdict.BAD, messages.NO_ADDRESS(name=server, setting=route.server_setting))
    good = ""
    for address in addresses:
        record = f"{dns.reversename.from_address(address)} IN PTR {server}."
        names = lookups.pointers(address)
        if not names:
            return CheckResult(Verdict.BAD, messages.NO_REVERSE(address=address, server=server), record)
        confirmed = [name for name in names if address in lookups.addresses(name)]
        if not confirmed:
            message = messages.REVERSE_DIFFERS(address=address, name=names[0], server=server)
            return CheckResult(Verdict.BAD, message, record)
        good = good or confirmed[0]
    return CheckResult(Verdict.GOOD, messages.REVERSE_GOOD(address=addresses[0], name=good))


def check_encryption(delivery: DeliverySettings, route: Route) -> CheckResult:
    """Return whether emails leave encrypted."""
    if route.kind == "api":
        return CheckResult(Verdict.GOOD, messages.SENT_BY(provider=route.service.name))
    host = delivery.smtp.host
    if is_loopback(host):
        return CheckResult(Verdict.NOTE, messages.ENCRYPTED_BY_OWN())
    if delivery.smtp.security == "none":
        return CheckResult(Verdict.BAD, messages.UNENCRYPTED(host=host, setting=SETTING(key="delivery.smtp.security")))
    return CheckResult(Verdict.GOOD, messages.ENCRYPTED(host=host))
