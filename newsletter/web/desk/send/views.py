"""Test emails, approval, pausing, cancelling, and unconfirmed emails; choosing when to send is in `departure_page`.

Promises: a button does what it says, or nothing. Each form carries what it showed, and a request is refused with the
differences where that is no longer so (see `stale_forms`).
"""

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.editions import approval, history
from newsletter.editions.editing import Conflict
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import moment_of
from newsletter.messages import Message, acts
from newsletter.messages.delivery import TEST_ACCEPTED
from newsletter.messages.editions import TEST_ADDRESSES
from newsletter.messages.subscriptions import INVALID_GIVEN
from newsletter.models import Edition, State
from newsletter.render.html.loader import TemplateProblem
from newsletter.sending import lifecycle, progress, refusals, unknown_deliveries
from newsletter.transactional import edition_tests
from newsletter.web.desk import formatting, stale_forms
from newsletter.web.desk.edition import preview_queries as previews
from newsletter.web.desk.edition.departure import departure
from newsletter.web.desk.pages import about, as_sentence, editor, field_of, page, revision_of, sentences
from subscribers.requests import config_of, newsletter_of

FIELDS_OF_REFUSALS = {INVALID_GIVEN: "addresses", TEST_ADDRESSES: "addresses"}


def proof(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Mail the edition as it stands to named people; the first of them is whoever asks."""
    addresses = request.POST.get("addresses", editor(request))
    results: dict[str, Message] = {}
    problems: dict[str, str] = {}
    if request.method == "POST":
        try:
            results = edition_tests.send(
                edition, config_of(request), addresses.replace(",", " ").split(), by=editor(request)
            )
        except (Impossible, TemplateProblem) as refused:
            problems = {field_of(refused, FIELDS_OF_REFUSALS): as_sentence(refused)}
    context = {
        **about(request, edition, newsletter),
        "addresses": addresses,
        "accepted": [address for address, result in results.items() if TEST_ACCEPTED.matches(result)],
        "failed": [(a, as_sentence(result)) for a, result in results.items() if not TEST_ACCEPTED.matches(result)],
        "problems": problems,
        "others": [a for a in newsletter.editors if a != editor(request)],
    }
    return page(request, "proof", context, section="home", status=422 if problems else 200)


@require_POST
def approve(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Freeze the revision that was looked at; refused with the difference where the draft changed since."""
    try:
        return approve_as_shown(request, edition, newsletter)
    except Conflict as conflict:
        return changed_page(request, newsletter, conflict.edition, conflict.differences)
    except stale_forms.Changed as changed:
        return changed_page(request, newsletter, edition, changed.differences)
    except Impossible as problem:
        messages.error(request, as_sentence(problem))
        return redirect("desk:preview", newsletter.name, edition.period)


def approve_as_shown(request: HttpRequest, edition: Edition, newsletter: Newsletter) -> HttpResponse:
    """Approve a draft as its form showed it, say when it is sent, and lead to the page that fits.

    Raises Impossible.
    """
    name, period, despite = edition.newsletter, edition.period, request.POST.getlist("despite")
    seen, configuration = check_departure(request, edition), config_of(request)
    approved = approval.approve(
        configuration, edition, by=editor(request), revision=seen, despite=despite, needs_content=True
    )
    leaving = departure(configuration, approved, newsletter)
    if leaving.to_new_subscribers:
        messages.success(request, _("Approved.") + f" {leaving.to_new_subscribers}")
        return redirect("desk:welcome", name)
    if leaving.by_itself:
        times = {"when": leaving.when, "readers": leaving.recipients_text}
        messages.success(request, _("Approved. It will be sent %(when)s to %(readers)s.") % times)
        return redirect("desk:edition", name, period)
    messages.success(request, _("Approved. Nothing is sent until you choose when."))
    return redirect("desk:send", name, period)


def catch_up(edition: Edition, seen: int, mark: str) -> None:
    """Make a revision of the draft if posts changed at their source since they were shown.

    Approval of the revision that was looked at is refused after it, with the difference.
    """
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state != State.DRAFT or locked.revision != seen or mark == previews.content_mark(locked):
            return
        history.record(locked, "", acts.SOURCES_CHANGED(), timezone.now())


def check_departure(request: HttpRequest, edition: Edition) -> int:
    """Return the revision that the form showed, after a look for changes of posts at their sources.

    Of a draft that is still as it was seen, the time and the number of subscribers on the button are compared with
    those of now. Raises Changed.
    """
    seen = revision_of(request)
    catch_up(edition, seen, request.POST.get("mark", ""))
    current = Edition.objects.get(pk=edition.pk)
    if current.state != State.DRAFT or current.revision != seen:
        return seen
    newsletter = newsletter_of(request, current.newsletter)
    now = departure(config_of(request), current, newsletter)
    by_hand = {"": _("when you send it")}
    due = request.POST.get("due", "")
    times = by_hand | {now.due: now.when or by_hand[""]} | ({due: time_text(due, newsletter)} if due else {})
    stale_forms.check(
        stale_forms.text(request.POST, "due", _("Sent"), now.due, times),
        stale_forms.recipients(request.POST, now.recipients),
    )
    return seen


def time_text(text: str, newsletter: Newsletter) -> str:
    """Return a time of a form as pages write it; what is not a time stays as it is, shortened."""
    try:
        return formatting.moment(moment_of(text, newsletter.zone), newsletter.zone)
    except Impossible:
        return text[:40]


def changed_page(
    request: HttpRequest, newsletter: Newsletter, edition: Edition, differences: Sequence[Message | str]
) -> HttpResponse:
    """Show what has changed since the form was shown."""
    context = {**about(request, edition, newsletter), "differences": differences}
    return page(request, "changed", context, section="home", status=409)


@require_POST
def reopen(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Make an approved or queued edition a draft again."""
    with sentences(request):
        stale_forms.check(stale_forms.state(request.POST, edition.state))
        approval.reopen(edition, by=editor(request))
        messages.success(request, _("This edition is a draft again."))
    return redirect("desk:edition", newsletter.name, edition.period)


@require_POST
def control(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Pause, resume, or stop for good; stopping wants the word typed once emails are on their way."""
    by, act = editor(request), request.POST.get("act", "")
    with sentences(request):
        stale_forms.check(stale_forms.state(request.POST, edition.state))
        if act == "pause":
            lifecycle.pause(edition, by=by)
        elif act == "resume":
            _resume(request, edition, by)
        elif act == "resume-without":
            lifecycle.resume(edition, by=by, leave_refused=True)
        elif act == "stop":
            _stop(request, edition, by)
    return redirect("desk:report" if edition.began_at else "desk:edition", newsletter.name, edition.period)


def _resume(request: HttpRequest, edition: Edition, by: str) -> None:
    """Resume an edition; the emails that were refused and are sent again are those that the page showed."""
    count = refusals.refused_to_send(edition)
    if count or request.POST.get("count"):
        stale_forms.check(stale_forms.count(request.POST, _("Refused"), count))
    lifecycle.resume(edition, by=by, expected=count)
    if count:
        sentence = ngettext(
            "Sending goes on, and %(n)s email that was refused is sent again.",
            "Sending goes on, and %(n)s emails that were refused are sent again.",
            count,
        )
        messages.success(request, sentence % {"n": formatting.number(count)})


def _stop(request: HttpRequest, edition: Edition, by: str) -> None:
    """Cancel an edition; a word is typed once emails are on their way."""
    if not edition.began_at:
        approval.cancel(edition, by=by)
        return
    word = _("cancel")
    if request.POST.get("typed", "").strip().lower() != word:
        raise Impossible(_("nothing was cancelled; to confirm, type %(name)s") % {"name": word})
    lifecycle.cancel(config_of(request), edition, by=by)


@require_POST
def settle(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Decide about the unconfirmed emails: they are sent again, or left."""
    by = editor(request)
    expected = progress.unsettled(edition)
    with sentences(request):
        stale_forms.check(stale_forms.count(request.POST, _("Unconfirmed"), expected))
        if request.POST.get("act") == "resend":
            count = unknown_deliveries.resend(edition, by=by, expected=expected)
            sentence = ngettext("%(n)s email will be resent.", "%(n)s emails will be resent.", count)
        elif request.POST.get("act") != "leave":
            raise Impossible(_("choose whether to resend them"))
        else:
            count = unknown_deliveries.leave(edition, by=by, expected=expected)
            sentence = ngettext("%(n)s email won’t be resent.", "%(n)s emails won’t be resent.", count)
        messages.success(request, sentence % {"n": formatting.number(count)})
    return redirect("desk:report", newsletter.name, edition.period)
