"""Set-up in the browser: a blog is read in the background, and what was typed stays."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone
from PIL import Image

from newsletter import config
from newsletter.editions import draft as drafting
from newsletter.providers import PROVIDERS
from newsletter.setup.blog_profile import BlogProfile
from newsletter.web.first_run import progress, server
from newsletter.web.first_run.forms import SendingForm
from newsletter.web.first_run.progress import SetUp
from tests.conftest import deadline
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.ports import free_port

SITE = "https://news.example.org"


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[SetUp]:
    urls = override_settings(ROOT_URLCONF="newsletter.web.first_run.views", MIDDLEWARE=server.MIDDLEWARE)
    with urls:
        yield progress.begin(tmp_path / "config.toml")


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    with BlogServer([Entry("ferry", datetime(2026, 2, 6, 9, tzinfo=UTC))]) as found:
        yield found


def _address(setup: SetUp, step: str = "") -> str:
    return f"/setup/{setup.token}/{step}"


def _typed(client: Client, setup: SetUp, address: str, **more: str) -> Any:
    """Send the first page's form."""
    return client.post(_address(setup), {"blog": address, "site_url": SITE, "private": "on", **more})


def _wait(setup: SetUp) -> None:
    assert setup.search is not None
    with deadline(30):
        setup.search.ended.wait()


def _fields(html: bytes) -> dict[str, str]:
    return dict(lxml.html.fromstring(html).forms[0].form_values())


def test_a_container_that_waits_for_its_set_up_is_healthy_but_not_ready(setup: SetUp) -> None:
    client = Client()
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok\n")
    assert (client.get("/readyz").status_code, client.get("/readyz").content) == (503, b"the site is not set up yet\n")


def test_the_answer_does_not_wait_for_the_blog(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    answer = _typed(client, setup, f"{blog.url}/slow")
    assert (answer.status_code, answer["Location"]) == (302, _address(setup, "reading/"))
    page = client.get(answer["Location"])
    assert page["Refresh"] == "1"
    assert "Finding the feed" in page.content.decode()
    assert "/slow" in page.content.decode()
    assert b"<script" in page.content, "text that was accepted is dropped from the browser"


def test_typed_values_are_shown_while_the_blog_is_read(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, f"{blog.url}/slow")
    fields = _fields(client.get(_address(setup)).content)
    assert fields == {"blog": f"{blog.url}/slow", "site_url": SITE, "private": "on"}


def test_a_blog_that_was_read_leads_to_the_next_step(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, f"{blog.url}/")
    _wait(setup)
    assert client.get(_address(setup, "reading/"))["Location"] == _address(setup, "newsletter/")
    page = client.get(_address(setup, "newsletter/")).content.decode()
    assert "We found 1 post." in page
    assert setup.site_url == SITE


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/page", "no feed found on this page; enter its RSS address"),
        ("/down", "The blog’s server answered with an error (500). Try again in a few minutes."),
        ("/missing", "not found (404); check the address"),
    ],
)
def test_a_failure_is_shown_with_its_remedy_beside_what_was_typed(
    setup: SetUp, blog: BlogServer, path: str, said: str
) -> None:
    client = Client()
    _typed(client, setup, blog.url + path)
    _wait(setup)
    assert client.get(_address(setup, "reading/"))["Location"] == _address(setup)
    page = client.get(_address(setup)).content
    assert said in page.decode()
    assert _fields(page) == {"blog": blog.url + path, "site_url": SITE, "private": "on"}


def test_a_blog_without_https_is_answered_with_what_to_enter(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, blog.url.removeprefix("http://"))
    _wait(setup)
    assert "enter its address with http:// in front." in client.get(_address(setup)).content.decode()


def test_a_private_address_is_refused_until_the_box_is_ticked(setup: SetUp) -> None:
    client = Client()
    client.post(_address(setup), {"blog": f"http://127.0.0.1:{free_port()}/", "site_url": SITE})
    _wait(setup)
    assert "tick “The blog is on this machine" in client.get(_address(setup)).content.decode()


def test_an_address_of_the_site_that_is_wrong_is_refused_at_once(setup: SetUp, blog: BlogServer) -> None:
    answer = _typed(Client(), setup, f"{blog.url}/", site_url="news")
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert setup.search is None
    assert blog.seen == []


