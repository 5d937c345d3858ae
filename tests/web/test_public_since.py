"""An edition is public from its first accepted email on, on every page and feed, until an editor removes it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from newsletter import config
from newsletter.config import Topic
from newsletter.domain.outcome import Fault
from newsletter.editions import approval, public_editions
from newsletter.editions.composing import standalone
from newsletter.editions.states import NotAllowed
from newsletter.images import store
from newsletter.images.mail_image import MailImage
from newsletter.models import Act, DeliveryStatus, Edition
from newsletter.sending import lifecycle
from newsletter.sending.results import ResultRow, record
from subscribers.admin_actions import add
from tests.web import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("emails_to_files")]

PAGE = f"/n/kinaforum/{make.PERIOD}/"
PLACES = (
    "/",
    "/n/kinaforum/",
    "/n/kinaforum/?q=first",
    "/n/kinaforum/subscribe",
    "/n/kinaforum/feed.atom",
    "/n/kinaforum/feed.json",
    "/n/kinaforum/posts.atom",
    "/n/kinaforum/posts.json",
    "/n/kinaforum/topics/trade.atom",
    "/sitemap.xml",
)
"""Where an edition or its posts are listed."""


def begun() -> Edition:
    """An edition with the post "First" whose sending has begun, to one subscriber."""
    given = config.current()
    topics = {"trade": Topic(title="Trade", words=("first",))}
    newsletter = replace(given.newsletters["kinaforum"], topics=topics)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))
    add("ola@example.org", "kinaforum")
    draft = make.draft("First")
    approval.queue(config.current(), approval.approve(config.current(), draft, by="anna@example.org"))
    lifecycle.begin_due(config.current(), timezone.now() + timedelta(seconds=1))
    return Edition.objects.get()


def result(edition: Edition, kind: DeliveryStatus) -> None:
    """Record the outcome of the only delivery."""
    now = timezone.now()
    fault = Fault.MAILBOX.value if kind is DeliveryStatus.REFUSED else ""
    record(edition, [ResultRow(1, 1, kind.value, now.timestamp(), fault=fault)], config.current().delivery, now)


def listed_in(client: Client) -> Collection[str]:
    """The places that show the edition, or its post."""
    texts = {path: client.get(path).content.decode() for path in PLACES}
    return [path for path, text in texts.items() if PAGE in text or ">First<" in text or '"First"' in text]


def test_sending_that_has_only_begun_makes_nothing_public(client: Client) -> None:
    begun()
    assert client.get(PAGE).status_code == 404
    assert listed_in(client) == []


@pytest.mark.parametrize("kind", [DeliveryStatus.REFUSED, DeliveryStatus.DEFERRED, DeliveryStatus.UNKNOWN])
def test_a_message_that_was_not_accepted_makes_nothing_public(client: Client, kind: DeliveryStatus) -> None:
    result(begun(), kind)
    assert client.get(PAGE).status_code == 404
    assert listed_in(client) == []


def test_an_edition_cancelled_before_anybody_had_it_stays_unknown(client: Client) -> None:
    edition = begun()
    lifecycle.pause(edition)
    lifecycle.cancel(config.current(), Edition.objects.get())
    assert client.get(PAGE).status_code == 404
    assert listed_in(client) == []


def test_the_first_accepted_message_makes_it_public_everywhere(client: Client) -> None:
    result(begun(), DeliveryStatus.ACCEPTED)
    assert client.get(PAGE).status_code == 200
    assert listed_in(client) == list(PLACES)


def published() -> Edition:
    """The edition, of which one message was accepted."""
    result(begun(), DeliveryStatus.ACCEPTED)
    return Edition.objects.get()


def test_a_removed_edition_is_gone_everywhere(client: Client) -> None:
    public_editions.remove(published(), by="anna@example.org")
    response = client.get(PAGE, headers={"Accept-Language": "en"})
    assert response.status_code == 410
    assert "This edition has been removed" in response.text
    assert '<a href="/n/kinaforum/">All editions</a>' in response.text
    assert response["Cache-Control"] == "no-store"
    assert listed_in(client) == []


def test_browsers_that_have_the_page_learn_that_it_is_gone(client: Client) -> None:
    edition = published()
    tag = client.get(PAGE)["ETag"]
    public_editions.remove(edition)
    assert client.get(PAGE, headers={"If-None-Match": tag}).status_code == 410


def test_an_edition_that_is_returned_is_public_as_before(client: Client) -> None:
    edition = published()
    before = client.get(PAGE).content
    public_editions.remove(edition)
    public_editions.restore(edition)
    assert client.get(PAGE).content == before
    assert listed_in(client) == list(PLACES)


def test_only_what_is_public_can_be_removed() -> None:
    edition = begun()
    with pytest.raises(NotAllowed, match="none of its emails has been accepted yet"):
        public_editions.remove(edition)
    with pytest.raises(NotAllowed, match="has not been removed"):
        public_editions.restore(edition)


def test_editors_remove_and_return_it_with_one_click_each(client: Client, editor: Client) -> None:
    published()
    report, act = f"/desk/editions/kinaforum/{make.PERIOD}/report/", f"/desk/editions/kinaforum/{make.PERIOD}/archive/"
    assert "Remove from the archive" in editor.get(report).text
    removed = editor.post(act, {"act": "remove"}, follow=True).text
    assert "Undo removal" in removed
    assert "View in archive" not in removed
    assert client.get(PAGE).status_code == 410
    assert "View in archive" in editor.post(act, {"act": "restore"}, follow=True).text
    assert client.get(PAGE).status_code == 200
    acts = [
        str(act.what)
        for act in Act.objects.filter(about=f"kinaforum/{make.PERIOD}", by="anna@example.org").order_by("pk")
    ]
    assert acts[-2:] == ["removed from the archive", "returned to the archive"]


def test_an_edition_that_nobody_received_is_not_offered_for_reading(editor: Client) -> None:
    begun()
    report = editor.get(f"/desk/editions/kinaforum/{make.PERIOD}/report/").text
    assert "View in archive" not in report
    assert "Remove from the archive" not in report


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """The address of an uploaded image."""
    config.use(replace(config.current(), file=tmp_path / "config.toml"))
    stream = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(stream, "PNG")
    name = store.keep(config.current(), MailImage(stream.getvalue(), "png", 40, 30))
    return f"/images/{name}"


def status(client: Client, path: str) -> int:
    """The status of an answer, which is then closed."""
    response = client.get(path)
    response.close()
    return response.status_code


def with_picture(edition: Edition, picture: str) -> None:
    """Let an approved edition contain the image."""
    content = edition.approved_content
    content.html = content.html.replace("</body>", f'<img src="https://news.example{picture}" alt=""></body>')
    content.save()


def test_the_images_of_a_removed_edition_are_gone(client: Client, picture: str) -> None:
    edition = published()
    with_picture(edition, picture)
    assert status(client, picture) == 200
    public_editions.remove(edition)
    gone = client.get(picture)
    assert (gone.status_code, gone["Cache-Control"]) == (410, "no-store")
    public_editions.restore(edition)
    assert status(client, picture) == 200


def test_an_image_that_something_else_shows_stays(client: Client, picture: str) -> None:
    edition = published()
    with_picture(edition, picture)
    public_editions.remove(edition)
    assert status(client, picture) == 410
    other = standalone.make(config.current(), config.current().newsletters["kinaforum"], now=timezone.now())
    Edition.objects.filter(pk=other.pk).update(greeting=f"![]({picture})")
    assert status(client, picture) == 200
    other.refresh_from_db()
    approval.approve(config.current(), other, by="anna@example.org")
    assert status(client, picture) == 200


def test_images_cost_one_query_while_nothing_is_removed(
    client: Client, picture: str, django_assert_num_queries: Any
) -> None:
    with_picture(published(), picture)
    with django_assert_num_queries(1):
        assert status(client, picture) == 200
