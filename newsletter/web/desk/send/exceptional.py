"""Less common ways of sending: at once if on hold or scheduled for later, and to those who were skipped.

Each page says why the edition is not sent automatically, who may send it, and what its button would do.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletter.config import Newsletter
from newsletter.editions import approval
from newsletter.models import Edition, State
from newsletter.sending import lifecycle, progress
from newsletter.web.desk import formatting, stale_forms, users
from newsletter.web.desk.edition.departure import departure
from newsletter.web.desk.pages import about, caught, edition_of, editor, newsletter_of, page, revision_of
from newsletter.web.desk.permissions import Role, role
from newsletter.web.desk.send.departure_page import UNSENT, reviewed
from newsletter.web.desk.send.views import catch_up
from subscribers.requests import config_of


def anyway(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Approve and send a draft that is on hold, send a scheduled edition now, or say what has to be done first."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    may_send, problem = role(request) >= Role.SENDER, ""
    needs_override = edition.waiting and edition.state != State.APPROVED
    if may_send and edition.state in UNSENT and not needs_override and not edition.welcome_id:
        return redirect("desk:send", name, period)
    if request.method == "POST" and may_send:
        with caught() as problems:
            _send(request, newsletter, edition)
        if not problems:
            return redirect("desk:report", name, period)
        problem, edition = problems[0], edition_of(name, period)
    context = {
        **about(request, edition, newsletter),
        **reviewed(request, edition),
        "problem": problem,
        "reason": _reason(edition, newsletter.at(edition.cadence)),
        "departure": departure(config_of(request), edition, newsletter),
        "can_override": edition.state == State.DRAFT or _is_scheduled(edition),
        "people": [] if may_send else [u.get_full_name() or u.username for u, sends in users.with_sending() if sends],
        "too_small": approval.was_too_small(edition),
    }
    return page(request, "anyway", context, section="home", status=422 if problem else 200)


def _send(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> None:
    by, configuration = editor(request), config_of(request)
    stale_forms.check(
        stale_forms.state(request.POST, edition.state),
        stale_forms.recipients(request.POST, departure(configuration, edition, newsletter).recipients),
    )
    if edition.state == State.DRAFT:
        seen = revision_of(request)
        catch_up(edition, seen, request.POST.get("mark", ""))
        despite = request.POST.getlist("despite")
        approval.approve_and_queue(configuration, edition, by=by, revision=seen, despite=despite)
    elif edition.state == State.APPROVED:
        approval.queue(configuration, edition, by=by, revision=revision_of(request))
    elif edition.waiting:
        approval.try_again(configuration, edition)
    else:
        approval.send_now(configuration, edition, by=by)


def _reason(edition: Edition, newsletter: Newsletter) -> str:
    """Return why the edition is not sent now, as a sentence."""
    message = edition.waiting or (edition.reason if edition.state == State.SKIPPED else None)
    if message is not None:
        return formatting.capital(formatting.message(message, newsletter.zone))
    due = edition.due_at if edition.due_at and edition.due_at > timezone.now() else None
    when = formatting.moment(due, newsletter.zone)
    if edition.state == State.DRAFT:
        if due and newsletter.approval == "editor":
            return _("It is a draft. Once approved, it is sent %(when)s.") % {"when": when}
        if due:
            return _("It is sent automatically %(when)s.") % {"when": when}
        return _("It is a draft that has not been approved.")
    if due:
        return _("It is scheduled for %(when)s.") % {"when": when}
    return formatting.standing(edition, newsletter.zone)


def _is_scheduled(edition: Edition) -> bool:
    """Return whether the edition can be sent now, or tried again: approved, or queued for later, or on hold."""
    later = edition.due_at is not None and edition.due_at > timezone.now()
    return edition.state == State.APPROVED or (edition.state == State.QUEUED and (later or bool(edition.waiting)))


def skipped(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Send an edition to those of its audience who were skipped, after showing how many they are."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    count = lifecycle.skipped_to_send(edition)
    problem = ""
    if request.method == "POST":
        with caught() as problems:
            stale_forms.check(stale_forms.count(request.POST, _("Skipped"), count))
            sent = lifecycle.send_to_skipped(config_of(request), edition, by=editor(request), expected=count)
            sentence = ngettext(
                "The edition will be sent to %(n)s subscriber who was skipped.",
                "The edition will be sent to %(n)s subscribers who were skipped.",
                sent,
            )
            messages.success(request, sentence % {"n": formatting.number(sent)})
        if not problems:
            return redirect("desk:report", name, period)
        problem = problems[0]
    context = {
        **about(request, edition, newsletter),
        "count": count,
        "unknown": progress.unsettled(edition),
        "cancelled": edition.state == State.CANCELLED,
        "problem": problem,
    }
    return page(request, "skipped", context, section="home", status=422 if problem else 200)
