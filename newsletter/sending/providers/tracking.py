"""How each provider's tracking of opens and clicks is switched off, from their documentation.

The promise is that no one is tracked. An account's default may track, so each call says that it is not to, and so do
header fields for a provider's SMTP server. Where neither can, the account decides, and checks say where.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.deliverability.services import service_of_server
from newsletter.domain.segments import Header

_SPARKPOST = {"options": {"open_tracking": False, "click_tracking": False}}
_SENDGRID = {
    "filters": {"clicktrack": {"settings": {"enable": 0}}, "opentrack": {"settings": {"enable": 0}}},
}


@dataclass(frozen=True, slots=True)
class Tracking:
    """What switches tracking off at a provider.

    `options`: each call has Anymail's `track_opens` and `track_clicks`. `call_headers` are header fields of the message
    in a call, `smtp_headers` those for its SMTP server. `call_account` and `smtp_account` are where the account's
    setting is which calls and header fields don't override; "" if there is none.
    """

    options: bool = False
    call_headers: Mapping[str, str] = field(default_factory=dict)
    smtp_headers: Mapping[str, str] = field(default_factory=dict)
    call_account: str = ""
    smtp_account: str = ""


_RESEND = "Domains › your domain › Configuration"
_BREVO = "the settings of transactional emails; where there is none, Brevo's support"
_MAILERSEND = "Domains › your domain › Tracking"
_MAILTRAP = "Sending Domains › your domain › Tracking Settings"
_POSTMARK = "Servers › your server › Settings › Open Tracking"
_SES = "Configuration sets › your configuration set › Event destinations, and Virtual Deliverability Manager"
_UNISENDER = "the settings of your project"

TRACKING: Mapping[str, Tracking] = {
    "amazon_ses": Tracking(smtp_account=_SES),  # `AmazonSes` has the parameter for calls
    "brevo": Tracking(call_account=_BREVO, smtp_account=_BREVO),
    "mailersend": Tracking(options=True, smtp_account=_MAILERSEND),
    "mailgun": Tracking(
        options=True,
        smtp_headers={"X-Mailgun-Track": "no", "X-Mailgun-Track-Clicks": "no", "X-Mailgun-Track-Opens": "no"},
    ),
    "mailjet": Tracking(options=True, smtp_headers={"X-Mailjet-TrackOpen": "0", "X-Mailjet-TrackClick": "0"}),
    "mailtrap": Tracking(call_account=_MAILTRAP, smtp_account=_MAILTRAP),
    "postal": Tracking(call_headers={"X-AMP": "skip"}),
    "postmark": Tracking(
        options=True,
        smtp_headers={"X-PM-TrackOpens": "false", "X-PM-TrackLinks": "None"},
        call_account=_POSTMARK,
        smtp_account=_POSTMARK,
    ),
    "resend": Tracking(call_account=_RESEND, smtp_account=_RESEND),
    "scaleway": Tracking(),  # it tracks nothing
    "sendgrid": Tracking(options=True, smtp_headers={"X-SMTPAPI": json.dumps(_SENDGRID)}),
    "sparkpost": Tracking(options=True, smtp_headers={"X-MSYS-API": json.dumps(_SPARKPOST)}),
    "unisender_go": Tracking(options=True, smtp_account=_UNISENDER),
}


def relay_of(host: str) -> str:
    """Return the provider whose SMTP server this is; "" for any other server."""
    return service_of_server(host.lower().rstrip("."))


def smtp_headers(host: str) -> tuple[Header, ...]:
    """Return the header fields that switch tracking off at this SMTP server."""
    tracking = TRACKING.get(relay_of(host), Tracking())
    return tuple(Header(name, (value.encode("ascii"),)) for name, value in tracking.smtp_headers.items())


def account_setting(provider: str, host: str) -> str:
    """Return where the account of a provider decides about tracking, whatever a message says; "" if it doesn't.

    `host` is the SMTP server's, for the provider `smtp`.
    """
    if provider == "smtp":
        return TRACKING.get(relay_of(host), Tracking()).smtp_account
    return TRACKING[provider].call_account if provider in TRACKING else ""
