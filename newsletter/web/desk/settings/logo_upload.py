"""A logo that is uploaded: stored as an image of the site, and written into the theme."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.config.document import SetValue
from newsletter.images.mail_image import MailImage
from newsletter.images.names import PATH
from newsletter.web.desk.pages import sentences
from newsletter.web.desk.settings.editing import only_shown, read_only_reason, save_or_tell
from newsletter.web.desk.settings.forms import RequestedChanges
from newsletter.web.desk.writing import decoded, keep
from subscribers.requests import config_of


@require_POST
def upload(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Make an uploaded image the logo of a newsletter, or that of dark mode.

    If asked to, the logo for dark mode is made from the logo, where that is safe.
    """
    key = "logo_dark" if request.POST.get("key") == "logo_dark" else "logo"
    makes_dark = key == "logo" and "make_dark" in request.POST
    with sentences(request):
        from newsletter.images.logo import prepare_logo  # loads Pillow

        logo, dark = decoded(request, prepare_logo)
        images = {key: logo} | ({"logo_dark": dark} if makes_dark and dark else {})
        changes = tuple(
            SetValue(("newsletters", newsletter.name, "theme", name), logo_address(config_of(request), image))
            for name, image in images.items()
        )
        if reason := read_only_reason(config_of(request)):
            return only_shown(request, reason, changes, section="settings")
        if save_or_tell(request, RequestedChanges(changes, {})):
            messages.success(request, _("The logo has been changed."))
            if makes_dark:
                _say_what_dark_mode_shows(request, made=dark is not None, has_own=bool(newsletter.theme.logo_dark))
    return redirect("desk:settings-newsletter", newsletter.name, "design")


def logo_address(configuration: Config, image: MailImage) -> str:
    """Store a logo, and return its address on the site. Raises Problem."""
    return configuration.site.url + PATH + keep(configuration, image)


def _say_what_dark_mode_shows(request: HttpRequest, *, made: bool, has_own: bool) -> None:
    if made:
        messages.success(request, _("A light one was made from it for dark mode. Look at it in the preview."))
    elif has_own:
        messages.warning(
            request,
            _(
                "The logo for dark mode is still the earlier one: only a logo in dark grey or black on a transparent "
                "background can be made light."
            ),
        )
    else:
        messages.warning(
            request,
            _(
                "In dark mode the logo stands on white: only one in dark grey or black on a transparent background can "
                "be made light. If you have a logo for dark backgrounds, upload it as the logo for dark mode."
            ),
        )
