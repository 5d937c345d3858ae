"""From a draft to mails: proof, approval of what was looked at, sending, and holding it in one's hand on the way."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.jobs import approval, history, proofs, underway, unknowns
from newsletter.jobs.editing import Conflict
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.windows import moment_of
from newsletter.models import Edition, State
from newsletter.web.desk import words
from newsletter.web.desk.edition import revision_of
from newsletter.web.desk.pages import as_sentence, edition_of, editor, newsletter_of, page, sentences, settings
from newsletter.web.desk.queries import preview as previews
from newsletter.web.desk.queries.audience import excluded
from newsletter.web.desk.queries.departure import departure


def proof(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Mail the edition as it stands to named people; the first of them is whoever asks."""
    shown, found = newsletter_of(name), edition_of(name, period)
    given = request.POST.get("addresses", editor(request))
    told: dict[str, str] = {}
    problem = ""
    if request.method == "POST":
        try:
            told = proofs.send(found, settings(), given.replace(",", " ").split(), by=editor(request))
        except JobProblem as refused:
            problem = as_sentence(str(refused))
    context = {
        "newsletter": shown,
        "edition": found,
        "addresses": given,
        "told": [(address, said, said == "accepted") for address, said in told.items()],
        "problem": problem,
        "others": [a for a in shown.editors if a != editor(request)],
    }
    return page(request, "proof", context, section="home", status=422 if problem else 200)


@require_POST
def approve(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Freeze the revision that was looked at; refused with the difference where the draft changed since."""
    found, by = edition_of(name, period), editor(request)
    seen, despite = revision_of(request), request.POST.getlist("despite")
    try:
        _catch_up(found, seen, request.POST.get("mark", ""))
        approved = approval.approve(found, by=by, revision=seen, despite=despite)
    except Conflict as conflict:
        return _changed(request, newsletter_of(name), conflict)
    except JobProblem as problem:
        messages.error(request, as_sentence(str(problem)))
        return redirect("desk:preview", name, period)
    leaving = departure(approved, newsletter_of(name))
    if leaving.by_itself:
        said = _("Approved. It leaves %(when)s to %(readers)s.") % {
            "when": leaving.when,
            "readers": leaving.readers_text,
        }
        messages.success(request, said)
        return redirect("desk:edition", name, period)
    messages.success(request, _("Approved. Nothing leaves before you send it."))
    return redirect("desk:send", name, period)


def _catch_up(found: Edition, seen: int, mark: str) -> None:
    """Posts that changed at their source since they were looked at change the draft: a revision says so.

    Approval of the revision that was looked at is refused after it, with the difference.
    """
    with transaction.atomic():
        held = Edition.objects.select_for_update().get(pk=found.pk)
        if held.state != State.DRAFT or held.revision != seen or mark == previews.content_mark(held):
            return
        history.record(held, "", "posts changed at their source", timezone.now())


def _changed(request: HttpRequest, shown: Newsletter, conflict: Conflict) -> HttpResponse:
    context = {"newsletter": shown, "edition": conflict.edition, "differences": conflict.differences}
    return page(request, "changed", context, section="home", status=409)


@require_POST
def reopen(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Make an approved or queued edition a draft again."""
    with sentences(request):
        approval.reopen(edition_of(name, period), by=editor(request))
        messages.success(request, _("It is a draft again."))
    return redirect("desk:edition", name, period)


def send(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Who gets it, who not, carried by what, now or at a time; many readers want their number typed."""
    shown, found = newsletter_of(name), edition_of(name, period)
    if found.state != State.APPROVED:
        return redirect("desk:edition" if found.state == State.DRAFT else "desk:report", name, period)
    leaving = departure(found, shown)
    problem = ""
    if request.method == "POST":
        try:
            _send(request, found, shown, leaving.readers if leaving.typed else None)
        except JobProblem as refused:
            problem = as_sentence(str(refused))
        else:
            return redirect("desk:report", name, period)
    context = {
        "newsletter": shown,
        "edition": found,
        "departure": leaving,
        "excluded": excluded(found, shown),
        "problem": problem,
        "at": request.POST.get("at", ""),
        "subject": found.frozen.subject,
    }
    return page(request, "send", context, section="home", status=422 if problem else 200)


class _NotTyped(JobProblem):
    """The number of readers was not typed, so that nothing leaves."""


def _send(request: HttpRequest, found: Edition, shown: Newsletter, to_type: int | None) -> None:
    typed = "".join(c for c in request.POST.get("typed", "") if c.isdecimal())
    if to_type is not None and typed != str(to_type):
        raise _NotTyped(_("type the number of readers, %(number)s, and it leaves") % {"number": to_type})
    at: datetime | None = None
    if request.POST.get("when") == "at":
        at = moment_of(request.POST.get("at", ""), shown.zone)
        if at <= timezone.now():
            raise _NotTyped(_("that time is over; choose a later one, or send now"))
    approval.queue(found, by=editor(request), at=at)


@require_POST
def control(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Pause, resume, or stop for good; stopping wants the word typed once mails are on their way."""
    found, by, act = edition_of(name, period), editor(request), request.POST.get("act", "")
    with sentences(request):
        if act == "pause":
            underway.pause(found, by=by, reason=f"by {by}")
        elif act == "resume":
            underway.resume(found, by=by)
        elif act == "stop":
            _stop(request, found, by)
    route = "desk:report" if found.began_at else "desk:edition"
    return redirect(route, name, period)


def _stop(request: HttpRequest, found: Edition, by: str) -> None:
    if request.POST.get("typed", "").strip().lower() != found.period.lower():
        raise _NotTyped(_("type %(name)s, and it is stopped for good") % {"name": found.period})
    if found.began_at:
        underway.cancel(found, by=by)
    else:
        approval.cancel(found, by=by)


@require_POST
def settle(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """What becomes of the unknown ones: sent again, or left."""
    found, by = edition_of(name, period), editor(request)
    with sentences(request):
        if request.POST.get("act") == "resend":
            count = unknowns.resend(found, by=by)
            said = ngettext("%(n)s is sent again.", "%(n)s are sent again.", count)
        else:
            count = unknowns.leave(found, by=by)
            said = ngettext("%(n)s stays unknown.", "%(n)s stay unknown.", count)
        messages.success(request, said % {"n": words.number(count)})
    return redirect("desk:report", name, period)
