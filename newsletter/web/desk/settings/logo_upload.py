"""A logo that is uploaded: stored as an image of the site, and written into the theme."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config.document import SetValue
from newsletter.images.names import PATH
from newsletter.web.desk.pages import newsletter_of, sentences
from newsletter.web.desk.settings.editing import only_shown, save_or_tell
from newsletter.web.desk.settings.forms import Wanted
from newsletter.web.desk.settings.state import read_only_reason
from newsletter.web.desk.writing import stored
from subscribers.requests import config_of


@require_POST
def upload(request: HttpRequest, name: str) -> HttpResponse:
    """Make an uploaded image the logo of a newsletter, or that of dark mode."""
    newsletter_of(request, name)
    key = "logo_dark" if request.POST.get("key") == "logo_dark" else "logo"
    with sentences(request):
        address = config_of(request).site.url + PATH + stored(request)
        change = SetValue(("newsletters", name, "theme", key), address)
        if reason := read_only_reason(config_of(request)):
            return only_shown(request, reason, (change,))
        if save_or_tell(request, Wanted((change,), {})):
            messages.success(request, _("The logo has been changed."))
    return redirect("desk:settings-newsletter", name, "design")
