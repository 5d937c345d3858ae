"""What the tests of the web share: people logged in, and caches that know nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.template.base import Template
from django.test import Client, utils as django_utils
from django.utils import translation

from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.models import Edition
from newsletter.web.archive import queries, views
from newsletter.web.desk import jobs
from newsletter.web.desk.edition import preview_queries
from newsletter.web.hooks import amazon_ses
from tests.doubles import webhook_calls
from tests.doubles.providers import SIGNING
from tests.web import make


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """What one test looked at is no other test's business: the database of each numbers its editions from 1."""
    cache.clear()
    preview_queries.rendered.cache_clear()
    views._email.cache_clear()
    queries.forget()


@pytest.fixture(autouse=True)
def usual_language() -> None:
    """Forget the language of the last request of the test before."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def jobs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are done within the request that starts them, because their thread would not see a test's transaction."""
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **given: task.run(config.current(), **given) is None)


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let answers have the contexts of their templates."""
    monkeypatch.setattr(Template, "_render", vars(django_utils)["instrumented_test_render"])


@pytest.fixture
def emails_to_files(db: None) -> None:
    """Write emails into a folder, so that links to this machine are no error."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


@pytest.fixture
def draft(db: None) -> Edition:
    """Three posts under two days."""
    return make.draft("First", "Second", "Third")


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


@pytest.fixture
def webhook_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is configured, Amazon's certificate is known, and events are processed at once."""
    delivery = replace(config.current().delivery, **{name: keys() for name, keys in SIGNING.items()})
    config.use(replace(config.current(), delivery=delivery))
    monkeypatch.setattr(
        amazon_ses.AmazonSesWebhook, "fetch_certificate", staticmethod(lambda _: webhook_calls.certificate())
    )
    monkeypatch.setattr(
        webhook_events, "enqueue", lambda *_: webhook_events.process(config.current(), datetime.now(UTC))
    )
