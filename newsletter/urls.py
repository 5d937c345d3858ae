"""All addresses: readers' pages, the archive, the desk, webhooks and monitoring."""

from typing import Any

from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern
from django.utils.translation import get_language
from django.views.generic import RedirectView

from newsletter.web import converters, counted_links, health
from newsletter.web.archive import feeds, served_images, views
from newsletter.web.hooks import views as hooks

converters.register()

handler404 = "newsletter.web.error_pages.not_found"
handler500 = "newsletter.web.error_pages.failed"


class LazyResolver(URLResolver):
    """A namespace that is not imported when Django collects the names of all addresses, as its own resolver is.

    It is imported when one of its addresses is requested, or one of its names is looked up. So a site whose desk and
    API nobody uses starts 0.2 s earlier and takes 21 MB less (`tests.bench.bench_footprint`).
    """

    def _populate(self) -> None:
        """Do nothing: the resolver above calls this at its own first lookup."""

    @property
    def reverse_dict(self) -> Any:
        """The names, and how to write their addresses."""
        if get_language() not in self._reverse_dict:
            super()._populate()
        return self._reverse_dict[get_language()]


ARCHIVE = [
    path("", views.newsletters, name="newsletters"),
    path("n/<slug:name>/", views.archive, name="archive"),
    path("n/<slug:name>/feed.atom", feeds.feed, {"file": "feed.atom"}, name="feed"),
    path("n/<slug:name>/feed.json", feeds.feed, {"file": "feed.json"}, name="feed-json"),
    path("n/<slug:name>/posts.atom", feeds.feed, {"file": "posts.atom"}, name="posts-feed"),
    path("n/<slug:name>/posts.json", feeds.feed, {"file": "posts.json"}, name="posts-feed-json"),
    path("n/<slug:name>/topics/<slug:topic>.atom", feeds.topic_as_atom, name="topic-feed"),
    path("n/<slug:name>/<period:period>/", views.edition, name="archived-edition"),
    path("images/<str:name>", served_images.image, name="image"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    # By their names, so that the pages and the API's framework are loaded with the first request to them.
    LazyResolver(RoutePattern("desk/"), "newsletter.web.desk.urls", app_name="desk", namespace="desk"),
    LazyResolver(RoutePattern("api/v1/"), "newsletter.api.urls", app_name="api", namespace="api"),
    path("favicon.ico", RedirectView.as_view(url=static("desk/mark.svg"), permanent=True)),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("hooks/<slug:provider>/", hooks.receive, name="hook"),
    path("l/<str:token>", counted_links.follow, name="link"),
    *ARCHIVE,
    path("", include("subscribers.urls")),
]
