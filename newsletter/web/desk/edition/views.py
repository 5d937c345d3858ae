"""The page of a draft: texts and posts. Each change is saved at once, and no text is lost if two editors work."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.editions import editing, history as recorded, leases
from newsletter.editions.approval import was_too_small
from newsletter.editions.composing import bulk
from newsletter.editions.history import WORDS
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.ordering import day_of
from newsletter.feeds.html.markup import text_of
from newsletter.messages import MessageType, Problem, acts
from newsletter.models import Edition, State
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting, users
from newsletter.web.desk.edition import add_post, conflicts, queries, texts
from newsletter.web.desk.edition.departure import Departure, departure
from newsletter.web.desk.edition.texts import WordField, post_fields, word_fields
from newsletter.web.desk.home.queries import line
from newsletter.web.desk.pages import about, as_sentence, editor, field_of, page, revision_of, sentences
from newsletter.web.desk.permissions import POLICY
from subscribers.models import WhereProblem
from subscribers.requests import config_of

IN_FULL_UP_TO = 20
"""Posts of which the list has beginning and address too; those of a longer one are fetched with the panel to write."""

SHOWN = "shown-"
"""What the name of a field begins with that has the mark of a text as the page shows it."""


def edition_page(
    request: HttpRequest,
    newsletter: Newsletter,
    edition: Edition,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Show the whole page; an edition that is no draft any more can't be changed.

    `typed` is what was filled in to add a post, and `problems` why that was refused, by field.
    """
    if edition.state == State.IMPORTED:
        return redirect("desk:imported-edition", newsletter.name, edition.period)
    context = {
        **_context(request, newsletter, edition),
        **about(request, edition, newsletter),
        "line": line(edition, newsletter),
        "by_post": newsletter.at(edition.cadence).by_post,
        "window": " – ".join(formatting.moment(at, newsletter.zone) for at in (edition.since, edition.until)),
        "refreshed": formatting.ago(edition.refreshed_at),
        "fields": word_fields(edition),
        "blocks": queries.blocks(edition, newsletter) if edition.blocks else [],
        "open_notes": edition.notes.filter(done_at=None).count(),
        "too_small": was_too_small(edition),
        "is_held_approved": edition.state == State.APPROVED and edition.waiting is not None,
        "gaps": queries.gaps(edition, newsletter),
        "add": add_post.fields(typed or {}, problems or {}),
        "refused": bool(problems),
        "departure": _departure(request, newsletter, edition),
    }
    response = page(request, "edition", context, section="home", status=422 if problems else 200)
    # previews of texts show the images of sources, as the email does
    response["Content-Security-Policy"] = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
    return response


