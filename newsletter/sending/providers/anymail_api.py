"""API providers over HTTP: Mailgun, Postmark and Resend, through django-anymail.

The outcomes are the same as with SMTP. A call is made once; no library repeats it. If a provider certainly did not
accept a message, it is deferred or refused; if the request was sent without a conclusive response, all of the call is
unknown. An invalid key pauses the edition.
"""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import urljoin

import requests
from anymail.backends import mailgun, postmark, resend
from anymail.message import AnymailMessage
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.domain.segments import Reader
from newsletter.messages import delivery as messages
from newsletter.sending.providers.api_mail import mailbox, message, own_text, switch_off
from newsletter.sending.providers.interface import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    accepted,
    idempotency_key,
    outcomes,
    unexplained,
)
from newsletter.sending.providers.payload import ApiMessage, SlotText, value
from newsletter.sending.providers.responses import judge, unanswered, unreadable


def _message(mail: ApiMessage, to: list[str], slot_text: SlotText, **more: str) -> AnymailMessage:
    """Return the message with all its header fields, also those that hold slots."""
    return message(mail, to, slot_text, {name: text.render(slot_text) for name, text in mail.headers} | more)


class _Api:
    """A provider with an HTTP API."""

    most = 100
    backend: Any

    def _post(self, readers: Sequence[Reader], **request: Any) -> requests.Response | list[Outcome]:
        """Return a successful response; otherwise, the outcomes that follow from it, or from its absence, for all
        readers.
        """
        try:
            answer: requests.Response = self.backend.session.request(
                **request, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False
            )
        except requests.RequestException as e:
            return unanswered(readers, e)
        return judge(readers, answer) or answer

    def _opened(self, backend: Any) -> Any:
        backend.open()
        return backend


Answer = TypeVar("Answer")


def _read(kind: TypeAdapter[Answer], answer: requests.Response) -> Answer | None:
    """Return the content of a successful response, or None if it is something else."""
    try:
        return kind.validate_json(answer.content, strict=True)
    except ValidationError:
        return None


class _Accepted(BaseModel):
    """What Mailgun says of all messages of a call, and Resend of each."""

    id: str


class _Batch(BaseModel):
    """What Resend says."""

    data: list[_Accepted]


class _PostmarkItem(BaseModel):
    """What Postmark says of one message."""

    code: int = Field(alias="ErrorCode")
    words: str = Field("", alias="Message")
    name: str = Field("", alias="MessageID")


_MAILGUN, _RESEND = TypeAdapter(_Accepted), TypeAdapter(_Batch)
_POSTMARK: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


class Mailgun(_Api):
    """One message to many recipients, with recipient variables; accepted or refused as a whole."""

    most = 500

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(mailgun.EmailBackend(**keys))

    def call(self, mail: ApiMessage, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        names = mail.variables
        built = _message(mail, [mailbox(r) for r in readers], lambda slot: f"%recipient.{names[slot]}%")
        built.merge_data = {
            reader.address: {name: value(slot, reader) for slot, name in names.items()} for reader in readers
        }
        payload = self.backend.build_message_payload(switch_off(built, "mailgun"), {})
        answer = self._post(readers, **payload.get_request_params(self.backend.api_url))
        if isinstance(answer, list):
            return answer
        said = _read(_MAILGUN, answer)
        return [accepted(r, said.id) for r in readers] if said else unreadable(readers, answer)


class Postmark(_Api):
    """A list of messages, each with its own response."""

    REFUSALS: ClassVar = {406: Fault.READER, 300: Fault.READER}

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(postmark.EmailBackend(**keys))

    def call(self, mail: ApiMessage, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        mails = [_message(mail, [mailbox(r)], own_text(r), **{"X-PM-KeepID": "true"}) for r in readers]
        payloads = [self.backend.build_message_payload(switch_off(one, "postmark"), {}) for one in mails]
        request = payloads[0].get_request_params(self.backend.api_url)
        request["url"] = urljoin(self.backend.api_url, "email/batch")
        request["data"] = json.dumps([payload.data for payload in payloads])
        answer = self._post(readers, **request)
        if isinstance(answer, list):
            return answer
        said = _read(_POSTMARK, answer)
        if said is None:
            return unreadable(readers, answer)
        if len(said) != len(readers):
            return unexplained(readers, OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())
        return [self._one(reader, one) for reader, one in zip(readers, said, strict=True)]

    def _one(self, reader: Reader, said: object) -> Outcome:
        try:
            item = _PostmarkItem.model_validate(said, strict=True)
        except ValidationError:
            return unexplained([reader], OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())[0]
        if item.code == 0:
            return accepted(reader, item.name)
        words = f"{item.code} {item.words}".replace(reader.address, "…")[:300]
        fault = self.REFUSALS.get(item.code, Fault.POLICY)
        return outcomes([reader], OutcomeKind.REFUSED, fault, words, 422)[0]


class Resend(_Api):
    """A list of messages, accepted or refused as a whole."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(resend.EmailBackend(**keys))

    def call(self, mail: ApiMessage, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        mails = [_message(mail, [mailbox(r)], own_text(r)) for r in readers]
        payloads = [self.backend.build_message_payload(switch_off(one, "resend"), {}) for one in mails]
        request = payloads[0].get_request_params(self.backend.api_url)
        request["url"] = urljoin(self.backend.api_url, "emails/batch")
        request["headers"] = {**request["headers"], "Idempotency-Key": idempotency_key(readers)}
        request["data"] = json.dumps([payload.data for payload in payloads])
        answer = self._post(readers, **request)
        if isinstance(answer, list):
            return answer
        said = _read(_RESEND, answer)
        if said is None:
            return unreadable(readers, answer)
        if len(said.data) != len(readers):
            return unexplained(readers, OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())
        return [accepted(reader, one.id) for reader, one in zip(readers, said.data, strict=True)]
