"""The pages from which an edition is sent: now, at a time, as planned; at once although it is on hold or scheduled for
later; and to those who were skipped or refused.

Each page says who may send it and what its button would do.
"""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from newsletter.config import Newsletter
from newsletter.editions import approval, history
from newsletter.editions.editing import Conflict
from newsletter.editions.local_links import check_edition, check_links
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import moment_of
from newsletter.models import Edition, State
from newsletter.render.html.loader import TemplateProblem
from newsletter.sending import progress, resending
from newsletter.web.desk import formatting, stale_forms, users
from newsletter.web.desk.edition import preview_queries as previews
from newsletter.web.desk.edition.departure import Departure, departure, duration, excluded, repeated_posts
from newsletter.web.desk.pages import about, as_sentence, caught, editor, page, revision_of
from newsletter.web.desk.permissions import Role, role
from newsletter.web.desk.send.views import (
    approve_as_shown,
    catch_up,
    changed_page,
    check_departure,
    time_text,
)
from subscribers.requests import config_of

UNSENT = (State.DRAFT, State.APPROVED, State.QUEUED)
"""The states of an edition of which nothing has been sent."""
NOW, AT, APPROVE = "now", "at", "approve"
"""The choices: send it now, at a time, or only approve it, so that it is sent as planned or when someone chooses."""


