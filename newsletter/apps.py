"""The Django app with the tables of the newsletter."""

from importlib import import_module

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """The app `newsletter`; subscribers have their own."""

    name = "newsletter"
    label = "newsletter"

    def ready(self) -> None:
        """Connect the signals with which subscriptions begin, and data is exported, erased and recorded."""
        import_module("newsletter.editions.offers.newcomers")
        import_module("newsletter.transactional.personal_data")
        import_module("newsletter.recovery.entries")
        import_module("newsletter.events.record")
