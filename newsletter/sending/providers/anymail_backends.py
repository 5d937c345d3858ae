"""API providers through django-anymail's public interface: messages are built, sent and reported by its backends.

Brevo and Mailjet get a list of complete messages in a call. SendGrid gets one message with tags, and the text for each
of them for each recipient. The others get one message per call: their interface has neither, does not say which
recipients of several it refused, or does not document what it does to a value in HTML. A call is made once, without
following redirects.
"""

import importlib
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import requests
from anymail.exceptions import AnymailError, AnymailNotSupportedWarning
from anymail.message import AnymailMessage, AnymailStatus
from pydantic import BaseModel, ValidationError

from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.domain.segments import Reader
from newsletter.messages import delivery as messages
from newsletter.messages.general import TEXT
from newsletter.sending.providers.api_mail import mailbox, message, own_text, shown_name, switch_off
from newsletter.sending.providers.interface import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    ProviderRefused,
    WrongKey,
    accepted,
    idempotency_key,
    outcomes,
    unexplained,
)
from newsletter.sending.providers.payload import ApiMessage, value
from newsletter.sending.providers.responses import judge, unanswered, unreadable, words_of

Build = Callable[[ApiMessage, Sequence[Reader], "Interface"], AnymailMessage]
SENDGRID_TAG = "-{}-"
TAKEN, REFUSED = ("sent", "queued"), ("invalid", "rejected", "failed")
FAULTS_OF_BACKENDS = (
    AnymailError, requests.RequestException, LookupError, TypeError, AttributeError, ValueError, RecursionError
)  # fmt: skip
"""What a backend raises, also for a successful response that does not have the documented form."""


@dataclass(frozen=True, slots=True)
class Interface:
    """How a provider's API is used: messages per call, and header fields that it does not accept."""

    build: Build
    most: int = 1
    refused_headers: tuple[str, ...] = ()
    ascii_headers: bool = False
    settings: Mapping[str, Any] | None = None
    check: Callable[[requests.Response], object] = lambda answer: None


