"""Tells Django of the newsletter's models."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """Everything but the subscribers."""

    name = "newsletter"
    label = "newsletter"

    def ready(self) -> None:
        """Let what is kept about people beside the subscribers be handed over, and forgotten, with them."""
        from newsletter.jobs import personal  # noqa: F401 - connects itself
