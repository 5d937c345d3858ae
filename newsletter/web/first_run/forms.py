"""The forms of the three steps of set-up."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from newsletter.config import DeliverySettings, Theme
from newsletter.config.values import parse_moment
from newsletter.deliverability.services import service_of_server
from newsletter.messages import Message
from newsletter.messages.general import ABOUT
from newsletter.sending.api_calls.interface import ProviderProblem
from newsletter.setup.starter import mailbox
from newsletter.web.desk.formatting import message
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.settings import usual_mistakes
from newsletter.web.desk.settings.delivery_pages import API_NAMES, EMAIL_SERVICES
from newsletter.web.desk.settings.fields import Kind
from newsletter.web.desk.settings.inputs.colours import colour_attributes
from newsletter.web.desk.settings.inputs.suggestions import LanguageField, TimeZoneField
from newsletter.web.desk.settings.inputs.times import MomentField

LOGO_INPUT = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif"})
SMTP_FIELDS = ("host", "port", "security", "user", "password")


class BlogForm(DeskForm):
    """Where the site will be reached, and which blog the newsletter is about."""

    blog = forms.CharField(
        label=_("Your blog’s address"),
        help_text=_("The address of the website or its feed. We’ll find the rest."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "autofocus": True}),
    )
    site_url = forms.CharField(
        label=_("Public address of this site"),
        help_text=_(
            "Links in emails start with this address, for example https://news.example.org. Leave it as it is to try "
            "things out."
        ),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none"}),
    )
    private = forms.BooleanField(label=_("The blog is on this machine or on a private network"), required=False)

    def __init__(self, *args: Any, without: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["blog"].required = not without


class NewsletterForm(DeskForm):
    """What was found about the blog, to be corrected."""

    title = forms.CharField(label=_("Title"))
    description = forms.CharField(label=_("Description"), required=False)
    language = LanguageField(
        label=_("Language"), help_text=_("Used for dates, headings and the footer. Type the name of a language.")
    )
    timezone = TimeZoneField(label=_("Time zone"), help_text=_("Type the name of a city, such as Oslo."))
    period = forms.ChoiceField(
        label=_("Frequency"), choices=[("day", _("Daily")), ("week", _("Weekly")), ("month", _("Monthly"))]
    )
    logo = forms.CharField(
        label=_("Logo"),
        help_text=_("The address of an image that is shown instead of the title."),
        required=False,
    )
    image = forms.FileField(
        label=_("Upload a logo"),
        help_text=_("PNG, JPEG or GIF. It is shown 48 pixels high, in emails and on public pages."),
        required=False,
        widget=LOGO_INPUT,
    )
    logo_dark = forms.CharField(
        label=_("Logo for dark mode"), help_text=_("If the logo is hard to see on black."), required=False
    )
    image_dark = forms.FileField(
        label=_("Upload a logo for dark mode"),
        help_text=_("If you upload none, a black or dark grey logo on a transparent background is made light."),
        required=False,
        widget=LOGO_INPUT,
    )
    accent = forms.CharField(
        label=_("Accent colour"),
        help_text=_("The colour of the title, days, links, buttons and lines. Enter a hex code such as #b3261e."),
        required=False,
        widget=forms.TextInput(attrs={**colour_attributes(), "placeholder": Theme.accent}),
    )


class SendingForm(DeskForm):
    """When the newsletter is sent, by whom and through what."""

    sender_name = forms.CharField(
        label=_("Sender’s name"), help_text=_("Subscribers see it in their inbox."), required=False, max_length=100
    )
    sender_address = forms.EmailField(
        label=_("Sender’s email address"),
        help_text=_("Editions are sent from it. Its domain must be yours."),
        widget=forms.EmailInput(attrs={"placeholder": "news@example.org"}),
    )
    address = forms.CharField(label=_("Postal address"), help_text=_("Shown in the footer. Many countries require it."))
    editor = forms.EmailField(
        label=_("Your email address"),
        help_text=_("We’ll email you when a draft is ready or something goes wrong."),
        required=False,
    )
    draft = MomentField(label=_("Create the draft at"))
    send = MomentField(label=_("Send at"))
    provider = forms.ChoiceField(
        label=_("Provider"),
        help_text=_("How emails are sent: by a mail server, or by an email service."),
        choices=[
            ("file", _("Save to a folder, to try things out")),
            ("smtp", _("Mail server, by SMTP")),
            *API_NAMES.items(),
        ],
    )
    host = forms.CharField(label=_("SMTP server"), required=False)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False, initial=587)
    security = forms.ChoiceField(
        label=_("Encryption"),
        help_text=_(
            "Leave it at Automatic unless your provider says otherwise: that is STARTTLS, or no encryption if the "
            "server is on this machine."
        ),
        choices=[
            ("auto", _("Automatic")),
            ("tls", "TLS"),
            ("starttls", "STARTTLS"),
            ("none", _("None")),
        ],
        required=False,
    )
    user = forms.CharField(label=_("User name"), required=False)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )

    anyway = forms.BooleanField(
        label=_("Use this all the same"), required=False, widget=forms.CheckboxInput({"data-unkept": ""})
    )

    def __init__(self, *args: Any, cadence: str = "week", scheduled: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cadence = cadence
        self._mistakes: dict[str, str] = {}
        for name in ("draft", "send"):
            if scheduled:
                self.fields[name] = MomentField(label=self.fields[name].label, cadences=(cadence,))
            else:
                del self.fields[name]
        if not scheduled:  # no draft is made but by hand
            self.fields["editor"].help_text = _("We’ll email you when something goes wrong.")
        for setting in EMAIL_SERVICES.fields:
            self.fields[setting.key] = forms.CharField(label=setting.label, help_text=setting.help, required=False)
            if setting.kind is Kind.SECRET:
                attributes = {"autocomplete": "off"}
                self.fields[setting.key].widget = forms.PasswordInput(attrs=attributes, render_value=True)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("provider") == "smtp" and not cleaned.get("host"):
            self.add_error("host", ValidationError(_("Enter the server’s name.")))
        if cleaned.get("provider") in API_NAMES:
            self._check_service(cleaned["provider"])
        self._mistakes = self._usual_mistakes(cleaned)
        for name, sentence in self._mistakes.items() if not cleaned.get("anyway") else ():
            self.add_error(name, ValidationError(sentence))
        return cleaned

    def _usual_mistakes(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """Return what is hardly meant, by the fields that it is about: it is used once the box for that is ticked."""
        sentences = {}
        if cleaned.get("draft") and cleaned.get("send"):
            draft, send = parse_moment(cleaned["draft"]), parse_moment(cleaned["send"])
            sentences["send"] = usual_mistakes.late_sending(draft, send, self._cadence)
        if cleaned.get("sender_address"):
            provider = cleaned.get("provider", "")
            service = service_of_server(cleaned.get("host") or "") if provider == "smtp" else provider
            domain = cleaned["sender_address"].rpartition("@")[2]
            sentences["sender_address"] = usual_mistakes.foreign_sender(domain, service)
        return {name: sentence for name, sentence in sentences.items() if sentence}

    def _check_service(self, name: str) -> None:
        """Report what is missing for an email service."""
        from newsletter.sending.api_calls.choice import missing, provider  # the HTTP clients take long to import

        absent = missing(name, self._service(name))
        for key in absent:
            self.add_error(f"{name}.{key}", forms.Field.default_error_messages["required"])
        if absent:
            return
        chosen: dict[str, Any] = {"provider": name, name: self._service(name)}
        try:
            provider(DeliverySettings(**chosen))
        except ProviderProblem as problem:
            self._add_problem(name, problem.message)

    def _add_problem(self, name: str, problem: Message) -> None:
        """Show a problem of an email service beside the field that it is about, or above the form."""
        key, about = "", None
        if ABOUT.matches(problem):
            key, about = str(problem.param("subject")).removeprefix("delivery."), problem.param("message")
        if key in self.fields and isinstance(about, Message):
            self.add_error(key, ValidationError(message(about)))
        elif key == "amazon_ses" and not self._service(name).get("client_params", {}).get("region_name"):
            self.add_error("amazon_ses.client_params.region_name", forms.Field.default_error_messages["required"])
        else:
            self.add_error(None, ValidationError(message(problem)))

    @property
    def general(self) -> list[forms.BoundField]:
        """The fields that are always needed."""
        elsewhere = {setting.key for setting in EMAIL_SERVICES.fields} | {*SMTP_FIELDS, "anyway"}
        return [field for field in self if field.name not in elsewhere]

    @property
    def last(self) -> list[forms.BoundField]:
        """The box that is ticked to use what is hardly meant, where there is something of that kind."""
        return [self["anyway"]] if self._mistakes else []

    @property
    def smtp(self) -> list[forms.BoundField]:
        """The fields for the provider SMTP."""
        return [self[name] for name in SMTP_FIELDS]

    @property
    def services(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each email service with an API."""
        names = [setting.key for setting in EMAIL_SERVICES.fields]
        return [(name, [self[key] for key in names if key.startswith(f"{name}.")]) for name in API_NAMES]

    def values(self) -> dict[str, Any]:
        """Return the values by the keys of config.toml; those of the newsletter without its table."""
        entered = self.cleaned_data
        settings: dict[str, Any] = {key: entered[key] for key in ("address", "draft", "send") if key in entered}
        settings["from"] = mailbox(entered["sender_name"], entered["sender_address"])
        if entered["editor"]:
            settings["editors"] = [entered["editor"]]
        settings["delivery.provider"] = entered["provider"]
        if entered["provider"] == "smtp":
            settings["delivery.smtp"] = {name: entered[name] for name in SMTP_FIELDS if entered[name]}
        elif entered["provider"] in API_NAMES:
            settings[f"delivery.{entered['provider']}"] = self._service(entered["provider"])
        return settings

    def _service(self, name: str) -> dict[str, Any]:
        """Return the table of an email service."""
        table: dict[str, Any] = {}
        entered = {key: value for key, value in self.cleaned_data.items() if key.startswith(f"{name}.") and value}
        for key, value in entered.items():
            _, *above, end = key.split(".")
            inner = table
            for part in above:
                inner = inner.setdefault(part, {})
            inner[end] = value
        return table
