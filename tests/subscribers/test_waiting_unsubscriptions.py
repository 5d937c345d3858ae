"""Unsubscriptions wait in a file while the database can't be used: durable, private, bounded and applied once."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone

from newsletter import config
from newsletter.transactional import subscriber_mail
from subscribers import preferences, unsubscription_file as file, waiting_unsubscriptions as waiting
from subscribers.models import Subscription
from subscribers.tokens import link_token, link_token_for_tests
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place() -> Path:
    """The file."""
    return Path(settings.WAITING_UNSUBSCRIPTIONS)


@contextmanager
def locked() -> Iterator[None]:
    """Every change fails, as while another program holds the lock."""

    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("UPDATE", "INSERT", "DELETE", "BEGIN")) or "FOR UPDATE" in sql:
            raise OperationalError("database is locked")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def state(subscription: Subscription) -> str:
    subscription.refresh_from_db()
    return subscription.state


def numbers() -> list[int]:
    return [unsubscription.number for unsubscription in file.waiting()]


def test_a_request_waits_through_a_change_of_the_key() -> None:
    subscription = add_subscription()
    with locked():
        waiting.unsubscribe([subscription.pk])
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert numbers() == [subscription.pk]
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert numbers() == []


def test_what_the_database_refuses_waits_and_is_applied_later() -> None:
    subscription = add_subscription()
    at = timezone.now()
    with locked():
        assert not waiting.unsubscribe([subscription.pk])
    assert (numbers(), state(subscription)) == ([subscription.pk], "active")
    waiting.apply_all()
    assert (numbers(), state(subscription)) == ([], "unsubscribed")
    assert subscription.unsubscribed_at is not None
    assert abs(subscription.unsubscribed_at - at) < timedelta(seconds=5)


def test_while_the_database_answers_nothing_is_written_to_the_file(place: Path) -> None:
    subscription = add_subscription()
    assert waiting.unsubscribe([subscription.pk])
    assert (place.exists(), state(subscription)) == (False, "unsubscribed")


def test_the_database_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = add_subscription()
    with locked():
        waiting.unsubscribe([subscription.pk])
    asked: list[object] = []
    monkeypatch.setattr(preferences, "unsubscribe_all", lambda *values: asked.append(values))
    waiting.unsubscribe([subscription.pk])
    assert asked == []
    monkeypatch.setattr(waiting._Away, "until", 0.0)
    assert waiting.unsubscribe([subscription.pk])


def test_repeats_take_no_room_and_the_file_is_private(place: Path) -> None:
    for _ in range(3):
        file.add([7, 7, 8], timezone.now())
    assert (sorted(numbers()), place.stat().st_size) == ([7, 8], 2 * file.SLOT)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_reserved_space_is_written_in_place(place: Path) -> None:
    file.reserve()
    assert place.stat().st_size == file.RESERVED
    file.add(range(1, 101), timezone.now())
    assert (place.stat().st_size, len(list(file.waiting()))) == (file.RESERVED, 100)
    file.remove(list(file.waiting()))
    assert (place.stat().st_size, list(file.waiting())) == (file.RESERVED, [])
    assert not any(place.read_bytes())


def test_a_file_that_grew_gives_its_space_back(place: Path) -> None:
    file.reserve()
    file.add(range(1, file.RESERVED // file.SLOT + 10), timezone.now())
    assert place.stat().st_size > file.RESERVED
    file.remove(list(file.waiting()))
    assert place.stat().st_size == file.RESERVED


def test_what_came_meanwhile_stays() -> None:
    file.add([1, 2, 3], timezone.now())
    applied = list(file.waiting())[:2]
    file.add([4], timezone.now())
    file.remove(applied)
    assert numbers() == [3, 4]


def test_a_damaged_slot_hides_no_other(place: Path) -> None:
    file.add([1], timezone.now())
    file.add([2], timezone.now())
    with place.open("r+b") as opened:
        opened.seek(8)
        opened.write(b"\xff")
    assert numbers() == [2]
    file.add([1], timezone.now())
    assert numbers() == [2, 1]


def test_a_cut_end_is_written_over(place: Path) -> None:
    file.add([1, 2], timezone.now())
    os.truncate(place, file.SLOT + 5)
    file.add([3], timezone.now())
    assert numbers() == [1, 3]


def test_the_unsubscriptions_of_another_site_are_neither_applied_nor_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    file.add([1], timezone.now())
    with monkeypatch.context() as of_other_site:
        of_other_site.setattr(settings, "SECRET_KEY", "the key of another site, which shares the file by mistake")
        file.add([1, 2], timezone.now())
        assert sorted(numbers()) == [1, 2]
        file.remove(list(file.waiting()))
        assert numbers() == []
    assert numbers() == [1]


def test_whoever_subscribed_again_stays_subscribed_however_often_it_is_applied() -> None:
    subscription = add_subscription()
    left_at = timezone.now() - timedelta(hours=2)
    Subscription.objects.filter(pk=subscription.pk).update(joined=left_at - timedelta(days=1))
    file.add([subscription.pk], left_at)
    waiting.apply_all()
    assert state(subscription) == "unsubscribed"
    Subscription.objects.filter(pk=subscription.pk).update(state="active", joined=left_at + timedelta(hours=1))
    file.add([subscription.pk], left_at)
    waiting.apply_all()
    assert (state(subscription), numbers()) == ("active", [])


def test_leaving_again_after_coming_back_counts() -> None:
    subscription = add_subscription()
    file.add([subscription.pk], timezone.now() - timedelta(days=1))
    Subscription.objects.filter(pk=subscription.pk).update(joined=timezone.now() - timedelta(hours=1))
    file.add([subscription.pk], timezone.now())
    waiting.apply_all()
    assert (state(subscription), numbers()) == ("unsubscribed", [])


def test_a_join_date_in_the_future_keeps_nobody() -> None:
    subscription = add_subscription()
    Subscription.objects.filter(pk=subscription.pk).update(joined=timezone.now() + timedelta(days=100))
    file.add([subscription.pk], timezone.now())
    waiting.apply_all()
    assert state(subscription) == "unsubscribed"


def test_what_was_not_committed_stays_in_the_file() -> None:
    subscription = add_subscription()
    file.add([subscription.pk], timezone.now())
    with locked(), pytest.raises(OperationalError):
        waiting.apply_all()
    assert numbers() == [subscription.pk]


def test_if_nothing_can_be_written_the_database_s_error_is_raised(place: Path) -> None:
    place.mkdir()
    with locked(), pytest.raises(OperationalError, match="locked"):
        waiting.unsubscribe([1])
    place.rmdir()


def test_the_form_says_that_the_subscription_has_ended(client: Client) -> None:
    subscription = add_subscription()
    with locked():
        response = client.post(f"/u/{link_token(subscription.pk)}")
    assert response.status_code == 200
    assert "You've unsubscribed from" in response.content.decode().replace("&#39;", "'")
    assert numbers() == [subscription.pk]


def test_the_form_works_without_any_database(client: Client) -> None:
    subscription = add_subscription()
    path = f"/u/{link_token(subscription.pk)}"

    def fail(*_values: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(fail):
        form, left = client.get(path), client.post(path)
        one_click = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert '<button type="submit">Unsubscribe</button>' in form.content.decode()
    assert "You've unsubscribed." in left.content.decode().replace("&#39;", "'")
    assert [each.status_code for each in (form, left, one_click)] == [200, 200, 200]
    assert (one_click.content, numbers()) == (b"", [subscription.pk])


def test_the_button_on_the_preferences_page_works_too(client: Client) -> None:
    subscription = add_subscription()
    with locked():
        response = client.post(f"/p/{link_token(subscription.pk)}", {"do": f"leave {subscription.newsletter}"})
    assert (response.status_code, numbers()) == (200, [subscription.pk])


def test_transactional_emails_are_sent_only_after_what_waits_was_applied() -> None:
    subscription = add_subscription()
    file.add([subscription.pk], timezone.now())
    with locked(), pytest.raises(OperationalError):
        subscriber_mail.send_due(config.current(), timezone.now())
    subscriber_mail.send_due(config.current(), timezone.now())
    assert state(subscription) == "unsubscribed"


@pytest.mark.parametrize("token", ["wrong", link_token_for_tests()])
def test_links_that_belong_to_nobody_write_nothing(token: str, client: Client, place: Path) -> None:
    with locked():
        client.post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    assert not place.exists()
