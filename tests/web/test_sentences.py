"""How pages say things: states that say what is, fields by their labels, editions by their titles, Norwegian times."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from newsletter import config
from newsletter.editions import editing
from newsletter.messages import STAGES, MessageType, posts
from newsletter.models import Edition
from newsletter.web.desk import formatting
from newsletter.web.desk.edition import queries
from newsletter.web.desk.settings.catalogue import PAGES
from tests.web import make

KEY = re.compile(
    r"\b(?:site|web|collect|delivery|bounces)\.[a-z_]+|\b(?:minimum|maximum)_[a-z]+|newsletters\.[a-z]+|'late'|'skip'"
)
"""A key of config.toml in a sentence."""

ONLY_IN_THE_FILE = {
    "source.private-address",  # it decides what the server may reach, so that no page changes it
    "database.not-opened",
}
OF_THE_FILE = ("value.", "config.", "configuration.", "lint.config")
"""Messages about config.toml itself, which name its keys."""


def _messages() -> Iterator[MessageType]:
    for stage in STAGES:
        if stage.__name__.rpartition(".")[2] not in ("configuration", "bounces", "checks"):
            yield from (value for value in vars(stage).values() if isinstance(value, MessageType))


def test_messages_name_a_field_by_its_label_and_not_by_its_key() -> None:
    named = {each.code: KEY.findall(each.english) for each in _messages()}
    assert {
        code: keys
        for code, keys in named.items()
        if keys and code not in ONLY_IN_THE_FILE and not code.startswith(OF_THE_FILE)
    } == {}


def test_labels_of_settings_have_no_parentheses() -> None:
    labels: list[str | Promise] = [field.label for page in PAGES for field in page.fields]
    labels += [words for page in PAGES for field in page.fields for _key, words in field.choices]
    assert len(labels) > 100
    assert [str(label) for label in labels if "(" in str(label)] == []


def test_a_norwegian_time_follows_kl() -> None:
    at = datetime(2026, 12, 4, 17, 5, tzinfo=UTC)
    with translation.override("nb"):
        assert formatting.moment(at).endswith("fre. 4. des. kl. 17.05") or formatting.moment(at).endswith(
            "fre. 4. des. 2026 kl. 17.05"
        )
        assert formatting.clock(at) == "17.05"
    with translation.override("en"):
        assert formatting.moment(at).endswith(", 17:05")


@pytest.mark.django_db
def test_another_edition_is_named_by_its_subject() -> None:
    edition = make.draft("First", "Second")
    newsletter = config.current().newsletters["kinaforum"]
    Edition.objects.filter(pk=edition.pk).update(subject="News of the week")
    edition.entries.update(included=False, reason=posts.ALREADY_IN(edition=edition.name))
    assert [row["reason"] for row in queries.posts(edition, newsletter).out] == ["already in “News of the week”"] * 2


@pytest.mark.django_db
def test_the_log_names_editions_by_their_subjects(admin: Client) -> None:
    edition = make.draft("First")
    words = {"subject": "News of the week", "preheader": "In short"}
    editing.set_words(config.current(), edition, "redaksjon@example.org", edition.revision, words, make.NOW)
    page = admin.get("/desk/log/").content.decode()
    assert "“News of the week”</a>" in page
    assert "<dt>Preview text</dt>" in page
    assert "preheader" not in page
