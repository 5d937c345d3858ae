"""Every key of config.toml: on which settings page it is edited, under which label, or why it is not."""

from django.utils.translation import gettext_lazy as _

from newsletter.config.document import KeyPath
from newsletter.web.desk.settings.cadences_page import cadences_page
from newsletter.web.desk.settings.delivery_pages import ADVANCED, DELIVERY, EMAIL_SERVICES, PROVIDER_CHOICES
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.fields import (
    Kind,
    PageSection,
    RowColumn,
    Rows,
    SettingField,
    SettingsPage,
    Words,
)
from newsletter.web.desk.settings.own_field_page import OWN_FIELD
from newsletter.web.desk.settings.site_pages import ADDRESS, ALERTS, BOUNCES, COLLECT

_ONE_PER_LINE = _("One per line.")

GENERAL = SettingsPage(
    "general",
    _("General"),
    "newsletters.NAME",
    (
        SettingField("title", _("Title"), _("The name that subscribers see.")),
        SettingField(
            "status",
            _("Status"),
            _(
                "While it is paused, no drafts are made and no emails are sent; people can still sign up. To pause for "
                "certain dates, use “Dates without an edition” (Schedule). An archived newsletter is closed: its "
                "pages, reports and unsubscribe links keep working."
            ),
            choices=(("active", _("Active")), ("paused", _("Paused")), ("archived", _("Archived"))),
        ),
        SettingField("description", _("Description"), _("One line for the archive and the sign-up form.")),
        SettingField("author", _("Who writes it"), _("A name that the newsletter’s page shows.")),
        SettingField(
            "cover", _("Cover picture"), _("The address of a wide image that is shown above the newsletter’s page.")
        ),
        SettingField(
            "show_subscribers",
            _("Show how many people subscribe"),
            _("The newsletter’s page has the number once there are 100."),
        ),
        SettingField(
            "language", _("Language"), _("Used for dates, headings and the footer. Type the name of a language.")
        ),
        SettingField("timezone", _("Time zone"), _("Type the name of a city, such as Oslo.")),
        SettingField(
            "editors",
            _("Notify these addresses"),
            _("They get an email when a draft is ready or something goes wrong. One address per line."),
        ),
        SettingField("welcome", _("Send a welcome email"), _("Sent after a subscriber has confirmed.")),
        SettingField(
            "ask_again",
            _("Ask inactive subscribers after"),
            _(
                "Subscribers we haven’t heard from for this long are asked once whether they still want the "
                "newsletter. If blank, no one is asked."
            ),
        ),
        SettingField("noindex", _("Hide the archive from search engines")),
        SettingField(
            "form_origins",
            _("Websites that may use the sign-up form"),
            _("Addresses such as https://example.org, one per line."),
        ),
        SettingField(
            "challenge",
            _("Bot protection at sign-up"),
            _(
                "Browsers solve a challenge, which takes about a second, before a sign-up is accepted. This makes "
                "automated attacks expensive."
            ),
            choices=(("auto", _("During an attack")), ("on", _("Always")), ("off", _("Never"))),
        ),
    ),
)
SENDER = SettingsPage(
    "sender",
    _("Sender"),
    "newsletters.NAME",
    (
        SettingField(
            "from", _("Sender’s name and email address"), _("The address is in angle brackets, after the name.")
        ),
        SettingField("reply_to", _("Address for replies"), _("If blank, replies go to the sender’s address.")),
        SettingField(
            "address", _("Postal address"), _("Shown in the footer. Many countries require it."), Kind.LONG_TEXT
        ),
        SettingField(
            "provider",
            _("Provider"),
            _("Only if this newsletter uses a different provider from the others."),
            Kind.CHOICE,
            PROVIDER_CHOICES,
        ),
    ),
)
SCHEDULE = SettingsPage(
    "schedule",
    _("Schedule"),
    "newsletters.NAME",
    (
        SettingField(
            "period", _("Frequency"), choices=(("day", _("Daily")), ("week", _("Weekly")), ("month", _("Monthly")))
        ),
        SettingField(
            "draft", _("Create the draft at"), _("Default: 15:00, on Fridays if weekly, on the 1st if monthly.")
        ),
        SettingField("send", _("Send at"), _("Default: 18:00, on Fridays if weekly, on the 1st if monthly.")),
        SettingField(
            "approval",
            _("Approval"),
            choices=(("editor", _("An editor approves")), ("none", _("Send without approval"))),
        ),
        SettingField("late", _("Send late for up to"), _("An edition that is later than this waits for an editor.")),
        SettingField(
            "late_posts",
            _("Include late posts for up to"),
            _("A post that appears after its edition is included in the next one, unless it is older than this."),
        ),
        SettingField("skip", _("Dates without an edition")),
    ),
)
CONTENT = SettingsPage(
    "content",
    _("Content"),
    "newsletters.NAME",
    sections=(
        PageSection(
            "text",
            _("Subject and text"),
            (
                SettingField(
                    "subject",
                    _("Subject"),
                    _("Text and parts that are different in each edition. If blank, the usual subject is used."),
                    Kind.SUBJECT,
                ),
                SettingField(
                    "body",
                    _("Length of posts"),
                    choices=(("full", _("Full text")), ("excerpt", _("Excerpt")), ("title", _("Headline only"))),
                ),
                SettingField(
                    "excerpt",
                    _("Excerpts use"),
                    _("If a post has no summary, the beginning of its text is used."),
                    choices=(("text", _("The beginning of the text")), ("summary", _("The source’s own summary"))),
                ),
                SettingField("excerpt_words", _("Words in an excerpt"), _("It ends with a complete sentence.")),
            ),
        ),
        PageSection(
            "images",
            _("Images and clicks"),
            (
                SettingField(
                    "images",
                    _("Images of posts"),
                    _(
                        "Copies stay as they were when a source changes or deletes an image, and no source sees who "
                        "reads."
                    ),
                    choices=(
                        ("source", _("From their sources")),
                        ("hosted", _("Copies on this site")),
                        ("none", _("No images")),
                    ),
                ),
                SettingField(
                    "track",
                    _("Clicks"),
                    _(
                        "Counted clicks show which posts are read most. Nothing shows who clicked, or who opens an "
                        "email."
                    ),
                    choices=(("none", _("Not counted")), ("links", _("Counted per link"))),
                ),
            ),
        ),
        PageSection(
            "posts",
            _("Number and order of posts"),
            (
                SettingField(
                    "group_by",
                    _("Group posts by"),
                    choices=(
                        ("day", _("Day")),
                        ("source", _("Source")),
                        ("category", _("Category")),
                        ("none", _("No groups")),
                    ),
                ),
                SettingField(
                    "order", _("Order"), choices=(("newest", _("Newest first")), ("oldest", _("Oldest first")))
                ),
                SettingField(
                    "minimum_posts",
                    _("Minimum number of posts"),
                    _("With fewer, the edition is skipped and its posts move to the next one."),
                ),
                SettingField("maximum_posts", _("Maximum number of posts"), _("Further posts are shown as headlines.")),
                SettingField(
                    "maximum_size", _("Maximum size of the email"), _("Such as 100 KB. Gmail clips emails over 102 KB.")
                ),
            ),
        ),
        PageSection(
            "segment",
            _("Segment"),
            (
                SettingField(
                    "where",
                    _("Segment"),
                    _("Send editions only to subscribers who meet these conditions. Without any, everyone gets them."),
                    Kind.CONDITIONS,
                ),
            ),
        ),
    ),
)
SOURCE = SettingsPage(
    "source",
    _("Source"),
    "newsletters.NAME.sources[]",
    (
        SettingField("url", _("Address"), _("A website, a feed, or the path of a folder.")),
        SettingField("name", _("Name"), _("Shown beside its posts. If blank, the source’s own title.")),
        SettingField("language", _("Language of its posts"), _("If blank, it is detected.")),
        SettingField(
            "type",
            _("Type"),
            choices=(
                ("auto", _("Detect")),
                ("feed", _("RSS or Atom feed")),
                ("blogger", "Blogger"),
                ("wordpress", "WordPress"),
                ("jsonfeed", "JSON Feed"),
                ("folder", _("Folder of Markdown files")),
            ),
        ),
        SettingField("include.categories", _("Only these categories"), _ONE_PER_LINE),
        SettingField("include.words", _("Only posts with one of these words"), _ONE_PER_LINE),
        SettingField("exclude.categories", _("Without these categories"), _ONE_PER_LINE),
        SettingField("exclude.words", _("Without posts with one of these words"), _ONE_PER_LINE),
        SettingField("base", _("Address of the blog"), _("Only for folders: where the posts can be read.")),
        SettingField(
            "permalink", _("Address of a post"), _("Only for folders: made from :slug, :title, :year, :month and :day.")
        ),
    ),
)
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
        ),
    ),
    intro=_(
        "Subscribers pick topics when they sign up and on the preferences page. They get only posts of those topics, "
        "and those who pick none get all posts."
    ),
)
CADENCES = cadences_page(field for page in (SCHEDULE, CONTENT, DESIGN) for field in page.fields)

