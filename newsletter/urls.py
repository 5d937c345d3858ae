"""All addresses: readers' pages, the archive, the desk, webhooks and monitoring."""

from django.urls import include, path

urlpatterns = [
    path("", include("newsletter.web.urls")),
    path("", include("subscribers.urls")),
]
