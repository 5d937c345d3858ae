"""API providers through django-anymail, as the modules of `newsletter.providers` declare them.

The outcomes are the same as with SMTP. A call is made once, without following redirects; no library repeats it. If a
provider certainly did not accept a message, it is deferred or refused; if the request was sent without a conclusive
response, all of the call is unknown. An invalid key pauses the edition.
"""

import importlib
import json
import threading
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from email.headerregistry import Address
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.exceptions import AnymailError, AnymailNotSupportedWarning
from anymail.message import AnymailMessage, AnymailStatus

from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.messages.general import TEXT
from newsletter.mime.headers import clean_name
from newsletter.providers import PROVIDERS
from newsletter.providers.declaration import CallResult, Calls, MessageParts, PostedCall
from newsletter.render.merge_tags import escape_text
from newsletter.sending.api_calls.interface import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    FAULTS,
    ProviderRefused,
    WrongKey,
    accepted,
    idempotency_key,
    outcomes,
    unexplained,
)
from newsletter.sending.api_calls.payload import ApiMessage, SlotText, value
from newsletter.sending.api_calls.responses import judge, unanswered, unreadable, words_of

TAKEN, REFUSED = ("sent", "queued"), ("invalid", "rejected", "failed")
FAULTS_OF_BACKENDS = (
    AnymailError, requests.RequestException, LookupError, TypeError, AttributeError, ValueError, RecursionError
)  # fmt: skip
"""What a backend raises, also for a successful response that does not have the documented form."""


