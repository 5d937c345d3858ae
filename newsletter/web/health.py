"""Endpoints for monitoring: `/healthz`, `/readyz` and `/metrics`. `newsletter worker` answers nothing else.

Promises: `/healthz` asks nothing of the database; `/metrics` answers this machine, private networks and admins only;
`/readyz` tells strangers no more than names of services.
"""

from collections.abc import Iterator
from math import ceil

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from newsletter import supervision
from newsletter.config import Config
from newsletter.domain.hosts import is_nearby_address
from newsletter.models.migration_state import newer_database, unknown_migrations, waiting_migrations
from newsletter.recovery import hold
from newsletter.scheduling import storage
from newsletter.sending.sql import database_watch
from newsletter.supervision import Status
from newsletter.transactional import mail_queue
from newsletter.web.desk.permissions import Role, role
from newsletter.web.metrics import site
from subscribers.requests import config_of

TEXT = "text/plain; charset=utf-8"
STORAGE = "storage"
"""The service that reports what `/readyz` looks at anew."""


@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process runs."""
    return HttpResponse("ok\n", content_type=TEXT)


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database can be used and is migrated, and every service works; else 503 with the reasons."""
    near = is_nearby_address(request.META.get("REMOTE_ADDR", ""))
    problems = _found(_of_database(near=near), near=near) + _found(
        _of_storage(config_of(request), near=near), near=near
    )
    services = (status for status in supervision.current().failing() if status.name != STORAGE)
    problems += [_of_service(status, near) for status in services]
    if problems:
        return HttpResponse("\n".join(problems) + "\n", content_type=TEXT, status=503)
    return HttpResponse("\n".join(["ready", *_of_emails(near=near)]) + "\n", content_type=TEXT)


def _found(problems: Iterator[str], *, near: bool) -> list[str]:
    """Return what is found, and why nothing more could be: the system may be out of file descriptors, for instance."""
    problems_found: list[str] = []
    try:
        problems_found.extend(problems)
    except OSError as e:
        problems_found.append(f"the check failed: {e.strerror or e}" if near else "the check failed")
    return problems_found


def _of_database(*, near: bool) -> Iterator[str]:
    try:
        _connect_anew()
        if problem := database_watch.problem():
            yield str(problem) if near else "the database can't be used"
        elif unknown := unknown_migrations():
            yield newer_database(unknown) if near else "the database is newer than the program"
        elif waiting_migrations():
            yield "the database waits for migrations"
        elif reason := hold.reason():
            yield str(reason) if near else "the database was restored, and waits for an editor"
    except Error:
        yield "the database can't be used"


def _connect_anew() -> None:
    """Close this thread's connection to PostgreSQL, so that the check opens one: a server that has none left refuses
    the program's next, while those that are open work.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()


def _of_storage(configuration: Config, *, near: bool) -> Iterator[str]:
    for problem in storage.problems(configuration):
        if not near:
            yield "a disk is nearly full, or a folder can't be written"
            return
        yield str(problem)


def _of_emails(*, near: bool) -> Iterator[str]:
    """Yield the states of waiting emails, which say nothing about this process and so cause no 503."""
    queued = mail_queue.summary()
    if queued.failing or queued.given_up:
        why = f": {queued.problem}" if near and queued.problem else ""
        yield f"emails: {queued.failing} failed and are retried, {queued.given_up} given up{why}"


def _of_service(status: Status, near: bool) -> str:
    """Strangers are told that a service fails, but no paths or servers."""
    if not near:
        return f"{status.name}: failing"
    later = "" if status.next_try is None else f"; next try in {ceil(status.next_try)} s"
    return f"{status.name}: {status.problem}{later}"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers in the text format that Prometheus reads."""
    if not is_nearby_address(request.META.get("REMOTE_ADDR", "")) and role(request) is not Role.ADMIN:
        sentence = "metrics are for this machine, private networks and admins\n"
        return HttpResponse(sentence, content_type=TEXT, status=403)
    body = site.document(config_of(request), timezone.now())
    return HttpResponse(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("readyz", ready, name="readyz"),
    path("metrics", metrics, name="metrics"),
]


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Answer 404 in plain text, for the pages of errors link to addresses that a worker doesn't have."""
    return HttpResponse("A worker answers /healthz, /readyz and /metrics.\n", content_type=TEXT, status=404)


handler404 = not_found
