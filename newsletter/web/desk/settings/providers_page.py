"""The settings of email services with an API. The keys are those of django-anymail."""

from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

API_NAMES = {
    "amazon_ses": "Amazon SES",
    "brevo": "Brevo",
    "mailersend": "MailerSend",
    "mailgun": "Mailgun",
    "mailjet": "Mailjet",
    "mailtrap": "Mailtrap",
    "postal": "Postal",
    "postmark": "Postmark",
    "resend": "Resend",
    "scaleway": "Scaleway",
    "sendgrid": "SendGrid",
    "sparkpost": "SparkPost",
    "unisender_go": "Unisender Go",
}
"""The values of `delivery.provider` for services with an API, and how the services write their names."""

_API_KEY, _SECRET_KEY, _TOKEN = _("{service}: API key"), _("{service}: secret key"), _("{service}: API token")
_SIGNING_KEY = _("{service}: signing key of webhooks")
_ADDRESS = _("{service}: API address")


def _field(key: str, label: "_StrPromise", help_text: "_StrPromise | str" = "") -> SettingField:
    named = format_lazy(label, service=API_NAMES[key.partition(".")[0]])
    secret = any(label is each for each in (_API_KEY, _SECRET_KEY, _TOKEN, _SIGNING_KEY))
    return SettingField(key, named, help_text, Kind.SECRET if secret else Kind.TEXT, destination=label is _ADDRESS)


PROVIDERS = SettingsPage(
    "providers",
    _("Email services"),
    "delivery",
    (
        _field("amazon_ses.client_params.region_name", _("{service}: region"), _("Such as eu-north-1.")),
        _field("amazon_ses.client_params.aws_access_key_id", _API_KEY),
        _field("amazon_ses.client_params.aws_secret_access_key", _SECRET_KEY),
        _field("amazon_ses.configuration_set_name", _("{service}: configuration set")),
        _field("brevo.api_key", _API_KEY),
        _field("mailersend.api_token", _TOKEN),
        _field("mailersend.signing_secret", _SIGNING_KEY),
        _field("mailgun.api_key", _API_KEY),
        _field("mailgun.sender_domain", _("{service}: sending domain")),
        _field("mailgun.api_url", _ADDRESS, _("Such as https://api.eu.mailgun.net/v3.")),
        _field("mailgun.webhook_signing_key", _SIGNING_KEY),
        _field("mailjet.api_key", _API_KEY),
        _field("mailjet.secret_key", _SECRET_KEY),
        _field("mailtrap.api_token", _TOKEN),
        _field("mailtrap.tracking_secret", _SIGNING_KEY),
        _field("postal.api_key", _API_KEY),
        _field("postal.api_url", _ADDRESS, _("Where your Postal runs, such as https://postal.example.org.")),
        _field("postal.webhook_key", _SIGNING_KEY),
        _field("postmark.server_token", _TOKEN),
        _field("postmark.message_stream", _("{service}: message stream")),
        _field("resend.api_key", _API_KEY),
        _field("resend.signing_secret", _SIGNING_KEY),
        _field("scaleway.secret_key", _SECRET_KEY),
        _field("scaleway.project_id", _("{service}: project ID")),
        _field("scaleway.region", _("{service}: region"), _("Such as fr-par.")),
        _field("sendgrid.api_key", _API_KEY),
        _field("sendgrid.api_url", _ADDRESS, _("Such as https://api.eu.sendgrid.com/v3/.")),
        _field("sendgrid.tracking_webhook_verification_key", _SIGNING_KEY),
        _field("sparkpost.api_key", _API_KEY),
        _field("sparkpost.api_url", _ADDRESS, _("Such as https://api.eu.sparkpost.com/api/v1.")),
        _field("unisender_go.api_key", _API_KEY),
        _field("unisender_go.api_url", _ADDRESS, _("Such as https://go1.unisender.ru/ru/transactional/api/v1/.")),
    ),
    intro=_("Fill in the service that you use, and choose it as the provider under “Delivery”."),
    groups=tuple(API_NAMES.items()),
)
