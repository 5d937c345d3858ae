"""The images of the site: uploads that emails and archived editions show."""

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.images import store
from subscribers.requests import config_of

KEPT = f"public, max-age={365 * 86400}, immutable"
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif"}


@require_safe
def image(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return an image. Its name is a hash of its content, so that caches may keep it indefinitely."""
    path = store.path(config_of(request), name)
    if path is None:
        raise Http404(f"there is no image {name}")
    response = FileResponse(path.open("rb"), content_type=TYPES[path.suffix])
    response["Cache-Control"] = KEPT
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
