"""API providers: Mailgun, Postmark, Resend and Amazon SES, through django-anymail; the only file that knows it.

Promises: the same outcomes as SMTP gives. A call is made once: nobody's library repeats it. What a provider certainly
did not take is deferred or refused; where the request had left and no answer came that says so, all of its call is
unknown. A wrong key pauses the edition.
"""

import json
import time
from collections.abc import Callable, Sequence
from email.headerregistry import Address
from typing import Any, Protocol
from urllib.parse import urljoin

import requests
from anymail.backends import amazon_ses, mailgun, postmark, resend
from anymail.exceptions import AnymailError
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError
from botocore.exceptions import NoCredentialsError as NoKey
from django.core.mail import EmailMultiAlternatives
from urllib3.exceptions import ConnectTimeoutError as NoConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from newsletter import config
from newsletter.delivery.message import clean_name
from newsletter.delivery.reply import nameless, without_addresses
from newsletter.jobs.api_mail import Template, Wording, value
from newsletter.jobs.problems import JobProblem
from newsletter.mail import Fault, Kind, Outcome, Reader

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 60.0
NOT_TAKEN, NOBODY_KNOWS, WRONG_KEY, TOO_FAST = (500, 503), (408, 502, 504), (401, 403), 429


class ProviderProblem(JobProblem):
    """The provider can't be used as it is configured."""


class WrongKey(Exception):
    """The provider does not know us; the message is its words."""


class TooFast(Exception):
    """The provider wants to be left alone for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many requests; again in {seconds:.0f} s")
        self.seconds = seconds


class Refused(Exception):
    """The provider took nothing of a call and says that something in it is wrong."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Provider(Protocol):
    """One provider. `most` readers go into one call."""

    most: int

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """One call, from a thread of its own; an outcome for each reader. Raises WrongKey, TooFast, Refused."""


def provider(settings: config.Delivery) -> Provider:
    """The provider that the settings name; raises ProviderProblem where they do not do."""
    kinds: dict[str, Callable[[dict[str, Any]], Provider]] = {
        "mailgun": Mailgun,
        "postmark": Postmark,
        "resend": Resend,
        "amazon_ses": AmazonSes,
    }
    name = str(settings.provider)
    keys = {key.lower(): given for key, given in getattr(settings, name).items()}
    try:
        return kinds[name](keys)
    except Exception as e:
        if not isinstance(e, AnymailError | BotoCoreError | ValueError) and "anymail" not in type(e).__module__:
            raise
        raise ProviderProblem(f"delivery.{name}: {str(e).strip().splitlines()[0]}") from e


def outcomes(readers: Sequence[Reader], kind: Kind, fault: Fault, text: str, code: int = 0) -> list[Outcome]:
    """The same outcome for all of these readers; what the provider says is kept without their addresses."""
    told = without_addresses(text)
    return [
        Outcome(r.number, r.attempt, kind, time.time(), fault, code, "", nameless(told, r.address)) for r in readers
    ]


def _accepted(reader: Reader, name: str) -> Outcome:
    return Outcome(reader.number, reader.attempt, Kind.ACCEPTED, time.time(), code=200, queue_id=name.strip("<>"))


def _message(mail: Template, to: list[str], wording: Wording, **more: str) -> EmailMultiAlternatives:
    """The mail as Django has it."""
    headers = {name: text.filled(wording) for name, text in mail.headers}
    reply_to = [mail.reply_to] if mail.reply_to else None
    message = EmailMultiAlternatives(
        mail.subject.filled(wording), mail.text.filled(wording), mail.sender, to, reply_to=reply_to
    )
    message.extra_headers = headers | more
    if mail.html.pieces:
        message.attach_alternative(mail.html.filled(wording), "text/html")
    return message


def _mailbox(reader: Reader) -> str:
    name = clean_name(reader.name)
    return str(Address(name, addr_spec=reader.address)) if name and reader.address.isascii() else reader.address


def _own(reader: Reader) -> Wording:
    return lambda slot: value(slot, reader)


