"""The settings page of a newsletter's topics, which subscribers pick from."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, RowColumn, Rows, SettingField, SettingsPage

TOPICS = SettingsPage(
    "topics",
    _("Topics"),
    "newsletters.NAME",
    (
        SettingField(
            "topics",
            _("Topics"),
            _("A topic has the posts with one of its categories, from one of its sources, or with one of its words."),
            Kind.ROWS,
            rows=Rows(
                (
                    RowColumn(
                        "name",
                        _("Name"),
                        _("Letters a–z, digits and hyphens. Don’t change it later: readers’ choices refer to it."),
                        example="film",
                    ),
                    RowColumn("title", _("Title"), _("What readers see."), example=_("Film and TV")),
                    RowColumn(
                        "categories", _("Categories"), _("One per line."), Kind.LINES, others=_("Other categories")
                    ),
                    RowColumn("words", _("Words in headline or text"), _("One per line."), Kind.LINES),
                    RowColumn("sources", _("Sources"), kind=Kind.CHOICES),
                ),
                add=_("Add a topic"),
                folded=True,
                ordered=True,
            ),
        ),
        SettingField(
            "maximum_variants",
            _("Maximum number of combinations"),
            _(
                "Each combination may need its own email. 6 topics have 64 combinations, and each additional topic "
                "doubles the number."
            ),
            Kind.NUMBER,
        ),
    ),
    intro=_(
        "Subscribers pick topics when they sign up and on the preferences page. They get only posts of those topics, "
        "and those who pick none get all posts."
    ),
)
