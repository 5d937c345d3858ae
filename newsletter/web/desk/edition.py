"""The draft: its words and posts, each change saved at once, and nobody's words lost where two edit."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.feeds.markup import text_of
from newsletter.jobs import draft as drafting
from newsletter.jobs import editing
from newsletter.jobs.history import WORDS
from newsletter.jobs.problems import JobProblem
from newsletter.models import FROZEN, Edition, State
from newsletter.web.desk import adding, merging, words
from newsletter.web.desk.pages import as_sentence, edition_of, editor, newsletter_of, page, sentences, settings
from newsletter.web.desk.queries import edition as queries
from newsletter.web.desk.queries.overview import line

IN_FULL_UP_TO = 20
"""Posts of which the list has beginning and address too; those of a longer one are fetched with the panel to write."""


def edition(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """The whole page; what is no draft any more is shown, but can't be changed."""
    shown, found = newsletter_of(name), edition_of(name, period)
    context = {
        **_context(request, shown, found),
        "line": line(found, shown),
        "window": f"{words.moment(found.since, shown.zone)} – {words.moment(found.until, shown.zone)}",
        "refreshed": words.ago(found.refreshed_at),
        "fields": word_fields(found),
        "subject": found.frozen.subject if found.state in FROZEN else found.subject,
    }
    return page(request, "edition", context, section="home")


def _context(request: HttpRequest, shown: Newsletter, found: Edition) -> dict[str, object]:
    """The list of posts; in full only where it is short, what is out only where it is asked for."""
    posts = queries.posts(found, shown)
    return {
        "newsletter": shown,
        "edition": found,
        "posts": posts,
        "revision": found.revision,
        "may_change": found.state == State.DRAFT,
        "in_full": posts.count <= IN_FULL_UP_TO,
        "out_open": not posts.days or "out" in request.GET or "out" in request.POST,
    }