def _departure(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> Departure | None:
    """Return when an edition leaves and to how many; None if they can't be counted, which the preview explains."""
    try:
        return departure(config_of(request), edition, newsletter)
    except WhereProblem:
        return None


def _context(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> dict[str, object]:
    """Return the list of posts; in full only if it is short, with the posts left out only if asked for."""
    posts = queries.posts(edition, newsletter)
    return {
        "newsletter": newsletter,
        "edition": edition,
        "posts": posts,
        "revision": edition.revision,
        "may_change": edition.state == State.DRAFT,
        "in_full": posts.count <= IN_FULL_UP_TO,
        "has_new_posts": _has_new_posts(newsletter, edition, posts),
        "out_open": not posts.days or "out" in request.GET or "out" in request.POST,
    }


def _has_new_posts(newsletter: Newsletter, edition: Edition, posts: queries.Posts) -> bool:
    """Return whether reading the sources again can change an edition: not a letter that is only written."""
    if not newsletter.sources or edition.welcome_id or edition.corrects_id:
        return False
    return not edition.standalone or bool(posts.rows)


@require_POST
def set_texts(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Save those texts that differ from what the editor was shown."""
    seen, by = revision_of(request), editor(request)
    typed = {key: request.POST[key] for key in request.POST if texts.is_key(key)}
    seen_marks = None if "force" in request.POST else {key: request.POST.get(SHOWN + key, "") for key in typed}
    status = request.headers.get("HX-Target", "saved")
    try:
        changed = conflicts.write(config_of(request), edition, by, typed, seen_marks, timezone.now())
    except Impossible as refused:
        clash = refused if isinstance(refused, conflicts.TwoWordings) else None
        context = {"newsletter": newsletter, "edition": edition, "clash": clash}
        context |= {"who": users.names([clash.by])[clash.by]} if clash else {"sentence": as_sentence(refused)}
        code = 409 if clash else 422
        if "save" in request.POST:  # the button of browsers without scripts
            typed_fields = _typed_fields(edition, typed, request.POST)
            return page(request, "unsaved", {**context, "fields": typed_fields}, section="home", status=code)
        if clash is None:
            return page(request, "_problem", context, status=code)
        place = next((f"post-{post}" for key in typed if (post := texts.post_of(key))), "")
        return page(request, "_clash", {**context, "status": status, "place": place}, status=code)
    if "save" in request.POST:
        messages.success(request, _("Saved."))
        return redirect("desk:edition", newsletter.name, edition.period)
    present = texts.read(changed, typed)
    marks = {
        key: text.mark for key, text in present.items() if texts.plain(key, typed[key]) in (text.written, text.value)
    }
    context = {**_saved(newsletter, changed), "marks": marks}
    if posts := {post for key in typed if (post := texts.post_of(key)) is not None}:
        all_posts = queries.posts(changed, newsletter)
        context["rows"] = [row for row in all_posts.rows if row["post"] in posts]
        context["in_full"] = all_posts.count <= IN_FULL_UP_TO
    others = changed.revisions.filter(number__gt=seen).exclude(by=by).exists()
    return _draft_changed(page(request, "_saved", context), others=others)


def _typed_fields(edition: Edition, typed: Mapping[str, str], posted: QueryDict) -> list[tuple[WordField, str]]:
    """Return the fields of an edition that the editor changed, with what was typed and the mark of what was shown."""
    fields = (
        (replace(field, value=typed[field.key]), posted.get(SHOWN + field.key, ""))
        for field in word_fields(edition)
        if field.key in typed
    )
    return [(field, shown) for field, shown in fields if texts.mark(texts.plain(field.key, field.value)) != shown]


def posts(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the present list of posts alone."""
    return page(request, "_posts", {**_context(request, newsletter, edition), "saved": True})


@require_POST
def change_post(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Do something to one post, such as `out 12`; gives the list anew."""
    act, _space, post = request.POST.get("act", "").partition(" ")
    number = whole_number(post or request.POST.get("post", ""))
    if act not in (*ACTS, "up", "down", "move", "day") or number is None:
        raise Http404("there is nothing of that name to be done to a post")
    problem = ""
    changed_from: int | None = None

    def change(locked: Edition, revision: int) -> Edition:
        nonlocal changed_from
        changed_from = revision
        return _change_post(request, locked, revision, act, number)

    try:
        edition = conflicts.on_posts(edition, revision_of(request), [number], change)
    except Impossible as refused:
        problem, edition = as_sentence(refused), Edition.objects.get(pk=edition.pk)
    context = {**_context(request, newsletter, edition), **_saved(newsletter, edition), "problem": problem}
    if changed_from is not None and changed_from != edition.revision:
        context |= {"toast": queries.last_change(edition, newsletter), "undo_to": changed_from}
    return _draft_changed(page(request, "_posts", context))


ACTS: Mapping[str, Callable[..., Edition]] = {
    "out": editing.leave_out,
    "in": editing.include,
    "rules": editing.let_rules_decide,
    "pin": editing.pin,
    "unpin": partial(editing.pin, pinned=False),
}
"""What can be done to a post without saying more."""


def _change_post(request: HttpRequest, edition: Edition, revision: int, act: str, post: int) -> Edition:
    configuration, by = config_of(request), editor(request)
    if act in ACTS:
        return ACTS[act](configuration, edition, by, revision, post)
    if act in ("up", "down"):
        days = queries.posts(edition, configuration.newsletters[edition.newsletter]).days
        target = queries.place(days, post, act)
        if target is None:
            return edition
    else:
        day, place = _day(request.POST.get("day", "")), whole_number(request.POST.get("place", ""))
        if act == "day":
            return bulk.move_to_day(configuration, edition, by, revision, post, day)
        if place is None:
            raise Http404("a post is moved to a day and a place")
        target = day, place
    return editing.move(configuration, edition, by, revision, post, *target)


def _day(text: str) -> date:
    """Return the day of a form. Raises Http404 for anything else, which the browser's field for days doesn't send."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404("a day is written as 2026-02-06") from None


def original(request: HttpRequest, newsletter: Newsletter, edition: Edition, post: int) -> HttpResponse:
    """Show one post opened for editing, with its source's text beside it."""
    entry = get_object_or_404(edition.entries.select_related("post"), post_id=post)
    context = {
        "edition": edition,
        "entry": entry,
        "fields": post_fields(entry),
        "original": text_of(entry.post.html or entry.post.summary),
        "day": day_of(entry, newsletter) if entry.included else None,
    }
    return page(request, "_write", context)


@require_POST
def add(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Put a post in by its address, or by hand; where that is refused, the page keeps what was typed."""
    typed = {key: request.POST.get(key, "") for key in (*add_post.FIELDS, "day")}
    day = _day(typed["day"]) if typed["day"] else None
    url, title, text = (typed[key].strip() for key in add_post.FIELDS)
    try:
        changed = add_post.add(config_of(request), edition, editor(request), url=url, title=title, text=text, day=day)
    except Problem as refused:
        problems = {field_of(refused, add_post.FIELDS_OF_REFUSALS, "url"): as_sentence(refused)}
        if "HX-Request" not in request.headers:
            return edition_page(request, newsletter, edition, typed, problems)
        return page(request, "_add_fields", {"fields": add_post.fields(typed, problems)}, status=422)
    messages.success(request, queries.last_change(changed, newsletter), extra_tags="undo")
    return _draft_anew(request, edition)


def _draft_anew(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Load the whole page of the draft, also if a part of it asks."""
    if "HX-Request" in request.headers:
        return HttpResponse(
            status=204, headers={"HX-Redirect": reverse("desk:edition", args=(edition.newsletter, edition.period))}
        )
    return redirect("desk:edition", edition.newsletter, edition.period)


def history(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the changes and who made them; any revision can be restored."""
    context = {
        **about(request, edition, newsletter),
        "changes": queries.history(edition, newsletter),
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "history", context, section="home")


@require_POST
def undo(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Undo or redo a change, or restore the revision that is named."""
    by_htmx = "HX-Request" in request.headers
    step = _asked_step(request, edition)
    if step is None:
        messages.info(
            request, _("There is nothing to redo.") if "again" in request.POST else _("There is nothing to undo.")
        )
        return redirect("desk:edition", newsletter.name, edition.period)
    to, what, sentence = step
    with sentences(request):
        changed = editing.go_back(config_of(request), edition, editor(request), revision_of(request), to, what=what)
        if by_htmx and all(getattr(changed, key) == getattr(edition, key) for key in (*WORDS, "blocks")):
            # only the posts have changed, which the page can load without the rest
            context = {**_context(request, newsletter, changed), **_saved(newsletter, changed), "toast": _("Undone.")}
            return _draft_changed(page(request, "_posts", context))
        messages.success(request, sentence)
    return _draft_anew(request, edition)


def _asked_step(request: HttpRequest, edition: Edition) -> tuple[int, MessageType, str] | None:
    """Return the revision to restore, and the words for it in the history and on the page; None if there is nothing to
    restore.
    """
    revision = whole_number(request.POST.get("to", ""))
    back, forth = recorded.steps(edition)
    if revision is not None and (back is None or revision != back.to):
        return revision, acts.BACK, _("Revision %(number)s has been restored.") % {"number": revision}
    step = forth if revision is None and "again" in request.POST else back
    if step is None:
        return None
    what = queries.step_in_words(step.what)
    if step is forth:
        return step.to, acts.REDONE, _("Redid: %(what)s") % {"what": what}
    return step.to, acts.UNDONE, _("Undid: %(what)s") % {"what": what}


@require_POST
def writers(request: HttpRequest, edition: Edition, **_: object) -> JsonResponse:
    """Return who else is writing in a draft, and the texts that differ from the page's, which asks every few seconds.

    This editor's leases are renewed.
    """
    by, now = editor(request), timezone.now()
    shown = {key.removeprefix(SHOWN): mark for key, mark in request.POST.items() if key.startswith(SHOWN)}
    marks = {key: mark for key, mark in shown.items() if texts.is_key(key)}
    writing = [key for key in request.POST.getlist("writing") if key in marks]
    if writing:  # a page on which nobody writes only reads
        with transaction.atomic():
            edition = Edition.objects.select_for_update().get(pk=edition.pk)
            leases.renew(edition, writing, by, now)
    writer_by_text = leases.of_others(edition, by, now)
    present = texts.read(edition, marks) if edition.revision != revision_of(request) else {}
    names = users.names(writer_by_text.values())
    return JsonResponse(
        {
            "revision": edition.revision,
            "writers": {key: names[who] for key, who in writer_by_text.items()},
            "texts": {k: {"text": t.value, "shown": t.mark} for k, t in present.items() if t.mark != marks[k]},
        }
    )


def _saved(newsletter: Newsletter, edition: Edition) -> dict[str, object]:
    return {
        "edition": edition,
        "revision": edition.revision,
        "saved_at": formatting.clock(timezone.now(), newsletter.zone),
        "saved": True,
    }


def _draft_changed(response: HttpResponse, *, others: bool = False) -> HttpResponse:
    """Tell the page that the draft changed, so that preview and buttons follow; the list too, where others did it."""
    response["HX-Trigger"] = json.dumps({"draft-changed": True} | ({"others-changed": True} if others else {}))
    return response
