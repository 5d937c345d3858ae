"""The addresses that `newsletter worker` answers: those for monitoring, and no page."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from newsletter.web import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 in plain text, for the pages of errors link to addresses that a worker doesn't have."""
    return HttpResponse("A worker answers /healthz, /readyz and /metrics.\n", content_type=health.TEXT, status=404)


handler404 = not_found
