"""The Django app with the tables of subscribers."""

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """Subscribers, their subscriptions and consent."""

    name = "subscribers"
    label = "subscribers"
