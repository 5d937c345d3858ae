"""The addresses that newsletter itself answers; those of readers' subscriptions are in subscribers."""

from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern
from django.views.generic import RedirectView

from newsletter.web import health
from newsletter.web.hooks import views as hooks
from newsletter.web.lazy_urls import LazyResolver
from newsletter.web.links import views as links

urlpatterns: list[URLPattern | URLResolver] = [
    # By their names, so that the pages and the API's framework are loaded with the first request to them.
    LazyResolver(RoutePattern("desk/"), "newsletter.web.desk.urls", app_name="desk", namespace="desk"),
    LazyResolver(RoutePattern("api/v1/"), "newsletter.api.urls", app_name="api", namespace="api"),
    path("favicon.ico", RedirectView.as_view(url=static("desk/mark.svg"), permanent=True)),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("hooks/<slug:provider>/", hooks.receive, name="hook"),
    path("l/<str:token>", links.follow, name="link"),
    path("", include("newsletter.web.archive.urls")),
]
