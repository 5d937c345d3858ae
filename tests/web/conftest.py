"""What the tests of the web share: people logged in, and caches that know nothing."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.template.base import Template
from django.test import Client, utils as django_utils
from django.utils import translation

from newsletter import config
from newsletter.web.archive import queries, views
from newsletter.web.desk import jobs
from newsletter.web.desk.edition import preview_queries
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
