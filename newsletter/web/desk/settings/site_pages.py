"""Settings pages of the whole site: bounces, collecting, alerts, and the public address."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage

BOUNCES = SettingsPage(
    "bounces",
    _("Bounces"),
    "bounces",
    (
        SettingField(
            "return_path",
            _("Address for bounces"),
            _("Each message gets its own plus address, such as bounce+…@example.org."),
        ),
        SettingField(
            "imap.host", _("IMAP server"), _("The server of the mailbox that receives bounces."), destination=True
        ),
        SettingField("imap.port", _("Port"), _("993 means TLS; any other port means STARTTLS."), destination=True),
        SettingField("imap.user", _("User name"), destination=True),
        SettingField("imap.password", _("Password"), kind=Kind.SECRET),
        SettingField("imap.folder", _("Folder")),
    ),
)
COLLECT = SettingsPage(
    "collecting",
    _("Collecting"),
    "collect",
    (
        SettingField("every", _("Check sources every")),
        SettingField("timeout", _("Timeout for one request")),
        SettingField("maximum_bytes", _("Maximum size of a response"), _("Such as 8 MB.")),
    ),
)
ALERTS = SettingsPage(
    "alerts",
    _("Alerts"),
    "site",
    (
        SettingField(
            "alert_url", _("Webhook for alerts"), _("Receives a POST with JSON when something needs attention.")
        ),
        SettingField("alert_secret", _("Signing secret"), _("If set, each POST is signed with it."), Kind.SECRET),
    ),
)

ADDRESS = SettingsPage(
    "address",
    _("Public address"),
    "site",
    (
        SettingField(
            "url",
            _("Public address of this site"),
            _(
                "Where readers reach the archive, and with which links in emails begin, such as https://news.example.org."
            ),
        ),
        SettingField(
            "url_previous",
            _("Earlier addresses"),
            _("One per line. The site answers them, too, so that links in emails that were sent keep working."),
        ),
    ),
    _(
        "Let a new address lead to this server before you save it: it is in force at once. Links in emails that were "
        "sent keep working."
    ),
)
