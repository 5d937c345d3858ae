"""Sentences of the page of deliverability: they name fields as the settings pages do, never keys of config.toml."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone, translation

from newsletter.deliverability.requirements import PURPOSES, Requirement
from newsletter.domain.check import Verdict
from newsletter.messages import Message, MessageType, delivery, failures
from newsletter.messages.deliverability import dmarc, header_fields, records, requirements, servers, signatures, spf
from newsletter.messages.general import SETTING
from newsletter.models import DnsCheck
from newsletter.web.desk import formatting
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.labels import places, with_labels
from tests.web.settings_site import EDITABLE_KEYS

MODULES = (dmarc, header_fields, records, requirements, servers, signatures, spf)
OTHERS = (
    *(delivery.DKIM_UNREADABLE, delivery.DKIM_TYPE, delivery.DKIM_SMALL),
    *(failures.ABOUT_TRACKING, failures.NOT_TRACKED, failures.TRACKED_BY_ACCOUNT),
)
TYPES = (*(each for module in MODULES for each in vars(module).values() if isinstance(each, MessageType)), *OTHERS)
SETTINGS = (
    "delivery.smtp.hello",
    "delivery.smtp.host",
    "delivery.smtp.security",
    "bounces.return_path",
    "site.url",
    "newsletters.kinaforum.from",
)
"""Every setting that a check names."""

KEYS = {*EDITABLE_KEYS, *catalogue.LOCKED}
"""Every key of config.toml (the tests of the settings pages compare them with the schema)."""


def _messages() -> Iterator[Message]:
    for kind in TYPES:
        values = {name: 3 if name in ("count", "bits") else "x" for name in kind.names}
        settings = SETTINGS if "setting" in kind.names and kind is not failures.TRACKED_BY_ACCOUNT else ("",)
        for key in settings:
            yield kind(**values | ({"setting": SETTING(key=key)} if key else {}))


@pytest.mark.parametrize("language", ["en", "nb"])
def test_no_sentence_of_the_page_has_a_key(language: str) -> None:
    with translation.override(language):
        sentences = [formatting.message(with_labels(each)) for each in _messages()]
    ends = {".".join(key.split(".")[-2:]) for key in KEYS if "." in key}
    key = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in sorted(KEYS | ends, key=len, reverse=True)))
    assert len(sentences) > 100
    assert [each for each in sentences if key.search(each)] == []


def test_commands_name_keys() -> None:
    message = servers.UNENCRYPTED(host="mail.example", setting=SETTING(key="delivery.smtp.security"))
    assert "delivery.smtp.security is switched off" in str(message)


@pytest.mark.parametrize("key", SETTINGS)
def test_each_setting_has_a_page(key: str) -> None:
    [place] = places(servers.NO_ADDRESS(name="mail.example", setting=SETTING(key=key)))
    assert place.label
    assert place.url


def test_each_requirement_says_what_it_is_for() -> None:
    assert set(PURPOSES) == set(Requirement)


@pytest.mark.django_db
def test_the_page_links_to_the_field_and_shows_every_requirement(admin: Client) -> None:
    message = servers.NO_ADDRESS(name="mail.example", setting=SETTING(key="delivery.smtp.hello"))
    _store([_stored(message, each) for each in Requirement])
    shown = admin.get("/desk/deliverability/").content.decode()
    assert shown.count("enter its public name in “Name for EHLO” on the page “SMTP details”.") == len(Requirement)
    assert 'href="/desk/settings/site/smtp/"' in shown


@pytest.mark.django_db
def test_a_result_of_another_version_is_no_result(admin: Client) -> None:
    other = Message("check.no-address", (("name", "mail.example"),))
    _store([_stored(other, Requirement.REVERSE_DNS)])
    assert "DNS hasn’t been checked yet." in admin.get("/desk/deliverability/").content.decode()


def _stored(message: Message, requirement: Requirement) -> dict[str, object]:
    return {
        "about": Message("about", (("message", requirements.SPF()), ("subject", "example.org"))).to_json(),
        "verdict": Verdict.BAD.value,
        "message": message.to_json(),
        "record": "",
        "requirement": requirement.value,
        "required_by": [],
    }


def _store(checks: list[dict[str, object]]) -> None:
    DnsCheck.objects.create(pk=1, at=timezone.now(), checks=checks)
