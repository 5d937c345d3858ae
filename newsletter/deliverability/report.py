"""The report on deliverability: every requirement, for each domain in From and each way that its emails take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import dns.resolver

from newsletter.config import Config, Newsletter
from newsletter.deliverability import dkim_records, header_fields, servers
from newsletter.deliverability.dmarc import policy as dmarc_policy
from newsletter.deliverability.dmarc.policy import NoPolicy, Policy, report_address
from newsletter.deliverability.domains import Owner, other_owner, registered_domain
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.requirements import REQUIRED_BY, TITLES, Requirement
from newsletter.deliverability.route import Route, route_of
from newsletter.deliverability.services import tracking_check
from newsletter.deliverability.spf.check import check_spf
from newsletter.domain.check import Check, CheckResult, Verdict
from newsletter.domain.hosts import is_loopback
from newsletter.editions.letterheads import sender_id
from newsletter.messages import Message
from newsletter.messages.deliverability import (
    dmarc as dmarc_messages,
    records as records_messages,
    requirements as requirements_messages,
    servers as servers_messages,
    signatures as signatures_messages,
)
from newsletter.messages.general import ABOUT, SETTING
from newsletter.mime.headers import ascii_domain

Step = Callable[[int, int], None]


def report(
    configuration: Config,
    resolver: dns.resolver.Resolver | None = None,
    *,
    machine: str = "",
    step: Step = lambda done, total: None,
) -> list[Check]:
    """Return all findings. `resolver` is the system's by default, and `machine` this machine's name."""
    lookups = Lookups(resolver)
    domains = sorted(_by_domain(configuration).items())
    checks: list[Check] = []
    for done, (domain, newsletters) in enumerate(domains):
        step(done, len(domains))
        checks += _DomainReport(configuration, domain, tuple(newsletters), lookups, machine).checks()
    step(len(domains), len(domains))
    return checks


def _by_domain(configuration: Config) -> dict[str, list[Newsletter]]:
    newsletters: dict[str, list[Newsletter]] = {}
    for newsletter in configuration.newsletters.values():
        if newsletter.status != "archived":
            newsletters.setdefault(ascii_domain(newsletter.sender.domain).lower(), []).append(newsletter)
    return newsletters


@dataclass(frozen=True, slots=True)
class _DomainReport:
    """The checks of one domain in From; `domain` is in ASCII."""

    configuration: Config
    domain: str
    newsletters: tuple[Newsletter, ...]
    lookups: Lookups
    machine: str

    def checks(self) -> Iterator[Check]:
        """Yield the findings in the order of the table."""
        routes = self._routes()
        for route in routes:
            yield from self._signatures(route)
        yield from self._of_domain()
        for route in routes:
            yield from self._of_route(route)
        yield from self._of_headers(routes[0])
        yield from self._tracking()

    def _providers(self) -> list[str]:
        provider_of, fallback_of = self.configuration.provider_of, self.configuration.fallback_of
        names = (*map(provider_of, self.newsletters), *map(fallback_of, self.newsletters))
        return list(dict.fromkeys(filter(None, names)))

    def _routes(self) -> list[Route]:
        delivery, own_domains = self.configuration.delivery, sorted(_own_domains(self.configuration))
        host = urlsplit(self.configuration.site.url).hostname or ""
        site = "" if is_loopback(host) else host
        routes = [
            route_of(delivery, provider, self.domain, self.machine, own_domains, site) for provider in self._providers()
        ]
        return [Route("relay", route.service) if self._is_others(route) else route for route in routes]

    def _is_others(self, route: Route) -> bool:
        """Return whether a server that is named like a domain in From is that of a mailbox provider."""
        is_own_server = route.kind == "own" and route.server == route.service.name and not is_loopback(route.server)
        return is_own_server and self._owner(registered_domain(route.server)) is not None

    def _serves(self, owner: Owner, route: Route) -> bool:
        """Return whether the owner of a domain sends for it, by its service or by a server of its own."""
        if route.key or route.kind != "relay":
            return bool(owner.service) and owner.service == route.key
        return self._owner(registered_domain(route.service.name)) == owner

    def _tracking(self) -> Iterator[Check]:
        """Yield who decides whether opens and clicks are tracked."""
        for provider in self._providers():
            for check in tracking_check(self.configuration.delivery, provider):
                yield self._found(Requirement.TRACKING, CheckResult(check.verdict, check.message), check.about)

    def _policy(self) -> Policy | None:
        """Return the domain's DMARC policy; None if it has none, or that can't be looked up."""
        try:
            policy = dmarc_policy.find_policy(self.domain, self.lookups)
        except LookupFailed:
            return None
        return policy if isinstance(policy, Policy) else None

    def _owner(self, domain: str) -> Owner | None:
        """Return who owns a domain that isn't the publisher's; None if that can't be looked up either."""
        try:
            return other_owner(domain, self.lookups)
        except LookupFailed:
            return None

    def _is_own(self, domain: str) -> bool:
        """Return whether the publisher can change a domain's records, by what is configured."""
        registered = {registered_domain(own_domain) for own_domain in _own_domains(self.configuration)}
        return registered_domain(domain) in registered and self._owner(domain) is None

    def _signatures(self, route: Route) -> Iterator[Check]:
        """Yield the checks of SPF, of each DKIM key, and of alignment."""
        spf = self._check(Requirement.SPF, lambda: self._spf(route))
        yield spf
        signers, unseen = list[str](), False
        for check, signer in self._keys(route):
            yield check
            signers += [signer] if signer else []
            unseen = unseen or check.verdict in (Verdict.UNKNOWN, Verdict.WARNING)
        if self._owner(self.domain) is None and route.kind == "api" and not signers and unseen:
            message = dmarc_messages.ALIGNED_BY_PROVIDER(provider=route.service.name, domain=self.domain)
            yield self._found(Requirement.ALIGNMENT, CheckResult(Verdict.UNKNOWN, message))
        else:
            alignment = partial(self._alignment, route, signers, spf_passes=spf.verdict is not Verdict.BAD)
            yield self._check(Requirement.ALIGNMENT, alignment)

    def _spf(self, route: Route) -> CheckResult:
        envelope = self._envelope(route)
        setting = None if envelope == self.domain else SETTING(key="bounces.return_path")
        result = None if route.service.return_path else self._of_others(envelope, route, setting)
        return result or check_spf(envelope, route, self.lookups)

    def _of_others(self, domain: str, route: Route, setting: Message | None = None) -> CheckResult | None:
        """Return what it means for a route that a domain is somebody else's; None if it is the publisher's.

        `setting` is where another domain is entered, by default as the sender.
        """
        owner = self._owner(domain)
        if owner is None:
            return None
        if self._serves(owner, route):
            return CheckResult(Verdict.GOOD, records_messages.OWN_DOMAIN_SERVED(owner=owner.name, domain=domain))
        return self._not_own(domain, owner, setting)

    def _not_own(self, domain: str, owner: Owner, setting: Message | None = None) -> CheckResult:
        setting = setting or self._sender_setting()
        return CheckResult(Verdict.BAD, records_messages.OWN_DOMAIN(domain=domain, owner=owner.name, setting=setting))

    def _sender_setting(self) -> Message:
        return SETTING(key=f"newsletters.{self.newsletters[0].name}.from")

    def _alignment(self, route: Route, signers: list[str], *, spf_passes: bool) -> CheckResult:
        if others := self._of_others(self.domain, route):
            return others
        envelope = "" if route.service.return_path or not spf_passes else self._envelope(route)
        if not (spf_passes or signers or route.kind == "api"):
            return CheckResult(Verdict.BAD, dmarc_messages.NOTHING_PASSES(domain=self.domain))
        result = dmarc_policy.check_alignment(self.domain, signers, envelope, self._policy(), self.lookups)
        if route.kind == "api" and dmarc_messages.NOT_ALIGNED.matches(result.message):
            message = dmarc_messages.NOT_ALIGNED_BY(provider=route.service.name, domain=self.domain)
            return CheckResult(Verdict.BAD, message)
        return result

    def _envelope(self, route: Route) -> str:
        """Return the domain of the envelope sender, unless a provider sets one of its own."""
        if route.kind == "api" or route.domain or route.service.subdomain:
            below = f"{route.service.subdomain}." if route.service.subdomain else ""
            return below + (route.domain or self.domain)
        return ascii_domain(self.configuration.bounces.return_path.rpartition("@")[2]).lower() or self.domain

    def _keys(self, route: Route) -> Iterator[tuple[Check, str]]:
        """Yield a check for each key that signs, with the domain for which it signs; "" if verifiers ignore the key."""
        keys = self.configuration.delivery.dkim if route.kind in ("own", "relay", "file") else ()
        for key in keys:
            about = requirements_messages.DKIM(selector=key.selector)
            check = self._check(Requirement.DKIM, partial(dkim_records.check_own_key, key, keys, self.lookups), about)
            yield check, "" if check.verdict is Verdict.BAD else ascii_domain(key.domain).lower()
        if keys:
            return
        domain = route.domain or self.domain
        check = self._check(Requirement.DKIM, lambda: self._signing(domain, route))
        signs = check.verdict is Verdict.GOOD or (route.domain and check.verdict is Verdict.UNKNOWN)
        yield check, domain if signs else ""

    def _signing(self, domain: str, route: Route) -> CheckResult:
        """Return whether somebody signs for a domain without a key of ours."""
        owner, by_provider = self._owner(domain), route.kind == "api" or bool(route.key)
        if owner is not None and by_provider and not self._serves(owner, route):
            message = signatures_messages.NOT_SIGNED_BY(
                provider=route.service.name, domain=domain, owner=owner.name, setting=self._sender_setting()
            )
            return CheckResult(Verdict.BAD, message)
        if result := self._of_others(domain, route):
            return result
        if by_provider:
            return dkim_records.check_key_of_provider(domain, route.service, self.lookups)
        return CheckResult(Verdict.BAD, signatures_messages.NOT_SIGNED(domain=domain))

    def _of_domain(self) -> Iterator[Check]:
        """Yield the checks of the policy, of its reports, and of the domains that receive email."""
        yield self._check(Requirement.DMARC, self._dmarc)
        policy = self._policy()
        if policy and self._owner(self.domain) is None:
            reports = partial(dmarc_policy.check_reports, policy, self._report_address(), self.lookups, self._is_own)
            yield self._check(Requirement.DMARC_REPORTS, reports)
        replies = [newsletter.reply_to.rpartition("@")[2] for newsletter in self.newsletters if newsletter.reply_to]
        for domain in dict.fromkeys([self.domain, *(ascii_domain(reply_domain).lower() for reply_domain in replies)]):
            yield self._check(Requirement.RECEIVING, partial(servers.check_receiving, domain, self.lookups))

    def _dmarc(self) -> CheckResult:
        policy, owner = dmarc_policy.find_policy(self.domain, self.lookups), self._owner(self.domain)
        if owner is not None and isinstance(policy, NoPolicy):
            return self._not_own(self.domain, owner)
        return dmarc_policy.check_policy(self.domain, policy, self._report_address(), self.lookups, self._is_own)

    def _report_address(self) -> str:
        """Return the address for reports that are read here; "" if its domain can't agree to receive them."""
        address = report_address(self.configuration)
        return address if self._is_own(ascii_domain(address.rpartition("@")[2]).lower()) else ""

    def _of_route(self, route: Route) -> Iterator[Check]:
        if route.kind == "file":
            yield self._found(Requirement.TLS, CheckResult(Verdict.NOTE, servers_messages.NOTHING_SENT()))
            return
        yield self._check(Requirement.REVERSE_DNS, lambda: servers.check_reverse_dns(route, self.lookups))
        yield self._found(Requirement.TLS, servers.check_encryption(self.configuration.delivery, route))

    def _of_headers(self, route: Route) -> Iterator[Check]:
        site = self.configuration.site.url
        yield self._found(Requirement.ONE_CLICK, header_fields.check_one_click(site))
        sender = sender_id(urlsplit(site).hostname or "localhost")
        for newsletter in self.newsletters:
            finding = header_fields.check_feedback_id(f"{newsletter.name}:…:digest:{sender}", route)
            yield self._found(Requirement.FEEDBACK_ID, finding)
        yield self._check(Requirement.BIMI, self._bimi)

    def _bimi(self) -> CheckResult:
        policy = dmarc_policy.find_policy(self.domain, self.lookups)
        if isinstance(policy, NoPolicy):
            return header_fields.check_bimi(self.domain, (), self.lookups)
        organization = dmarc_policy.organizational_domain(self.domain, self.lookups)
        above = dmarc_policy.find_policy(organization, self.lookups) if organization != policy.location else None
        policies = (policy, above) if isinstance(above, Policy) else (policy,)
        return header_fields.check_bimi(self.domain, policies, self.lookups)

    def _check(self, requirement: Requirement, check: Callable[[], CheckResult], about: Message | None = None) -> Check:
        """Return what a check says; what can't be looked up is unknown."""
        try:
            finding = check()
        except LookupFailed as failure:
            finding = CheckResult(Verdict.UNKNOWN, failure.message)
        return self._found(requirement, finding, about)

    def _found(self, requirement: Requirement, finding: CheckResult, about: Message | None = None) -> Check:
        """Return a finding about a requirement, or about what is named."""
        return Check(
            ABOUT(subject=self.domain, message=about or TITLES[requirement]()),
            finding.verdict,
            finding.message,
            self._publishable(finding.record),
            requirement.value,
            REQUIRED_BY.get(requirement, ()),
        )

    def _publishable(self, record: str) -> str:
        """Return a record; "" if it is for a zone that isn't the publisher's. Reverse DNS is the hosting company's."""
        names = (line.partition(". IN ")[0] for line in record.splitlines())
        zones = {registered_domain(name) for name in names if not name.endswith(".arpa")}
        return "" if any(map(self._owner, zones)) else record


def _own_domains(configuration: Config) -> set[str]:
    """Return the domains in From, of the return path and of the DKIM keys, in ASCII."""
    domains = {
        configuration.bounces.return_path.rpartition("@")[2],
        *(newsletter.sender.domain for newsletter in configuration.newsletters.values()),
        *(key.domain for key in configuration.delivery.dkim),
    }
    return {ascii_domain(domain).lower() for domain in domains if domain}
