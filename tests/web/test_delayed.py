"""The desk's page of delayed confirmation emails."""

import re

import pytest
from django.test import Client

from newsletter.models import Act
from newsletter.transactional import mail_queue
from subscribers.models import TransactionalEmail
from subscribers.protection import confirmation_budget as budget

pytestmark = pytest.mark.django_db
PAGE = "/desk/subscribers/delayed/kinaforum/"


@pytest.fixture(autouse=True)
def three_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "OF_NEWSLETTER", 0)
    for address in ("kari@reader.example", "ola@reader.example", "liv@other.example"):
        Client().post("/n/kinaforum/subscribe", {"address": address})


def waiting(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<td class="lead">([^<]+)</td><td class="number"[^>]*>([^<]+)</td>', text)


def test_it_lists_the_domains_and_the_first_page_leads_to_it(admin: Client) -> None:
    assert waiting(admin.get(PAGE).text) == [("reader.example", "2"), ("other.example", "1")]
    assert f'href="{PAGE}"' in admin.get("/desk/").text


def test_the_email_to_an_address_is_sent(admin: Client) -> None:
    text = admin.post(PAGE, {"address": "Ola@reader.example ", "one": "yes"}, follow=True).text
    assert "1 email will be sent now." in text
    assert [each.subscriber.key for each in mail_queue.emails()] == ["ola@reader.example"]
    assert "No delayed email waits" in admin.post(PAGE, {"address": "x@y.example", "one": "yes"}, follow=True).text


def test_those_of_a_domain_are_sent_and_the_others_deleted(admin: Client) -> None:
    admin.post(PAGE, {"domain": "reader.example", "send": "yes"})
    assert mail_queue.emails().count() == 2
    assert "1 email was deleted." in admin.post(PAGE, {"sure": "on", "delete": "yes"}, follow=True).text
    assert TransactionalEmail.objects.count() == 2
    codes = [act.what.code for act in Act.objects.order_by("pk")]
    assert codes[-2:] == ["act.delayed-sent", "act.delayed-deleted"]
