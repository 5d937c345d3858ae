"""Amazon SES, through django-anymail and boto3, which `newsletter[ses]` installs."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from anymail.backends import amazon_ses
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError as NoKey,
)

from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.messages.failures import KEY_REFUSED
from newsletter.messages.general import TEXT
from newsletter.sending.api_calls.interface import (
    AMBIGUOUS,
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    FAULTS,
    NOT_TAKEN,
    TOO_FAST,
    WRONG_KEY,
    ProviderProblem,
    RateLimited,
    WrongKey,
    accepted,
    cause_in,
    outcomes,
    retry_seconds,
    unexplained,
    wrong_settings,
)
from newsletter.sending.api_calls.payload import ApiMessage

_NOT_VERIFIED = re.compile(r"not verified|authority to send", re.IGNORECASE)
"""What `MessageRejected` says of a sender that isn't verified, or of any recipient as long as the account is in the
sandbox: not about this message, and repaired by a person.
"""


NOT_TRACKED = {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
"""Overrides the account's and the configuration set's tracking of opens and clicks."""


class AmazonSes:
    """One raw message per call (SendEmail of API version 2), which the library doesn't repeat."""

    most = 1
    TOO_FAST = ("TooManyRequestsException", "ThrottlingException", "LimitExceededException")
    OURS = (
        "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException",
        "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDeniedException",
        "InvalidSignatureException", "ExpiredTokenException",
    )  # fmt: skip

    def __init__(self, keys: dict[str, Any]) -> None:
        client_parameters = dict(keys.get("client_params", {}))
        once = {"retries": {"total_max_attempts": 1}, "connect_timeout": CONNECT_SECONDS}
        client_parameters["config"] = {
            **dict(client_parameters.get("config", {})),
            **once,
            "read_timeout": ANSWER_SECONDS,
        }
        try:
            self.backend = amazon_ses.EmailBackend(**{**keys, "client_params": client_parameters})
            self.backend.open()
        except BotoCoreError as e:
            raise wrong_settings("amazon_ses", e) from e

    def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        """See ProviderApi."""
        (recipient,) = recipients
        request: dict[str, Any] = {
            "Destination": {"ToAddresses": [recipient.address]},
            "Content": {"Raw": {"Data": mail.check(recipient)}},
            "ConfigurationOverrides": {"Tracking": NOT_TRACKED},
        }
        if self.backend.configuration_set_name:
            request["ConfigurationSetName"] = self.backend.configuration_set_name
        try:
            response = self.backend.client.send_email(**request)
        except ClientError as e:
            return self._judge(recipient, e)
        except NoKey as e:
            raise WrongKey(TEXT(words=str(e))) from e
        except BotoCoreError as e:
            never_left = isinstance(e, EndpointConnectionError | ConnectTimeoutError)
            kind = OutcomeKind.DEFERRED if never_left else OutcomeKind.UNKNOWN
            return unexplained(recipients, kind, messages.UNANSWERED(error=type(e).__name__))
        return [accepted(recipient, str(response.get("MessageId", "")))]

    def try_key(self) -> Literal["accepted", "forbidden"]:
        """See `choice.try_key`."""
        try:
            self.backend.client.get_account()
        except ClientError as e:
            code = str(e.response.get("Error", {}).get("Code", ""))
            if code.startswith("AccessDenied"):
                return "forbidden"
            raise ProviderProblem(KEY_REFUSED(reply=code)) from e
        except BotoCoreError as e:
            raise ProviderProblem(messages.UNANSWERED(error=type(e).__name__)) from e
        return "accepted"

    def _judge(self, recipient: Recipient, problem: ClientError) -> list[Outcome]:
        code = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        name = str(problem.response.get("Error", {}).get("Code", ""))
        words = str(problem.response.get("Error", {}).get("Message", ""))[:300].replace(recipient.address, "…")
        if code in TOO_FAST or name in self.TOO_FAST:
            headers = problem.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            raise RateLimited(retry_seconds(str(headers.get("retry-after", ""))))
        unverified = name == "MessageRejected" and _NOT_VERIFIED.search(words)
        if unverified or name in self.OURS or code in WRONG_KEY:
            raise WrongKey(TEXT(words=f"{name}: {words}"))
        if code in NOT_TAKEN:
            return outcomes([recipient], OutcomeKind.DEFERRED, Fault.CONNECTION, words, code)
        if code in AMBIGUOUS or code >= 500:
            return outcomes([recipient], OutcomeKind.UNKNOWN, Fault.CONNECTION, words, code)
        cause = cause_in(words) if name == "BadRequestException" else "message"
        return outcomes([recipient], OutcomeKind.REFUSED, FAULTS[cause], f"{name}: {words}", code)