class AnymailProvider:
    """A provider with a backend in Anymail (see `Provider`)."""

    def __init__(self, name: str, keys: Mapping[str, Any]) -> None:
        self._name, self._interface = name, INTERFACES[name]
        self.most = self._interface.most
        own = {"requests_timeout": (CONNECT_SECONDS, ANSWER_SECONDS), "ignore_recipient_status": True}
        module = importlib.import_module(f"anymail.backends.{name}")
        with warnings.catch_warnings():  # Anymail does not test its backend for SendGrid with the service any more
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            self.backend = module.EmailBackend(**{**keys, **(self._interface.settings or {}), **own})
        self.backend.open()
        self.backend.session.max_redirects = 0
        self.backend.session.hooks["response"].append(self._remember)
        self._last = threading.local()

    def call(self, mail: ApiMessage, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        self._last.answer = None
        built = switch_off(self._interface.build(mail, readers, self._interface), self._name)
        try:
            self.backend.send_messages([built])
        except FAULTS_OF_BACKENDS as problem:
            return self._failed(readers, problem)
        return [_outcome(reader, built.anymail_status) for reader in readers]

    def _remember(self, answer: requests.Response, **_given: object) -> None:
        self._last.answer = answer

    def _failed(self, readers: Sequence[Reader], problem: Exception) -> list[Outcome]:
        answer: requests.Response | None = self._last.answer
        if answer is None:
            lost = next((e for e in (problem.__cause__, problem) if isinstance(e, requests.RequestException)), None)
            if lost is None:  # the backend can't express this message, and nothing was sent
                raise ProviderRefused(0, " ".join(str(problem).split())[:300]) from problem
            return unanswered(readers, lost)
        found = judge(readers, answer)
        if found is None:
            self._interface.check(answer)
        return found or unreadable(readers, answer)


def _outcome(reader: Reader, status: AnymailStatus) -> Outcome:
    """Return the outcome of a reader after an accepted call."""
    found = status.recipients.get(reader.address)
    if found is not None and found.status in TAKEN:
        return accepted(reader, str(found.message_id or ""))
    if found is not None and found.status in REFUSED:
        return outcomes([reader], OutcomeKind.REFUSED, Fault.READER, f"{found.status}", 422)[0]
    return unexplained([reader], OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())[0]


def _headers(mail: ApiMessage, reader: Reader, interface: Interface) -> dict[str, str]:
    """Return the header fields of a reader's message that the provider accepts."""
    fields = {name: text.render(own_text(reader)) for name, text in mail.headers}
    return {name: text for name, text in fields.items() if _is_accepted(name, text, interface)}


def _is_accepted(name: str, text: str, interface: Interface) -> bool:
    return name.lower() not in interface.refused_headers and (text.isascii() or not interface.ascii_headers)


def _one(mail: ApiMessage, readers: Sequence[Reader], interface: Interface) -> AnymailMessage:
    """Return a complete message to one recipient."""
    (reader,) = readers
    return message(mail, [mailbox(reader)], own_text(reader), _headers(mail, reader, interface))


def _versions(mail: ApiMessage, readers: Sequence[Reader], interface: Interface) -> AnymailMessage:
    """Brevo's `messageVersions`: complete messages, for which the first one has the defaults."""
    first = readers[0]
    key = {"idempotencyKey": idempotency_key(readers)}
    found = message(mail, [mailbox(reader) for reader in readers], own_text(first), key)
    found.esp_extra = {
        "messageVersions": [
            {
                "to": [_named(reader, "email", "name")],
                "subject": mail.subject.render(own_text(reader)),
                "textContent": mail.text.render(own_text(reader)),
                **({"htmlContent": mail.html.render(own_text(reader))} if mail.html.pieces else {}),
                "headers": _headers(mail, reader, interface),
            }
            for reader in readers
        ]
    }
    return found


def _list(mail: ApiMessage, readers: Sequence[Reader], interface: Interface) -> AnymailMessage:
    """Mailjet's `Messages`: complete messages. What they share stays in its `Globals`, which they override."""
    found = message(mail, [mailbox(reader) for reader in readers], own_text(readers[0]), {})
    found.esp_extra = {
        "Messages": [
            {
                "To": [_named(reader, "Email", "Name")],
                "Subject": mail.subject.render(own_text(reader)),
                "TextPart": mail.text.render(own_text(reader)),
                **({"HTMLPart": mail.html.render(own_text(reader))} if mail.html.pieces else {}),
                "Headers": _headers(mail, reader, interface),
            }
            for reader in readers
        ]
    }
    return found


def _named(reader: Reader, address: str, name: str) -> dict[str, str]:
    """Return a recipient as JSON: a mailbox's two parts."""
    shown = shown_name(reader)
    return {address: reader.address, **({name: shown} if shown else {})}


def _substitutions(mail: ApiMessage, readers: Sequence[Reader], interface: Interface) -> AnymailMessage:
    """SendGrid's `personalizations`: one message with tags, and the text for each of them for each recipient."""
    names = mail.variables
    own = tuple(name for name, text in mail.headers if text.has_slots)
    fields = [_headers(mail, reader, interface) for reader in readers]
    shared = {name: text for name, text in fields[0].items() if name not in own}
    found = message(mail, [mailbox(r) for r in readers], lambda slot: SENDGRID_TAG.format(names[slot]), shared)
    found.merge_data = {
        reader.address: {name: value(slot, reader) for slot, name in names.items()} for reader in readers
    }
    found.merge_headers = {
        reader.address: {name: text for name, text in each.items() if name in own}
        for reader, each in zip(readers, fields, strict=True)
    }
    return found


class _PostalDetails(BaseModel):
    """What Postal says of an error."""

    code: str = ""


class _PostalError(BaseModel):
    """Postal's response to a call that it did not accept."""

    status: Literal["error", "parameter-error"]
    data: _PostalDetails = _PostalDetails()


def _check_postal(answer: requests.Response) -> None:
    """Raise what an error of Postal means, which it reports with status 200."""
    try:
        said = _PostalError.model_validate_json(answer.content)
    except ValidationError:
        return
    if said.data.code in ("AccessDenied", "InvalidServerAPIKey", "ServerSuspended"):
        raise WrongKey(TEXT(words=words_of(answer)))
    raise ProviderRefused(422, words_of(answer))


INTERFACES = {
    "brevo": Interface(_versions, most=100, ascii_headers=True),
    "mailersend": Interface(_one, settings={"batch_send_mode": None}),
    "mailjet": Interface(_list, most=50, refused_headers=("message-id", "list-id")),
    "mailtrap": Interface(_one),
    "postal": Interface(_one, check=_check_postal),
    "scaleway": Interface(_one),
    "sendgrid": Interface(
        _substitutions,
        most=500,
        settings={"merge_field_format": SENDGRID_TAG},
    ),
    "sparkpost": Interface(_one),
    "unisender_go": Interface(_one),
}
