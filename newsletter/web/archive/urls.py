"""The archive's addresses."""

from django.urls import path

from newsletter.web import periods  # noqa: F401 - makes <period:…> known
from newsletter.web.archive import views

urlpatterns = [
    path("", views.newsletters, name="newsletters"),
    path("n/<slug:name>/", views.archive, name="archive"),
    path("n/<slug:name>/feed.atom", views.feed, name="feed"),
    path("n/<slug:name>/<period:period>/", views.edition, name="archived-edition"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
