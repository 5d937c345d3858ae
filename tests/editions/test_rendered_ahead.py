"""Nothing is rendered in the transaction that approves an edition; what changed meanwhile is rendered again before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from newsletter import config
from newsletter.config import Config
from newsletter.editions import approval, render_cache, rendering
from newsletter.editions.variants import ahead
from newsletter.models import Edition, Post
from tests.editions.renderings import renderings
from tests.factories import DAY, NOW, collected, configured, drafted, found, post
from tests.sending.outbox_samples import subscribers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


def approve(edition: Edition) -> Edition:
    return approval.approve(config.current(), edition, now=NOW)


def approve_and_queue(edition: Edition) -> Edition:
    return approval.approve_and_queue(config.current(), edition, at=NOW + DAY, now=NOW)


@pytest.mark.parametrize("act", [approve, approve_and_queue])
@pytest.mark.parametrize("track", ["none", "links"])
def test_an_edition_is_rendered_once_before_its_transaction(act: Callable[[Edition], Edition], track: str) -> None:
    configured(track=track)
    collected(found("a"), found("b", NOW - 2 * DAY))
    subscribers(2)
    edition = drafted()
    with renderings() as in_transaction:
        act(edition)
    assert in_transaction
    assert not any(in_transaction)
    assert "Post a" in edition.approved_content.html


def test_what_changed_since_is_rendered_again_before_another_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    configured()
    collected(found("a"))
    edition = drafted()
    encode = vars(ahead)["encode"]

    def changed_after(*arguments: Any, **named: Any) -> None:
        encode(*arguments, **named)
        if post("a").title == "Post a":
            Post.objects.filter(pk=post("a").pk).update(title="Another title", changed_at=NOW + timedelta(seconds=1))

    monkeypatch.setattr(ahead, "encode", changed_after)
    with renderings() as in_transaction:
        approve(edition)
    assert in_transaction
    assert not any(in_transaction)
    assert "Another title" in edition.approved_content.html
    assert "Post a" not in edition.approved_content.html


def test_what_was_rendered_is_used_for_an_equal_source_only_and_forgotten_at_the_end() -> None:
    made: list[str] = []

    def make() -> int:
        made.append("")
        return len(made)

    def prepare() -> None:
        render_cache.cached("key", 1, make)

    assert render_cache.rendered_before(prepare, lambda: render_cache.cached("key", 1, make)) == 1
    assert render_cache.rendered_before(prepare, lambda: render_cache.cached("other", 2, make)) == 3
    assert render_cache.cached("key", 1, make) == 4


def test_rendering_in_a_transaction_of_the_program_fails_a_test() -> None:
    configured()
    collected(found("a"))
    edition = drafted()
    in_transaction: Callable[[Edition, Config], object] = transaction.atomic(rendering.make_proof)
    with pytest.raises(AssertionError, match="in a transaction"):
        in_transaction(edition, config.current())


def test_an_edition_that_is_no_draft_is_not_rendered() -> None:
    configured()
    collected(found("a"))
    edition = approve(drafted())
    with renderings() as in_transaction:
        assert ahead.rendered_ahead(edition, config.current(), NOW, lambda: 1) == 1
    assert not in_transaction
