"""The editor's toolbar, the HTML that it is made from, and uploads of images."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.images import store
from newsletter.images.mail_image import MailImage
from newsletter.images.names import PATH
from newsletter.messages import Problem, editions as messages
from newsletter.render.editor_html import editor_html
from newsletter.sandbox import CPU_SECONDS, MEGABYTES, Sandbox
from newsletter.web.desk.pages import as_sentence, page
from subscribers.requests import config_of

Decoded = TypeVar("Decoded")
_DECODING = threading.Lock()
"""Held while an image is decoded, in a child: each may take a third of a gigabyte."""


def tools(request: HttpRequest) -> HttpResponse:
    """Show the toolbar, its dialogs and the editor's messages, which each page with an editor loads once."""
    return page(request, "editor", {})


@require_POST
def rendered(request: HttpRequest) -> HttpResponse:
    """Show a text in Markdown as the HTML that the editor is made from."""
    return HttpResponse(editor_html(request.POST.get("text", "")))


@require_POST
def image(request: HttpRequest) -> JsonResponse:
    """Store an uploaded image and return its address on this site, or one sentence why it can't be used."""
    try:
        return JsonResponse({"url": PATH + stored(request)})
    except Problem as problem:
        return JsonResponse({"problem": as_sentence(problem)}, status=422)


def stored(request: HttpRequest) -> str:
    """Store the image that a form sends, made safe and fit for an email, and return its name. Raises Problem."""
    from newsletter.images.decoding import prepare  # loads Pillow

    return keep(config_of(request), decoded(request, prepare))


def decoded(request: HttpRequest, decode: Callable[[bytes], Decoded], field: str = "image") -> Decoded:
    """Return what a function makes of the image that a form sends, in a child process. Raises Problem."""
    file = request.FILES.get(field)
    if not isinstance(file, UploadedFile):
        raise Problem(messages.NO_FILE())
    with _DECODING, Sandbox(CPU_SECONDS, MEGABYTES) as sandbox:
        return sandbox.run(decode, file.read())


def keep(configuration: Config, image: MailImage) -> str:
    """Store a decoded image and return its name. Raises Problem."""
    try:
        return store.keep(configuration, image)
    except OSError as problem:
        raise Problem(messages.NOT_STORED(cause=problem.strerror or str(problem))) from problem