class _Api:
    """A provider that is asked by HTTP."""

    most = 100
    backend: Any

    def _post(self, readers: Sequence[Reader], **request: Any) -> requests.Response | list[Outcome]:
        """The answer where it is a good one; else what it, or its absence, means for all readers."""
        try:
            answer: requests.Response = self.backend.session.request(
                **request, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False
            )
        except requests.exceptions.SSLError as e:
            raise WrongKey(f"its certificate does not do: {e}") from e
        except requests.RequestException as e:
            return _unanswered(readers, e)
        return self._judge(readers, answer)

    def _judge(self, readers: Sequence[Reader], answer: requests.Response) -> requests.Response | list[Outcome]:
        code, words = answer.status_code, without_addresses(" ".join(answer.text.split()))[:300]
        if code in WRONG_KEY:
            raise WrongKey(f"{code} {words}")
        if code == TOO_FAST:
            raise TooFast(_seconds(answer.headers.get("Retry-After", "")))
        if code in NOT_TAKEN:
            return outcomes(readers, Kind.DEFERRED, Fault.CONNECTION, words, code)
        if code in NOBODY_KNOWS or code >= 500 or code < 200 or 300 <= code < 400:
            return outcomes(readers, Kind.UNKNOWN, Fault.CONNECTION, words, code)
        if code >= 400:
            raise Refused(code, words)
        return answer

    def _opened(self, backend: Any) -> Any:
        backend.open()
        return backend


def _unanswered(readers: Sequence[Reader], problem: requests.RequestException) -> list[Outcome]:
    """Certainly not taken where no connection came about, else unknown."""
    reason = getattr(problem.args[0] if problem.args else None, "reason", None)
    never_left = isinstance(problem, requests.ConnectTimeout) or isinstance(
        reason, NewConnectionError | NoConnection | NameResolutionError
    )
    kind = Kind.DEFERRED if never_left else Kind.UNKNOWN
    return outcomes(readers, kind, Fault.CONNECTION, f"no answer: {type(problem).__name__}")


def _seconds(text: str) -> float:
    """Retry-After in seconds; a date or nothing counts as a few."""
    return float(text) if text.strip().isdigit() else 5.0


def _read(readers: Sequence[Reader], answer: requests.Response) -> Any:
    """What a good answer says; unreadable, it leaves all readers unknown."""
    try:
        return answer.json()
    except ValueError:
        return outcomes(readers, Kind.UNKNOWN, Fault.CONNECTION, "the answer can't be read", answer.status_code)


class Mailgun(_Api):
    """One message to many, with recipient variables; taken or refused as a whole."""

    most = 500

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(mailgun.EmailBackend(**keys))

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        names = {slot: f"v{number}" for number, slot in enumerate(mail.slots)}
        message = _message(mail, [_mailbox(r) for r in readers], lambda slot: f"%recipient.{names[slot]}%")
        message.merge_data = {  # type: ignore[attr-defined]
            reader.address: {name: value(slot, reader) for slot, name in names.items()} for reader in readers
        }
        payload = self.backend.build_message_payload(message, {})
        answer = self._post(readers, **payload.get_request_params(self.backend.api_url))
        if isinstance(answer, list):
            return answer
        said = _read(readers, answer)
        return said if isinstance(said, list) else [_accepted(r, str(said.get("id", ""))) for r in readers]


class Postmark(_Api):
    """A list of messages, each with an answer of its own."""

    REFUSALS = {406: Fault.READER, 300: Fault.READER}  # noqa: RUF012

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(postmark.EmailBackend(**keys))

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        messages = [_message(mail, [_mailbox(r)], _own(r), **{"X-PM-KeepID": "true"}) for r in readers]
        payloads = [self.backend.build_message_payload(message, {}) for message in messages]
        request = payloads[0].get_request_params(self.backend.api_url)
        request["url"] = urljoin(self.backend.api_url, "email/batch")
        request["data"] = json.dumps([payload.data for payload in payloads])
        answer = self._post(readers, **request)
        if isinstance(answer, list):
            return answer
        said = _read(readers, answer)
        if not isinstance(said, list) or len(said) != len(readers):
            return outcomes(readers, Kind.UNKNOWN, Fault.CONNECTION, "the answer does not name every mail")
        return [one if isinstance(one, Outcome) else self._one(r, one) for r, one in zip(readers, said, strict=True)]

    def _one(self, reader: Reader, said: dict[str, Any]) -> Outcome:
        code = int(said.get("ErrorCode", -1))
        if code == 0:
            return _accepted(reader, str(said.get("MessageID", "")))
        words = f"{code} {said.get('Message', '')}".replace(reader.address, "…")[:300]
        fault = self.REFUSALS.get(code, Fault.POLICY)
        return outcomes([reader], Kind.REFUSED, fault, words, 422)[0]


