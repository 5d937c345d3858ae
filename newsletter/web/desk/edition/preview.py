"""The preview of a draft: phone, desktop, dark, without images, as text, in the inbox, its source, and its variants.

Promises: a post's HTML is only ever shown from its own address, sandboxed, and nothing in it runs.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin

from newsletter.config import Config, Newsletter
from newsletter.domain.digest import Finding, Letterhead
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import history
from newsletter.editions.letterheads import letterhead
from newsletter.editions.previews import as_sent
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import Proof, digest_with, rendered_of
from newsletter.editions.variants import listing
from newsletter.editions.variants.listing import ListedVariant
from newsletter.editions.variants.planning import PreparedDraft, prepare
from newsletter.messages import Message
from newsletter.models import LOCKED_STATES, Edition, State
from newsletter.render import preview as render
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.personal_text import for_recipient
from newsletter.sending import audience
from newsletter.web.desk import formatting
from newsletter.web.desk.edition import preview_queries as queries
from newsletter.web.desk.edition.departure import departure
from newsletter.web.desk.pages import about, as_sentence, page
from newsletter.web.desk.permissions import Role, role
from subscribers.models import Subscription, WhereProblem
from subscribers.requests import config_of

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""Scripts stay forbidden. The page around may measure how tall the email is, so it has the same origin."""
PROBLEMS = (TemplateProblem, WhereProblem, Impossible)
"""Why an email can't be generated, or its recipients not counted."""
SHOWN_PICKS = 3
"""How many combinations of topics are named for a variant."""
KINDS = {
    "phone": gettext_lazy("Phone"),
    "desktop": gettext_lazy("Computer"),
    "inbox": gettext_lazy("Inbox"),
    "text": gettext_lazy("Plain text"),
    "raw": gettext_lazy("Source"),
}
"""The views of an email, with their names."""