NEWSLETTER_PAGES = (GENERAL, SENDER, SCHEDULE, CADENCES, TOPICS, CONTENT, DESIGN)
SITE_PAGES = (DELIVERY, EMAIL_SERVICES, ADVANCED, BOUNCES, COLLECT, ALERTS, ADDRESS)
PAGES = (*NEWSLETTER_PAGES, SOURCE, OWN_FIELD, *SITE_PAGES)

_RUNNING = _("This setting can’t be changed safely while the site is running. Edit config.toml and restart.")
_OPERATOR = _("This setting is for whoever runs the server. Edit config.toml; changes take effect immediately.")
LOCKED: dict[str, Words] = {
    "site.database": _RUNNING,
    "site.secret_key": _RUNNING,
    "site.secret_key_previous": _RUNNING,
    "site.secret_key_lost": _RUNNING,
    "web.host": _RUNNING,
    "web.port": _RUNNING,
    "web.settings": _RUNNING,
    "web.trusted_proxies": _RUNNING,
    "web.maximum_connections": _RUNNING,
    "web.maximum_connections_per_client": _RUNNING,
    "collect.allow_private_addresses": _(
        "This setting decides what this server may reach. Edit config.toml and restart."
    ),
    "delivery.journal": _RUNNING,
    "site.waiting_unsubscriptions": _RUNNING,
    "site.minimum_free_space": _OPERATOR,
    "log.format": _OPERATOR,
    "log.level": _OPERATOR,
    "log.sentry_dsn": _RUNNING,
    "delivery.dkim": _("Make a key on the page “Deliverability”, or with “newsletter dkim new” on the server."),
}


def is_secret(path: KeyPath) -> bool:
    """Return whether a value must not be shown."""
    names = tuple(part for part in path if isinstance(part, str))
    return any(
        field.kind is Kind.SECRET and names[-len(field.path) :] == field.path for page in PAGES for field in page.fields
    )
