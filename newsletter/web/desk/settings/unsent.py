"""The page of what could not be sent yet: confirmations, notices and events; and trying it again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.scheduling.later_kinds import LATER
from newsletter.transactional import mail_queue
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import as_sentence, newsletter_title, page, zone_of

LIMIT = 200
KINDS = {
    "confirm": gettext_lazy("Subscription confirmation"),
    "welcome": gettext_lazy("Welcome email"),
    "ask": gettext_lazy("Email that asks whether they still want it"),
    "me": gettext_lazy("Link to personal data"),
    "change": gettext_lazy("Address change confirmation"),
}
"""What pages call the emails to subscribers."""


def unsent(request: HttpRequest) -> HttpResponse:
    """List what has not been sent, the oldest first; subscribers' addresses are masked."""
    titles = {kind.name: kind.title for kind in LATER}
    rows = [
        {
            "of": message.of,
            "number": message.number,
            "kind": _(titles.get(message.of, message.of)) if message.of else KINDS[message.what],
            "newsletter": newsletter_title(request, message.newsletter),
            "to": message.to,
            "written": formatting.ago(message.written),
            "attempts": formatting.number(message.attempts),
            "given_up": message.next_try is None,
            "next": formatting.moment(message.next_try, zone_of(request)),
            "problem": as_sentence(message.problem),
        }
        for message in mail_queue.messages(LIMIT)
    ]
    retryable = any(row["problem"] or row["given_up"] for row in rows)
    return page(request, "unsent", {"rows": rows, "retryable": retryable}, section="home")


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Make one message, or everything that failed, due now; the clock sends it within seconds."""
    number = whole_number(request.POST.get("number", ""))
    if number is None:
        count = mail_queue.retry(timezone.now())
    else:
        count = mail_queue.retry_one(request.POST.get("of", ""), number, timezone.now())
    messages.success(request, _("Being retried: %(count)s.") % {"count": formatting.number(count)})
    return redirect("desk:unsent")