def test_an_unexpected_error_ends_the_search(
    setup: SetUp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> BlogProfile:
        raise ZeroDivisionError

    monkeypatch.setattr(progress, "find_profile", broken)
    client = Client()
    with caplog.at_level(logging.CRITICAL):
        _typed(client, setup, "https://blog.example/")
        _wait(setup)
    assert "An unexpected error (ZeroDivisionError)" in client.get(_address(setup)).content.decode()


def test_a_new_search_replaces_the_one_before(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, f"{blog.url}/slow")
    _typed(client, setup, f"{blog.url}/")
    _wait(setup)
    client.get(_address(setup, "reading/"))
    assert setup.blog is not None
    assert setup.blog.url == f"{blog.url}/"


def _days_ago(*days: float) -> list[Entry]:
    now = timezone.now()
    return [Entry(f"post-{day}", now - timedelta(days=day), f"Post of {day} days ago") for day in days]


@pytest.mark.django_db
@pytest.mark.parametrize("period", ["week", "month"])
def test_the_first_draft_has_the_posts_that_set_up_showed(setup: SetUp, period: str) -> None:
    """A blog whose newest post is some days old: its last seven posts go back further than the first draft does."""
    with BlogServer(_days_ago(5, 6, 8, 9, 10, 11, 12, 40)) as blog:
        client = Client()
        _typed(client, setup, f"{blog.url}/")
        _wait(setup)
        client.get(_address(setup, "reading/"))
        assert setup.blog is not None
        setup.correct(period=period)
        newsletter = client.get(_address(setup, "newsletter/")).content.decode()
        preview = client.get(_address(setup, "preview/")).content.decode()
        shown = set(re.findall(r"Post of \d+ days ago", preview))
        configuration = setup.configuration()
        config.use(configuration)
        only = next(iter(configuration.newsletters.values()))
        draft = drafting.make(configuration, only, now=timezone.now())
    included = {entry.post.title for entry in draft.entries.filter(included=True).select_related("post")}
    assert included == shown
    assert len(included) == {"week": 2, "month": 7}[period]
    assert f"The preview shows the {len(included)} posts that the first draft will have." in newsletter


def test_without_a_blog_the_newsletter_has_no_source_and_no_schedule(setup: SetUp) -> None:
    client = Client()
    answer = client.post(_address(setup), {"blog": "", "site_url": SITE, "without": "1"})
    assert answer["Location"] == _address(setup, "newsletter/")
    page = client.get(answer["Location"], headers={"Accept-Language": "nb-NO,nb;q=0.9"})
    assert "Du skriver brev i redaksjonen." in page.content.decode()
    assert _fields(page.content)["language"] == "norsk bokmål"
    assert "Meld deg av" in client.get(_address(setup, "preview/")).content.decode()
    assert "period" not in _fields(page.content)
    given = {"title": "Notes from the quay", "language": "en", "timezone": "Europe/London"}
    assert client.post(answer["Location"], given)["Location"] == _address(setup, "sending/")
    fields = _fields(client.get(_address(setup, "sending/")).content)
    assert not {"draft_0", "send_0"} & set(fields)
    assert "Who sends it?" in client.get(_address(setup, "sending/")).content.decode()
    sample = client.get(_address(setup, "preview/")).content.decode()
    assert "Your letter will be here." in sample
    assert "No new posts" not in sample
    given = {"sender_name": "Anna", "sender_address": "anna@example.org", "address": "1 Quay", "provider": "file"}
    client.post(_address(setup, "sending/"), given)
    (newsletter,) = config.load(setup.file, {}).newsletters.values()
    assert (newsletter.title, newsletter.sources, newsletter.has_schedule) == ("Notes from the quay", (), False)
    assert newsletter.sender.name == "Anna"


def test_a_logo_is_uploaded_and_shown_in_the_preview(setup: SetUp) -> None:
    client = Client()
    step = client.post(_address(setup), {"blog": "", "site_url": SITE, "without": "1"})["Location"]
    typed = {"title": "Notes", "language": "en", "timezone": "Europe/London", "preview": "1"}
    refused = client.post(step, {**typed, "image": SimpleUploadedFile("logo.png", b"no image")}).content.decode()
    assert "is not an image that can be used; choose a JPEG, PNG, GIF, WebP or AVIF file" in refused
    page = client.post(step, {**typed, "image": _png(Image.new("RGB", (300, 96), "red"))}).content
    address = _fields(page)["logo"]
    assert address.startswith(f"{SITE}/images/")
    path = address.removeprefix(SITE)
    assert f'src="{path}"' in client.get(_address(setup, "preview/")).content.decode()
    image = client.get(path)
    assert (image["Content-Type"], image.getvalue()[1:4]) == ("image/png", b"PNG")
    (newsletter,) = setup.configuration().newsletters.values()
    assert (newsletter.theme.logo, newsletter.theme.logo_dark) == (address, "")


def test_a_logo_for_dark_mode_is_made_or_uploaded(setup: SetUp) -> None:
    client = Client()
    step = client.post(_address(setup), {"blog": "", "site_url": SITE, "without": "1"})["Location"]
    typed = {"title": "Notes", "language": "en", "timezone": "Europe/London", "preview": "1"}
    black = Image.new("RGBA", (300, 96))
    black.paste("black", (100, 20, 200, 70))
    fields = _fields(client.post(step, {**typed, "image": _png(black)}).content)
    assert fields["logo_dark"].startswith(f"{SITE}/images/")
    assert fields["logo_dark"] != fields["logo"]
    typed |= {key: fields[key] for key in ("logo", "logo_dark")}
    client.post(step, {**typed, "image_dark": _png(Image.new("RGB", (300, 96), "yellow"))})
    (newsletter,) = setup.configuration().newsletters.values()
    assert newsletter.theme.logo == fields["logo"]
    assert newsletter.theme.logo_dark not in ("", fields["logo"], fields["logo_dark"])


def _png(image: Image.Image) -> SimpleUploadedFile:
    octets = BytesIO()
    image.save(octets, "PNG")
    return SimpleUploadedFile("logo.png", octets.getvalue())


def test_older_posts_are_shown_as_a_sample_that_is_not_sent(setup: SetUp) -> None:
    with BlogServer(_days_ago(20, 21)) as blog:
        client = Client()
        _typed(client, setup, f"{blog.url}/")
        _wait(setup)
    client.get(_address(setup, "reading/"))
    assert setup.blog is not None
    setup.correct(period="week")
    assert "Sample, will not be sent" in client.get(_address(setup, "newsletter/")).content.decode()
    assert "Post of 20 days ago" in client.get(_address(setup, "preview/")).content.decode()


def test_language_and_time_zone_are_proposed_and_found_by_name(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, f"{blog.url}/")
    _wait(setup)
    client.get(_address(setup, "reading/"))
    assert setup.blog is not None
    address = _address(setup, "newsletter/")
    for of_blog, wanted, expected in (
        ("en", "en-GB,en;q=0.8", "English (United Kingdom)"),
        ("nb", "en-GB", "Norwegian Bokmål"),
        ("", "de-DE,de", "German"),
    ):
        setup.correct(language=of_blog)
        assert _fields(client.get(address, headers={"Accept-Language": wanted}).content)["language"] == expected
    given = {"title": "Ferry", "language": "english (united kingdom)", "timezone": "oslo", "period": "week"}
    assert client.post(address, given)["Location"] == _address(setup, "sending/")
    assert (setup.blog.language, setup.blog.timezone) == ("en-GB", "Europe/Oslo")
    sending = _fields(client.get(_address(setup, "sending/")).content)
    assert sending["sender_name"] == "Ferry"


def test_the_fields_of_each_email_service_are_shown_when_it_is_chosen(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    _typed(client, setup, f"{blog.url}/")
    _wait(setup)
    client.get(_address(setup, "reading/"))
    page = lxml.html.fromstring(client.get(_address(setup, "sending/")).content)
    (style,) = page.cssselect("head style")
    for name in PROVIDERS:
        assert f"form:has([value={name}]:checked) .only-{name}" in str(style.text)
        assert len(page.cssselect(f"form .only-{name}")) == len(page.cssselect(f"option[value={name}]")) == 1


def test_the_browser_is_told_when_a_step_was_accepted(setup: SetUp, blog: BlogServer) -> None:
    client = Client()
    refused = client.post(_address(setup), {"blog": "", "site_url": SITE, "kept": "abc"})
    assert not refused.cookies
    accepted = _typed(client, setup, f"{blog.url}/", kept="abc")
    assert accepted.cookies["kept-abc"]["path"] == "/setup/"
    _wait(setup)
    client.get(_address(setup, "reading/"))
    given = {"title": "Ferry", "language": "English", "timezone": "oslo", "period": "week", "preview": "1"}
    previewed = client.post(_address(setup, "newsletter/"), {**given, "kept": "def"})
    assert previewed.cookies["kept-def"]["path"] == "/setup/", "the page has what was typed"
    refused = client.post(_address(setup, "newsletter/"), {**given, "timezone": "Olso", "kept": "ghi"})
    assert "kept-ghi" not in refused.cookies


@pytest.mark.parametrize(
    ("name", "installed", "field"),
    [
        ("amazon_ses", False, "__all__"),
        ("amazon_ses", True, "amazon_ses.client_params.region_name"),
        ("postal", True, "postal.api_key"),
    ],
)
def test_a_problem_of_an_email_service_is_shown_at_its_field_or_above(
    monkeypatch: pytest.MonkeyPatch, name: str, installed: bool, field: str
) -> None:
    if not installed:
        monkeypatch.setattr("newsletter.sending.api_calls.choice.find_spec", lambda _: None)
    form = SendingForm({"sender_address": "a@example.org", "address": "1 Street", "provider": name})
    assert not form.is_valid()
    assert field in form.errors
