"""The archive's addresses."""

from django.urls import path

from newsletter.web import converters
from newsletter.web.archive import feeds, served_images, views

converters.register()

urlpatterns = [
    path("", views.newsletters, name="newsletters"),
    path("n/<slug:name>/", views.archive, name="archive"),
    path("n/<slug:name>/feed.atom", feeds.editions_as_atom, name="feed"),
    path("n/<slug:name>/feed.json", feeds.editions_as_json, name="feed-json"),
    path("n/<slug:name>/posts.atom", feeds.posts_as_atom, name="posts-feed"),
    path("n/<slug:name>/posts.json", feeds.posts_as_json, name="posts-feed-json"),
    path("n/<slug:name>/topics/<slug:topic>.atom", feeds.topic_as_atom, name="topic-feed"),
    path("n/<slug:name>/<period:period>/", views.edition, name="archived-edition"),
    path("images/<str:name>", served_images.image, name="image"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
