"""The logos that are uploaded during set-up: stored where the site will have its images, and shown in the preview."""

from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.images import store
from newsletter.messages import Problem
from newsletter.web.archive.served_images import served
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.settings.logo_upload import logo_address
from newsletter.web.desk.writing import decoded
from newsletter.web.first_run.progress import SetUp, current

UPLOADS = {"image": "logo", "image_dark": "logo_dark"}
"""The fields for files, and the fields for the addresses of their images."""


def with_logos(request: HttpRequest, setup: SetUp) -> tuple[QueryDict, dict[str, str]]:
    """Return a submitted form with the addresses of the images that came with it, and why a field's can't be used.

    Without a logo for dark mode, one is made from the logo where that is safe.
    """
    data = request.POST.copy()
    refused: dict[str, str] = {}
    for field in (upload for upload in UPLOADS if upload in request.FILES):
        try:
            for key, address in _stored(request, setup, field).items():
                data[key] = address
        except Problem as problem:
            refused[field] = as_sentence(problem)
    return data, refused


def _stored(request: HttpRequest, setup: SetUp, field: str) -> dict[str, str]:
    """Store the image of a field, and return its address by the field for that. Raises Problem."""
    from newsletter.images.logo import prepare_logo  # loads Pillow

    image, dark = decoded(request, prepare_logo, field)
    images = {UPLOADS[field]: image} | ({"logo_dark": dark} if field == "image" and dark else {})
    return {key: logo_address(setup.configuration(), image) for key, image in images.items()}


@require_safe
def image(_request: HttpRequest, name: str) -> HttpResponseBase:
    """Return an image that was uploaded during set-up."""
    path = store.path(current().configuration(), name) if current().blog else None
    if path is None:
        raise Http404(f"there is no image {name}")
    return served(path)
