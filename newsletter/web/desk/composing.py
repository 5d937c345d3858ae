"""New letters, copies and corrections, blocks between posts, and several posts at once."""

from collections.abc import Mapping
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.editions import draft as drafts
from newsletter.editions.composing import blocks as block_edits, bulk, standalone
from newsletter.editions.problems import Impossible
from newsletter.editions.titles import subjects
from newsletter.messages import editions as editions_messages
from newsletter.models import Edition, EditorChoice, State
from newsletter.sending import resending
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.edition import conflicts, queries
from newsletter.web.desk.pages import (
    about,
    as_sentence,
    caught,
    editor,
    field_of,
    page,
    revision_of,
    sentences,
)
from subscribers.requests import config_of

MOST_EARLIER_LETTERS = 10
CHOICES = {"in": EditorChoice.IN, "out": EditorChoice.OUT}
BLOCK_FIELDS = ("id", "kind", "title", "when", "text", "url", "button", "after")
FIELDS_OF_REFUSALS = {
    editions_messages.BLOCK_KIND: "kind",
    editions_messages.NO_POST: "after",
    editions_messages.BLOCK_WITHOUT_TITLE: "title",
    editions_messages.BLOCK_TOO_LONG: "text",
    editions_messages.NOT_A_WEB_ADDRESS: "url",
}
"""The field of a block's form that a refusal is about."""


