"""What the tests of the web share: people logged in, and caches that know nothing."""

import pytest
from django.core.cache import cache
from django.test import Client

from newsletter.web.archive import views
from newsletter.web.desk.queries import preview
from tests.web import make


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """What one test looked at is no other test's business."""
    cache.clear()
    preview._proof.cache_clear()
    views._mail.cache_clear()


@pytest.fixture
def editor(db: None) -> Client:
    """The desk as an editor sees it."""
    client = Client()
    client.force_login(make.person("anna@example.org"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def admin(db: None) -> Client:
    """The desk as an admin sees it."""
    client = Client()
    client.force_login(make.person(admin=True), backend="django.contrib.auth.backends.ModelBackend")
    return client
