"""The addresses of set-up, in place of all others."""

from django.urls import path, re_path

from newsletter.web import health
from newsletter.web.first_run import logos, views

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", views.not_ready, name="readyz"),
    path("", views.elsewhere, name="elsewhere"),
    path("images/<str:name>", logos.image, name="image"),
    path("setup/<str:token>/", views.blog, name="blog"),
    path("setup/<str:token>/reading/", views.reading, name="reading"),
    path("setup/<str:token>/newsletter/", views.newsletter, name="newsletter"),
    path("setup/<str:token>/preview/", views.preview, name="preview"),
    path("setup/<str:token>/sending/", views.sending, name="sending"),
    re_path(r"^(?P<path>.+)$", views.elsewhere),
]