class Resend(_Api):
    """A list of messages, taken or refused as a whole."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.backend = self._opened(resend.EmailBackend(**keys))

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        messages = [_message(mail, [_mailbox(r)], _own(r)) for r in readers]
        payloads = [self.backend.build_message_payload(message, {}) for message in messages]
        request = payloads[0].get_request_params(self.backend.api_url)
        request["url"] = urljoin(self.backend.api_url, "emails/batch")
        request["data"] = json.dumps([payload.data for payload in payloads])
        answer = self._post(readers, **request)
        if isinstance(answer, list):
            return answer
        said = _read(readers, answer)
        if isinstance(said, list):
            return said
        names = [str(one.get("id", "")) for one in said.get("data", [])]
        if len(names) != len(readers):
            return outcomes(readers, Kind.UNKNOWN, Fault.CONNECTION, "the answer does not name every mail")
        return [_accepted(r, name) for r, name in zip(readers, names, strict=True)]


class AmazonSes:
    """One raw mail a call (SendEmail of API version 2); no call is repeated by the library."""

    most = 1
    TOO_FAST = ("TooManyRequestsException", "ThrottlingException", "LimitExceededException")
    OURS = (
        "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException",
        "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDeniedException",
        "InvalidSignatureException", "ExpiredTokenException",
    )  # fmt: skip

    def __init__(self, keys: dict[str, Any]) -> None:
        given = dict(keys.get("client_params", {}))
        once = {"retries": {"total_max_attempts": 1}, "connect_timeout": CONNECT_SECONDS}
        given["config"] = {**dict(given.get("config", {})), **once, "read_timeout": ANSWER_SECONDS}
        self.backend = amazon_ses.EmailBackend(**{**keys, "client_params": given})
        self.backend.open()

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """See Provider."""
        (reader,) = readers
        request: dict[str, Any] = {
            "Destination": {"ToAddresses": [reader.address]},
            "Content": {"Raw": {"Data": mail.check(reader)}},
        }
        if self.backend.configuration_set_name:
            request["ConfigurationSetName"] = self.backend.configuration_set_name
        try:
            answer = self.backend.client.send_email(**request)
        except ClientError as e:
            return self._judge(reader, e)
        except NoKey as e:
            raise WrongKey(str(e)) from e
        except BotoCoreError as e:
            never_left = isinstance(e, EndpointConnectionError | ConnectTimeoutError)
            kind = Kind.DEFERRED if never_left else Kind.UNKNOWN
            return outcomes(readers, kind, Fault.CONNECTION, f"no answer: {type(e).__name__}")
        return [_accepted(reader, str(answer.get("MessageId", "")))]

    def _judge(self, reader: Reader, problem: ClientError) -> list[Outcome]:
        code = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        name = str(problem.response.get("Error", {}).get("Code", ""))
        words = str(problem.response.get("Error", {}).get("Message", ""))[:300].replace(reader.address, "…")
        if code == TOO_FAST or name in self.TOO_FAST:
            headers = problem.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            raise TooFast(_seconds(str(headers.get("retry-after", ""))))
        if name in self.OURS or code in WRONG_KEY:
            raise WrongKey(f"{name}: {words}")
        if code in NOT_TAKEN:
            return outcomes([reader], Kind.DEFERRED, Fault.CONNECTION, words, code)
        if code in NOBODY_KNOWS or code >= 500:
            return outcomes([reader], Kind.UNKNOWN, Fault.CONNECTION, words, code)
        fault = Fault.CONTENT if name == "MessageRejected" else Fault.READER
        return outcomes([reader], Kind.REFUSED, fault, f"{name}: {words}", code)
