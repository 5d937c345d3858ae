"""Amazon SES as moto imitates it: another program's view of the calls, through boto3 and a socket."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.journal import Journal
from newsletter.delivery.limits import Limits
from newsletter.messages.delivery import KEY_REFUSED
from newsletter.models import State
from newsletter.sending import progress
from newsletter.sending.outbox import Holder, Outbox
from newsletter.sending.worker import Control, run_engine
from subscribers import tokens
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db(transaction=True)
REGION = "eu-north-1"


@pytest.fixture
def client_params() -> Iterator[dict[str, Any]]:
    """What boto3 needs to reach moto's server."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    yield {"endpoint_url": f"http://{host}:{port}", "region_name": REGION, **keys}
    server.stop()
    ses_backends[DEFAULT_ACCOUNT_ID][REGION].reset()


def send(client_params: dict[str, Any], folder: Path) -> None:
    """Send everything that is due."""
    settings = DeliverySettings(provider="amazon_ses", amazon_ses={"client_params": client_params})
    configuration = replace(config.current(), delivery=settings)
    journal = Journal.create(folder, "tests")
    outbox = Outbox(Holder("here", journal.name), [samples.NEWSLETTER], configuration)
    try:
        run_engine(configuration, outbox, journal, Control(Limits.of(settings)))
    finally:
        journal.close()


def test_an_edition_reaches_each_recipient_once_as_it_would_by_smtp(
    client_params: dict[str, Any], tmp_path: Path
) -> None:
    boto3.client("sesv2", **client_params).create_email_identity(EmailIdentity="example.org")
    samples.subscribers(60)
    edition = samples.begun(samples.queued())
    send(client_params, tmp_path)
    taken = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert progress.counts(edition).accepted == len(taken) == 60
    links = {d.subscription.subscriber.address: d.subscription_id for d in edition.deliveries.select_related()}
    mails = [email.message_from_string(one.raw_data, policy=email.policy.default) for one in taken]
    assert {str(mail["To"]) for mail in mails} == set(links)
    for mail in mails:
        link = f"http://localhost:8000/u/{tokens.link_token(links[str(mail['To'])])}"
        assert mail["List-Unsubscribe"] == f"<{link}>"
        assert link in mail.get_content()


def test_a_sender_that_is_not_verified_pauses_the_edition_and_loses_no_delivery(
    client_params: dict[str, Any], tmp_path: Path
) -> None:
    samples.subscribers(20)
    edition = samples.begun(samples.queued())
    send(client_params, tmp_path)
    edition.refresh_from_db()
    assert edition.state == State.PAUSED
    assert KEY_REFUSED.matches(edition.reason)
    assert progress.counts(edition).pending == 20
