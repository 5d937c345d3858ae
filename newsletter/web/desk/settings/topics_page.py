"""The settings page of a newsletter's topics, which readers pick from."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage

TOPICS = SettingsPage(
    "topics",
    _("Topics"),
    "newsletters.NAME",
    (
        SettingField(
            "topics",
            _("Topics"),
            _(
                "One per line: a name out of a-z, 0-9 and -, then the title that readers see, categories, sources and "
                "words, such as “film | Film and TV | Film; Cinema”. Separate these parts with |, and several "
                "categories, sources or words with semicolons."
            ),
            Kind.TOPICS,
        ),
        SettingField(
            "maximum_variants",
            _("Maximum number of combinations"),
            _("Each combination may need its own email: 6 topics have 64, each further one doubles it."),
            Kind.NUMBER,
        ),
    ),
    intro=_(
        "Readers pick topics when they sign up and on the preferences page. They get only posts of those topics, and "
        "readers who pick none get all posts."
    ),
)
