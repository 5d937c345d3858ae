"""The report on deliverability: every requirement, for each domain in From and each way that its emails take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
from checkdmarc.utils import DNS_CACHE

from newsletter.config import Config, Newsletter
from newsletter.editions.rendering import sender_id
from newsletter.messages import Message
from newsletter.messages.deliverability import checks as messages
from newsletter.messages.general import ABOUT
from newsletter.mime.headers import ascii_domain
from newsletter.scheduling.check import Check, Verdict
from newsletter.scheduling.deliverability import dkim_records, dmarc_policy, header_fields, servers
from newsletter.scheduling.deliverability.check_result import CheckResult
from newsletter.scheduling.deliverability.dmarc_policy import InvalidPolicy, Policy
from newsletter.scheduling.deliverability.lookups import Lookups
from newsletter.scheduling.deliverability.report_address import report_address
from newsletter.scheduling.deliverability.requirements import REQUIRED_BY, Requirement
from newsletter.scheduling.deliverability.route import Route, route_of
from newsletter.scheduling.deliverability.spf import spf

Step = Callable[[int, int], None]


def report(
    configuration: Config,
    resolver: dns.resolver.Resolver | None = None,
    *,
    machine: str = "",
    step: Step = lambda done, total: None,
) -> list[Check]:
    """Return all findings. `resolver` is the system's by default, and `machine` this machine's name."""
    DNS_CACHE.clear()  # a record may just have been corrected
    lookups = Lookups(resolver)
    domains = sorted(_by_domain(configuration).items())
    found: list[Check] = []
    for done, (domain, newsletters) in enumerate(domains):
        step(done, len(domains))
        found += _DomainReport(configuration, domain, tuple(newsletters), lookups, machine).checks()
    step(len(domains), len(domains))
    return found


def _by_domain(configuration: Config) -> dict[str, list[Newsletter]]:
    found: dict[str, list[Newsletter]] = {}
    for newsletter in configuration.newsletters.values():
        if newsletter.status != "archived":
            found.setdefault(ascii_domain(newsletter.sender.domain).lower(), []).append(newsletter)
    return found


@dataclass(frozen=True, slots=True)
class _DomainReport:
    """The checks of one domain in From."""

    configuration: Config
    domain: str
    newsletters: tuple[Newsletter, ...]
    lookups: Lookups
    machine: str

    def checks(self) -> Iterator[Check]:
        """Yield the findings in the order of the table."""
        found = self._policy()
        routes = self._routes()
        for route in routes:
            yield from self._signatures(route, found)
        yield from self._of_domain(found)
        for route in routes:
            yield from self._of_route(route)
        yield from self._of_headers(routes[0], found)

    def _routes(self) -> list[Route]:
        delivery, given = self.configuration.delivery, self.configuration
        providers = dict.fromkeys(given.provider_of(each) for each in self.newsletters)
        providers |= dict.fromkeys(name for each in self.newsletters if (name := given.fallback_of(each)))
        return [route_of(delivery, provider, self.domain, self.machine) for provider in providers]

    def _policy(self) -> Policy | InvalidPolicy | dns.exception.DNSException:
        try:
            return dmarc_policy.policy(self.domain, self.lookups)
        except (InvalidPolicy, dns.exception.DNSException) as problem:
            return problem

    def _signatures(self, route: Route, found: Policy | InvalidPolicy | dns.exception.DNSException) -> Iterator[Check]:
        """Yield the checks of SPF, of each DKIM key, and of alignment."""
        envelope = self._envelope(route)
        name = envelope or self.domain
        yield self._check(Requirement.SPF, messages.SPF(), lambda: spf(name, route, self.lookups), name)
        signers = []
        for check, signer in self._keys(route):
            yield check
            signers += [signer] if signer else []
        if route.kind == "api" and not signers:
            message = messages.ALIGNED_BY_PROVIDER(provider=route.service.name, domain=self.domain)
            yield self._said(Requirement.ALIGNMENT, messages.ALIGNMENT(), CheckResult(Verdict.NOTE, message))
            return
        policy = found if isinstance(found, Policy) else None
        yield self._check(
            Requirement.ALIGNMENT,
            messages.ALIGNMENT(),
            lambda: dmarc_policy.alignment(self.domain, signers, envelope, policy, self.lookups),
        )

    def _envelope(self, route: Route) -> str:
        """Return the domain of the envelope sender; "" if a provider sets one of its own."""
        if route.kind == "api":
            return ""
        return ascii_domain(self.configuration.bounces.return_path.rpartition("@")[2]).lower() or self.domain

    def _keys(self, route: Route) -> Iterator[tuple[Check, str]]:
        """Yield a check for each key that signs, with the domain for which it signs."""
        about = messages.DKIM_PROVIDER()
        keys = self.configuration.delivery.dkim if route.kind in ("own", "relay", "file") else ()
        for key in keys:
            yield (
                self._check(
                    Requirement.DKIM,
                    messages.DKIM(selector=key.selector),
                    lambda key=key: dkim_records.own_key(key, keys, self.lookups),  # type: ignore[misc]
                    f"{key.selector}._domainkey.{key.domain}",
                ),
                key.domain.lower(),
            )
        if keys:
            return
        if route.kind == "api" or route.service.selectors:
            check = self._check(
                Requirement.DKIM, about, lambda: dkim_records.key_of_provider(self.domain, route.service, self.lookups)
            )
            yield check, self.domain if check.verdict is Verdict.GOOD else ""
        else:
            finding = CheckResult(Verdict.BAD, messages.NOT_SIGNED(domain=self.domain))
            yield self._said(Requirement.DKIM, about, finding), ""

    def _of_domain(self, found: Policy | InvalidPolicy | dns.exception.DNSException) -> Iterator[Check]:
        """Yield the checks of the policy, of its reports, and of the domains that receive email."""
        own = report_address(self.configuration)
        if isinstance(found, dns.exception.DNSException):
            message = messages.NOT_LOOKED_UP(name=f"_dmarc.{self.domain}", cause=str(found))
            yield self._said(Requirement.DMARC, messages.DMARC(), CheckResult(Verdict.WARNING, message))
        else:
            yield self._said(Requirement.DMARC, messages.DMARC(), dmarc_policy.judged(self.domain, found, own))
        if isinstance(found, Policy):
            yield self._check(
                Requirement.DMARC_REPORTS,
                messages.DMARC_REPORTS(),
                lambda: dmarc_policy.reports(found, own, self.lookups),
            )
        replies = [each.reply_to.rpartition("@")[2] for each in self.newsletters if each.reply_to]
        for domain in dict.fromkeys([self.domain, *(ascii_domain(each).lower() for each in replies)]):
            yield self._check(
                Requirement.RECEIVING,
                messages.RECEIVING(),
                lambda domain=domain: servers.receiving(domain, self.lookups),  # type: ignore[misc]
                domain,
            )

    def _of_route(self, route: Route) -> Iterator[Check]:
        if route.kind == "file":
            finding = CheckResult(Verdict.NOTE, messages.NOTHING_SENT())
            yield self._said(Requirement.TLS, messages.TLS(), finding)
            return
        yield self._check(
            Requirement.REVERSE_DNS,
            messages.REVERSE_DNS(),
            lambda: servers.reverse_dns(route, self.lookups),
            route.server,
        )
        finding = servers.encryption(self.configuration.delivery, route)
        yield self._said(Requirement.TLS, messages.TLS(), finding)

    def _of_headers(self, route: Route, found: Policy | InvalidPolicy | dns.exception.DNSException) -> Iterator[Check]:
        site = self.configuration.site.url
        yield self._said(Requirement.ONE_CLICK, messages.ONE_CLICK(), header_fields.one_click(site))
        sender = sender_id(urlsplit(site).hostname or "localhost")
        for newsletter in self.newsletters:
            finding = header_fields.feedback_id(f"{newsletter.name}:…:digest:{sender}", route)
            yield self._said(Requirement.FEEDBACK_ID, messages.FEEDBACK_ID(), finding)
        policy = found if isinstance(found, Policy) else None
        organization = policy.location if policy else self.domain
        yield self._check(
            Requirement.BIMI,
            messages.BIMI(),
            lambda: header_fields.bimi(self.domain, organization, policy, self.lookups),
            f"default._bimi.{self.domain}",
        )

    def _check(
        self, requirement: Requirement, about: Message, check: Callable[[], CheckResult], name: str = ""
    ) -> Check:
        """Return what a check says; a name that can't be looked up is a warning."""
        try:
            finding = check()
        except dns.exception.DNSException as failure:
            message = messages.NOT_LOOKED_UP(name=name or self.domain, cause=str(failure))
            finding = CheckResult(Verdict.WARNING, message)
        return self._said(requirement, about, finding)

    def _said(self, requirement: Requirement, about: Message, finding: CheckResult) -> Check:
        return Check(
            ABOUT(subject=self.domain, message=about),
            finding.verdict,
            finding.message,
            finding.record,
            requirement.value,
            REQUIRED_BY.get(requirement, ()),
        )
