"""The logo that is uploaded during set-up: stored where the site will have its images, and shown in the preview."""

from django import forms
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.images import store
from newsletter.images.names import PATH
from newsletter.messages import Problem
from newsletter.web.archive.served_images import served
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.settings.logo_upload import logo_address
from newsletter.web.desk.writing import decoded
from newsletter.web.first_run.progress import SetUp, current


def with_logo(request: HttpRequest, setup: SetUp) -> tuple[QueryDict, str]:
    """Return a submitted form with the address of the image that came with it, and why it can't be used, if so."""
    data = request.POST.copy()
    if "image" not in request.FILES:
        return data, ""
    from newsletter.images.logo import prepare_logo  # loads Pillow

    try:
        image, _dark = decoded(request, prepare_logo)
        data["logo"] = logo_address(setup.configuration(), image)
    except Problem as problem:
        return data, as_sentence(problem)
    return data, ""


class LogoField(forms.FileField):
    """A field for the file of a logo, with the formats that can be chosen."""

    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif"})


@require_safe
def image(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return an image that was uploaded during set-up."""
    path = store.path(current().configuration(), name) if current().blog else None
    if path is None:
        raise Http404(f"there is no image {name}")
    return served(path)


def on_this_server(html: str, setup: SetUp) -> str:
    """Return an email in which uploaded images come from this server: the public address may not lead to it yet."""
    return html.replace(setup.site_url + PATH, PATH)
