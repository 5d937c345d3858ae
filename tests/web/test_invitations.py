"""Invitations to the desk: emailed, good once, sent again; the link is on the page where no email can be sent."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from newsletter import config
from newsletter.models import Act
from tests.doubles.mailbox import Mailbox
from tests.doubles.ports import free_port

pytestmark = pytest.mark.django_db
NEW = {"email": "ny@example.org", "role": "editor"}
LINK = re.compile(r"http://localhost:8000(/desk/password/\S+/)")


def _through(port: int, provider: str = "smtp") -> None:
    shared = config.current()
    smtp = replace(shared.delivery.smtp, host="127.0.0.1", port=port, security="none")
    config.use(replace(shared, allow_local_links=True, delivery=replace(shared.delivery, provider=provider, smtp=smtp)))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes everything, through which the site sends."""
    with Mailbox() as server:
        _through(server.port)
        yield server


def _link(mailbox: Mailbox) -> str:
    """The path of the link in the last email, which is to the new person."""
    message = mailbox.mails[-1]
    assert message["To"] == "ny@example.org"
    text = message.get_body(("plain",))
    assert text is not None
    link = LINK.search(text.get_content())
    assert link is not None
    return link[1]


def test_an_invitation_is_sent_and_works_once(admin: Client, mailbox: Mailbox) -> None:
    body = admin.post("/desk/users/", NEW, follow=True).content.decode()
    assert "An invitation has been sent to ny@example.org." in body
    assert "/desk/password/" not in body
    path = _link(mailbox)
    person = Client()
    assert person.post(path, {"password": "noe helt annet nå"}).status_code == 302
    assert Client().get(path).status_code == 410


def test_an_invitation_can_be_sent_again(admin: Client, mailbox: Mailbox) -> None:
    admin.post("/desk/users/", NEW)
    user = User.objects.get(username="ny@example.org")
    assert "Send the invitation again" in admin.get("/desk/users/").content.decode()
    admin.post(f"/desk/users/{user.pk}/", {"act": "link"})
    assert len(mailbox.mails) == 2
    assert Client().get(_link(mailbox)).status_code == 200
    assert Act.objects.filter(about="ny@example.org", what__code="act.invitation-sent").count() == 2


def test_the_page_shows_the_link_where_emails_are_not_sent(admin: Client) -> None:
    _through(1, provider="file")
    body = admin.post("/desk/users/", NEW).content.decode()
    assert "Emails are written to a folder, not sent." in body
    assert LINK.search(body.replace("</pre>", " "))


def test_the_page_shows_the_link_and_the_reason_where_the_server_is_away(admin: Client) -> None:
    _through(free_port())
    body = admin.post("/desk/users/", NEW).content.decode()
    assert "The email could not be sent: " in body
    link = LINK.search(body.replace("</pre>", " "))
    assert link is not None
    assert Client().get(link[1]).status_code == 200


def test_no_link_that_others_can_t_follow_is_mailed(admin: Client, mailbox: Mailbox) -> None:
    config.use(replace(config.current(), allow_local_links=False))
    body = admin.post("/desk/users/", {**NEW, "email": "ny@publisher.no"}).content.decode()
    assert LINK.search(body.replace("</pre>", " "))
    assert mailbox.mails == []
