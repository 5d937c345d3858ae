"""Drafts through the real database: which posts, in which window, and what a refresh keeps."""

import pytest

from newsletter.jobs import approval, editing
from newsletter.models import State
from tests.factories import (
    DAY,
    NOW,
    collected,
    configured,
    drafted,
    found,
    inside,
    post,
)

pytestmark = pytest.mark.django_db


def test_the_way_from_a_post_to_a_queued_edition() -> None:
    configured()
    collected(found("a"), found("b", NOW - 2 * DAY))
    edition = drafted()
    assert (edition.name, edition.state, edition.revision) == ("kinaforum/2026-W06", State.DRAFT, 1)
    assert inside(edition) == ["Post a", "Post b"]

    edition = editing.leave_out(edition, "editor", edition.revision, post("b").pk, NOW)
    edition = approval.approve(edition, revision=edition.revision, now=NOW)
    edition = approval.reopen(edition, now=NOW)
    assert inside(edition) == ["Post a"]

    edition = approval.queue(approval.approve(edition, now=NOW), now=NOW)
    assert (edition.state, edition.due_at) == (State.QUEUED, NOW)
