"""The settings page of a newsletter's design."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, PageSection, RowColumn, Rows, SettingField, SettingsPage, Shape

DESIGN = SettingsPage(
    "design",
    _("Design"),
    "newsletters.NAME",
    sections=(
        PageSection(
            "colours",
            _("Design and colours"),
            (
                SettingField(
                    "theme.design",
                    _("Design"),
                    choices=(
                        ("letter", _("Letter: posts one below the other")),
                        ("magazine", _("Magazine: a large first post, and images beside the others")),
                        ("cards", _("Cards: each post in a frame, with its picture on top")),
                        ("brief", _("Brief: a headline and one line for each post")),
                        ("plain", _("Plain: mostly text")),
                    ),
                ),
                SettingField(
                    "theme.accent",
                    _("Accent colour"),
                    _("The colour of the title, days, links, buttons and lines. Enter a hex code such as #b3261e."),
                ),
                SettingField(
                    "theme.accent_dark",
                    _("Accent colour in dark mode"),
                    _("If blank, the accent colour, as light as it must be to be readable."),
                ),
                SettingField("theme.text", _("Text colour")),
                SettingField("theme.background", _("Background colour")),
                SettingField(
                    "theme.buttons",
                    _("Shape of buttons"),
                    choices=(
                        ("rounded", _("Rounded corners")),
                        ("pill", _("Round ends")),
                        ("square", _("Square corners")),
                    ),
                ),
            ),
        ),
        PageSection(
            "logo",
            _("Logo and tagline"),
            (
                SettingField("theme.logo", _("Logo"), _("The address of an image that is shown instead of the title.")),
                SettingField("theme.logo_dark", _("Logo for dark mode"), _("If the logo is hard to see on black.")),
                SettingField("theme.tagline", _("Tagline"), _("A line below the title.")),
                SettingField(
                    "theme.masthead",
                    _("Title"),
                    choices=(
                        ("auto", _("As the design has it")),
                        ("start", _("At the side where lines begin")),
                        ("center", _("Centred")),
                        ("band", _("On a coloured band")),
                        ("band-center", _("Centred on a coloured band")),
                    ),
                ),
                SettingField(
                    "theme.band", _("Colour of the band"), _("If blank, the accent colour. It is darker in dark mode.")
                ),
                SettingField("theme.dates", _("Dates beside the title")),
                SettingField("theme.browser_link_on_top", _("Link to the web page beside the title, too")),
            ),
        ),
        PageSection(
            "fonts",
            _("Fonts"),
            (
                SettingField(
                    "theme.font",
                    _("Font"),
                    _("Such as Georgia, serif. It must be installed on the subscriber’s device."),
                ),
                SettingField(
                    "theme.heading_font", _("Font of headings"), _("If it differs from the font of the text.")
                ),
            ),
        ),
        PageSection(
            "posts",
            _("Posts"),
            (
                SettingField(
                    "theme.contents",
                    _("Table of contents"),
                    choices=(
                        ("auto", _("As the design has it")),
                        ("off", _("None")),
                        ("flat", _("One list")),
                        ("day", _("One list for each day or other group")),
                    ),
                ),
                SettingField(
                    "theme.meta",
                    _("Below headlines"),
                    _("The source is only shown if there are several. If nothing is chosen, the design decides."),
                    choices=(
                        ("source", _("Source")),
                        ("author", _("Author")),
                        ("date", _("Date")),
                        ("time", _("Time, or the date if posts are not grouped by day")),
                        ("reading_time", _("Reading time")),
                        ("categories", _("Categories")),
                    ),
                ),
                SettingField("theme.times", _("Time of day below headlines")),
                SettingField(
                    "theme.read_on",
                    _("Link to the whole post"),
                    _("For example “Read more”. Shown below shortened posts."),
                ),
                SettingField(
                    "theme.comments",
                    _("Link to comments"),
                    _("For example “Comments”. Shown below posts whose source has the address of their comments."),
                ),
                SettingField(
                    "theme.images",
                    _("Images in posts"),
                    choices=(
                        ("all", _("All images")),
                        ("first", _("Only the first image, in its place in the text")),
                        ("lead", _("One image, above the text")),
                    ),
                ),
                SettingField("theme.image_height", _("Maximum height of images"), _("In pixels. 0 means no limit.")),
            ),
        ),
        PageSection(
            "sections",
            _("Sections"),
            (
                SettingField(
                    "theme.sections",
                    _("Sections"),
                    _("For posts that are grouped by category or source."),
                    Kind.ROWS,
                    rows=Rows(
                        (
                            RowColumn("name", _("Category or source"), example="film"),
                            RowColumn("colour", _("Colour"), example="#1d4f73"),
                            RowColumn("heading", _("Heading"), _("If blank, the name."), example=_("At the cinema")),
                        ),
                        add=_("Add a section"),
                        ordered=True,
                        shape=Shape.LIST,
                    ),
                ),
            ),
        ),
        PageSection(
            "footer",
            _("Footer"),
            (
                SettingField(
                    "theme.reply",
                    _("Link to reply by email"),
                    _(
                        "For example “Reply to this email”. Shown at the end of each edition; replies go to "
                        "the address for replies, or to the sender."
                    ),
                ),
                SettingField("theme.footer_text", _("Text in the footer"), _("Such as who publishes the newsletter.")),
                SettingField(
                    "theme.links",
                    _("Links in the footer"),
                    kind=Kind.ROWS,
                    rows=Rows(
                        (
                            RowColumn("label", _("Label"), example="Mastodon"),
                            RowColumn("address", _("Address"), example="https://mastodon.example/@us"),
                        ),
                        add=_("Add a link"),
                        ordered=True,
                        shape=Shape.NAMED_VALUES,
                    ),
                ),
                SettingField(
                    "theme.share",
                    _("Links to share an edition"),
                    choices=(
                        ("email", _("Forward by email")),
                        ("bluesky", "Bluesky"),
                        ("facebook", "Facebook"),
                        ("linkedin", "LinkedIn"),
                        ("whatsapp", "WhatsApp"),
                    ),
                ),
            ),
        ),
        PageSection(
            "template",
            _("Template"),
            (
                SettingField(
                    "template",
                    _("Template"),
                    _("The name of your own template, if you have one. It is used instead of the design’s."),
                ),
            ),
        ),
    ),
)