def send(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show who will receive it and how, now or at a time, and the ways back; a large number of subscribers must be
    typed.

    A draft is approved with it. Until sending begins, everything can be changed here again.
    """
    if edition.welcome_id:
        return redirect("desk:welcome", newsletter.name)
    outdated = request.method == "POST" and request.POST.get("state") != edition.state
    if outdated or edition.state not in UNSENT:
        if request.method == "POST":
            standing = formatting.standing(edition, newsletter.zone)
            messages.warning(request, _("Nothing was changed. %(standing)s") % {"standing": standing})
        return redirect(
            "desk:edition" if edition.state == State.DRAFT else "desk:report", newsletter.name, edition.period
        )
    leaving = departure(config_of(request), edition, newsletter)
    problem = ""
    if request.method == "POST":
        try:
            return _act(request, edition, newsletter, leaving)
        except Conflict as conflict:
            return changed_page(request, newsletter, conflict.edition, conflict.differences)
        except Impossible as refused:
            problem, edition = as_sentence(refused), Edition.objects.get(pk=edition.pk)
    context = {
        **about(request, edition, newsletter),
        **reviewed(request, edition),
        **_choice(request, edition, newsletter, leaving),
        "departure": leaving,
        "excluded": excluded(edition, newsletter),
        "repeated": repeated_posts(edition, newsletter),
        "problem": problem,
        "links_fail": "" if problem else _links_fail(request, edition),
        "standing": formatting.standing(edition, newsletter.zone),
        "why_held": edition.waiting if edition.state == State.APPROVED else None,
        "year": timezone.now().astimezone(newsletter.zone).year,
        "duration": duration(config_of(request), leaving.recipients),
    }
    return page(request, "send", context, section="home", status=422 if problem else 200)


def _links_fail(request: HttpRequest, edition: Edition) -> str:
    """Return why it would be kept back, since subscribers could not open its links; "" if they can."""
    try:
        if edition.state == State.DRAFT:
            check_links(config_of(request), edition.newsletter)
        else:
            check_edition(config_of(request), edition.newsletter, edition.approved_content)
    except Impossible as problem:
        return as_sentence(problem)
    return ""


def reviewed(request: HttpRequest, edition: Edition) -> dict[str, object]:
    """Return what the form carries: the revision that was looked at, and of a draft a mark of its content and the lint
    errors that can be overridden; `blocked` says why it can't be sent at all.
    """
    if edition.state in (State.APPROVED, State.QUEUED):
        return {"revision": edition.approved_content.revision}
    if edition.state != State.DRAFT:
        return {}
    try:
        proof = previews.proof(config_of(request), edition)
    except (TemplateProblem, Impossible) as problem:
        return {"blocked": as_sentence(problem)}
    errors = {linked["finding"].code: linked for linked in previews.findings(edition, proof) if linked["is_error"]}
    return {"revision": edition.revision, "mark": previews.content_mark(edition), "errors": list(errors.values())}


def _choice(request: HttpRequest, edition: Edition, newsletter: Newsletter, leaving: Departure) -> dict[str, object]:
    """Return which of the choices is ticked, its time, and for each of them the page's sentence and its button."""
    planned = _planned_time(edition, newsletter)
    at = request.POST.get("at", planned).strip()[:40]
    usual = APPROVE if edition.state == State.DRAFT and leaving.by_itself else NOW
    chosen = AT if at else request.POST.get("when", usual)
    is_scheduled = edition.state == State.QUEUED and bool(planned)
    labels = _labels(leaving, is_scheduled=is_scheduled)
    sentences = _sentences(leaving)
    when = time_text(at, newsletter) if at else ""
    label, sentence = labels.get(chosen, labels[NOW]), sentences.get(chosen, sentences[NOW])
    if chosen == AT and not at:
        label, sentence = _("Enter a time"), sentences["no_time"]
    return {
        "at": at,
        "chosen": chosen,
        "labels": labels,
        "label": label.replace("{when}", when),
        "sentences": sentences,
        "sentence": sentence.replace("{when}", when),
        "scheduled": planned if is_scheduled else "",
    }


def _labels(leaving: Departure, *, is_scheduled: bool) -> dict[str, str]:
    """Return what the button says for each choice; the page puts the chosen time in place of `{when}`."""
    at = _("Change time to {when}") if is_scheduled else _("Schedule for {when}")
    return {NOW: leaving.send_now, AT: at, APPROVE: _("Approve")}


def _sentences(leaving: Departure) -> dict[str, str]:
    """Return for each choice to whom and when the edition goes; the page puts the chosen time in place of `{when}`."""
    readers = {"readers": leaving.recipients_text}
    approved = _("It is approved, and sent when someone chooses a time here.")
    if leaving.by_itself:
        approved = (_("Goes to %(readers)s on %(when)s.") if leaving.due else _("Goes to %(readers)s %(when)s.")) % (
            readers | {"when": leaving.when}
        )
    return {
        NOW: _("Goes to %(readers)s now. What has been sent can’t be recalled.") % readers,
        AT: _("Goes to %(readers)s on %(when)s.") % (readers | {"when": "{when}"}),
        APPROVE: approved,
        "no_time": _("Choose when it goes to %(readers)s.") % readers,
    }


def _planned_time(edition: Edition, newsletter: Newsletter) -> str:
    """Return the time of an approved or scheduled edition as the field for a time has it, "" for none.

    Of an edition that was scheduled and then taken back it is that time, also when it is approved again.
    """
    planned = None if edition.state == State.DRAFT else edition.due_at
    due = planned or history.last_scheduled(edition)
    return f"{due.astimezone(newsletter.zone):%Y-%m-%dT%H:%M}" if due and due > timezone.now() else ""


def _act(request: HttpRequest, edition: Edition, newsletter: Newsletter, leaving: Departure) -> HttpResponse:
    """Do what was chosen. Raises Impossible if something has changed since the page was shown, or is unclear."""
    configuration, by = config_of(request), editor(request)
    if edition.state == State.DRAFT and request.POST.get("when") == APPROVE:
        if request.POST.get("says") != APPROVE or request.POST.get("at"):
            raise Impossible(
                _("the button showed something else, so nothing was done; check the button and press it again")
            )
        return approve_as_shown(request, edition, newsletter)
    at = _chosen_time(request, newsletter)
    typed = "".join(c for c in request.POST.get("typed", "") if c.isdecimal())
    if leaving.typed and typed != str(leaving.recipients):
        raise Impossible(_("type the number of subscribers (%(number)s) to confirm") % {"number": leaving.recipients})
    if edition.state == State.DRAFT:
        seen, despite = check_departure(request, edition), request.POST.getlist("despite")
        approval.approve_and_queue(configuration, edition, by=by, at=at, revision=seen, despite=despite)
        return redirect("desk:report", edition.newsletter, edition.period)
    revision = edition.approved_content.revision
    stale_forms.check(
        stale_forms.text(request.POST, "revision", _("Revision"), str(revision)),
        stale_forms.recipients(request.POST, leaving.recipients),
    )
    if edition.state == State.APPROVED:
        approval.queue(configuration, edition, by=by, at=at, revision=revision)
    elif at is None:
        approval.send_now(configuration, edition, by=by)
    else:
        approval.reschedule(configuration, edition, by=by, at=at, revision=revision)
    return redirect("desk:report", edition.newsletter, edition.period)


def _chosen_time(request: HttpRequest, newsletter: Newsletter) -> datetime | None:
    """Return the chosen time, None for now. Raises Impossible unless choice, time and the button's label agree."""
    when, at = request.POST.get("when", ""), request.POST.get("at", "").strip()
    if when not in (NOW, AT):
        raise Impossible(_("choose whether to send it now or schedule it"))
    if when == NOW and at:
        raise Impossible(
            _("you chose “Send now” and also entered a time, so nothing was sent; check the button and press it again")
        )
    if when == AT and not at:
        raise Impossible(_("enter the time to send it, or choose “Send now”"))
    due = moment_of(at, newsletter.zone) if at else None
    if due and due <= timezone.now():
        raise Impossible(_("that time has passed; choose a later one, or send now"))
    if request.POST.get("says") != (at or NOW):
        raise Impossible(_("the button showed another time, so nothing was sent; check the button and press it again"))
    return due


def anyway(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Approve and send a draft that is on hold, send a scheduled edition now, or say what has to be done first."""
    may_send, problem = role(request) >= Role.SENDER, ""
    needs_override = edition.waiting and edition.state != State.APPROVED
    if may_send and edition.state in UNSENT and not needs_override and not edition.welcome_id:
        return redirect("desk:send", newsletter.name, edition.period)
    if request.method == "POST" and may_send:
        with caught() as problems:
            _send_anyway(request, newsletter, edition)
        if not problems:
            return redirect("desk:report", newsletter.name, edition.period)
        problem, edition = problems[0], Edition.objects.get(pk=edition.pk)
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


def _send_anyway(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> None:
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


def missed(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Send an edition to those of its audience who were skipped or refused, after showing how many they are."""
    missed_deliveries = resending.missed(edition)
    count = missed_deliveries.count
    problem = ""
    if request.method == "POST":
        with caught() as problems:
            stale_forms.check(stale_forms.count(request.POST, _("Skipped or refused"), count))
            sent = resending.send_to_missed(config_of(request), edition, by=editor(request), expected=count)
            sentence = ngettext(
                "The edition will be sent to %(n)s subscriber who did not get it.",
                "The edition will be sent to %(n)s subscribers who did not get it.",
                sent,
            )
            messages.success(request, sentence % {"n": formatting.number(sent)})
        if not problems:
            return redirect("desk:report", newsletter.name, edition.period)
        problem = problems[0]
    context = {
        **about(request, edition, newsletter),
        "count": count,
        "missed": missed_deliveries,
        "unknown": progress.unsettled(edition),
        "cancelled": edition.state == State.CANCELLED,
        "problem": problem,
    }
    return page(request, "missed", context, section="home", status=422 if problem else 200)
