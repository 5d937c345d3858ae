"""The first page of the settings: its lists, and the search that finds a setting by common words."""

import os
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client

from newsletter import config
from newsletter.config.values import parse_moment
from newsletter.web.desk.settings import catalogue, overview

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("contexts")]
HERE = "/desk/settings/"


def _found(client: Client, text: str, language: str = "en") -> list[str]:
    page = client.get(HERE, {"text": text}, headers={"Accept-Language": language})
    return [link.address for link in page.context["matches"]]


@pytest.mark.parametrize(
    ("text", "language", "address"),
    [
        ("logo", "en", "/desk/settings/n/kinaforum/design/#field-theme.logo"),
        ("how often", "en", "/desk/settings/n/kinaforum/schedule/#field-period"),
        ("Mail Server", "en", "/desk/settings/site/delivery/#field-smtp.host"),
        ("holiday", "en", "/desk/settings/n/kinaforum/schedule/#field-skip"),
        ("postal address", "en", "/desk/settings/n/kinaforum/sender/#field-address"),
        ("hvor ofte", "nb", "/desk/settings/n/kinaforum/schedule/#field-period"),
        ("avsender", "nb", "/desk/settings/n/kinaforum/sender/#field-from"),
        ("timezone", "en", "/desk/settings/n/kinaforum/general/#field-timezone"),
        ("åpningssporing", "nb", "/desk/settings/n/kinaforum/content/#field-track"),
        ("where do replies go?", "en", "/desk/settings/n/kinaforum/sender/#field-reply_to"),
        ("answers from my readers", "en", "/desk/settings/n/kinaforum/sender/#field-reply_to"),
        ("stop tracking", "en", "/desk/settings/n/kinaforum/content/#field-track"),
        ("who it is from", "en", "/desk/settings/n/kinaforum/sender/#field-from"),
        ("stop the newsletter", "en", "/desk/settings/n/kinaforum/general/#field-status"),
        ("my name in the inbox", "en", "/desk/settings/n/kinaforum/sender/#field-from"),
        ("posts that were backdated", "en", "/desk/settings/n/kinaforum/schedule/#field-late_posts"),
        ("picture at the top", "en", "/desk/settings/n/kinaforum/design/#field-theme.logo"),
        ("hvor går svar?", "nb", "/desk/settings/n/kinaforum/sender/#field-reply_to"),
        ("slå av sporing", "nb", "/desk/settings/n/kinaforum/content/#field-track"),
        ("hvem den er fra", "nb", "/desk/settings/n/kinaforum/sender/#field-from"),
        ("forsinkede innlegg", "nb", "/desk/settings/n/kinaforum/schedule/#field-late_posts"),
        ("toppbilde", "nb", "/desk/settings/n/kinaforum/design/#field-theme.logo"),
        ("link colour", "en", "/desk/settings/n/kinaforum/design/#field-theme.accent"),
        ("color of links", "en", "/desk/settings/n/kinaforum/design/#field-theme.accent"),
        ("when does it go out", "en", "/desk/settings/n/kinaforum/schedule/#field-send"),
        ("day of sending", "en", "/desk/settings/n/kinaforum/schedule/#field-send"),
        ("address at the bottom", "en", "/desk/settings/n/kinaforum/sender/#field-address"),
        ("personal data", "en", "/desk/settings/site/delivery/#field-keep_deliveries"),
        ("url", "en", "/desk/settings/site/address/#field-url"),
        ("when is the newsletter sent", "en", "/desk/settings/n/kinaforum/schedule/#field-send"),
        ("what is kept about persons", "en", "/desk/settings/site/delivery/#field-keep_deliveries"),
        ("summer", "en", "/desk/settings/n/kinaforum/general/#field-status"),
        ("stop sending", "en", "/desk/settings/n/kinaforum/general/#field-status"),
        ("når sendes det", "nb", "/desk/settings/n/kinaforum/schedule/#field-send"),
        ("sommerferie", "nb", "/desk/settings/n/kinaforum/general/#field-status"),
    ],
)
def test_a_setting_is_found_by_common_words(admin: Client, text: str, language: str, address: str) -> None:
    assert address in _found(admin, text, language)[:2]
    path, _hash, anchor = address.partition("#")
    assert f'id="{anchor}"' in admin.get(path).content.decode()


