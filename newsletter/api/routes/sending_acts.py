"""Editions: approve, reopen, send, pause, resume, cancel, the archive, and the progress of sending."""

from django.http import HttpRequest
from ninja import Path, Router

from newsletter.api.operations import ApiAnswer, caller_of, operation
from newsletter.api.routes.editions import EDITION, answer, find, matched
from newsletter.api.schemas import ApproveIn, EditionOut, Name, SendIn, StatusOut, UnknownDeliveryOut
from newsletter.editions import approval, public_editions
from newsletter.editions.problems import Impossible
from newsletter.editions.variants.preparing import render_subjects
from newsletter.messages import sending as messages
from newsletter.models import ApprovedContent, State
from newsletter.sending import audience, lifecycle, progress

router = Router(tags=["sending"])
UNSENT = (State.DRAFT, State.APPROVED, State.QUEUED)


def _note_sources(request: HttpRequest, newsletter: str, period: str, asked: ApproveIn) -> None:
    """Record what the sources changed since the last revision, which stays when the approval is refused for it.

    Its subjects are rendered before the transaction of the operation.
    """
    caller = caller_of(request)
    edition = find(caller, newsletter, period)
    approval.record_source_changes(edition, caller.now)
    if edition.state == State.DRAFT:
        render_subjects(edition, caller.config, caller.now)


@operation(router, "POST", f"{EDITION}/approve", {200: EditionOut}, if_match=True, first=_note_sources)
def approve_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name], asked: ApproveIn) -> ApiAnswer:
    """Approve a draft as it was read.

    What was approved is what is sent.
    """
    caller = caller_of(request)
    edition = matched(request, caller, newsletter, period)
    approved = approval.approve(
        caller.config,
        edition,
        by=caller.by,
        revision=edition.revision,
        despite=asked.despite,
        needs_content=True,
        now=caller.now,
    )
    return answer(caller, approved)


@operation(router, "POST", f"{EDITION}/reopen", {200: EditionOut}, if_match=True)
def reopen_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Make an approved or scheduled edition a draft again."""
    caller = caller_of(request)
    edition = matched(request, caller, newsletter, period)
    return answer(caller, approval.reopen(edition, by=caller.by, now=caller.now))


@operation(router, "POST", f"{EDITION}/send", {200: EditionOut}, if_match=True)
def send_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name], asked: SendIn) -> ApiAnswer:
    """Send an approved edition, now or at a time."""
    caller = caller_of(request)
    edition = matched(request, caller, newsletter, period)
    if asked.readers is not None:
        receiving = audience.receiving(caller.newsletter(newsletter), edition, caller.now).count()
        if receiving != asked.readers:
            raise Impossible(messages.OTHER_READERS(name=edition.name, found=receiving, expected=asked.readers))
    content = ApprovedContent.objects.filter(edition=edition).values_list("revision", flat=True).first()
    queued = approval.queue(caller.config, edition, by=caller.by, at=asked.at, now=caller.now, revision=content)
    return answer(caller, queued)


@operation(router, "POST", f"{EDITION}/pause", {200: EditionOut})
def pause_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Pause sending.

    Messages that are being transferred are completed.
    """
    caller = caller_of(request)
    return answer(caller, lifecycle.pause(find(caller, newsletter, period), by=caller.by, now=caller.now))


@operation(router, "POST", f"{EDITION}/resume", {200: EditionOut})
def resume_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Resume sending."""
    caller = caller_of(request)
    return answer(caller, lifecycle.resume(find(caller, newsletter, period), by=caller.by, now=caller.now))


@operation(router, "POST", f"{EDITION}/cancel", {200: EditionOut})
def cancel_edition(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Cancel an edition.

    Messages that were sent stay sent.
    """
    caller = caller_of(request)
    edition = find(caller, newsletter, period)
    if edition.state in UNSENT:
        return answer(caller, approval.cancel(edition, by=caller.by, now=caller.now))
    return answer(caller, lifecycle.cancel(caller.config, edition, by=caller.by, now=caller.now))


@operation(router, "POST", f"{EDITION}/remove-from-archive", {200: EditionOut})
def remove_edition_from_archive(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Remove an edition from the archive.

    Its page and the images that no other edition uses are gone, and no feed has it.
    """
    caller = caller_of(request)
    return answer(caller, public_editions.remove(find(caller, newsletter, period), by=caller.by, now=caller.now))


@operation(router, "POST", f"{EDITION}/return-to-archive", {200: EditionOut})
def return_edition_to_archive(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Return a removed edition to the archive."""
    caller = caller_of(request)
    return answer(caller, public_editions.restore(find(caller, newsletter, period), by=caller.by, now=caller.now))


@operation(router, "GET", f"{EDITION}/status", {200: StatusOut})
def read_status(request: HttpRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Read the progress of sending.

    Deliveries have numbers, not addresses.
    """
    caller = caller_of(request)
    document = progress.standing(find(caller, newsletter, period), caller.now)
    unknown = [UnknownDeliveryOut(**{k: delivery[k] for k in UnknownDeliveryOut.model_fields})
               for delivery in document.pop("unknown_deliveries")]  # fmt: skip
    return ApiAnswer(StatusOut(**document, unknown_deliveries=unknown))
