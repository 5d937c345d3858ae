"""The page of a restored database: what is known, which editions wait, and the button to continue sending."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from newsletter.editions import history
from newsletter.editions.titles import subjects
from newsletter.messages import history as acts
from newsletter.models import Edition, State
from newsletter.recovery import hold
from newsletter.web.desk.home.queries import lines
from newsletter.web.desk.pages import as_sentence, default_zone, editor, page
from subscribers.requests import config_of


@require_http_methods(["GET", "HEAD", "POST"])
def restored(request: HttpRequest) -> HttpResponse:
    """Show why nothing is sent; a POST confirms that it may be."""
    why = hold.reason()
    if request.method == "POST":
        if not hold.confirm():
            return redirect("desk:home")
        history.log(editor(request), acts.RESTORE_CONFIRMED(), config_of(request).site.url, timezone.now())
        messages.success(request, _("Sending has resumed. Paused editions stay paused until you resume them."))
        return redirect("desk:home")
    known = config_of(request).newsletters
    left = Edition.objects.filter(state__in=(State.PAUSED, State.APPROVED), newsletter__in=known).order_by("-until")[
        :50
    ]
    titles = subjects(left, config_of(request))
    waiting = [line for edition in left for line in lines([edition], known[edition.newsletter], titles)]
    with timezone.override(default_zone(request)):
        reason = as_sentence(why) if why else ""
    return page(request, "restored", {"reason": reason, "waiting": waiting}, section="home")
