"""Team members are shown by name if they have given one."""

from django.test import Client

from newsletter.messages.acts import CANCELLED
from newsletter.models import Act, Edition, State
from newsletter.sending import lifecycle
from tests.factories import NOW
from tests.sending import outbox_samples as samples
from tests.web import make

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


def test_a_name_replaces_the_address_in_history_and_log(admin: Client) -> None:
    draft = make.draft("First")
    admin.post("/desk/account/name/", {"name": "  Ola   Nordmann "}, follow=True)
    admin.post(f"{PAGE}words/", {"revision": draft.revision, "subject": "Tea", "shown-subject": "", "force": "1"})
    for page in (f"{PAGE}history/", "/desk/log/", "/desk/users/", "/desk/account/"):
        assert "Ola" in admin.get(page).content.decode(), page
    admin.post("/desk/account/name/", {"name": ""})
    assert "redaksjon@example.org" in admin.get(f"{PAGE}history/").content.decode()


def test_the_user_who_cancelled_an_edition_is_named(admin: Client) -> None:
    draft = make.draft("First")
    admin.post("/desk/account/name/", {"name": "Ola Nordmann"})
    Edition.objects.filter(pk=draft.pk).update(state=State.CANCELLED, ended_at=NOW)
    Act.objects.log("redaksjon@example.org", CANCELLED(), draft.name, now=NOW)
    assert "Cancelled by Ola Nordmann, Fri" in admin.get("/desk/n/kinaforum/").content.decode()


def test_a_refused_invitation_says_why_in_the_language_of_the_page(admin: Client) -> None:
    admin.cookies["django_language"] = "nb"
    body = admin.post("/desk/users/", {"email": "redaksjon@example.org", "role": "editor"}).content.decode()
    assert "Det finnes allerede en konto for redaksjon@example.org; lag en ny passordlenke for den." in body


def test_the_user_who_paused_an_edition_is_named(admin: Client) -> None:
    admin.post("/desk/account/name/", {"name": "Ola Nordmann"})
    edition = lifecycle.pause(samples.sending(2), by="redaksjon@example.org")
    page = admin.get(f"/desk/editions/{edition.name}/report/").content.decode()
    assert "Paused by Ola Nordmann" in page
    assert "redaksjon@example.org" not in page
