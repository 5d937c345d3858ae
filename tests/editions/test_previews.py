"""What the preview shows is what is sent, to the octet."""

import re

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from newsletter import config
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import approval, editing
from newsletter.editions.approved_content import unpack
from newsletter.editions.previews import as_sent, sample_recipient
from newsletter.editions.rendering import make_proof
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Edition
from tests.factories import NOW, collected, configured, drafted, found

pytestmark = pytest.mark.django_db
BOUNDARY = re.compile(rb"=_[0-9a-f]{24}")
READERS = st.builds(lambda name: sample_recipient()._replace(name=name), st.text(max_size=80))


@pytest.fixture
def draft() -> Edition:
    """A draft that greets its recipients by name."""
    configured()
    collected(found("a"))
    return editing.set_words(config.current(), drafted(), "editor", 1, {"greeting": "Hei {name|kaffevenn}!"}, NOW)


def sent(edition: Edition, recipient: Recipient) -> bytes:
    """The octets that the engine writes."""
    return b"".join(MessageBuilder(unpack(bytes(edition.approved_content.segments))).build(recipient).pieces)


def test_a_draft_is_shown_as_approving_it_would_freeze_it(draft: Edition) -> None:
    recipient = sample_recipient()
    shown = as_sent(draft, make_proof(draft, config.current()), recipient, NOW)
    approved = sent(approval.approve(config.current(), draft, now=NOW), recipient)
    assert b"Feedback-ID: " in shown
    assert BOUNDARY.sub(b"", shown) == BOUNDARY.sub(b"", approved)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipient=READERS)
def test_a_frozen_edition_is_shown_as_it_is_sent_whatever_the_recipients_name(
    draft: Edition, recipient: Recipient
) -> None:
    approved = Edition.objects.get(pk=draft.pk)
    if approved.state == "draft":
        approved = approval.approve(config.current(), approved, now=NOW)
    assert as_sent(approved, make_proof(approved, config.current()), recipient, NOW) == sent(approved, recipient)
