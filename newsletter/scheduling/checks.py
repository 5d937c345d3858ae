"""Check whether configuration, templates and database are ready to send, and optionally DNS and the provider.

No email is sent. Each finding is a sentence with a remedy.
"""

import asyncio
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db.models import Count

from newsletter import config
from newsletter.config import Config, toml
from newsletter.config.references import reference, references
from newsletter.deliverability.services import tracking_check
from newsletter.delivery.smtp.session import SessionError, check_connection
from newsletter.domain.check import Check, Verdict
from newsletter.editions import local_links
from newsletter.editions.local_links import check_links
from newsletter.editions.problems import Impossible
from newsletter.messages import failures as messages, message_of
from newsletter.messages.deliverability import requirements
from newsletter.messages.general import ABOUT, size_of
from newsletter.models.migration_state import waiting_migrations
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.theme.designs import DESIGNS
from newsletter.scheduling import storage
from newsletter.scheduling.storage import LARGEST, damages, space_for_copy
from newsletter.scheduling.text_checks import try_subject, try_templates
from newsletter.sending.api_calls.interface import ProviderProblem
from newsletter.sending.sql import database_watch
from subscribers.models import Subscription, WhereProblem, parse_where

_SECRET = re.compile(r"(?:^|_)(?:secret|password|token|key|dsn)(?:_previous)?$")
_WITH_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")


def run(
    configuration: Config, *, dns: bool = False, connect: bool = False, integrity: bool = False, largest: int = LARGEST
) -> list[Check]:
    """Run all checks; `dns` queries name servers, `connect` logs in to the provider, `integrity` reads everything.

    Without `integrity`, damage is looked for in a SQLite file of at most `largest` bytes.
    """
    database = _database()
    checks = [database, *_damages(thorough=integrity, largest=largest), *_space(configuration)]
    if database.verdict == Verdict.GOOD:
        checks += _not_configured(configuration)
    for newsletter in configuration.newsletters.values():
        checks.append(_links(configuration, newsletter, count=database.verdict == Verdict.GOOD))
        checks.append(_template(configuration, newsletter))
        checks += _images(newsletter)
    checks += _keys(configuration)
    checks += open_secrets(configuration)
    if not connect:
        checks += provider_settings(configuration)
    if dns:
        from newsletter.deliverability.report import report  # its parsers take half a second to import

        checks += report(configuration)
    if connect:
        checks += list(provider_checks(configuration))
    return checks


def _database() -> Check:
    if problem := database_watch.problem():
        return Check(messages.ABOUT_DATABASE(), Verdict.BAD, problem)
    migrations = waiting_migrations()
    if migrations:
        return Check(messages.ABOUT_DATABASE(), Verdict.WARNING, messages.MIGRATIONS_WAIT(count=len(migrations)))
    return Check(messages.ABOUT_DATABASE(), Verdict.GOOD, messages.DATABASE_READY())


def _not_configured(configuration: Config) -> Iterator[Check]:
    """Warn of subscribers whose newsletter has another name in config.toml, or was removed from it."""
    active = Subscription.objects.filter(state=Subscription.State.ACTIVE)
    lost = active.exclude(newsletter__in=configuration.newsletters).order_by("newsletter")
    for name, count in lost.values_list("newsletter").annotate(Count("pk")):
        problem = messages.NOT_CONFIGURED(count=count, newsletter=name)
        yield Check(messages.ABOUT_DATABASE(), Verdict.WARNING, problem)


def _damages(*, thorough: bool, largest: int) -> list[Check]:
    problems = damages(thorough=thorough, largest=largest)
    if problems is None:
        return []
    checks = [Check(messages.ABOUT_INTEGRITY(), Verdict.BAD, damage) for damage in problems]
    return checks or [Check(messages.ABOUT_INTEGRITY(), Verdict.GOOD, messages.UNDAMAGED())]


def _space(configuration: Config) -> list[Check]:
    """Check the free space of each folder that is written to."""
    about = messages.ABOUT_SPACE()
    checks = [Check(about, Verdict.BAD, problem) for problem in storage.problems(configuration)]
    if missing := space_for_copy():
        checks.append(Check(about, Verdict.WARNING, missing))
    left = min(storage.free(configuration).values())
    return checks or [Check(about, Verdict.GOOD, messages.SPACE_LEFT(free=size_of(left)))]


def _links(configuration: Config, newsletter: config.Newsletter, *, count: bool) -> Check:
    about = ABOUT(subject=newsletter.name, message=messages.ABOUT_LINKS())
    try:
        check_links(configuration, newsletter.name, count=count)
    except Impossible as problem:
        return Check(about, Verdict.BAD, message_of(problem))
    if note := local_links.note(configuration, newsletter.name):
        return Check(about, Verdict.WARNING, note)
    return Check(about, Verdict.GOOD, messages.LINKS_BEGIN(url=configuration.site.url))


def _template(configuration: Config, newsletter: config.Newsletter) -> Check:
    """Render a sample edition with the newsletter's templates and subject."""
    about = ABOUT(subject=newsletter.name, message=messages.ABOUT_TEMPLATES())
    try:
        try_subject(configuration, newsletter)
        try_templates(configuration, newsletter)
        parse_where(newsletter.where)
    except (TemplateProblem, WhereProblem) as problem:
        return Check(about, Verdict.BAD, message_of(problem))
    return Check(about, Verdict.GOOD, messages.TEMPLATES_READY())


