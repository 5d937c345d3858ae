"""What the tests of the web share: people logged in, and caches that know nothing."""

import os
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.core.cache import cache
from django.test import Client

import newsletter
from newsletter.web.archive import views
from newsletter.web.desk.queries import preview
from tests.web import make

LOCALE = Path(newsletter.__file__).parent / "locale"


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Each .po written as .mo where that is missing or older, so that a fresh checkout speaks Norwegian too."""
    for po in LOCALE.rglob("*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        unfinished = mo.with_suffix(f".{os.getpid()}")
        with po.open("rb") as source, unfinished.open("wb") as target:
            write_mo(target, read_po(source, locale=po.parent.parent.name))
        unfinished.replace(mo)


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
