"""The page of unsent emails: confirmations and notices that could not be sent yet, and trying them again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from newsletter.transactional import mail_queue
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
    summary = mail_queue.summary()
    rows = [
        {
            "kind": KINDS[message.what] if message.to else _("Notice to editors"),
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
    return page(request, "unsent", {"rows": rows, "retryable": summary.failing + summary.given_up}, section="home")


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Make everything that failed due now; the clock sends it within seconds."""
    count = mail_queue.retry(timezone.now())
    sentence = ngettext("%(count)s email is being retried.", "%(count)s emails are being retried.", count)
    messages.success(request, sentence % {"count": formatting.number(count)})
    return redirect("desk:unsent")
