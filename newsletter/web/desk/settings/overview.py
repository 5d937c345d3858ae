"""The lists of settings pages: those of a newsletter, those of the site, and those that most people never need."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.web.desk.settings import catalogue, site_pages, summaries
from newsletter.web.desk.settings.delivery_pages import ADVANCED, DELIVERY, EMAIL_SERVICES
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.fields import SettingsPage


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of settings in a list; `name` says which line of `summaries` tells what is set there."""

    name: str
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages below a heading: those of a newsletter, or of the site."""

    title: str
    links: tuple[PageLink, ...]
    newsletter: Newsletter | None = None

    def rows(self, configuration: Config) -> list[tuple[PageLink, str]]:
        """Return the pages, each with a line of what is set there."""
        return [(link, summaries.line(link.name, configuration, self.newsletter)) for link in self.links]


def of_newsletter(newsletter: Newsletter) -> PageGroup:
    """Return the pages of one newsletter."""
    pages = (catalogue.GENERAL, catalogue.SENDER, catalogue.SCHEDULE, catalogue.CADENCES, catalogue.CONTENT)
    links = (
        *(_link(page, newsletter.name) for page in (*pages, catalogue.TOPICS)),
        PageLink("sources", _("Sources"), reverse("desk:sources")),
        _link(DESIGN, newsletter.name),
    )
    return PageGroup(newsletter.title, links, newsletter)


def of_site() -> tuple[PageGroup, ...]:
    """Return the pages for all newsletters."""
    return (
        PageGroup(
            _("Sending and bounces"),
            (
                *map(_link, (DELIVERY, EMAIL_SERVICES, site_pages.BOUNCES)),
                PageLink("deliverability", _("Deliverability"), reverse("desk:deliverability")),
            ),
        ),
        PageGroup(
            _("Site"),
            (
                _link(site_pages.ADDRESS),
                PageLink("users", _("Team"), reverse("desk:users")),
                PageLink("log", _("Log"), reverse("desk:log")),
                PageLink("health", _("Health"), reverse("desk:settings-health")),
                PageLink("advanced", _("Advanced"), reverse("desk:settings-advanced")),
            ),
        ),
    )


def advanced() -> PageGroup:
    """Return the pages that most people never need."""
    return PageGroup(
        _("Advanced"),
        (
            *map(_link, (site_pages.COLLECT, ADVANCED, site_pages.ALERTS)),
            PageLink("events", _("Events from email services"), reverse("desk:settings-webhooks")),
            PageLink("tokens", _("API tokens"), reverse("desk:tokens")),
            PageLink("webhooks", _("Webhooks"), reverse("desk:webhooks")),
            PageLink("workers", _("Machines"), reverse("desk:workers")),
        ),
    )


def beside(configuration: Config, newsletter: Newsletter | None) -> tuple[PageGroup, ...]:
    """Return the pages that are listed beside one: those of its newsletter, or of the only one, and of the site."""
    newsletters = [newsletter] if newsletter else list(configuration.newsletters.values())
    return (*(of_newsletter(each) for each in newsletters[:1] if len(newsletters) == 1), *of_site())


def _link(page: SettingsPage, newsletter: str = "") -> PageLink:
    return PageLink(page.name, str(page.title), address_of(page, newsletter))


def address_of(page: SettingsPage, newsletter: str = "") -> str:
    """Return the address of a page of settings."""
    if newsletter:
        return reverse("desk:settings-newsletter", args=(newsletter, page.name))
    return reverse("desk:settings-site", args=(page.name,))
