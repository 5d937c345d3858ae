"""Editions: list, read, draft, edit and preview. Their rules are those of newsletter/editions.

If-Match with an ETag keeps two writers from overwriting each other (RFC 9110 8.8.3 and 13.1.1). An ETag begins with the
edition's revision; the rest is a hash of the document that was read. It is strong.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ninja import Path, Query, Router

from newsletter.api import paging
from newsletter.api.operations import ApiAnswer, ApiRequest, operation
from newsletter.api.refusals import Refused
from newsletter.api.schemas import (
    AddedPost,
    CheckFinding,
    DraftIn,
    EditionIn,
    EditionList,
    EditionOut,
    EditionSummary,
    Line,
    Name,
    Number,
    PostChange,
    PreviewOut,
    State,
    VariantOut,
)
from newsletter.config import Config
from newsletter.editions import draft, editing, edition_names, leases, serialize
from newsletter.editions.composing import bulk
from newsletter.editions.previews import sample_recipient
from newsletter.editions.rendering import make_proof
from newsletter.editions.selection.windows import requested
from newsletter.editions.variants.listing import documents
from newsletter.messages import api as messages
from newsletter.models import Edition
from newsletter.render import preview
from newsletter.sending import audience

router = Router(tags=["editions"])
EDITION = "/editions/{newsletter}/{period}"
CHOICES = {"in": editing.include, "out": editing.leave_out, "rules": editing.let_rules_decide}
"""What makes each choice about a post."""


def find(request: ApiRequest, newsletter: str, period: str) -> Edition:
    """Return an edition of a newsletter that the token is for. Raises NoSuchEdition and Forbidden."""
    return edition_names.find(request.config, f"{request.newsletter(newsletter).name}/{period}")


def answer(request: ApiRequest, edition: Edition, status: int = 200) -> ApiAnswer:
    """Return an edition with its ETag."""
    document = _document(request.config, edition)
    headers = {"ETag": _etag(edition, document)}
    if status == 201:
        headers["Location"] = f"/api/v1/editions/{edition.newsletter}/{edition.period}"
    return ApiAnswer(document, status, headers)


def matched(request: ApiRequest, newsletter: str, period: str) -> Edition:
    """Return an edition whose row is locked until the transaction ends, as the client has read it. Raises Refused."""
    locked = Edition.objects.select_for_update().get(pk=find(request, newsletter, period).pk)
    current = _etag(locked, _document(request.config, locked))
    check_if_match(request.http.headers.get("If-Match"), current, locked.name)
    return locked


def _document(configuration: Config, edition: Edition) -> EditionOut:
    document = serialize.edition(edition, configuration)
    texts = {key: getattr(edition, key) for key in ("subject", "preheader", "greeting", "closing")}
    return EditionOut(**{**_summary(edition).model_dump(), **document, "texts": texts})


def _etag(edition: Edition, document: EditionOut) -> str:
    return etag(edition.revision, document.model_dump(mode="json"))


def _summary(edition: Edition) -> EditionSummary:
    return EditionSummary(**{key: getattr(edition, key) for key in EditionSummary.model_fields})


@operation(router, "GET", "/editions", {200: EditionList})
def list_editions(
    request: ApiRequest,
    newsletter: Query[Name | None] = None,
    state: Query[State | None] = None,
    cursor: Query[Line | None] = None,
    limit: int = paging.LIMIT_PARAMETER,
) -> ApiAnswer:
    """List editions."""
    editions = Edition.objects.filter(newsletter__in=request.names(newsletter))
    if state:
        editions = editions.filter(state=state)
    rows, next_cursor = paging.after(editions, "editions", cursor, limit)
    return ApiAnswer(EditionList(items=[_summary(edition) for edition in rows], next_cursor=next_cursor))


@operation(router, "POST", "/editions", {200: EditionOut, 201: EditionOut})
def draft_edition(request: ApiRequest, asked: DraftIn) -> ApiAnswer:
    """Draft the next edition, or that of a period.

    An existing draft is brought up to date from the posts that were collected, and answered with 200; an approved
    edition of the period is answered as it is.
    """
    newsletter = (
        request.in_cadence(asked.newsletter, asked.cadence) if asked.cadence else request.newsletter(asked.newsletter)
    )
    window = requested(newsletter, asked.period, request.now) if asked.period else None
    edition = draft.make(request.config, newsletter, window, now=request.now, read_sources=False, by=request.by)
    if asked.read_sources:
        draft.refresh_later(edition, request.by)
    return answer(request, edition, 201 if edition.created_at == request.now else 200)


@operation(router, "GET", EDITION, {200: EditionOut, 304: None})
def read_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Read an edition.

    Changes require its ETag.
    """
    answered = answer(request, find(request, newsletter, period))
    if not none_matches(request.http.headers.get("If-None-Match"), answered.headers["ETag"]):
        return ApiAnswer(None, 304, answered.headers)
    return answered


