"""The first page of the settings: groups with a line that says what is in them, and a search for single settings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsletter.config import Newsletter
from newsletter.web.desk.settings import catalogue, site_pages
from newsletter.web.desk.settings.delivery_pages import ADVANCED, DELIVERY, PROVIDERS
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.fields import SettingField, SettingsPage, Words
from newsletter.web.desk.settings.topics_page import TOPICS

MOST_MATCHES = 12
ADVANCED_PAGES = (site_pages.COLLECT, ADVANCED, site_pages.ALERTS)

COMMON_WORDS: dict[str, Words] = {
    "title": gettext_lazy("name rename"),
    "status": gettext_lazy("stop close end holiday"),
    "timezone": gettext_lazy("clock hours"),
    "editors": gettext_lazy("notify notification email me"),
    "welcome": gettext_lazy("greeting new subscribers"),
    "noindex": gettext_lazy("google private hidden"),
    "form_origins": gettext_lazy("embed website form"),
    "challenge": gettext_lazy("spam bots captcha"),
    "from": gettext_lazy("sender name email address"),
    "reply_to": gettext_lazy("answer replies"),
    "address": gettext_lazy("street postal law footer"),
    "period": gettext_lazy("how often daily weekly monthly"),
    "draft": gettext_lazy("when time day"),
    "send": gettext_lazy("when time day hour"),
    "skip": gettext_lazy("holiday christmas pause"),
    "subject": gettext_lazy("title headline inbox"),
    "body": gettext_lazy("excerpt length full text"),
    "images": gettext_lazy("pictures photos"),
    "track": gettext_lazy("statistics opens clicks"),
    "theme.logo": gettext_lazy("picture brand"),
    "theme.accent": gettext_lazy("color brand"),
    "theme.font": gettext_lazy("typeface letters"),
    "smtp.host": gettext_lazy("mail server"),
    "provider": gettext_lazy("email service smtp"),
    "rate": gettext_lazy("speed limit"),
    "every": gettext_lazy("how often check blog"),
    "url": gettext_lazy("domain website links https"),
}
"""What people call settings beside their labels, by key."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page of settings, or one setting on it."""

    title: str
    address: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages that belong together, and what is in them."""

    title: str
    line: str
    links: tuple[Link, ...]


def of_newsletter(newsletter: Newsletter) -> tuple[PageGroup, ...]:
    """Return the groups of one newsletter."""

    def links(*pages: SettingsPage) -> tuple[Link, ...]:
        return tuple(Link(str(each.title), _address(each, newsletter.name)) for each in pages)

    return (
        PageGroup(
            _("Name and sender"),
            _("Title, language and time zone, who sends it, and who is told of drafts."),
            links(catalogue.GENERAL, catalogue.SENDER),
        ),
        PageGroup(
            _("Schedule"),
            _("When drafts are made and editions are sent, and how often subscribers can choose to get it."),
            links(catalogue.SCHEDULE, catalogue.CADENCES),
        ),
        PageGroup(
            _("Content"),
            _("Which posts are included, how long they are, and the topics that subscribers pick."),
            (*links(catalogue.CONTENT, TOPICS), Link(_("Sources"), reverse("desk:sources"))),
        ),
        PageGroup(_("Design"), _("Layout, colours, logo, fonts and footer of the email."), links(DESIGN)),
    )


def of_site() -> tuple[PageGroup, ...]:
    """Return the groups for all newsletters; the last has what most people never touch."""
    return (
        PageGroup(
            _("Delivery"),
            _("The mail server or email service, bounces, and whether emails reach the inbox."),
            (
                *(Link(str(each.title), _address(each)) for each in (DELIVERY, PROVIDERS, site_pages.BOUNCES)),
                Link(_("Deliverability"), reverse("desk:deliverability")),
            ),
        ),
        PageGroup(
            _("Team"),
            _("Who can log in, and what was done by whom."),
            (Link(_("Team"), reverse("desk:users")), Link(_("Log"), reverse("desk:log"))),
        ),
        PageGroup(
            _("Advanced"),
            _("The address, reading blogs, SMTP details, alerts and other programs. Most people never change these."),
            (
                *(Link(str(each.title), _address(each)) for each in (site_pages.ADDRESS, *ADVANCED_PAGES)),
                Link(_("Events from email services"), reverse("desk:settings-webhooks")),
                Link(_("API tokens"), reverse("desk:tokens")),
                Link(_("Webhooks"), reverse("desk:webhooks")),
                Link(_("Machines"), reverse("desk:workers")),
            ),
        ),
    )


def search(text: str, newsletters: Iterable[Newsletter]) -> list[Link]:
    """Return the settings whose label, help, page or common words have all the words; those named so first."""
    wanted = text.casefold().split()
    if not wanted:
        return []
    matches = [match for page, name, title in _pages(newsletters) for match in _matches(page, name, title, wanted)]
    return [link for _rank, link in sorted(matches, key=lambda match: match[0])[:MOST_MATCHES]]


def _pages(newsletters: Iterable[Newsletter]) -> Iterator[tuple[SettingsPage, str, str]]:
    """Yield the pages, each with the name and the title of its newsletter, "" for those of the site."""
    for newsletter in newsletters:
        yield from ((page, newsletter.name, newsletter.title) for page in catalogue.NEWSLETTER_PAGES)
    yield from ((page, "", "") for page in catalogue.SITE_PAGES)


def _matches(page: SettingsPage, name: str, title: str, wanted: list[str]) -> Iterator[tuple[int, Link]]:
    for field in page.fields:
        label = str(field.label).casefold()
        named = f"{label} {COMMON_WORDS.get(field.key, '')}".casefold()
        if all(word in _words(page, field) for word in wanted):
            about = f"{title} · {page.title}" if title else str(page.title)
            yield (
                sum(not all(word in text.split() for word in wanted) for text in (label, named)),
                Link(str(field.label), f"{_address(page, name)}#field-{field.key}", about),
            )


def _words(page: SettingsPage, field: SettingField) -> str:
    """Return everything by which a setting is found, in lower case."""
    choices = " ".join(str(label) for _value, label in field.choices)
    parts = (field.label, field.help, choices, page.title, COMMON_WORDS.get(field.key, ""))
    return " ".join(str(part) for part in parts).casefold()


def _address(page: SettingsPage, newsletter: str = "") -> str:
    if newsletter:
        return reverse("desk:settings-newsletter", args=(newsletter, page.name))
    return reverse("desk:settings-site", args=(page.name,))
