"""The report on deliverability: every requirement, for each domain in From and each way that its emails take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import dns.resolver

from newsletter.config import Config, Newsletter
from newsletter.deliverability import dkim_records, header_fields, servers
from newsletter.deliverability.dmarc import policy as dmarc_policy
from newsletter.deliverability.dmarc.policy import NoPolicy, Policy, report_address
from newsletter.deliverability.domains import Owner, other_owner, registered_domain
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.requirements import REQUIRED_BY, Requirement
from newsletter.deliverability.route import Route, route_of
from newsletter.deliverability.spf.check import spf
from newsletter.deliverability.tracking import tracking_check
from newsletter.domain.check import Check, CheckResult, Verdict
from newsletter.domain.hosts import is_loopback
from newsletter.editions.rendering import sender_id
from newsletter.messages import Message
from newsletter.messages.deliverability import dmarc as dmarc_messages
from newsletter.messages.deliverability import records as records_messages
from newsletter.messages.deliverability import requirements as requirements_messages
from newsletter.messages.deliverability import servers as servers_messages
from newsletter.messages.deliverability import signatures as signatures_messages
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
        policy = self._policy()
        routes = self._routes()
        for route in routes:
            yield from self._signatures(route, policy)
        yield from self._of_domain(policy)
        for route in routes:
            yield from self._of_route(route)
        yield from self._of_headers(routes[0], policy)
        yield from self._tracking()

    def _providers(self) -> list[str]:
        configuration = self.configuration
        providers = dict.fromkeys(configuration.provider_of(each) for each in self.newsletters)
        return list(
            providers | dict.fromkeys(name for each in self.newsletters if (name := configuration.fallback_of(each)))
        )

    def _routes(self) -> list[Route]:
        delivery, others = self.configuration.delivery, sorted(_own_domains(self.configuration))
        routes = [route_of(delivery, each, self.domain, self.machine, others) for each in self._providers()]
        return [Route("relay", each.service) if self._is_others(each) else each for each in routes]

    def _is_others(self, route: Route) -> bool:
        """Return whether a server that is named like a domain in From is that of a mailbox provider."""
        named = route.kind == "own" and route.server == route.service.name and not is_loopback(route.server)
        return named and self._owner(registered_domain(route.server)) is not None

    def _serves(self, owner: Owner, route: Route) -> bool:
        """Return whether the owner of a domain sends for it, by its service or by a server of its own."""
        if route.key or route.kind != "relay":
            return bool(owner.service) and owner.service == route.key
        return self._owner(registered_domain(route.service.name)) == owner

    def _tracking(self) -> Iterator[Check]:
        """Yield who decides whether opens and clicks are tracked."""
        for provider in self._providers():
            for check in tracking_check(self.configuration.delivery, provider):
                yield self._said(Requirement.TRACKING, check.about, CheckResult(check.verdict, check.message))

    def _policy(self) -> Policy | NoPolicy | LookupFailed:
        try:
            return dmarc_policy.policy(self.domain, self.lookups)
        except LookupFailed as failure:
            return failure

    def _owner(self, domain: str) -> Owner | None:
        """Return who owns a domain that isn't the publisher's; None if that can't be looked up either."""
        try:
            return other_owner(domain, self.lookups)
        except LookupFailed:
            return None

    def _is_own(self, domain: str) -> bool:
        """Return whether the publisher can change a domain's records, by what is configured."""
        own = {registered_domain(each) for each in _own_domains(self.configuration)}
        return registered_domain(domain) in own and self._owner(domain) is None

    def _signatures(self, route: Route, policy: Policy | NoPolicy | LookupFailed) -> Iterator[Check]:
        """Yield the checks of SPF, of each DKIM key, and of alignment."""
        envelope = self._envelope(route)
        yield self._check(Requirement.SPF, requirements_messages.SPF(), lambda: self._spf(envelope, route))
        signers, unseen = list[str](), False
        for check, signer in self._keys(route):
            yield check
            signers += [signer] if signer else []
            unseen = unseen or check.verdict in (Verdict.UNKNOWN, Verdict.WARNING)
        owner = self._owner(self.domain)
        if owner is None and route.kind == "api" and not signers and unseen:
            message = dmarc_messages.ALIGNED_BY_PROVIDER(provider=route.service.name, domain=self.domain)
            yield self._said(
                Requirement.ALIGNMENT, requirements_messages.ALIGNMENT(), CheckResult(Verdict.UNKNOWN, message)
            )
            return
        yield self._check(
            Requirement.ALIGNMENT,
            requirements_messages.ALIGNMENT(),
            lambda: self._alignment(owner, route, signers, policy),
        )

    def _spf(self, envelope: str, route: Route) -> CheckResult:
        owner = self._owner(envelope)
        if owner is None or route.service.return_path:
            return spf(envelope, route, self.lookups)
        if self._serves(owner, route):
            return CheckResult(Verdict.GOOD, records_messages.OWN_DOMAIN_SERVED(owner=owner.name, domain=envelope))
        setting = self._sender_setting() if envelope == self.domain else SETTING(key="bounces.return_path")
        message = records_messages.OWN_DOMAIN(domain=envelope, owner=owner.name, setting=setting)
        return CheckResult(Verdict.BAD, message)

    def _sender_setting(self) -> Message:
        return SETTING(key=f"newsletters.{self.newsletters[0].name}.from")

    def _not_own(self, domain: str, owner: Owner) -> Message:
        return records_messages.OWN_DOMAIN(domain=domain, owner=owner.name, setting=self._sender_setting())

    def _alignment(
        self, owner: Owner | None, route: Route, signers: list[str], published: Policy | NoPolicy | LookupFailed
    ) -> CheckResult:
        if owner is not None and self._serves(owner, route):
            return CheckResult(Verdict.GOOD, records_messages.OWN_DOMAIN_SERVED(owner=owner.name, domain=self.domain))
        if owner is not None:
            return CheckResult(Verdict.BAD, self._not_own(self.domain, owner))
        envelope = "" if route.service.return_path else self._envelope(route)
        policy = published if isinstance(published, Policy) else None
        result = dmarc_policy.alignment(self.domain, signers, envelope, policy, self.lookups)
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
        """Yield a check for each key that signs, with the domain for which it signs."""
        about = requirements_messages.DKIM_PROVIDER()
        keys = self.configuration.delivery.dkim if route.kind in ("own", "relay", "file") else ()
        for key in keys:
            yield (
                self._check(
                    Requirement.DKIM,
                    requirements_messages.DKIM(selector=key.selector),
                    lambda key=key: dkim_records.own_key(key, keys, self.lookups),  # type: ignore[misc]
                ),
                ascii_domain(key.domain).lower(),
            )
        if keys:
            return
        domain = route.domain or self.domain
        check = self._check(Requirement.DKIM, about, lambda: self._signing(domain, route))
        signs = check.verdict is Verdict.GOOD or (route.domain and check.verdict is Verdict.UNKNOWN)
        yield check, domain if signs else ""

    def _signing(self, domain: str, route: Route) -> CheckResult:
        """Return whether somebody signs for a domain without a key of ours."""
        owner = self._owner(domain)
        if owner is not None and self._serves(owner, route):
            return CheckResult(Verdict.GOOD, records_messages.OWN_DOMAIN_SERVED(owner=owner.name, domain=domain))
        if owner is not None and (route.kind == "api" or route.key):
            message = signatures_messages.NOT_SIGNED_BY(
                provider=route.service.name, domain=domain, owner=owner.name, setting=self._sender_setting()
            )
            return CheckResult(Verdict.BAD, message)
        if owner is not None:
            return CheckResult(Verdict.BAD, self._not_own(domain, owner))
        if route.kind == "api" or route.key:
            return dkim_records.key_of_provider(domain, route.service, self.lookups)
        return CheckResult(Verdict.BAD, signatures_messages.NOT_SIGNED(domain=domain))

    def _of_domain(self, policy: Policy | NoPolicy | LookupFailed) -> Iterator[Check]:
        """Yield the checks of the policy, of its reports, and of the domains that receive email."""
        yield self._check(Requirement.DMARC, requirements_messages.DMARC(), lambda: self._dmarc(policy))
        if isinstance(policy, Policy) and self._owner(self.domain) is None:
            yield self._check(
                Requirement.DMARC_REPORTS,
                requirements_messages.DMARC_REPORTS(),
                lambda: dmarc_policy.reports(policy, self._report_address(), self.lookups, self._is_own),
            )
        replies = [each.reply_to.rpartition("@")[2] for each in self.newsletters if each.reply_to]
        for domain in dict.fromkeys([self.domain, *(ascii_domain(each).lower() for each in replies)]):
            yield self._check(
                Requirement.RECEIVING,
                requirements_messages.RECEIVING(),
                lambda domain=domain: servers.receiving(domain, self.lookups),  # type: ignore[misc]
            )

    def _dmarc(self, policy: Policy | NoPolicy | LookupFailed) -> CheckResult:
        if isinstance(policy, LookupFailed):
            raise policy
        owner = self._owner(self.domain)
        if owner is not None and isinstance(policy, NoPolicy):
            return CheckResult(Verdict.BAD, self._not_own(self.domain, owner))
        return dmarc_policy.judged(self.domain, policy, self._report_address(), self.lookups, self._is_own)

    def _report_address(self) -> str:
        """Return the address for reports that are read here; "" if its domain can't agree to receive them."""
        address = report_address(self.configuration)
        return address if self._is_own(ascii_domain(address.rpartition("@")[2]).lower()) else ""

    def _of_route(self, route: Route) -> Iterator[Check]:
        if route.kind == "file":
            finding = CheckResult(Verdict.NOTE, servers_messages.NOTHING_SENT())
            yield self._said(Requirement.TLS, requirements_messages.TLS(), finding)
            return
        yield self._check(
            Requirement.REVERSE_DNS,
            requirements_messages.REVERSE_DNS(),
            lambda: servers.reverse_dns(route, self.lookups),
        )
        finding = servers.encryption(self.configuration.delivery, route)
        yield self._said(Requirement.TLS, requirements_messages.TLS(), finding)

    def _of_headers(self, route: Route, policy: Policy | NoPolicy | LookupFailed) -> Iterator[Check]:
        site = self.configuration.site.url
        yield self._said(Requirement.ONE_CLICK, requirements_messages.ONE_CLICK(), header_fields.one_click(site))
        sender = sender_id(urlsplit(site).hostname or "localhost")
        for newsletter in self.newsletters:
            finding = header_fields.feedback_id(f"{newsletter.name}:…:digest:{sender}", route)
            yield self._said(Requirement.FEEDBACK_ID, requirements_messages.FEEDBACK_ID(), finding)
        yield self._check(Requirement.BIMI, requirements_messages.BIMI(), lambda: self._bimi(policy))

    def _bimi(self, policy: Policy | NoPolicy | LookupFailed) -> CheckResult:
        if isinstance(policy, LookupFailed):
            raise policy
        if not isinstance(policy, Policy):
            return header_fields.bimi(self.domain, (), self.lookups)
        organization = dmarc_policy.organizational_domain(self.domain, self.lookups)
        above = dmarc_policy.policy(organization, self.lookups) if organization != policy.location else None
        policies = (policy, above) if isinstance(above, Policy) else (policy,)
        return header_fields.bimi(self.domain, policies, self.lookups)

    def _check(self, requirement: Requirement, about: Message, check: Callable[[], CheckResult]) -> Check:
        """Return what a check says; what can't be looked up is unknown."""
        try:
            finding = check()
        except LookupFailed as failure:
            finding = CheckResult(Verdict.UNKNOWN, failure.message)
        return self._said(requirement, about, finding)

    def _said(self, requirement: Requirement, about: Message, finding: CheckResult) -> Check:
        return Check(
            ABOUT(subject=self.domain, message=about),
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
    domains = {each.sender.domain for each in configuration.newsletters.values()}
    domains |= {key.domain for key in configuration.delivery.dkim}
    domains.add(configuration.bounces.return_path.rpartition("@")[2])
    return {ascii_domain(each).lower() for each in domains if each}
