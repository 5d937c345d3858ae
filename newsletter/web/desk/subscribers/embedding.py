"""The sign-up form ready to paste into another website, with where to paste it in common systems."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.web.desk.pages import newsletter_of, page
from subscribers.forms import embedded_form
from subscribers.requests import config_of


def signup_form(request: HttpRequest, name: str) -> HttpResponse:
    """Show the form of a newsletter."""
    newsletter = newsletter_of(request, name)
    site = config_of(request).site.url
    context = {"newsletter": newsletter, "form": embedded_form(newsletter, site), "places": _places(), "site": site}
    return page(request, "signup_form", context, section="home")


def _places() -> list[tuple[str, str]]:
    return [
        ("Blogger", _("Under Layout, choose Add a Gadget, then HTML/JavaScript. Paste the form and save.")),
        ("WordPress", _("Add a Custom HTML block to a page, a post or a widget area. Paste the form and publish.")),
        ("Ghost", _("Type /html in a page or a post to add an HTML card, and paste the form.")),
        (
            "Hugo",
            _("Save the form as %(file)s, and write %(call)s in a page.")
            % {"file": "layouts/shortcodes/newsletter.html", "call": "{{< newsletter >}}"},
        ),
    ]
