"""Editions: approve, reopen, send, pause, resume, cancel, the archive, and the progress of sending."""

from django.http.response import HttpResponseBase
from ninja import Path, Query, Router

from newsletter.api.operations import ApiAnswer, ApiRequest, Run, operation
from newsletter.api.routes.editions import EDITION, answer, find, matched
from newsletter.api.schemas import ApproveIn, EditionOut, Name, SendIn, StatusOut, UnknownDeliveryOut
from newsletter.editions import approval, public_editions
from newsletter.editions.problems import Impossible
from newsletter.editions.variants.ahead import dated_ahead, rendered_ahead
from newsletter.messages import sending as messages
from newsletter.models import ApprovedContent, State
from newsletter.sending import audience, lifecycle
from newsletter.sending.standing import standing

router = Router(tags=["sending"])
UNSENT = (State.DRAFT, State.APPROVED, State.QUEUED)


def _after_rendering(run: Run, request: ApiRequest, newsletter: str, period: str, **_: ApproveIn) -> HttpResponseBase:
    """Record what the sources changed since the last revision, which stays when the approval is refused for it, and
    render the draft before the transaction of the operation.
    """
    edition = find(request, newsletter, period)
    approval.record_source_changes(edition, request.now)
    return rendered_ahead(edition, request.config, request.now, run)


@operation(router, "POST", f"{EDITION}/approve", {200: EditionOut}, if_match=True, around=_after_rendering)
def approve_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name], asked: ApproveIn) -> ApiAnswer:
    """Approve a draft as it was read.

    What was approved is what is sent.
    """
    edition = matched(request, newsletter, period)
    approved = approval.approve(
        request.config,
        edition,
        by=request.by,
        revision=edition.revision,
        despite=asked.despite,
        needs_content=True,
        now=request.now,
    )
    return answer(request, approved)


@operation(router, "POST", f"{EDITION}/reopen", {200: EditionOut}, if_match=True)
def reopen_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Make an approved or scheduled edition a draft again."""
    edition = matched(request, newsletter, period)
    return answer(request, approval.reopen(edition, by=request.by, now=request.now))


def _after_dating(run: Run, request: ApiRequest, newsletter: str, period: str, asked: SendIn) -> HttpResponseBase:
    """Date the emails of an approved edition before the transaction of the operation."""
    edition = find(request, newsletter, period)
    return dated_ahead(edition, request.config, approval.due_or_now(asked.at, request.now), run)


@operation(router, "POST", f"{EDITION}/send", {200: EditionOut}, if_match=True, around=_after_dating)
def send_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name], asked: SendIn) -> ApiAnswer:
    """Send an approved edition, now or at a time."""
    edition = matched(request, newsletter, period)
    if asked.readers is not None:
        receiving = audience.receiving(request.newsletter(newsletter), edition, request.now).count()
        if receiving != asked.readers:
            raise Impossible(messages.OTHER_RECIPIENTS(name=edition.name, found=receiving, expected=asked.readers))
    content = ApprovedContent.objects.filter(edition=edition).values_list("revision", flat=True).first()
    queued = approval.queue(request.config, edition, by=request.by, at=asked.at, now=request.now, revision=content)
    return answer(request, queued)


@operation(router, "POST", f"{EDITION}/pause", {200: EditionOut})
def pause_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Pause sending.

    Messages that are being transferred are completed.
    """
    return answer(request, lifecycle.pause(find(request, newsletter, period), by=request.by, now=request.now))


@operation(router, "POST", f"{EDITION}/resume", {200: EditionOut})
def resume_edition(
    request: ApiRequest, newsletter: Path[Name], period: Path[Name], *, leave_refused: Query[bool] = False
) -> ApiAnswer:
    """Resume sending.

    Emails whose refusal no mailbox caused (`refused_to_send` of the status) are sent again, unless `leave_refused`.
    """
    edition = find(request, newsletter, period)
    return answer(request, lifecycle.resume(edition, by=request.by, now=request.now, leave_refused=leave_refused))


@operation(router, "POST", f"{EDITION}/cancel", {200: EditionOut})
def cancel_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Cancel an edition.

    Messages that were sent stay sent.
    """
    edition = find(request, newsletter, period)
    if edition.state in UNSENT:
        return answer(request, approval.cancel(edition, by=request.by, now=request.now))
    return answer(request, lifecycle.cancel(request.config, edition, by=request.by, now=request.now))


@operation(router, "POST", f"{EDITION}/remove-from-archive", {200: EditionOut})
def remove_edition_from_archive(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Remove an edition from the archive.

    Its page and the images that no other edition uses are gone, and no feed has it.
    """
    return answer(request, public_editions.remove(find(request, newsletter, period), by=request.by, now=request.now))


@operation(router, "POST", f"{EDITION}/return-to-archive", {200: EditionOut})
def return_edition_to_archive(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Return a removed edition to the archive."""
    return answer(request, public_editions.restore(find(request, newsletter, period), by=request.by, now=request.now))


@operation(router, "GET", f"{EDITION}/status", {200: StatusOut})
def read_status(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Read the progress of sending.

    Deliveries have numbers, not addresses.
    """
    document = standing(find(request, newsletter, period), request.now)
    unknown = [UnknownDeliveryOut(**{k: delivery[k] for k in UnknownDeliveryOut.model_fields})
               for delivery in document.pop("unknown_deliveries")]  # fmt: skip
    return ApiAnswer(StatusOut(**document, unknown_deliveries=unknown))