@operation(router, "PATCH", EDITION, {200: EditionOut}, if_match=True)
def edit_edition(
    request: ApiRequest, newsletter: Path[Name], period: Path[Name], texts: EditionIn, *, force: Query[bool] = False
) -> ApiAnswer:
    """Change an edition's texts.

    While a person is writing in one of them at the desk, this is refused with 409, unless `force` is true.
    """
    edition = matched(request, newsletter, period)
    words = {key: text for key, text in texts.model_dump().items() if text is not None}
    if not force:
        leases.refuse_if_written(edition, words, request.now)
    return answer(
        request,
        editing.set_words(request.config, edition, request.by, edition.revision, words, request.now)
        if words
        else edition,
    )


@operation(router, "POST", f"{EDITION}/refresh", {202: None})
def refresh_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Refresh a draft.

    The sources are read again in the background. Editors' changes stay.
    """
    draft.refresh_later(find(request, newsletter, period), request.by)
    return ApiAnswer(None, 202)


@operation(router, "POST", f"{EDITION}/posts", {201: EditionOut}, if_match=True)
def add_post_to_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name], post: AddedPost) -> ApiAnswer:
    """Add a post to one edition.

    To give a newsletter a post, push it instead.
    """
    edition = matched(request, newsletter, period)
    with_post = editing.add_post(
        request.config, edition, request.by, edition.revision, **post.model_dump(), now=request.now
    )
    return answer(request, with_post, 201)


@operation(router, "PATCH", f"{EDITION}/posts/{{post}}", {200: EditionOut}, if_match=True)
def change_post_of_edition(
    request: ApiRequest,
    newsletter: Path[Name],
    period: Path[Name],
    post: Path[Number],
    change: PostChange,
    *,
    force: Query[bool] = False,
) -> ApiAnswer:
    """Change a post of an edition.

    Whether it is included, its headline, its text and its day. All changes are made, or none. While a person is writing
    in its headline or text at the desk, a change of that is refused with 409, unless `force` is true.
    """
    edition = matched(request, newsletter, period)
    if not force:
        keys = [f"{key}-{post}" for key in ("title", "text") if getattr(change, key) is not None]
        leases.refuse_if_written(edition, keys, request.now)
    config, by, now = request.config, request.by, request.now
    if change.choice is not None:
        edition = CHOICES[change.choice](config, edition, by, edition.revision, post, now)
    if change.pinned is not None:
        edition = editing.pin(config, edition, by, edition.revision, post, now, pinned=change.pinned)
    if change.title is not None:
        edition = editing.retitle(config, edition, by, edition.revision, post, change.title, now)
    if change.text is not None:
        edition = editing.rewrite(config, edition, by, edition.revision, post, change.text, now)
    if change.day is not None:
        edition = bulk.move_to_day(config, edition, by, edition.revision, post, change.day)
    return answer(request, edition)


@operation(router, "GET", f"{EDITION}/preview", {200: PreviewOut})
def preview_edition(request: ApiRequest, newsletter: Path[Name], period: Path[Name]) -> ApiAnswer:
    """Preview an edition.

    It is rendered as a recipient would get it, and checked.
    """
    edition = find(request, newsletter, period)
    proof, recipient = make_proof(edition, request.config), sample_recipient()
    receiving = audience.receiving(request.config.edited(edition), edition, request.now)
    rendered, head = proof.rendered, proof.letterhead
    document = PreviewOut(
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=preview.recipient_html(rendered, head, recipient),
        text=preview.recipient_text(rendered, head, recipient),
        findings=[CheckFinding(**finding) for finding in serialize.findings(proof.findings)],
        variants=[VariantOut(**variant) for variant in documents(request.config, edition, receiving)],
    )
    return ApiAnswer(document)


_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag(revision: int, document: Mapping[str, Any]) -> str:
    """Return the ETag of an edition's document."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return f'"{revision}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def check_if_match(header: str | None, current: str, name: str) -> None:
    """Raise Refused if a write names no ETag (428, RFC 6585 3) or another one than the edition has (412)."""
    if header is None:
        raise Refused(HTTPStatus.PRECONDITION_REQUIRED, messages.IF_MATCH_MISSING())
    if header.strip() != "*" and current not in _TAGS.findall(header):
        raise Refused(HTTPStatus.PRECONDITION_FAILED, messages.IF_MATCH_FAILED(name=name), {"ETag": current})


def none_matches(header: str | None, current: str) -> bool:
    """Return whether an edition is other than what the client has (If-None-Match, RFC 9110 13.1.2)."""
    if header is None:
        return True
    return header.strip() != "*" and current not in [tag.removeprefix("W/") for tag in _TAGS.findall(header)]