def more(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the less common actions for an edition, each with a sentence about it."""
    context = {
        **about(request, edition, newsletter),
        "block_count": len(edition.blocks),
        "note_count": edition.notes.filter(done_at=None).count(),
        "revision_count": edition.revisions.count(),
        "missed": resending.missed(edition),
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "more", context, section="home")


def letter(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show what a new letter can begin with, or create one outside the schedule and open its draft."""
    with_posts, problems = request.POST.get("posts") == "due", list[str]()
    if request.method == "POST":
        by = editor(request)
        with caught() as problems:
            edition = standalone.untouched(newsletter, with_posts=with_posts, by=by) or standalone.make(
                config_of(request), newsletter, now=timezone.now(), with_posts=with_posts, by=by
            )
            return redirect("desk:edition", edition.newsletter, edition.period)
    context = {
        "newsletter": newsletter,
        "problem": "".join(problems),
        "with_posts": with_posts,
        "templates": standalone.templates(newsletter.name),
        "earlier": _earlier_letters(request, newsletter),
    }
    return page(request, "letter", context, section="home", status=422 if problems else 200)


def _earlier_letters(request: HttpRequest, newsletter: Newsletter) -> list[dict[str, str]]:
    """Return the newest letters of a newsletter, sent or not, without welcome emails and those without a text."""
    letters = Edition.objects.filter(newsletter=newsletter.name, standalone=True, welcome=None)
    letters = letters.exclude(subject="", greeting="")
    editions = list(letters.order_by("-created_at")[:MOST_EARLIER_LETTERS])
    titles = subjects(editions, config_of(request))
    return [
        {
            "period": edition.period,
            "subject": titles[edition.pk],
            "made": formatting.moment(edition.created_at, newsletter.zone),
        }
        for edition in editions
    ]


@require_POST
def template(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Save a letter as a template, or remove it from the templates."""
    template_name = request.POST.get("template", "").strip()
    with sentences(request):
        if request.POST.get("act") == "remove":
            standalone.name_template(edition, "", by=editor(request))
            messages.success(request, _("It is no longer a template. The letter stays as it is."))
        elif not template_name:
            raise Impossible(_("enter a name for the template"))
        else:
            standalone.name_template(edition, template_name, by=editor(request))
            messages.success(request, _("Saved as a template. “New letter” lists it."))
    return redirect("desk:more", newsletter.name, edition.period)


@require_POST
def duplicate(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Make a letter from an edition, and say how many posts could not be copied."""
    target = ("desk:more", newsletter.name, edition.period)
    with sentences(request):
        is_start = "start" in request.POST
        copy = standalone.duplicate(
            config_of(request), edition, now=timezone.now(), by=editor(request), with_subject=not is_start
        )
        messages.success(request, _("This is a copy. Change it as you like; nothing is sent until it is approved."))
        left = edition.entries.filter(included=True).count() - copy.entries.filter(included=True).count()
        if left > 0:
            sentence = ngettext(
                "%(n)s post was not copied, because a post can only be in one edition.",
                "%(n)s posts were not copied, because a post can only be in one edition.",
                left,
            )
            messages.info(request, sentence % {"n": left})
        target = ("desk:edition", copy.newsletter, copy.period)
    return redirect(*target)


@require_POST
def correct(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Create a correction for those who received an edition, and open its draft."""
    target = ("desk:more", newsletter.name, edition.period)
    with sentences(request):
        correction = drafts.correct(config_of(request), edition, now=timezone.now(), by=editor(request))
        target = ("desk:edition", correction.newsletter, correction.period)
    return redirect(*target)


def blocks(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the blocks of an edition, and a form for one: new, or the one that the address names."""
    chosen, blank = request.GET.get("block", ""), dict.fromkeys(BLOCK_FIELDS, "")
    fields: dict[str, str] = next((block for block in edition.blocks if block["id"] == chosen), blank)
    problems: dict[str, str] = {}
    if request.method == "POST":
        fields = {key: request.POST.get(key, "") for key in BLOCK_FIELDS}
        try:
            _change_block(request, edition, fields)
        except Impossible as refused:
            problems = {field_of(refused, FIELDS_OF_REFUSALS): as_sentence(refused)}
        else:
            return redirect("desk:blocks", newsletter.name, edition.period)
    edition.refresh_from_db()
    context = {
        **about(request, edition, newsletter),
        "blocks": queries.blocks(edition, newsletter),
        "places": queries.places(edition, newsletter),
        "kinds": queries.block_kinds().items(),
        "typed": fields,
        "problems": problems,
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "blocks", context, section="home", status=422 if problems else 200)


def _change_block(request: HttpRequest, edition: Edition, texts: Mapping[str, str]) -> None:
    by, configuration = editor(request), config_of(request)
    removes = request.POST.get("act") == "remove"

    def act(locked: Edition, revision: int) -> Edition:
        if removes:
            return block_edits.remove(configuration, locked, by, revision, texts["id"])
        if not texts["id"] and block_edits.is_there(locked, texts):
            return locked  # the form was sent again, since its answer was lost
        return block_edits.save(configuration, locked, by, revision, texts)

    conflicts.on_block(edition, revision_of(request), texts["id"], act)
    messages.success(request, _("The block has been removed.") if removes else _("The block has been saved."))


def several(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show all posts with a box to tick, and what can be done with those that are ticked."""
    chosen = [number for text in request.POST.getlist("post") if (number := whole_number(text)) is not None]
    day = request.POST.get("day", "")
    problems: list[str] = []
    if request.method == "POST":
        with caught() as problems:
            _change_several(request, edition, chosen, day)
            return redirect("desk:several", newsletter.name, edition.period)
    edition.refresh_from_db()
    context = {
        **about(request, edition, newsletter),
        "posts": queries.posts(edition, newsletter),
        "chosen": set(chosen),
        "day": day,
        "problem": "".join(problems),
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "several", context, section="home", status=422 if problems else 200)


def _change_several(request: HttpRequest, edition: Edition, chosen: list[int], day: str) -> None:
    by, configuration, act = editor(request), config_of(request), request.POST.get("act", "")
    if act not in (*CHOICES, "move"):
        raise Http404("posts are included, removed or moved")

    def change(locked: Edition, revision: int) -> Edition:
        if act == "move":
            return bulk.move_several(configuration, locked, by, revision, chosen, _day(day))
        return bulk.choose_several(configuration, locked, by, revision, chosen, CHOICES[act])

    conflicts.on_posts(edition, revision_of(request), chosen, change)
    sentence = {
        "in": ngettext("%(n)s post has been included.", "%(n)s posts have been included.", len(chosen)),
        "out": ngettext("%(n)s post has been removed.", "%(n)s posts have been removed.", len(chosen)),
        "move": ngettext("%(n)s post has been moved.", "%(n)s posts have been moved.", len(chosen)),
    }[act]
    messages.success(request, sentence % {"n": len(chosen)})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Impossible(_("choose the day to move the posts to")) from None
