"""Whether everything is ready to send: configuration, templates, database, and on demand DNS and the provider.

Promises: no mail is sent; each finding is a sentence, with what to do where something is missing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import dns.exception
import dns.resolver

from newsletter import config
from newsletter.config import Config
from newsletter.delivery.session import SessionError, check_connection
from newsletter.jobs.approval import check_links
from newsletter.jobs.migrating import waiting_migrations
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.rendering import letterhead
from newsletter.mail import Digest, DigestPost
from newsletter.render.digest import group
from newsletter.render.edition import render
from newsletter.render.loader import TemplateProblem
from newsletter.render.subject import subject


class Verdict(StrEnum):
    """How a check went."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `record` is the DNS record to add, where one is missing."""

    about: str
    verdict: Verdict
    sentence: str
    record: str = ""


def run(configuration: Config, *, dns: bool = False, connect: bool = False) -> list[Check]:
    """Look at everything; `dns` asks name servers, `connect` logs in at the provider."""
    found = [_database()]
    for newsletter in configuration.newsletters.values():
        found.append(_links(configuration, newsletter))
        found.append(_template(configuration, newsletter))
    if dns:
        for domain in sorted({n.sender.domain for n in configuration.newsletters.values()}):
            found += list(dns_checks(configuration, domain))
    if connect:
        found += list(_connections(configuration))
    return found


def _database() -> Check:
    waiting = waiting_migrations()
    if waiting:
        return Check("database", Verdict.WARNING, f"{len(waiting)} migrations wait: run 'newsletter manage migrate'")
    return Check("database", Verdict.GOOD, "the database is there and up to date")


def _links(configuration: Config, newsletter: config.Newsletter) -> Check:
    about = f"{newsletter.name}: links"
    try:
        check_links(configuration, newsletter.name)
    except JobProblem as problem:
        return Check(about, Verdict.BAD, str(problem))
    return Check(about, Verdict.GOOD, f"its mails' links begin with {configuration.site.url}")


def _template(configuration: Config, newsletter: config.Newsletter) -> Check:
    """Render a made-up edition with the newsletter's own templates and subject."""
    about = f"{newsletter.name}: templates"
    head, now = letterhead(configuration, newsletter), datetime(2026, 2, 6, 12, tzinfo=UTC)
    post = DigestPost("1", "https://example.org/a", "A headline", "<p>Some text.</p>", published=now, language="en")
    groups = group(
        [post], by=newsletter.group_by, order="given", zone=ZoneInfo(newsletter.timezone), language=newsletter.language
    )
    try:
        line = subject(newsletter.subject, head, [post], now, now, newsletter.period)
        render(Digest("check/2026-W06", head, now, now, line, "", groups), configuration.folder / "templates")
    except TemplateProblem as problem:
        return Check(about, Verdict.BAD, str(problem))
    return Check(about, Verdict.GOOD, "subject and templates can be rendered")


def dns_checks(configuration: Config, domain: str) -> Iterator[Check]:
    """SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) of the domain that mails come from."""
    yield _record(domain, domain, "v=spf1", "SPF", "v=spf1 mx -all")
    for key in configuration.delivery.dkim:
        if key.domain == domain:
            name = f"{key.selector}._domainkey.{domain}"
            yield _record(domain, name, "v=DKIM1", "DKIM", "what 'newsletter dkim new' printed")
    yield _record(domain, f"_dmarc.{domain}", "v=DMARC1", "DMARC", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")


def _record(domain: str, name: str, begins: str, what: str, wanted: str) -> Check:
    about = f"{domain}: {what}"
    record = f'{name}. IN TXT "{wanted}"'
    try:
        answers = dns.resolver.resolve(name, "TXT", lifetime=5.0)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Check(about, Verdict.BAD, f"{name} has no {what} record; add one", record)
    except dns.exception.DNSException as e:
        return Check(about, Verdict.WARNING, f"{name} could not be looked up: {e}")
    texts = [b"".join(answer.strings).decode("utf-8", "replace") for answer in answers]
    found = [t for t in texts if t.startswith(begins)]
    if len(found) == 1:
        return Check(about, Verdict.GOOD, found[0])
    if not found:
        return Check(about, Verdict.BAD, f"{name} has no {what} record; add one", record)
    return Check(about, Verdict.BAD, f"{name} has {len(found)} {what} records; there must be one")


def _connections(configuration: Config) -> Iterator[Check]:
    providers = {configuration.provider_of(n) for n in configuration.newsletters.values()}
    for provider in sorted(providers):
        if provider == "smtp":
            yield _smtp(configuration)
        elif provider == "file":
            folder = configuration.path(configuration.delivery.file["folder"])
            yield Check("provider: file", Verdict.GOOD, f"mails are written into {folder}")
        else:
            yield Check(f"provider: {provider}", Verdict.GOOD, "an API is only tried by sending: use 'newsletter test'")


def _smtp(configuration: Config) -> Check:
    smtp = configuration.delivery.smtp
    about = f"provider: smtp {smtp.host}:{smtp.port}"
    try:
        found = asyncio.run(check_connection(smtp))
    except SessionError as problem:
        return Check(about, Verdict.BAD, str(problem))
    login = "logged in" if found.logged_in else "no login"
    return Check(about, Verdict.GOOD, f"it answers ({found.encryption or 'in clear'}, {login})")
