"""Amazon SES, by its public documentation."""

import base64
import email
import email.policy
import hashlib
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.doubles import webhook_calls
from tests.doubles.providers.double import UNKNOWN, Answer, Double, Take
from tests.doubles.webhook_calls import CERTIFICATE, Call, Happened, as_json, basic


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html: a whole message."""
    (address,) = call["Destination"]["ToAddresses"]
    raw = base64.b64decode(call["Content"]["Raw"]["Data"])
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    text, html = plain.get_content() if plain else "", rich.get_content() if rich else ""
    if not take(address, text, html, {name: str(value) for name, value in mail.items()}):
        return 400, {"__type": "BadRequestException", "message": f"Illegal address {address}"}
    return 200, {"MessageId": f"ses-{address}"}


def _event(event: Happened) -> Call:
    mail = {"messageId": event.message_id, "destination": [event.address]}
    to = {"emailAddress": event.address}
    kind, inside = {
        "delivered": ("Delivery", {"recipients": [event.address], "smtpResponse": "250 ok"}),
        "hard": (
            "Bounce",
            {"bounceType": "Permanent", "bounceSubType": "General",
             "bouncedRecipients": [{**to, "diagnosticCode": f"smtp; {event.reply}"}]},
        ),
        "soft": (
            "Bounce",
            {"bounceType": "Transient", "bounceSubType": "MailboxFull",
             "bouncedRecipients": [{**to, "diagnosticCode": f"smtp; {event.reply}"}]},
        ),
        "complained": ("Complaint", {"complainedRecipients": [to], "complaintFeedbackType": "abuse"}),
    }[event.kind]  # fmt: skip
    return sns(as_json({"eventType": kind, "mail": mail, kind.lower(): inside}).decode(), event.at)


def sns(text: str, at: datetime, kind: str = "Notification", **more: str) -> Call:
    """Return a signed notification of Amazon SNS."""
    message = {
        "Type": kind,
        "MessageId": hashlib.sha256(text.encode()).hexdigest()[:32],
        "TopicArn": "arn:aws:sns:eu-north-1:123456789012:brev",
        "Message": text,
        "Timestamp": at.isoformat(),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        **more,
    }
    left_out = ("SignatureVersion", "SigningCertURL", "Signature")
    signed = "".join(f"{name}\n{message[name]}\n" for name in sorted(message) if name not in left_out)
    signature = webhook_calls.rsa_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    message.setdefault("Signature", base64.b64encode(signature).decode())
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": message["MessageId"]}
    return Call(as_json(message), basic("amazon_ses", **headers), "text/plain; charset=UTF-8")


DOUBLE = Double(
    settings={
        "client_params": {
            "endpoint_url": "{url}/ses",
            "region_name": "eu-north-1",
            "aws_access_key_id": "{key}",
            "aws_secret_access_key": "secret",
        }
    },
    calls={"/ses": _answer},
    wrong_key=(403, UNKNOWN),
    event=_event,
    kinds=("delivered", "hard", "soft", "complained"),
)
