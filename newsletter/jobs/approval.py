"""From a draft to an edition that may leave: approve, reopen, queue, and cancel what has not begun to leave.

Promises: what was previewed is what is sent. Approval names the revision that was looked at and freezes subject, HTML,
text, sender and settings; nothing that a source or an editor does later changes them, unless it is reopened.
"""

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from newsletter import config
from newsletter.config import Config
from newsletter.jobs import freezing, history
from newsletter.jobs.candidates import holding
from newsletter.jobs.editing import Conflict
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.rendering import Proof, proof
from newsletter.jobs.states import NotAllowed, change
from newsletter.mail import Header, Segments
from newsletter.models import Edition, EditionPost, Frozen, State
from newsletter.render.message import segments


class LintErrors(JobProblem):
    """Errors that nobody overruled; `codes` names them."""

    def __init__(self, name: str, proof: Proof, codes: list[str]) -> None:
        self.codes = codes
        first = next(f for f in proof.errors if f.code in codes)
        more = f" and {len(codes) - 1} more" if len(codes) > 1 else ""
        super().__init__(
            f"{name} has lint errors: {first.code}: {first.message}{more}; mend them, or overrule them by name "
            f"with --despite-lint {','.join(codes)}"
        )


def approve(
    edition: Edition,
    *,
    by: str = "",
    revision: int | None = None,
    despite: Collection[str] = (),
    now: datetime | None = None,
) -> Edition:
    """Freeze a draft as it was looked at; `revision` None means as it stands.

    Raises Conflict where it changed since `revision`, LintErrors, NotAllowed where it is no draft, and JobProblem
    where its links would not work or another edition took one of its posts.
    """
    now, configuration = now or datetime.now(UTC), config.current()
    check_links(configuration, edition.newsletter)
    _record_what_came(edition, now)
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if draft.state != State.DRAFT:
            raise NotAllowed(f"{draft.name} is {draft.state}, not a draft: there is nothing to approve")
        if revision is not None and (revision != draft.revision or history.has_changed(draft)):
            raise Conflict(draft, revision)
        _check_posts(draft)
        looked_at = proof(draft, configuration)
        codes = sorted({f.code for f in looked_at.errors} - set(despite))
        if codes:
            raise LintErrors(draft.name, looked_at, codes)
        until = min(draft.until, draft.refreshed_at) if not draft.corrects_id else draft.until
        _freeze(draft, looked_at, configuration, now)
        change(
            draft,
            State.APPROVED,
            where={"revision": draft.revision},
            approved_at=now,
            approved_by=by,
            until=max(until, draft.since),
            despite_lint=sorted({f.code for f in looked_at.errors}),
            waiting="",
            due_at=draft.due_at if draft.due_at and draft.due_at > now else None,
        )
        history.log(by, "approved", draft.name, now, after={"revision": draft.revision, "despite": list(despite)})
    return draft


def _record_what_came(edition: Edition, now: datetime) -> None:
    """Give a draft a revision of its own for texts that its sources changed since, so that it can be looked at."""
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if draft.state == State.DRAFT and history.has_changed(draft):
            history.record(draft, "", "its sources changed a post", now)