def _images(newsletter: config.Newsletter) -> Iterator[Check]:
    """Warn of keys about images that other keys make useless."""
    theme = newsletter.theme
    is_set_by_key = {"theme.images": theme.images != "all", "theme.image_height": theme.image_height > 0}
    keys = ", ".join(key for key, is_set in is_set_by_key.items() if is_set)
    if not keys:
        return
    about = ABOUT(subject=newsletter.name, message=messages.ABOUT_IMAGES())
    design = DESIGNS[theme.design]
    if newsletter.images == "none":
        yield Check(about, Verdict.WARNING, messages.IMAGES_LEFT_OUT(keys=keys))
    elif not design.images and (design.lines or newsletter.body != "full"):
        yield Check(about, Verdict.WARNING, messages.DESIGN_WITHOUT_IMAGES(design=theme.design, keys=keys))


def _keys(configuration: Config) -> Iterator[Check]:
    """Tell which DKIM keys can't sign; other providers than SMTP don't use them."""
    if not configuration.delivery.dkim:
        return
    from newsletter.delivery.dkim_keys import DkimError, signing_key  # cryptography takes 8 MB

    verdict = Verdict.BAD if "smtp" in configuration.providers else Verdict.WARNING
    for key in configuration.delivery.dkim:
        try:
            signing_key(key)
        except DkimError as problem:
            about = ABOUT(subject=key.domain, message=requirements.DKIM(selector=key.selector))
            yield Check(about, verdict, message_of(problem))


def open_secrets(configuration: Config) -> Iterator[Check]:
    """Warn of each file with secrets that others than its owner and its group can read."""
    file = configuration.file
    tree = toml.loads(file.read_text(encoding="utf-8-sig")) if file.is_file() else {}
    about = messages.ABOUT_SECRETS()
    if (keys := sorted(_secrets(tree))) and _is_open(file):
        yield Check(about, Verdict.WARNING, messages.OPEN_CONFIGURATION(file=str(file), keys=", ".join(keys)))
    for target in sorted(references(tree), key=lambda target: target.name):
        path = configuration.path(target.name)
        if target.kind == "file" and _is_open(path):
            yield Check(about, Verdict.WARNING, messages.OPEN_FILE(file=str(path)))


def _secrets(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the keys whose values are secrets that the file itself has."""
    for key, value in tree.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and reference(value) is None:
            yield from _secrets(value, f"{name}.")
        elif _is_secret(key, value):
            yield name


def _is_secret(key: str, value: Any) -> bool:
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]
    return bool(texts) and bool(_SECRET.search(key) or _WITH_PASSWORD.search(texts[0]))


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # it is missing, which is told when the configuration is read


def provider_settings(configuration: Config) -> Iterator[Check]:
    """Tell which settings of the email services in use are missing or wrong; nothing is connected to."""
    from newsletter.sending.api_calls.choice import provider  # the HTTP clients of the APIs take long to import

    for name in configuration.providers:
        if name in ("smtp", "file"):
            continue
        try:
            provider(replace(configuration.delivery, provider=name))
        except ProviderProblem as problem:
            yield Check(messages.ABOUT_PROVIDER(name=name), Verdict.BAD, message_of(problem))


def provider_checks(configuration: Config) -> Iterator[Check]:
    """Log in at each provider that is in use, and at the fallback; no message is sent."""
    for provider in configuration.providers:
        if provider != "file":
            yield from tracking_check(configuration.delivery, provider)
        if provider == "smtp":
            yield _smtp(configuration)
        elif provider == "file":
            folder = configuration.path(configuration.delivery.file["folder"])
            yield Check(messages.ABOUT_PROVIDER(name=provider), Verdict.GOOD, messages.WRITTEN_TO(folder=str(folder)))
        else:
            yield _api(replace(configuration.delivery, provider=provider))


def _api(delivery: config.DeliverySettings) -> Check:
    from newsletter.sending.api_calls.choice import try_key  # the HTTP clients of the APIs take long to import

    about = messages.ABOUT_PROVIDER(name=delivery.provider)
    try:
        answer = try_key(delivery)
    except ProviderProblem as problem:
        return Check(about, Verdict.BAD, message_of(problem))
    if answer == "forbidden":
        return Check(about, Verdict.WARNING, messages.KEY_FORBIDDEN())
    return Check(about, Verdict.GOOD, messages.KEY_ACCEPTED())


def _smtp(configuration: Config) -> Check:
    smtp = configuration.delivery.smtp
    about = messages.ABOUT_PROVIDER(name=f"smtp {smtp.host}:{smtp.port}")
    try:
        connection = asyncio.run(check_connection(smtp))
    except SessionError as problem:
        return Check(about, Verdict.BAD, message_of(problem))
    if connection.encryption:
        kind = messages.LOGGED_IN if connection.logged_in else messages.CONNECTED
        return Check(about, Verdict.GOOD, kind(encryption=connection.encryption))
    message = messages.LOGGED_IN_UNENCRYPTED() if connection.logged_in else messages.CONNECTED_UNENCRYPTED()
    return Check(about, Verdict.GOOD, message)
