"""Calls of email services to a webhook, by their public documentation, with the signatures that they would have."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from newsletter.bounces import webhook_secrets

KEY = "the key of the signatures"
MISSING = "550 5.1.1 <{address}>: Recipient address rejected: User unknown"
FULL = "452 4.2.2 Mailbox full"
CERTIFICATE = "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem"


@dataclass(frozen=True)
class Happened:
    """An event: `delivered`, `deferred`, `hard`, `soft`, `complained` or `unsubscribed`."""

    kind: str
    message_id: str
    address: str
    at: datetime = datetime(2026, 2, 6, 17, 30, tzinfo=UTC)

    @property
    def seconds(self) -> int:
        """Seconds since the epoch."""
        return int(self.at.timestamp())

    @property
    def reply(self) -> str:
        """What the receiving server said."""
        return (MISSING if self.kind == "hard" else FULL).format(address=self.address)


@dataclass(frozen=True)
class Call:
    """A request."""

    body: bytes
    headers: Mapping[str, str]
    content_type: str = "application/json"

    def without_proof(self) -> "Call":
        """Return the call without secret and signature."""
        kept = {n: v for n, v in self.headers.items() if n in ("x-amz-sns-message-type", "x-amz-sns-message-id")}
        inside = json.loads(self.body)
        if isinstance(inside, dict):
            inside = {n: v for n, v in inside.items() if n not in ("signature", "auth", "Signature")}
        return replace(self, body=json.dumps(inside).encode(), headers=kept)


def _basic(provider: str, **more: str) -> dict[str, str]:
    credentials = f"{webhook_secrets.USER}:{webhook_secrets.current(provider)}"
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}", **more}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """A key of Postal and Amazon."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key of SendGrid."""
    return ec.generate_private_key(ec.SECP256R1())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return the public key as these services show it."""
    octets = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()


@cache
def certificate() -> bytes:
    """Return the certificate of Amazon's key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return made.sign(rsa_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _amazon_ses(event: Happened) -> Call:
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
    return sns(_json({"eventType": kind, "mail": mail, kind.lower(): inside}).decode(), event.at)


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
    signature = rsa_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    message.setdefault("Signature", base64.b64encode(signature).decode())
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": message["MessageId"]}
    return Call(_json(message), _basic("amazon_ses", **headers), "text/plain; charset=UTF-8")


def _brevo(event: Happened) -> Call:
    kind = {"hard": "hard_bounce", "soft": "soft_bounce", "complained": "spam", "unsubscribed": "unsubscribe"}
    body: dict[str, Any] = {
        "event": kind.get(event.kind, event.kind),
        "email": event.address,
        "message-id": f"<{event.message_id}>",
        "ts_epoch": event.seconds * 1000,
    }
    if event.kind in ("hard", "soft", "deferred"):
        body["reason"] = event.reply
    return Call(_json(body), _basic("brevo"))


def _mailersend(event: Happened) -> Call:
    kind = {"hard": "hard_bounced", "soft": "soft_bounced", "complained": "spam_complaint"}.get(event.kind, event.kind)
    data: dict[str, Any] = {
        "id": f"{event.kind}-{event.seconds}",
        "type": kind,
        "created_at": event.at.isoformat(),
        "email": {"message": {"id": event.message_id}, "recipient": {"email": event.address}},
    }
    if event.kind in ("hard", "soft"):
        data["morph"] = {"object": "recipient_bounce", "reason": event.reply}
    body = _json({"type": f"activity.{kind}", "data": data})
    return Call(body, {"Signature": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()})


def _mailgun(event: Happened) -> Call:
    kind = {"hard": "failed", "soft": "failed", "deferred": "failed"}.get(event.kind, event.kind)
    data: dict[str, Any] = {
        "event": kind,
        "recipient": event.address,
        "timestamp": event.seconds,
        "message": {"headers": {"message-id": event.message_id}},
    }
    if kind == "failed":
        data |= {
            "severity": "temporary" if event.kind == "deferred" else "permanent",
            "reason": "bounce" if event.kind == "hard" else "old",
            "delivery-status": {"message": event.reply},
        }
    return signed_for_mailgun(data, int(datetime.now(UTC).timestamp()))