def side(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the panel beside the draft: the email on a phone, its size, the findings and the buttons."""
    context = _about_email(request, edition, newsletter)
    context["undo"], context["redo"] = history.steps(edition) if edition.state == State.DRAFT else (None, None)
    return page(request, "_side", context)


def _about_email(
    request: HttpRequest, edition: Edition, newsletter: Newsletter, *, has_variants: bool = False
) -> dict[str, Any]:
    """Return what both pages show of an edition and its email, with its variants if asked for, or the problem."""
    configuration, title = config_of(request), ""
    context: dict[str, Any] = {}
    try:
        context["departure"] = departure(configuration, edition, newsletter)
        present = queries.present(configuration, edition)
        proof = queries.rendered(present)
        recipient = _recipient(request)
        listed = _listed(configuration, edition, present) if has_variants else {}
        context |= {"mark": present.mark, **_looked_at(edition, proof, recipient), **listed}
        title = proof.digest.subject
    except PROBLEMS as problem:
        context["problem"] = as_sentence(problem)
    return about(request, edition, newsletter, title) | context


def _listed(configuration: Config, edition: Edition, present: queries.Rendering) -> dict[str, Any]:
    draft = prepared_draft(edition, present)
    return {
        "variants": variant_rows(configuration, edition, draft),
        "overridable": _by_code(draft.errors if draft else ()),
    }


def _looked_at(edition: Edition, proof: Proof, recipient: Recipient) -> dict[str, Any]:
    personal, fields = proof.rendered.personal_subject, proof.letterhead.fields
    findings = queries.findings(edition, proof)
    return {
        "size": queries.size(proof.rendered, proof.letterhead),
        "findings": findings,
        "errors": sum(t["is_error"] for t in findings),
        "warnings": sum(not t["is_error"] for t in findings),
        "subject": for_recipient(personal, fields, recipient) if personal else proof.rendered.subject,
        "preheader": proof.rendered.preheader,
        "shortened": _shortened(proof),
        "sender": proof.letterhead.sender_name or proof.letterhead.sender_address,
    }


def _shortened(proof: Proof) -> list[str]:
    """Return the titles of the posts that were cut to fit, with how many of their words are left."""
    cut = {post.id: post for post in proof.rendered.shortened}
    return [
        _("{title} ({words} of {whole} words)").format(
            title=post.title, words=cut[post.id].words, whole=cut[post.id].whole
        )
        for post in proof.digest.posts
        if post.id in cut
    ]


def _by_code(findings: Iterable[Finding]) -> list[tuple[str, list[Message]]]:
    """Return each code once, in alphabetical order, with its different messages."""
    by_code: dict[str, list[Message]] = {}
    for finding in findings:
        messages = by_code.setdefault(finding.code, [])
        if finding.message not in messages:
            messages.append(finding.message)
    return sorted(by_code.items())


def preview(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the page with the frame; its address says which view is shown."""
    chosen = _chosen(request)
    context = {
        **_about_email(request, edition, newsletter, has_variants=True),
        "chosen": chosen,
        "tabs": _tabs(chosen),
        "frame": urlencode({k: v for k, v in chosen.items() if k != "kind" and v} | {"r": str(edition.revision)}),
        "may_choose_reader": role(request) is Role.ADMIN,
        "is_unknown": chosen["reader"] not in ("", "named") and queries.subscriber(chosen["reader"]) is None,
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "preview", context, section="home")


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Return what the address asks for; `variant` is "" for the edition as editors see it, otherwise its position."""
    kind, variant = request.GET.get("kind", "phone"), request.GET.get("variant", "")
    switches = {key: "1" if request.GET.get(key) == "1" else "" for key in ("dark", "bare")}
    is_position = variant.isascii() and variant.isdecimal() and len(variant) < 5 and variant != "0"
    return {
        "kind": kind if kind in KINDS else "phone",
        **switches,
        "reader": request.GET.get("reader", "")[:254],
        "variant": variant if is_position else "",
    }


def _tabs(chosen: dict[str, str]) -> list[dict[str, object]]:
    parameters = {k: v for k, v in chosen.items() if k != "kind" and v}
    return [
        {"name": name, "query": urlencode({"kind": kind} | parameters), "here": kind == chosen["kind"]}
        for kind, name in KINDS.items()
    ]


def _or_the_reason(view: Callable[[HttpRequest, Newsletter, Edition], HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view of the email so that it shows why the email can't be generated."""

    @wraps(view)
    def shown(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
        try:
            return view(request, newsletter, edition)
        except PROBLEMS as problem:
            return _plain(as_sentence(problem), HTTPStatus.UNPROCESSABLE_ENTITY)

    return shown


def _email(request: HttpRequest, edition: Edition) -> tuple[Proof, Recipient, int]:
    """Return the rendering of the chosen variant, its recipient, and its position."""
    position = int(_chosen(request)["variant"] or 0)
    return proof_of_variant(config_of(request), edition, position), _recipient(request), position


def _recipient(request: HttpRequest) -> Recipient:
    """Return the chosen recipient. Only admins may preview as a real subscriber."""
    reader = _chosen(request)["reader"]
    return queries.recipient(reader if role(request) is Role.ADMIN or "@" not in reader else "")


@xframe_options_sameorigin
@_or_the_reason
def frame(request: HttpRequest, _newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Return the email's HTML alone, for the sandboxed frame; `dark=1` in dark mode, `bare=1` without images."""
    (proof, recipient, _position), chosen = _email(request, edition), _chosen(request)
    return framed(queries.html(proof, recipient, dark=bool(chosen["dark"])), images=not chosen["bare"])


def framed(html: str, *, images: bool = True) -> HttpResponse:
    """Return HTML for a sandboxed frame, with its images or without."""
    policy = FRAME_POLICY.format(images="https: http: data:" if images else "'none'")
    return HttpResponse(html, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


@xframe_options_sameorigin
@_or_the_reason
def text(request: HttpRequest, _newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the email's text part."""
    proof, recipient, _position = _email(request, edition)
    return _plain(render.recipient_text(proof.rendered, proof.letterhead, recipient))


@xframe_options_sameorigin
@_or_the_reason
def raw(request: HttpRequest, _newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the whole email as it is sent."""
    proof, recipient, position = _email(request, edition)
    return _plain(as_sent(edition, proof, recipient, datetime.now(UTC), position).decode("utf-8", "replace"))


def _plain(content: str, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    policy = {"Content-Security-Policy": FRAME_POLICY.format(images="'none'")}
    return HttpResponse(content, content_type="text/plain; charset=utf-8", status=status, headers=policy)


@_or_the_reason
def links(request: HttpRequest, _newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show whether the links in the email work; the page asks for it once it is loaded."""
    proof = queries.proof(config_of(request), edition)
    checked = queries.check_links(config_of(request), queries.links(proof))
    return page(request, "_links", {"checked": checked, "clean": "clean" in request.GET})


def variant_rows(configuration: Config, edition: Edition, draft: PreparedDraft | None) -> list[dict[str, Any]]:
    """Return the variants of an edition, the editors' own first; none if all subscribers get the same.

    `draft` is the edition with its variants while it is a draft.
    """
    newsletter = configuration.edited(edition)
    receiving = audience.receiving(newsletter, edition, timezone.now())
    head = letterhead(configuration, newsletter)
    return [
        _variant_row(variant, head, newsletter) for variant in listing.listed(configuration, edition, receiving, draft)
    ]


def _variant_row(variant: ListedVariant, head: Letterhead, newsletter: Newsletter) -> dict[str, Any]:
    """Return one line of the list; without an email, its subscribers are skipped, for a reason."""
    return {
        "position": variant.position,
        "subscribers": variant.subscribers,
        "topics": _topics(variant, newsletter),
        "posts": len(variant.posts),
        "subject": variant.rendered.subject if variant.rendered else "",
        "size": queries.size(variant.rendered, head) if variant.rendered else None,
        "findings": variant.findings,
        "reason": formatting.message(variant.reason),
    }


def _topics(variant: ListedVariant, newsletter: Newsletter) -> str:
    """Return the topics of a variant's subscribers, such as `Film; Books, Film`; "" without topics."""
    if not newsletter.topics:
        return ""
    picks = [", ".join(newsletter.topic_titles(names)) or _("All topics") for names in variant.picks]
    return "; ".join([*picks[:SHOWN_PICKS], *(["…"] if len(picks) > SHOWN_PICKS else [])])


def proof_of_variant(configuration: Config, edition: Edition, position: int) -> Proof:
    """Return the rendering of a variant; of the edition itself if there is no such variant with an email."""
    of_edition = queries.proof(configuration, edition)
    if position <= 0:
        return of_edition
    if edition.state in LOCKED_STATES:
        variant = edition.variants.filter(position=position).exclude(segments=b"").first()
        if variant is None:
            return of_edition
        return Proof(of_edition.letterhead, digest_with(edition, configuration, ()), rendered_of(variant), ())
    draft = prepared_draft(edition, queries.present(configuration, edition))
    return draft.variants[position].proof if draft and position < len(draft.variants) else of_edition


def prepared_draft(edition: Edition, present: queries.Rendering) -> PreparedDraft | None:
    """Return a draft with its variants, which depend on the sets and topics in each cadence; else None."""
    if edition.state != State.DRAFT:
        return None
    own_posts = Subscription.objects.with_own_posts(edition.newsletter).order_by()
    return _prepared_draft(present, frozenset(own_posts.values_list("cadence", "offered", "topics").distinct()))


@lru_cache(maxsize=8)
def _prepared_draft(of: queries.Rendering, _own_posts: frozenset[tuple[str, int | None, str]]) -> PreparedDraft:
    return prepare(Edition.objects.get(pk=of.edition), of.configuration, own=queries.rendered(of))