def reopen(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Make an approved edition, or a queued one of which nothing was claimed, a draft again."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state not in (State.APPROVED, State.QUEUED):
            raise NotAllowed(f"{edition.name} is {edition.state}: only an approved or queued edition can be reopened")
        change(
            edition,
            State.DRAFT,
            approved_at=None,
            approved_by="",
            queued_at=None,
            despite_lint=[],
            **_window_before(edition, now),
        )
        Frozen.objects.filter(edition=edition).delete()
        history.log(by, "reopened", edition.name, now)
    return edition


def _window_before(edition: Edition, now: datetime) -> dict[str, Any]:
    """Where the window ended and when the edition was to leave, before freezing and queueing moved them."""
    drafted = edition.revisions.latest("number").snapshot
    until, due = datetime.fromisoformat(drafted["until"]), drafted["due_at"]
    due_at = datetime.fromisoformat(due) if due else None
    return {"until": until, "due_at": due_at if due_at and due_at > now else None}


def queue(edition: Edition, *, by: str = "", at: datetime | None = None, now: datetime | None = None) -> Edition:
    """Let an approved edition leave, at once or at a time; a sender takes it when it is due."""
    now, configuration = now or datetime.now(UTC), config.current()
    check_links(configuration, edition.newsletter)
    due = max(at or now, now)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state != State.APPROVED:
            raise NotAllowed(f"{edition.name} is {edition.state}: only an approved edition can be queued")
        frozen = Frozen.objects.get(edition=edition)
        frozen.segments = freezing.pack(_dated(freezing.unpack(bytes(frozen.segments)), due))
        frozen.save(update_fields=["segments"])
        change(edition, State.QUEUED, due_at=due, queued_at=now, waiting="")
        history.log(by, "queued", edition.name, now, after={"due": due.isoformat()})
    return edition


def cancel(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Give up an edition that has not begun to leave; its posts are free again."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state not in (State.DRAFT, State.APPROVED, State.QUEUED):
            raise NotAllowed(f"{edition.name} is {edition.state}: it can't be cancelled this way any more")
        change(edition, State.CANCELLED, ended_at=now, reason="cancelled before its first mail", waiting="")
        history.log(by, "cancelled", edition.name, now)
    return edition


def check_links(configuration: Config, newsletter: str) -> None:
    """A mail's links work or it does not leave: raises JobProblem where readers could not reach `site.url`."""
    url = configuration.site.url
    if _reachable(url) or _stays_here(configuration, configuration.newsletters[newsletter]):
        return
    raise JobProblem(
        f"site.url is {url}: readers could not follow a mail's links there; "
        "give it a public https address in config.toml"
    )


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and not _is_private(parts.hostname or "")


def _stays_here(configuration: Config, newsletter: config.Newsletter) -> bool:
    provider, delivery = configuration.provider_of(newsletter), configuration.delivery
    if provider == "smtp":
        return _is_loopback(delivery.smtp.host)
    return provider == "file" or _is_loopback(urlsplit(_api_of(getattr(delivery, provider))).hostname or "")


def _api_of(settings: Mapping[str, Any]) -> str:
    """Where a provider's API is, "" for its usual place: as anymail names it, or for Amazon SES as boto3 does."""
    keys = {key.lower(): given for key, given in settings.items()}
    client = keys.get("client_params")
    return str(keys.get("api_url") or (client.get("endpoint_url") if isinstance(client, Mapping) else None) or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return _is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa"))


def _check_posts(draft: Edition) -> None:
    """No other frozen edition may hold a post of this one: it may have been frozen after this draft was made."""
    mine = draft.entries.filter(included=True).values("post_id")
    others = holding(draft.newsletter).exclude(pk=draft.pk)
    taken = EditionPost.objects.filter(edition__in=others, included=True, post_id__in=mine)
    entry = taken.select_related("edition", "post").first()
    if entry and not draft.corrects_id:
        raise JobProblem(
            f"“{entry.post.title}” is already in {entry.edition.name}; refresh the draft with "
            f"'newsletter draft {draft.newsletter}', then look at it again"
        )


def _freeze(draft: Edition, looked_at: Proof, configuration: Config, now: datetime) -> None:
    head, rendered = looked_at.letterhead, looked_at.rendered
    host = urlsplit(head.site_url).hostname or "localhost"
    list_id = f"{head.newsletter}.{host}"
    feedback_id = f"{draft.period}:{head.newsletter}:digest:{host}"
    mail = segments(rendered, head, date=draft.due_at or now, list_id=list_id, feedback_id=feedback_id)
    Frozen.objects.update_or_create(
        edition=draft,
        defaults={
            "revision": draft.revision,
            "subject": rendered.subject,
            "preheader": rendered.preheader,
            "html": rendered.html,
            "text": rendered.text,
            "placeholders": [[name, slot.value, slot.form, slot.fallback] for name, slot in rendered.placeholders],
            "headers": {
                "from_name": head.sender_name,
                "from_address": head.sender_address,
                "reply_to": head.reply_to,
                "list_id": list_id,
                "feedback_id": feedback_id,
                "site_url": head.site_url,
                "mailto_unsubscribe": head.mailto_unsubscribe,
                "provider": configuration.provider_of(configuration.newsletters[draft.newsletter]),
            },
            "segments": freezing.pack(mail),
        },
    )


def _dated(mail: Segments, at: datetime) -> Segments:
    """The mail with the time at which it leaves (RFC 5322 3.6.1)."""
    date = Header("Date", (format_datetime(at).encode(),))
    return replace(mail, headers=tuple(date if h.name == "Date" else h for h in mail.headers))
