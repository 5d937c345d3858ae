"""Forms of an edition's pages as a browser sends them, and editions that are approved or being sent."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.models import DeliveryStatus, Edition, Result, Tally
from newsletter.sending import lifecycle
from subscribers import admin_actions
from tests.web import make

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


def add_subscribers(count: int) -> None:
    for number in range(count):
        admin_actions.add(f"leser{number}@example.com", "kinaforum", consent="test")


def approval_fields(client: Client, page: str = "side/") -> dict[str, str]:
    """The hidden fields of the approve button as the page has them."""
    return form_fields(client, page, r"[^>]*/approve/")


def form_fields(client: Client, page: str, form: str) -> dict[str, str]:
    """The hidden fields of a form, and the value of its button where that says what was shown."""
    found = re.search(rf"<form{form}.*?</form>", client.get(PAGE + page).content.decode(), re.DOTALL)
    assert found is not None
    return dict(re.findall(r'name="(revision|mark|readers|due|state|count|says)" value="([^"]*)"', found[0]))


def send(client: Client, **given: str) -> int:
    """What a browser sends from the page before sending, changed by what is given."""
    fields = form_fields(client, "send/", r"[^>]*sending")
    at = {"says": given["at"]} if "at" in given else {}
    return client.post(f"{PAGE}send/", {**fields, "when": "now", **at, **given}).status_code


def control(client: Client, act: str, **given: str) -> None:
    state = form_fields(client, "report/", r"[^>]*/control/")
    client.post(f"{PAGE}control/", {**state, "act": act, **given})


def approved(client: Client) -> Edition:
    make.draft("First", "Second")
    client.post(f"{PAGE}approve/", approval_fields(client))
    return Edition.objects.get()


def sending_edition(client: Client, readers: int = 4) -> Edition:
    """An edition on its way: two accepted, one refused, one unknown."""
    add_subscribers(readers)
    approved(client)
    assert send(client) == 302
    now = timezone.now() + timedelta(seconds=5)
    lifecycle.begin_due(config.current(), now)
    edition = Edition.objects.get()
    kinds = [DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED, DeliveryStatus.REFUSED, DeliveryStatus.UNKNOWN]
    for number, kind in enumerate(kinds, 1):
        text = "=550 no such user" if kind == DeliveryStatus.REFUSED else ""
        Result.objects.create(edition=edition, number=number, attempt=1, kind=kind, text=text, at=now.timestamp())
    for kind in kinds:
        Tally.objects.create(edition=edition, at=now, **{kind: 1})
    return edition