@require_POST
def set_words(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Save subject, preheader, greeting and closing, as far as they differ from what the editor was shown."""
    found, seen = edition_of(name, period), revision_of(request)
    given = {key: request.POST[key] for key in WORDS if key in request.POST}
    shown = {key: request.POST.get(f"shown-{key}", "") for key in given}
    if "force" in request.POST:
        shown = {key: merging.mark(getattr(found, key)) for key in given}
    try:
        changed = merging.set_words(found, editor(request), given, shown)
    except merging.TwoWordings as clash:
        return page(request, "_clash", {"clash": clash, "edition": clash.edition}, status=409)
    except JobProblem as problem:
        return page(request, "_problem", {"sentence": as_sentence(str(problem))}, status=422)
    fields = [field for field in word_fields(changed) if field.key in given]
    stale = [f for f in fields if f.value != merging.plain(f.key, given[f.key])]
    context = {**_saved(changed), "fields": [f for f in fields if f not in stale], "stale": stale}
    return _told(page(request, "_saved", context), others=changed.revision > seen + 1)


@dataclass(frozen=True, slots=True)
class WordField:
    """One of the four texts that editors write; `shown` marks what the page holds."""

    key: str
    label: str
    help: str
    value: str
    rows: int

    @property
    def shown(self) -> str:
        """The mark of the value."""
        return merging.mark(self.value)


def word_fields(edition: Edition) -> list[WordField]:
    """The four, in reading order."""
    markdown = _("Markdown: **bold**, [a link](https://…). {name} stands for the reader's name.")
    fields = (
        ("subject", _("Subject"), _("Left empty, it is made from the posts."), 1),
        (
            "preheader",
            _("Preheader"),
            _("What inboxes show beside the subject. Left empty, it is made from the posts."),
            1,
        ),
        ("greeting", _("Greeting"), markdown, 3),
        ("closing", _("Closing words"), _("Markdown, below the posts."), 2),
    )
    return [WordField(k, label, said, getattr(edition, k), rows) for k, label, said, rows in fields]


def posts(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """The list of posts alone, as it stands now."""
    shown, found = newsletter_of(name), edition_of(name, period)
    return page(request, "_posts", {**_context(request, shown, found), "saved": True})


@require_POST
def change_post(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Do something to one post; gives the list anew."""
    shown, found = newsletter_of(name), edition_of(name, period)
    problem, act = "", _asked(request)
    try:
        found = merging.on_post(
            found, revision_of(request), act.post, lambda e, revision: act.do(e, editor(request), revision)
        )
    except JobProblem as refused:
        problem, found = as_sentence(str(refused)), edition_of(name, period)
    context = {**_context(request, shown, found), **_saved(found), "problem": problem}
    if act.name == "write" and not problem:
        context["written"] = act.post
    return _told(page(request, "_posts", context))


class _Act:
    """What is asked of one post: `out 12`, or fields of a form."""

    def __init__(self, name: str, post: int, fields: dict[str, str]) -> None:
        self.name, self.post, self.fields = name, post, fields

    def do(self, edition: Edition, by: str, revision: int) -> Edition:
        """Call the job."""
        simple: dict[str, Callable[..., Edition]] = {
            "out": editing.leave_out,
            "in": editing.include,
            "rules": editing.let_rules_decide,
            "pin": editing.pin,
        }
        if self.name in simple:
            return simple[self.name](edition, by, revision, self.post)
        if self.name == "unpin":
            return editing.pin(edition, by, revision, self.post, pinned=False)
        if self.name == "write":
            return self._write(edition, by, revision)
        return self._move(edition, by, revision)

    def _write(self, edition: Edition, by: str, revision: int) -> Edition:
        """Headline and text, as far as they differ; each is an act of its own."""
        entry = edition.entries.select_related("post").filter(post_id=self.post).first()
        if entry is None:
            raise Http404("the draft has no such post")
        title, text = self.fields["title"].strip(), self.fields["text"].replace("\r\n", "\n").strip()
        title = "" if title == entry.post.title else title
        if title != entry.title:
            edition = editing.retitle(edition, by, revision, self.post, title)
        if text != entry.text:
            edition = editing.rewrite(edition, by, edition.revision, self.post, text)
        return edition

    def _move(self, edition: Edition, by: str, revision: int) -> Edition:
        if self.name == "move":
            try:
                target = date.fromisoformat(self.fields["day"]), int(self.fields["place"])
            except ValueError:
                raise Http404("a post is moved to a day and a place") from None
        else:
            shown = settings().newsletters[edition.newsletter]
            found = queries.place(queries.posts(edition, shown), self.post, self.name)
            if found is None:
                return edition
            target = found
        return editing.move(edition, by, revision, self.post, *target)


ACTS = ("out", "in", "rules", "pin", "unpin", "up", "down", "move", "write")


def _asked(request: HttpRequest) -> _Act:
    act, _space, post = request.POST.get("act", "").partition(" ")
    post = post or request.POST.get("post", "")
    if act not in ACTS or not post.isdecimal():
        raise Http404("there is nothing of that name to be done to a post")
    fields = {key: request.POST.get(key, "") for key in ("title", "text", "day", "place")}
    return _Act(act, int(post), fields)


def original(request: HttpRequest, name: str, period: str, post: int) -> HttpResponse:
    """One post opened for writing, with what its source said beside it."""
    found = edition_of(name, period)
    entry = found.entries.select_related("post").filter(post_id=post).first()
    if entry is None:
        raise Http404("the draft has no such post")
    said = text_of(entry.post.html or entry.post.summary)
    context = {"edition": found, "entry": entry, "said": said}
    return page(request, "_write", context)


@require_POST
def add(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Put a post in by its address, or by hand."""
    found = edition_of(name, period)
    url, title, text = (request.POST.get(key, "").strip() for key in ("url", "title", "text"))
    with sentences(request):
        adding.add(settings(), found, editor(request), url=url, title=title, text=text)
    return redirect("desk:edition", name, period)


@require_POST
def refresh(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Read the sources again; what editors did stays."""
    found = edition_of(name, period)
    with sentences(request):
        now = drafting.refresh(settings(), found, now=timezone.now(), by=editor(request))
        changed = now.revision != found.revision
        messages.success(request, _("Refreshed.") if changed else _("Nothing new at the sources."))
    return redirect("desk:edition", name, period)


def history(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """What was changed, by whom; any revision can be gone back to."""
    shown, found = newsletter_of(name), edition_of(name, period)
    context = {
        "newsletter": shown,
        "edition": found,
        "changes": queries.history(found, shown),
        "may_change": found.state == State.DRAFT,
    }
    return page(request, "history", context, section="home")


@require_POST
def undo(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Go back to a revision, or by one change where none is named."""
    found = edition_of(name, period)
    asked = request.POST.get("to", "")
    to = int(asked) if asked.isdecimal() else queries.undo_target(found)
    if to is None:
        messages.info(request, _("There is nothing to undo."))
    else:
        with sentences(request):
            editing.go_back(found, editor(request), revision_of(request), to)
            messages.success(request, _("Back to revision %(number)s.") % {"number": to})
    return redirect("desk:edition", name, period)


def revision_of(request: HttpRequest) -> int:
    """The revision that the editor was shown."""
    asked = request.POST.get("revision", "")
    if not asked.isdecimal():
        raise Http404("an act on a draft names the revision that was looked at")
    return int(asked)


def _saved(edition: Edition) -> dict[str, object]:
    zone = settings().newsletters[edition.newsletter].zone
    return {
        "edition": edition,
        "revision": edition.revision,
        "saved_at": words.clock(timezone.now(), zone),
        "saved": True,
    }


def _told(response: HttpResponse, *, others: bool = False) -> HttpResponse:
    """Tell the page that the draft changed, so that preview and buttons follow; the list too, where others did it."""
    response["HX-Trigger"] = json.dumps({"draft-changed": True} | ({"others-changed": True} if others else {}))
    return response