def signed_for_mailgun(data: Mapping[str, Any], seconds: int) -> Call:
    """Return Mailgun's call of an event, signed at this time."""
    stamp, token = str(seconds), hashlib.sha256(_json(data)).hexdigest()[:50]
    signature = hmac.new(KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    proof = {"timestamp": stamp, "token": token, "signature": signature}
    return Call(_json({"signature": proof, "event-data": data}), {})


def _mailjet(*events: Happened) -> Call:
    return Call(_json([_of_mailjet(event) for event in events]), _basic("mailjet"))


def _of_mailjet(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "sent", "hard": "bounce", "soft": "bounce", "complained": "spam", "unsubscribed": "unsub"}
    body: dict[str, Any] = {
        "event": kind.get(event.kind, "bounce"),
        "time": event.seconds,
        "MessageID": event.message_id,
        "email": event.address,
    }
    if event.kind == "deferred":
        body |= {"error": "greylisted", "hard_bounce": False}
    if event.kind in ("hard", "soft"):
        error = "user unknown" if event.kind == "hard" else "quota exceeded"
        body |= {"error": error, "hard_bounce": event.kind == "hard", "smtp_reply": event.reply}
    return body


def _mailtrap(*events: Happened) -> Call:
    body = _json({"events": [_of_mailtrap(event) for event in events]})
    return Call(body, {"Mailtrap-Signature": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()})


def _of_mailtrap(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "delivery", "hard": "bounce", "deferred": "soft bounce", "complained": "spam",
            "unsubscribed": "unsubscribe"}  # fmt: skip
    one = {
        "event": kind[event.kind],
        "timestamp": event.seconds,
        "message_id": event.message_id,
        "event_id": f"{event.kind}-{event.seconds}",
        "email": event.address,
    }
    if event.kind == "hard":
        one["response"] = event.reply
    return one


def _postal(event: Happened) -> Call:
    message = {"id": event.message_id, "to": event.address, "direction": "outgoing"}
    if event.kind in ("delivered", "deferred"):
        status = "Sent" if event.kind == "delivered" else "SoftFail"
        payload: dict[str, Any] = {"status": status, "message": message, "output": "250 ok"}
    else:
        payload = {"status": "HardFail", "message": message, "output": event.reply}
    body = _json({"event": "Message", "timestamp": event.seconds, "uuid": "u", "payload": payload})
    signature = rsa_key().sign(body, padding.PKCS1v15(), hashes.SHA1())
    return Call(body, {"X-Postal-Signature": base64.b64encode(signature).decode()})


def _postmark(event: Happened) -> Call:
    kind = {"delivered": "Delivery", "complained": "SpamComplaint", "unsubscribed": "SubscriptionChange"}
    when = {"delivered": "DeliveredAt", "unsubscribed": "ChangedAt"}.get(event.kind, "BouncedAt")
    body: dict[str, Any] = {
        "RecordType": kind.get(event.kind, "Bounce"),
        "MessageID": event.message_id,
        "Recipient": event.address,
        when: event.at.isoformat(),
    }
    if event.kind == "unsubscribed":
        body |= {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}
    if event.kind in ("hard", "soft", "deferred", "complained"):
        types = {"hard": "HardBounce", "soft": "SoftBounce", "deferred": "Transient", "complained": "SpamComplaint"}
        body |= {"Type": types[event.kind], "Details": event.reply, "Email": event.address, "ID": event.seconds}
    return Call(_json(body), _basic("postmark"))


def _resend(event: Happened) -> Call:
    kind = {"hard": "bounced", "soft": "bounced", "deferred": "delivery_delayed"}.get(event.kind, event.kind)
    data: dict[str, Any] = {"email_id": event.message_id, "to": [event.address]}
    if kind == "bounced":
        permanent = "Permanent" if event.kind == "hard" else "Transient"
        data["bounce"] = {"type": permanent, "message": f"The bounce message was: {event.reply}"}
    body = _json({"type": f"email.{kind}", "created_at": event.at.isoformat(), "data": data})
    return Call(body, svix(body, int(datetime.now(UTC).timestamp())))


def svix(body: bytes, at: int) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    name = hashlib.sha256(body).hexdigest()[:20]
    made = hmac.digest(KEY.encode(), f"{name}.{at}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(made).decode()}"
    return {"svix-id": name, "svix-timestamp": str(at), "svix-signature": signature}


def _sendgrid(*events: Happened) -> Call:
    body, stamp = _json([_of_sendgrid(event) for event in events]), str(events[0].seconds)
    signature = ec_key().sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    start = "X-Twilio-Email-Event-Webhook"
    return Call(body, {f"{start}-Signature": base64.b64encode(signature).decode(), f"{start}-Timestamp": stamp})


def _of_sendgrid(event: Happened) -> dict[str, Any]:
    kind = {"hard": "bounce", "soft": "bounce", "complained": "spamreport", "unsubscribed": "unsubscribe"}
    one: dict[str, Any] = {
        "event": kind.get(event.kind, event.kind),
        "email": event.address,
        "timestamp": event.seconds,
        "anymail_id": event.message_id,
        "sg_event_id": f"{event.kind}-{event.seconds}",
    }
    if event.kind in ("hard", "soft"):
        one |= {"type": "bounce" if event.kind == "hard" else "blocked", "reason": event.reply}
    return one


def _sparkpost(*events: Happened) -> Call:
    return Call(_json([_of_sparkpost(event) for event in events]), _basic("sparkpost"))


def _of_sparkpost(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "delivery", "deferred": "delay", "hard": "bounce", "soft": "bounce",
            "complained": "spam_complaint", "unsubscribed": "list_unsubscribe"}  # fmt: skip
    one = {
        "type": kind[event.kind],
        "transmission_id": event.message_id,
        "event_id": f"{event.kind}-{event.seconds}",
        "raw_rcpt_to": event.address,
        "timestamp": str(event.seconds),
    }
    if event.kind in ("hard", "soft"):
        one |= {"bounce_class": "10" if event.kind == "hard" else "22", "raw_reason": event.reply}
    outer = "unsubscribe_event" if event.kind == "unsubscribed" else "message_event"
    return {"msys": {outer: one}}


def _unisender_go(*events: Happened) -> Call:
    inside = [{"event_name": "transactional_email_status", "event_data": _of_unisender_go(event)} for event in events]
    body = json.dumps({"auth": KEY, "events_by_user": [{"project_id": "1", "events": inside}]})
    auth = hashlib.md5(body.encode()).hexdigest()
    return Call(body.replace(f'"{KEY}"', f'"{auth}"', 1).encode(), {})


def _of_unisender_go(event: Happened) -> dict[str, Any]:
    kind = {"hard": "hard_bounced", "deferred": "soft_bounced", "complained": "spam", "soft": "hard_bounced"}
    said = {"hard": "err_user_unknown", "soft": "err_mailbox_full", "deferred": "err_will_retry"}
    data: dict[str, Any] = {
        "status": kind.get(event.kind, event.kind),
        "email": event.address,
        "event_time": event.at.strftime("%Y-%m-%d %H:%M:%S"),
        "metadata": {"anymail_id": event.message_id},
    }
    if event.kind in said:
        data["delivery_info"] = {"delivery_status": said[event.kind], "destination_response": event.reply}
    return data


LISTS: Mapping[str, Callable[..., Call]] = {
    "mailjet": _mailjet,
    "mailtrap": _mailtrap,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
    "unisender_go": _unisender_go,
}
"""The services that report several events in one call."""
CALLS: Mapping[str, Callable[[Happened], Call]] = {
    "amazon_ses": _amazon_ses,
    "brevo": _brevo,
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "mailtrap": _mailtrap,
    "postal": _postal,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
    "unisender_go": _unisender_go,
}
ALL = ("delivered", "deferred", "hard", "soft", "complained", "unsubscribed")
KINDS: Mapping[str, tuple[str, ...]] = {
    "amazon_ses": ("delivered", "hard", "soft", "complained"),
    "mailersend": ("delivered", "hard", "soft", "complained", "unsubscribed"),
    "mailtrap": ("delivered", "deferred", "hard", "complained", "unsubscribed"),
    "postal": ("delivered", "deferred", "hard", "soft"),
    "resend": ("delivered", "deferred", "hard", "soft", "complained"),
}
"""The events that a service reports; all of them if it isn't listed."""
KEYS: Mapping[str, Callable[[], dict[str, str]]] = {
    "mailersend": lambda: {"signing_secret": KEY},
    "mailgun": lambda: {"webhook_signing_key": KEY},
    "mailtrap": lambda: {"tracking_secret": KEY},
    "postal": lambda: {"webhook_key": public(rsa_key())},
    "resend": lambda: {"signing_secret": KEY},
    "sendgrid": lambda: {"tracking_webhook_verification_key": public(ec_key())},
    "unisender_go": lambda: {"api_key": KEY},
}
"""The settings with which the signatures are checked."""


def kinds(provider: str) -> tuple[str, ...]:
    """Return the events that a service reports."""
    return KINDS.get(provider, ALL)
