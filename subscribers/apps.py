"""Tells Django of the subscribers."""

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """Who gets the mail, and how they join, choose and leave."""

    name = "subscribers"
    label = "subscribers"
