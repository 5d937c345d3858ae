"""The first page of the settings: its groups, and the search that finds a setting by common words."""

import pytest
from django.test import Client

from newsletter import config
from newsletter.web.desk.settings import catalogue, overview
from newsletter.web.desk.settings.delivery_pages import EMAIL_SERVICES

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


def test_seven_groups_lead_to_every_page(admin: Client) -> None:
    newsletter = config.current().newsletters["kinaforum"]
    groups = (*overview.of_newsletter(newsletter), *overview.of_site())
    assert len(groups) == 7
    assert all(group.line for group in groups)
    titles = {link.title for group in groups for link in group.links}
    pages = {str(page.title) for page in (*catalogue.NEWSLETTER_PAGES, *catalogue.SITE_PAGES, EMAIL_SERVICES)}
    assert pages <= titles
    assert overview.of_site()[-1].title == "Advanced"
    for address in (link.address for group in groups for link in group.links):
        assert admin.get(address).status_code == 200
