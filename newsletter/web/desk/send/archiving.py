"""Removing an edition from the archive, and returning it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.editions import public_editions
from newsletter.web.desk.pages import edition_of, editor, sentences


@require_POST
def archive(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Remove the edition from the archive, or return it; `act` says which."""
    edition, by = edition_of(name, period), editor(request)
    with sentences(request):
        if request.POST.get("act") == "remove":
            public_editions.remove(edition, by=by)
            messages.success(request, _("Removed from the archive."))
        elif request.POST.get("act") == "restore":
            public_editions.restore(edition, by=by)
            messages.success(request, _("It is in the archive again."))
    return redirect("desk:report", name, period)
