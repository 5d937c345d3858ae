"""The first page of the settings: groups with a line that says what is in them."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.web.desk.settings import catalogue, site_pages
from newsletter.web.desk.settings.delivery_pages import ADVANCED, DELIVERY, EMAIL_SERVICES
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.fields import SettingsPage
from newsletter.web.desk.settings.topics_page import TOPICS

ADVANCED_PAGES = (site_pages.COLLECT, ADVANCED, site_pages.ALERTS)


@dataclass(frozen=True, slots=True)
class Link:
    """A page of settings, or one setting on it."""

    title: str
    address: str
    about: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages that belong together, and what is in them."""

    title: str
    line: str
    links: tuple[Link, ...]


def of_newsletter(newsletter: Newsletter) -> tuple[PageGroup, ...]:
    """Return the groups of one newsletter."""

    def links(*pages: SettingsPage) -> tuple[Link, ...]:
        return tuple(Link(str(page.title), address_of(page, newsletter.name)) for page in pages)

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
                *(Link(str(page.title), address_of(page)) for page in (DELIVERY, EMAIL_SERVICES, site_pages.BOUNCES)),
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
                *(Link(str(page.title), address_of(page)) for page in (site_pages.ADDRESS, *ADVANCED_PAGES)),
                Link(_("Events from email services"), reverse("desk:settings-webhooks")),
                Link(_("API tokens"), reverse("desk:tokens")),
                Link(_("Webhooks"), reverse("desk:webhooks")),
                Link(_("Machines"), reverse("desk:workers")),
            ),
        ),
    )


def address_of(page: SettingsPage, newsletter: str = "") -> str:
    """Return the address of a page of settings."""
    if newsletter:
        return reverse("desk:settings-newsletter", args=(newsletter, page.name))
    return reverse("desk:settings-site", args=(page.name,))
