"""What is accepted at the desk and in set-up although it is hardly meant: it is named beside its field."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client, override_settings

from newsletter import config
from newsletter.config.values import parse_moment
from newsletter.setup.blog_profile import BlogProfile
from newsletter.web.desk.settings.usual_mistakes import foreign_sender, late_sending
from newsletter.web.first_run import progress, server
from newsletter.web.first_run.progress import SetUp
from tests.web.settings_site import KINAFORUM, Site, serve

ORDER = "This comes before the time of the draft, so each edition would be sent 1 week after its draft."
OWNER = "gmail.com belongs to Google, so your emails can’t be signed for it."


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[SetUp]:
    urls = override_settings(ROOT_URLCONF="newsletter.web.first_run.views", MIDDLEWARE=server.MIDDLEWARE)
    with urls:
        setup = progress.begin(tmp_path / "config.toml")
        setup.blog = BlogProfile(url="https://blog.example/", title="Kinaforum")
        yield setup


def errors_of(page: bytes, name: str) -> str:
    """The errors in the field's part of the form."""
    (part,) = lxml.html.fromstring(page).xpath("//*[@class='field'][.//*[@name=$name]]", name=name)
    return " ".join(each.text_content() for each in part.cssselect(".errorlist"))


@pytest.mark.parametrize(
    ("draft", "send", "cadence", "is_late"),
    [
        ("fri 15:00", "fri 14:00", "week", True),
        ("fri 15:00", "fri 15:00", "week", True),
        ("fri 15:00", "fri 18:00", "week", False),
        ("fri 15:00", "mon 09:00", "week", False),
        ("15:00", "14:00", "day", True),
        ("18:00", "08:00", "day", False),
        ("2 15:00", "1 14:00", "month", True),
        ("28 15:00", "1 09:00", "month", False),
    ],
)
def test_sending_shortly_before_the_next_draft_is_named(draft: str, send: str, cadence: str, is_late: bool) -> None:
    assert bool(late_sending(parse_moment(draft), parse_moment(send), cadence)) is is_late


@pytest.mark.parametrize(
    ("domain", "service", "is_foreign"),
    [
        ("gmail.com", "", True),
        ("gmail.com", "google", False),
        ("Hotmail.co.uk", "postmark", True),
        ("mailgun.org", "mailgun", True),
        ("example.org", "postmark", False),
    ],
)
def test_a_sender_at_somebody_elses_domain_is_named(domain: str, service: str, is_foreign: bool) -> None:
    assert bool(foreign_sender(domain, service)) is is_foreign


def test_set_up_asks_again_before_it_uses_what_is_hardly_meant(setup: SetUp) -> None:
    client, address = Client(), f"/setup/{setup.token}/sending/"
    typed = {"sender_address": "news@gmail.com", "address": "1 Quay", "provider": "file"}
    typed |= {"draft_day": "fri", "draft_time": "15:00", "send_day": "fri", "send_time": "14:00"}
    page = client.post(address, typed).content
    assert ORDER in errors_of(page, "send_day")
    assert OWNER in errors_of(page, "sender_address")
    assert not setup.file.exists()
    client.post(address, {**typed, "anyway": "on"})
    (newsletter,) = config.load(setup.file, {}).newsletters.values()
    assert (newsletter.sender.address, newsletter.send) == ("news@gmail.com", parse_moment("fri 14:00"))


def test_set_up_has_no_such_box_where_nothing_is_doubtful(setup: SetUp) -> None:
    assert b"Use this all the same" not in Client().get(f"/setup/{setup.token}/sending/").content


def test_a_corrected_time_zone_is_kept_while_another_field_is_refused(setup: SetUp) -> None:
    client, address = Client(), f"/setup/{setup.token}/newsletter/"
    typed = {"title": "Kinaforum", "language": "en", "timezone": "Atlantis", "period": "week"}
    client.post(address, typed)
    page = lxml.html.fromstring(client.post(address, {**typed, "timezone": "Oslo", "accent": "blood"}).content)
    (zone,) = page.cssselect("input[name=timezone]")
    assert (zone.get("value"), "data-ask-browser" in zone.attrib) == ("Oslo", False), "the browser's zone replaces it"


def test_the_desk_names_what_is_hardly_meant_beside_the_setting(site: Site) -> None:
    page = site.post(f"{KINAFORUM}/schedule/", draft_day="fri", draft_time="15:00", send_day="fri", send_time="14:00")
    assert "Saved." in page
    assert ORDER in page
    assert OWNER in site.post(f"{KINAFORUM}/sender/", **{"from": "Kinaforum <news@gmail.com>"})
