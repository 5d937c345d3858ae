"""Django's configuration of the app."""

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """Subscribers, their subscriptions and consent."""

    name = "subscribers"
    label = "subscribers"
