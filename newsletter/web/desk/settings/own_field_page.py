"""The page of a field of one's own, `[fields.KEY]` in config.toml: its label, kind, purpose and who changes it."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, RowColumn, Rows, SettingField, SettingsPage, Shape, Words

KINDS: tuple[tuple[str, Words], ...] = (
    ("text", _("Text")),
    ("number", _("Number")),
    ("date", _("Date")),
    ("yes-no", _("Yes or no")),
    ("choice", _("One of several")),
)
_LANGUAGE = RowColumn("language", _("Language"), _("Its tag, such as nb or pt-BR."), example="nb")

OWN_FIELD = SettingsPage(
    "field",
    _("Field"),
    "fields.KEY",
    (
        SettingField("label", _("Label"), _("What subscribers and editors see.")),
        SettingField(
            "kind",
            _("Kind"),
            _("Choose it before subscribers have values. Values that don’t fit another kind stay as they are."),
            choices=KINDS,
        ),
        SettingField("choices", _("Choices"), _("Only for “One of several”: at least two, one per line.")),
        SettingField("purpose", _("Purpose"), _("What the value is for. Forms show it below the label.")),
        SettingField(
            "changed_by",
            _("Who changes it"),
            _("Sign-up forms and the profile show the field if subscribers may change it."),
            choices=(("subscriber", _("Subscribers")), ("editor", _("Admins, at the desk"))),
            required=True,
        ),
        SettingField(
            "labels",
            _("Label in other languages"),
            kind=Kind.ROWS,
            rows=Rows((_LANGUAGE, RowColumn("label", _("Label"))), _("Add a language"), Shape.NAMED_VALUES),
        ),
        SettingField(
            "purposes",
            _("Purpose in other languages"),
            kind=Kind.ROWS,
            rows=Rows((_LANGUAGE, RowColumn("purpose", _("Purpose"))), _("Add a language"), Shape.NAMED_VALUES),
        ),
    ),
)