class AnymailProvider:
    """A provider with a backend in Anymail (see `ProviderApi`)."""

    def __init__(self, name: str, keys: Mapping[str, Any]) -> None:
        self._calls, self._tracking = PROVIDERS[name].calls, PROVIDERS[name].tracking
        self.most = self._calls.most
        settings = {"requests_timeout": (CONNECT_SECONDS, ANSWER_SECONDS), "ignore_recipient_status": True}
        module = importlib.import_module(f"anymail.backends.{name}")
        with warnings.catch_warnings():  # Anymail does not test its backend for SendGrid with the service any more
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            self.backend = module.EmailBackend(**{**keys, **self._calls.settings, **settings})
        self.backend.open()
        self.backend.session.max_redirects = 0
        self.backend.session.hooks["response"].append(self._remember)
        self._last = threading.local()

    def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        """See ProviderApi."""
        if self._calls.post:
            return self._post(self._calls.post, mail, recipients)
        self._last.response = None
        message = self._message(mail, recipients)
        try:
            self.backend.send_messages([message])
        except FAULTS_OF_BACKENDS as problem:
            return self._failed(recipients, problem)
        return [_outcome(recipient, message.anymail_status) for recipient in recipients]

    def _post(self, post: PostedCall, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        """Make a call with the backend's payload, and read its response as the provider's module does."""
        groups = [[recipient] for recipient in recipients] if post.path else [recipients]
        payloads = [self.backend.build_message_payload(self._message(mail, group), {}) for group in groups]
        request = payloads[0].get_request_params(self.backend.api_url)
        if post.path:
            request["url"] = urljoin(self.backend.api_url, post.path)
            request["data"] = json.dumps([payload.data for payload in payloads])
        if self._calls.idempotency:
            request["headers"] = {**request["headers"], self._calls.idempotency: idempotency_key(recipients)}
        try:
            response = self.backend.session.request(
                **request, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False
            )
        except requests.RequestException as e:
            return unanswered(recipients, e)
        results = post.read(response.content) if response.status_code // 100 in (2, 4) else None
        if results is None:
            return self._unaccepted(recipients, response)
        results = [*results] * len(recipients) if self._calls.merge_tag else results
        if len(results) != len(recipients):
            return unexplained(recipients, OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())
        if all(result and result.words and result.cause == "account" for result in results):
            raise WrongKey(TEXT(words=words_of(response)))
        return [_outcome_of_result(recipient, result) for recipient, result in zip(recipients, results, strict=True)]

    def _message(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> AnymailMessage:
        """Return what a call is made of, which says that neither opens nor clicks are tracked, as far as it can."""
        calls = self._calls
        if calls.merge_tag:
            message = _with_tags(mail, recipients, calls)
        elif calls.batch:
            key = {calls.idempotency: idempotency_key(recipients)} if calls.idempotency else {}
            message = _built(mail, [mailbox(recipient) for recipient in recipients], own_text(recipients[0]), key)
            message.esp_extra = calls.batch([_parts(mail, recipient, calls) for recipient in recipients])
        else:
            (recipient,) = recipients
            message = _built(mail, [mailbox(recipient)], own_text(recipient), _headers(mail, recipient, calls))
        if self._tracking.options:
            message.track_opens = message.track_clicks = False
        if self._tracking.call_fields:
            message.esp_extra = deepcopy(dict(self._tracking.call_fields))
        message.extra_headers |= self._tracking.call_headers
        return message

    def _remember(self, response: requests.Response, **_given: object) -> None:
        self._last.response = response

    def _failed(self, recipients: Sequence[Recipient], problem: Exception) -> list[Outcome]:
        response: requests.Response | None = self._last.response
        if response is None:
            lost = next((e for e in (problem.__cause__, problem) if isinstance(e, requests.RequestException)), None)
            if lost is None:  # the backend can't express this message, and nothing was sent
                raise ProviderRefused(0, " ".join(str(problem).split())[:300]) from problem
            return unanswered(recipients, lost)
        return self._unaccepted(recipients, response)

    def _unaccepted(self, recipients: Sequence[Recipient], response: requests.Response) -> list[Outcome]:
        """Return what a response means that doesn't say which messages were accepted."""
        if cause := self._calls.error(response.content):
            words = words_of(response)
            raise WrongKey(TEXT(words=words)) if cause == "account" else ProviderRefused(422, words, cause)
        return judge(recipients, response) or unreadable(recipients, response)


def _with_tags(mail: ApiMessage, recipients: Sequence[Recipient], calls: Calls) -> AnymailMessage:
    """Return one message with tags, and each recipient's values for them."""
    names = mail.variables

    def tag(slot: Any) -> str:
        return calls.merge_tag.format(names[slot])

    own_fields = {name for name, text in mail.headers if text.has_slots} if calls.merge_headers else set()
    shared = {name: text.render(tag) for name, text in mail.headers if name not in own_fields}
    message = _built(mail, [mailbox(recipient) for recipient in recipients], tag, {**shared, **calls.headers})
    message.merge_data = {
        recipient.address: {name: value(slot, recipient) for slot, name in names.items()} for recipient in recipients
    }
    if own_fields:
        message.merge_headers = {
            recipient.address: {
                name: text.render(own_text(recipient)) for name, text in mail.headers if name in own_fields
            }
            for recipient in recipients
        }
    return message


def _built(mail: ApiMessage, to: list[str], slot_text: SlotText, headers: Mapping[str, str]) -> AnymailMessage:
    """Return a message to these mailboxes, with its slots filled and these header fields."""
    reply_to = [mail.reply_to] if mail.reply_to else None
    subject, text = mail.subject.render(slot_text), mail.text.render(slot_text)
    message = AnymailMessage(subject, text, mail.sender, to, reply_to=reply_to, headers=dict(headers))
    if mail.html.pieces:
        message.attach_alternative(mail.html.render(slot_text), "text/html")
    return message


def _parts(mail: ApiMessage, recipient: Recipient, calls: Calls) -> MessageParts:
    text = own_text(recipient)
    return MessageParts(
        recipient.address,
        shown_name(recipient),
        mail.subject.render(text),
        mail.text.render(text),
        mail.html.render(text),
        _headers(mail, recipient, calls),
    )


def _headers(mail: ApiMessage, recipient: Recipient, calls: Calls) -> dict[str, str]:
    """Return the header fields of a recipient's message that the provider accepts."""
    fields = {**{name: text.render(own_text(recipient)) for name, text in mail.headers}, **calls.headers}
    return {
        name: text
        for name, text in fields.items()
        if name.lower() not in calls.refused_headers and (text.isascii() or not calls.ascii_headers)
    }


def mailbox(recipient: Recipient) -> str:
    """Return the recipient's address, with the name before it if there is one to show."""
    name = shown_name(recipient)
    return str(Address(name, addr_spec=recipient.address)) if name else recipient.address


def shown_name(recipient: Recipient) -> str:
    """Return the name to show before the address; "" if not every provider could read the two together."""
    return escape_text(clean_name(recipient.name)) if recipient.address.isascii() else ""


def own_text(recipient: Recipient) -> SlotText:
    """Return a function that gives the recipient's value for a slot."""
    return lambda slot: value(slot, recipient)


def _outcome(recipient: Recipient, status: AnymailStatus) -> Outcome:
    """Return the outcome of a recipient after an accepted call."""
    result = status.recipients.get(recipient.address)
    if result is not None and result.status in TAKEN:
        return accepted(recipient, str(result.message_id or ""))
    if result is not None and result.status in REFUSED:
        fault = Fault.RECIPIENT if result.status == "invalid" else Fault.MAILBOX
        return outcomes([recipient], OutcomeKind.REFUSED, fault, f"{result.status}", 422)[0]
    return unexplained([recipient], OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())[0]


def _outcome_of_result(recipient: Recipient, result: CallResult | None) -> Outcome:
    """Return the outcome of a recipient that the provider's module has read.

    An account may reach its limit in the middle of a call; the next call is refused as a whole then.
    """
    if result is None:
        return unexplained([recipient], OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())[0]
    if not result.words:
        return accepted(recipient, result.id)
    words = result.words.replace(recipient.address, "…")[:300]
    kind = OutcomeKind.DEFERRED if result.cause == "account" else OutcomeKind.REFUSED
    return outcomes([recipient], kind, FAULTS[result.cause], words, 422)[0]
