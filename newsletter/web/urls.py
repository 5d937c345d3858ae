"""The addresses that newsletter itself answers; those of readers' subscriptions are in subscribers."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
