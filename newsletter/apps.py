"""Tells Django of the newsletter's models."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """Everything but the subscribers."""

    name = "newsletter"
    label = "newsletter"
