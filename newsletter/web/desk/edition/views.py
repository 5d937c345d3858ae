"""The page of a draft: texts and posts. Each change is saved at once, and no text is lost if two editors work."""

import json
from collections.abc import Callable, Mapping
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.editions import editing
from newsletter.editions import history as recorded
from newsletter.editions.approval import was_too_small
from newsletter.editions.composing import bulk
from newsletter.editions.history import WORDS
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.ordering import day_of
from newsletter.feeds.html.markup import text_of
from newsletter.messages import MessageType, Problem
from newsletter.messages import history as acts
from newsletter.models import LOCKED_STATES, Edition, State
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting, users
from newsletter.web.desk.edition import add_post, block_list, conflicts, queries, texts
from newsletter.web.desk.edition.word_fields import post_fields, word_fields
from newsletter.web.desk.home.queries import line
from newsletter.web.desk.pages import about, as_sentence, caught, edition_of, editor, newsletter_of, page
from newsletter.web.desk.permissions import POLICY
from subscribers.requests import config_of

IN_FULL_UP_TO = 20
"""Posts of which the list has beginning and address too; those of a longer one are fetched with the panel to write."""


def edition_page(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the whole page; an edition that is no draft any more can't be changed."""
    newsletter, row = newsletter_of(request, name), edition_of(name, period)
    if row.state == State.IMPORTED:
        return redirect("desk:imported-edition", name, period)
    return _whole(request, newsletter, row)


def _whole(
    request: HttpRequest,
    newsletter: Newsletter,
    edition: Edition,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Show the page; `given` is what was filled in to add a post, and `problems` why that was refused, by field."""
    context = {
        **_context(request, newsletter, edition),
        **about(request, edition, newsletter),
        "line": line(edition, newsletter),
        "by_post": newsletter.at(edition.cadence).by_post,
        "window": " – ".join(formatting.moment(at, newsletter.zone) for at in (edition.since, edition.until)),
        "refreshed": formatting.ago(edition.refreshed_at),
        "fields": word_fields(edition),
        "subject": edition.approved_content.subject if edition.state in LOCKED_STATES else edition.subject,
        "blocks": block_list.blocks(edition, newsletter) if edition.blocks else [],
        "open_notes": edition.notes.filter(done_at=None).count(),
        "too_small": was_too_small(edition),
        "is_held_approved": edition.state == State.APPROVED and edition.waiting is not None,
        "gaps": queries.gaps(edition, newsletter),
        "add": add_post.fields(typed or {}, problems or {}),
        "refused": bool(problems),
    }
    response = page(request, "edition", context, section="home", status=422 if problems else 200)
    # previews of texts show the images of sources, as the email does
    response["Content-Security-Policy"] = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
    return response


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
        "out_open": not posts.days or "out" in request.GET or "out" in request.POST,
    }


@require_POST
def set_texts(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Save those texts that differ from what the editor was shown."""
    edition, seen, by = edition_of(name, period), revision_of(request), editor(request)
    typed = {key: request.POST[key] for key in request.POST if texts.is_key(key)}
    seen_marks = None if "force" in request.POST else {key: request.POST.get(f"shown-{key}", "") for key in typed}
    status = request.headers.get("HX-Target", "saved")
    try:
        changed = conflicts.write(config_of(request), edition, by, typed, seen_marks, timezone.now())
    except conflicts.TwoWordings as clash:
        context = {"clash": clash, "edition": clash.edition, "who": users.names([clash.by])[clash.by]}
        place = next((f"post-{post}" for key in typed if (post := texts.post_of(key))), "")
        return page(request, "_clash", {**context, "status": status, "place": place}, status=409)
    except Impossible as problem:
        return page(request, "_problem", {"sentence": as_sentence(problem)}, status=422)
    present = texts.read(changed, typed)
    marks = {
        key: text.mark for key, text in present.items() if texts.plain(key, typed[key]) in (text.written, text.value)
    }
    context = {**_saved(request, changed), "marks": marks}
    if posts := {post for key in typed if (post := texts.post_of(key)) is not None}:
        listed = queries.posts(changed, newsletter_of(request, name))
        context["rows"] = [row for row in listed.rows if row.post in posts]
        context["in_full"] = listed.count <= IN_FULL_UP_TO
    others = changed.revisions.filter(number__gt=seen).exclude(by=by).exists()
    return _told(page(request, "_saved", context), others=others)


def posts(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the present list of posts alone."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    return page(request, "_posts", {**_context(request, newsletter, edition), "saved": True})


@require_POST
def change_post(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Do something to one post; gives the list anew."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    problem, act = "", _asked(request)
    try:
        edition = conflicts.on_post(
            edition, revision_of(request), act.post, lambda e, revision: act.do(e, editor(request), revision)
        )
    except Impossible as refused:
        problem, edition = as_sentence(refused), edition_of(name, period)
    context = {**_context(request, newsletter, edition), **_saved(request, edition), "problem": problem}
    if act.before is not None and act.before != edition.revision:
        context |= {"toast": queries.last_change(edition, newsletter), "undo_to": act.before}
    return _told(page(request, "_posts", context))


class _Act:
    """What is asked of one post: `out 12`, or fields of a form; `before` is the revision that it was done to."""

    before: int | None = None

    def __init__(self, configuration: Config, name: str, post: int, fields: dict[str, str]) -> None:
        self.configuration, self.name, self.post, self.fields = configuration, name, post, fields

    def do(self, edition: Edition, by: str, revision: int) -> Edition:
        """Call the job."""
        self.before = revision
        simple: dict[str, Callable[..., Edition]] = {
            "out": editing.leave_out,
            "in": editing.include,
            "rules": editing.let_rules_decide,
            "pin": editing.pin,
        }
        if self.name in simple:
            return simple[self.name](self.configuration, edition, by, revision, self.post)
        if self.name == "unpin":
            return editing.pin(self.configuration, edition, by, revision, self.post, pinned=False)
        if self.name == "day":
            return bulk.move_to_day(self.configuration, edition, by, revision, self.post, _day(self.fields["day"]))
        return self._move(edition, by, revision)

    def _move(self, edition: Edition, by: str, revision: int) -> Edition:
        if self.name == "move":
            place = whole_number(self.fields["place"])
            if place is None:
                raise Http404("a post is moved to a day and a place")
            target = _day(self.fields["day"]), place
        else:
            newsletter = self.configuration.newsletters[edition.newsletter]
            neighbour = queries.place(queries.posts(edition, newsletter), self.post, self.name)
            if neighbour is None:
                return edition
            target = neighbour
        return editing.move(self.configuration, edition, by, revision, self.post, *target)


def _day(text: str) -> date:
    """Return the day of a form. Raises Http404 for anything else, which the browser's field for days doesn't send."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404("a day is written as 2026-02-06") from None


ACTS = ("out", "in", "rules", "pin", "unpin", "up", "down", "move", "day")


def _asked(request: HttpRequest) -> _Act:
    act, _space, post = request.POST.get("act", "").partition(" ")
    number = whole_number(post or request.POST.get("post", ""))
    if act not in ACTS or number is None:
        raise Http404("there is nothing of that name to be done to a post")
    fields = {key: request.POST.get(key, "") for key in ("day", "place")}
    return _Act(config_of(request), act, number, fields)


def original(request: HttpRequest, name: str, period: str, post: int) -> HttpResponse:
    """Show one post opened for editing, with its source's text beside it."""
    edition = edition_of(name, period)
    entry = edition.entries.select_related("post").filter(post_id=post).first()
    if entry is None:
        raise Http404("the draft has no such post")
    context = {
        "edition": edition,
        "entry": entry,
        "fields": post_fields(entry),
        "original": text_of(entry.post.html or entry.post.summary),
        "day": day_of(entry, newsletter_of(request, name)) if entry.included else None,
    }
    return page(request, "_write", context)


@require_POST
def add(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Put a post in by its address, or by hand; where that is refused, the page keeps what was typed."""
    edition, by_htmx = edition_of(name, period), "HX-Request" in request.headers
    typed = {key: request.POST.get(key, "") for key in (*add_post.FIELDS, "day")}
    newsletter, day = newsletter_of(request, name), _day(typed["day"]) if typed["day"] else None
    url, title, text = (typed[key].strip() for key in add_post.FIELDS)
    try:
        now = add_post.add(config_of(request), edition, editor(request), url=url, title=title, text=text, day=day)
    except Problem as refused:
        problems = {add_post.field_of(refused): as_sentence(refused)}
        if not by_htmx:
            return _whole(request, newsletter, edition, typed, problems)
        context = {"fields": add_post.fields(typed, problems)}
        return page(request, "_add_fields", context, status=422)
    messages.success(request, queries.last_change(now, newsletter), extra_tags="undo")
    if by_htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("desk:edition", args=(name, period))})
    return redirect("desk:edition", name, period)


def history(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the changes and who made them; any revision can be restored."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    context = {
        **about(request, edition, newsletter),
        "changes": queries.history(edition, newsletter),
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "history", context, section="home")


@require_POST
def undo(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Undo or redo a change, or restore the revision that is named."""
    edition, by_htmx = edition_of(name, period), "HX-Request" in request.headers
    wanted = _wanted(request, edition)
    if wanted is None:
        messages.info(
            request, _("There is nothing to redo.") if "again" in request.POST else _("There is nothing to undo.")
        )
        return redirect("desk:edition", name, period)
    to, what, sentence = wanted
    with caught() as problems:
        now = editing.go_back(config_of(request), edition, editor(request), revision_of(request), to, what=what)
        if by_htmx and all(getattr(now, key) == getattr(edition, key) for key in (*WORDS, "blocks")):
            return _undone(request, now)
        messages.success(request, sentence)
    for problem in problems:
        messages.error(request, problem)
    if by_htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("desk:edition", args=(name, period))})
    return redirect("desk:edition", name, period)


def _wanted(request: HttpRequest, edition: Edition) -> tuple[int, MessageType, str] | None:
    """Return the revision to restore, and the words for it in the history and on the page; None if there is nothing to
    restore.
    """
    asked = whole_number(request.POST.get("to", ""))
    back, forth = recorded.steps(edition)
    if asked is not None and (back is None or asked != back.to):
        return asked, acts.BACK, _("Revision %(number)s has been restored.") % {"number": asked}
    step = forth if asked is None and "again" in request.POST else back
    if step is None:
        return None
    what = queries.step_in_words(step.what)
    if step is forth:
        return step.to, acts.REDONE, _("Redid: %(what)s") % {"what": what}
    return step.to, acts.UNDONE, _("Undid: %(what)s") % {"what": what}


def _undone(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Show the list of posts after an act of the same page was undone."""
    newsletter = newsletter_of(request, edition.newsletter)
    context = {**_context(request, newsletter, edition), **_saved(request, edition), "toast": _("Undone.")}
    return _told(page(request, "_posts", context))


def revision_of(request: HttpRequest) -> int:
    """Return the revision that the editor was shown."""
    asked = whole_number(request.POST.get("revision", ""))
    if asked is None:
        raise Http404("an act on a draft names the revision that was looked at")
    return asked


def _saved(request: HttpRequest, edition: Edition) -> dict[str, object]:
    zone = config_of(request).newsletters[edition.newsletter].zone
    return {
        "edition": edition,
        "revision": edition.revision,
        "saved_at": formatting.clock(timezone.now(), zone),
        "saved": True,
    }


def _told(response: HttpResponse, *, others: bool = False) -> HttpResponse:
    """Tell the page that the draft changed, so that preview and buttons follow; the list too, where others did it."""
    response["HX-Trigger"] = json.dumps({"draft-changed": True} | ({"others-changed": True} if others else {}))
    return response
