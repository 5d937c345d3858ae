"""Static files: an address that changes with their content, so that browsers keep them, and compressed text.

Pages are not compressed: they hold secrets beside what a request repeats (BREACH).
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import cache

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PREFIX = "/static/"
KEPT = f"public, max-age={365 * 86400}, immutable"
COMPRESSED = ("text/css", "text/javascript", "image/svg+xml")
VERSION_LENGTH = 12


@cache
def version() -> str:
    """Return a hash of the names and contents of all static files."""
    files = sorted((path, storage) for finder in finders.get_finders() for path, storage in finder.list(None))
    digest = hashlib.sha256()
    for path, storage in files:
        with storage.open(path) as file:
            digest.update(f"{path}\0".encode() + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:VERSION_LENGTH]


class VersionedStorage(StaticFilesStorage):
    """Addresses such as `/static/v/0123456789ab/desk/desk.css`; relative addresses in the files keep the version."""

    def url(self, name: str | None) -> str:
        return f"{self.base_url}v/{version()}/{name}"


class VersionedFiles:
    """Serves `/static/v/<version>/<name>` as `/static/<name>`, to be kept for a year if the version is the present one.

    Another version is that of a page from before an upgrade. It gets the present file, which is not kept for long.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._compressed: dict[str, tuple[str, bytes]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self._get_response(request)
        asked_version, name = "", request.path_info.removeprefix(PREFIX)
        if name.startswith("v/"):
            asked_version, _, name = name.removeprefix("v/").partition("/")
            request.path_info = PREFIX + name
        response = self._get_response(request)
        if response.status_code == 200 and asked_version == version():
            response.headers["Cache-Control"] = KEPT
        return self._smaller(request, response, name) if isinstance(response, FileResponse) else response

    def _smaller(self, request: HttpRequest, response: FileResponse, name: str) -> HttpResponseBase:
        """Return the file compressed if it is text and the browser accepts that."""
        if response.headers.get("Content-Type", "").split(";")[0] not in COMPRESSED:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        accepts = "gzip" in request.headers.get("Accept-Encoding", "")
        if request.method != "GET" or response.status_code != 200 or not accepts:
            return response
        changed = response.headers.get("Last-Modified", "")
        if self._compressed.get(name, ("",))[0] != changed:
            self._compressed[name] = changed, gzip.compress(response.getvalue(), mtime=0)
        response.close()
        compressed = self._compressed[name][1]
        headers = {**response.headers, "Content-Encoding": "gzip", "Content-Length": str(len(compressed))}
        return HttpResponse(compressed, headers=headers)
