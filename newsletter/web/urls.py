"""The addresses that newsletter itself answers; those of readers' subscriptions are in subscribers."""

from django.urls import URLPattern, URLResolver, include, path

from newsletter.web import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", include("newsletter.web.desk.urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("newsletter.web.archive.urls")),
]
