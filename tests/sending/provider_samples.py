"""An email with slots for each subscriber, and how the providers' tests send it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.engine import EngineResult
from newsletter.delivery.journal import Journal
from newsletter.delivery.limits import Limits
from newsletter.domain.encoded_email import EncodedEmail, Header, Slot, SlotEncoding, SlotValue
from newsletter.models import Edition
from newsletter.sending.outbox import Holder, Outbox
from newsletter.sending.worker import Control, run_engine
from tests.doubles.provider_api import Api
from tests.doubles.providers import DOUBLES
from tests.sending import outbox_samples as samples

ALL = list(DOUBLES)
BOUNDARY = b"=_parts"
MAIL = EncodedEmail(
    headers=(
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(SlotValue.TO, SlotEncoding.HEADER),)),
        Header("Subject", (b"=?utf-8?q?Uke_6=3A_b=C3=A5ter?=",)),
        Header("Message-ID", (b"<", Slot(SlotValue.MESSAGE_ID, SlotEncoding.ASCII), b"@example.org>")),
        Header("List-Unsubscribe", (b"<http://localhost:8000/u/", samples.TOKEN, b">")),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (b'multipart/alternative; boundary="' + BOUNDARY + b'"',)),
    ),
    body=(
        b"--" + BOUNDARY + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHei ",
        Slot(SlotValue.NAME, SlotEncoding.TEXT, "du"),
        b"!\r\nhttp://localhost:8000/u/",
        samples.TOKEN,
        b"\r\n--" + BOUNDARY + b"\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hei ",
        Slot(SlotValue.NAME, SlotEncoding.HTML, "du"),
        b'! <a href=3D"http://localhost:8000/u/',
        samples.TOKEN,
        b'">b=C3=A5ter</a></p>\r\n--' + BOUNDARY + b"--\r\n",
    ),
    sender="brev@example.org",
    message_id_domain="example.org",
)


def send(api: Api, provider: str, tmp_path: Path, *, stop_at_once: bool = False, **more: Any) -> EngineResult:
    """Send everything that is due."""
    settings = DeliverySettings(provider=provider, **{provider: api.settings(provider), **more})
    journal = Journal.create(tmp_path, "tests")
    configuration = replace(config.current(), delivery=settings)
    outbox = Outbox(Holder("here", journal.name), [samples.NEWSLETTER], configuration)
    control = Control(Limits.of(settings))
    api.called = control.stop if stop_at_once else lambda: None
    try:
        return run_engine(configuration, outbox, journal, control)
    finally:
        journal.close()


def edition_to(count: int) -> Edition:
    samples.subscribers(count)
    return samples.begun(samples.queued(mail=MAIL))
