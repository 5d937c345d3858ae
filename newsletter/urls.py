"""Every address of the product: readers' pages, the archive, the desk, hooks, and what machines ask."""

from django.urls import include, path

urlpatterns = [
    path("", include("newsletter.web.urls")),
    path("", include("subscribers.urls")),
]