def test_pages_without_settings_are_found_and_parts_of_other_words_are_not_first(admin: Client) -> None:
    for text, address in (
        ("double opt-in", "/desk/n/kinaforum/form/"),
        ("invite user", "/desk/users/"),
        ("who can log in", "/desk/users/"),
        ("who may log in", "/desk/users/"),
        ("users", "/desk/users/"),
        ("subscribers must confirm", "/desk/n/kinaforum/form/"),
        ("DKIM", "/desk/deliverability/"),
        ("two-factor", "/desk/account/"),
        ("rss", "/desk/sources/"),
        ("sender", "/desk/settings/n/kinaforum/sender/#field-from"),
        ("smtp password", "/desk/settings/site/delivery/#field-smtp.password"),
    ):
        assert _found(admin, text)[0] == address
    assert all("general" not in address for address in _found(admin, "mal", "nb"))
    assert "/desk/account/" not in _found(admin, "logo")
    assert all("timeout" not in address for address in _found(admin, "what time")[:3]), "whole words are first"


def test_nothing_found_is_said(admin: Client) -> None:
    assert _found(admin, "what is it") == []
    page = admin.get(HERE, {"text": "zeppelin"}).content.decode()
    assert "No setting has these words. Try another one." in page
    assert 'value="zeppelin"' in page


def test_the_lists_lead_to_every_page_with_a_line_of_what_is_set(admin: Client) -> None:
    configuration = config.current()
    newsletter = configuration.newsletters["kinaforum"]
    groups = (overview.of_newsletter(newsletter), *overview.of_site(), overview.advanced())
    rows = [row for group in groups for row in group.rows(configuration)]
    pages = {str(page.title) for page in (*catalogue.NEWSLETTER_PAGES, *catalogue.SITE_PAGES)}
    assert pages <= {link.title for link, _line in rows}
    assert all(line for _link, line in rows)
    assert [link.name for link, _line in rows if admin.get(link.address).status_code != HTTPStatus.OK] == []


LINES = {
    "sender": "Sends from brev@example.org through Mailgun",
    "schedule": "Monthly: drafted on day 3, 09:30, sent on day 4, 18:00 without approval",
    "cadences": "Subscribers can choose: Monthly, Daily",
    "topics": "a, b, c and 2 others",
    "delivery": "Mailgun, at most 20/s, fallback SMTP",
    "providers": "Mailgun: filled in",
    "bounces": "Reported by Mailgun",
    "collecting": "Interval: 5 minutes",
    "alerts": "Sent to hooks.example.org",
    "events": "Mailgun",
}


def test_a_line_says_what_is_set() -> None:
    current = config.current()
    newsletter = replace(
        current.newsletters["kinaforum"],
        period="month",
        cadences=("month", "day"),
        draft=parse_moment("3 09:30"),
        send=parse_moment("4 18:00"),
        approval="none",
        topics={name: config.Topic(words=(name,)) for name in "abcde"},
    )
    services = {"mailgun": {"api_key": "key-123"}}
    delivery = replace(current.delivery, provider="mailgun", fallback="smtp", rate=config.Rate(20, 1), **services)
    configuration = replace(
        current,
        delivery=delivery,
        collect=replace(current.collect, every=timedelta(minutes=5)),
        site=replace(current.site, alert_url="https://hooks.example.org/x"),
    )
    groups = (overview.of_newsletter(newsletter), *overview.of_site(), overview.advanced())
    lines = {link.name: line for group in groups for link, line in group.rows(configuration)}
    assert LINES.items() <= lines.items()


@pytest.mark.parametrize("path", ["", "health/", "advanced/", "provider/", "site/delivery/", "n/kinaforum/general/"])
def test_no_path_of_the_machine_is_shown(admin: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    folder = str(config.current().folder)
    monkeypatch.setattr(os, "access", lambda *_arguments, **_options: False)
    page = admin.get(f"{HERE}{path}").content.decode()
    assert folder not in page


def test_what_works_is_on_the_page_of_health(admin: Client) -> None:
    page = admin.get(f"{HERE}health/").content.decode()
    assert "The database is ready and up to date." in page
    assert "Test connection" in page
