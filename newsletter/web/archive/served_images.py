"""The images of the site: uploads that emails and archived editions show."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.editions.removed_images import is_removed
from newsletter.images import store
from subscribers.requests import config_of

KEPT = f"public, max-age={365 * 86400}, immutable"
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif"}


@require_safe
def image(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return an image. Its name is a hash of its content, so that caches may keep it indefinitely.

    410 if it was only in editions that were removed from the archive.
    """
    path = store.path(config_of(request), name)
    if path is None:
        raise Http404(f"there is no image {name}")
    if is_removed(config_of(request), name):
        return HttpResponse(
            "This image was removed.\n", status=410, content_type="text/plain", headers={"Cache-Control": "no-store"}
        )
    return served(path)


def served(path: Path) -> FileResponse:
    """Return the file of a stored image, with the headers that keep it from being anything else."""
    headers = {
        "Cache-Control": KEPT,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return FileResponse(path.open("rb"), content_type=TYPES[path.suffix], headers=headers)
