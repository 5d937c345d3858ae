"""Templates of subjects that need a child process are rendered before the transactions that approve an edition."""

from collections.abc import Callable

import pytest
from django.db import connection

from newsletter import config
from newsletter.editions import approval
from newsletter.models import State
from newsletter.render import subject as subject_module
from tests.doubles.feeds import Blog
from tests.factories import DAY, DUE, NOW, collected, configured, drafted, found
from tests.scheduling.schedule_samples import only_edition, tick_at

pytestmark = pytest.mark.django_db(transaction=True)
TEMPLATE = "{% for post in posts %}{{ post.title | replace('Post', 'Nr.') }} {% endfor %}"


class Child:
    """Renders in this process, and records whether a transaction was open."""

    def __init__(self) -> None:
        self.within: list[bool] = []

    def run(self, render: Callable[..., str], *arguments: object) -> str:
        """Render a subject."""
        self.within.append(connection.in_atomic_block)
        return render(*arguments)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    """The child process is replaced, and nothing was rendered yet."""
    monkeypatch.setattr(subject_module, "_RESULTS", {})
    monkeypatch.setattr(subject_module, "_child", lambda made=Child(): made)  # noqa: B008 - one for each test
    return subject_module._child()  # type: ignore[return-value]


def test_approval_renders_before_its_transaction(child: Child) -> None:
    configured(subject=TEMPLATE)
    collected(found("a"), found("b", NOW - 2 * DAY))
    edition = approval.approve(config.current(), drafted(), now=NOW)
    assert edition.approved_content.subject == "Nr. a Nr. b"
    assert child.within == [False]


def test_sending_what_is_on_hold_renders_before_its_transaction(child: Child) -> None:
    configured(subject=TEMPLATE)
    collected(found("a"))
    edition = approval.approve_and_queue(config.current(), drafted(), now=NOW)
    assert edition.state == State.QUEUED
    assert child.within == [False]


def test_the_schedule_renders_before_its_transaction(child: Child, blog: Blog) -> None:
    configured(subject=TEMPLATE, approval="none")
    tick_at(NOW)
    tick_at(DUE)
    assert only_edition().state == State.QUEUED
    assert child.within
    assert not any(child.within)
