"""What machines ask: does it live, is it ready, how much is there.

Promises: `/healthz` asks nothing of the database; `/metrics` answers this machine, private networks and admins only.
"""

import ipaddress
from collections.abc import Iterator

from django.db import Error
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsletter import config
from newsletter.jobs.migrating import waiting_migrations
from newsletter.models import Edition, Source, State
from newsletter.web.desk.access import Role, role_of
from subscribers.models import Letter, Subscription

TEXT = "text/plain; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type=TEXT)


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The database can be used, and has had every migration; 503 with the reason otherwise."""
    try:
        waiting = waiting_migrations()
    except Error:
        return HttpResponse("the database can't be used\n", content_type=TEXT, status=503)
    if waiting:
        return HttpResponse("the database waits for migrations\n", content_type=TEXT, status=503)
    return HttpResponse("ready\n", content_type=TEXT)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts in the text format that Prometheus reads."""
    if not _near(request.META.get("REMOTE_ADDR", "")) and role_of(request.user) is not Role.ADMIN:
        sentence = "metrics are for this machine, private networks and admins\n"
        return HttpResponse(sentence, content_type=TEXT, status=403)
    return HttpResponse("\n".join(_lines()) + "\n", content_type=PROMETHEUS)


def _near(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or found.is_private


def _lines() -> Iterator[str]:
    yield from _head("newsletter_editions", "Editions by newsletter and state.")
    for row in Edition.objects.values("newsletter", "state").annotate(n=Count("pk")).order_by("newsletter", "state"):
        yield _line("newsletter_editions", row["n"], newsletter=row["newsletter"], state=row["state"])
    yield from _head("newsletter_subscriptions", "Subscriptions by newsletter and state.")
    found = Subscription.objects.values("newsletter", "state").annotate(n=Count("pk"))
    for row in found.order_by("newsletter", "state"):
        yield _line("newsletter_subscriptions", row["n"], newsletter=row["newsletter"], state=row["state"])
    yield from _head("newsletter_sources_failing", "Configured sources that could not be read at the last try.")
    failing = Source.objects.exclude(problem="").values_list("newsletter", "url")
    for name, newsletter in config.current().newsletters.items():
        count = sum((name, source.url) in set(failing) for source in newsletter.sources)
        yield _line("newsletter_sources_failing", count, newsletter=name)
    yield from _head("newsletter_letters_waiting", "Letters to single readers that are written and not sent yet.")
    yield _line("newsletter_letters_waiting", Letter.objects.filter(sent_at=None).count())
    yield from _head("newsletter_paused", "Editions that wait for a person because sending was paused.")
    yield _line("newsletter_paused", Edition.objects.filter(state=State.PAUSED).count())


def _head(name: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} gauge"


def _line(name: str, value: int, **labels: str) -> str:
    """A sample; label values escaped as the format wants it."""
    escaped = {k: v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for k, v in labels.items()}
    inside = ",".join(f'{k}="{v}"' for k, v in escaped.items())
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"
