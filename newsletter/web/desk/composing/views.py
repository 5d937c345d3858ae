"""New letters and copies, blocks between posts, and several posts at once."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from newsletter.editions.composing import blocks as composing
from newsletter.editions.composing import bulk, standalone, templates
from newsletter.editions.problems import Impossible
from newsletter.models import Edition, EditorChoice, State
from newsletter.web.converters import whole_number
from newsletter.web.desk.composing import queries
from newsletter.web.desk.edition import block_list, conflicts
from newsletter.web.desk.edition.queries import posts
from newsletter.web.desk.edition.views import revision_of
from newsletter.web.desk.pages import about, as_sentence, caught, edition_of, editor, newsletter_of, page, sentences
from subscribers.requests import config_of

CHOICES = {"in": EditorChoice.IN, "out": EditorChoice.OUT}


def more(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the less common actions for an edition, each with a sentence about it."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    context = {
        **about(request, edition, newsletter),
        **queries.counts(edition),
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "more", context, section="home")


def letter(request: HttpRequest, name: str) -> HttpResponse:
    """Create a letter outside the schedule."""
    newsletter, problem = newsletter_of(request, name), ""
    fields = {key: request.POST.get(key, "") for key in ("subject", "preheader", "greeting", "posts")}
    if request.method == "POST":
        with caught() as problems:
            fields["greeting"] = fields["greeting"].replace("\r\n", "\n")
            with_posts, by = fields["posts"] == "due", editor(request)
            made = standalone.made_already(newsletter, fields, with_posts=with_posts, by=by) or standalone.make(
                config_of(request),
                newsletter,
                now=timezone.now(),
                subject=fields["subject"],
                preheader=fields["preheader"],
                greeting=fields["greeting"],
                with_posts=with_posts,
                by=by,
            )
        if not problems:
            return redirect("desk:edition", made.newsletter, made.period)
        problem = problems[0]
    context = {
        "newsletter": newsletter,
        "given": fields,
        "problem": problem,
        "may_have_posts": bool(newsletter.sources),
        "templates": templates.templates(newsletter.name),
        "earlier": queries.earlier_letters(config_of(request), newsletter),
    }
    return page(request, "letter", context, section="home", status=422 if problem else 200)


@require_POST
def template(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Save a letter as a template, or remove it from the templates."""
    newsletter_of(request, name)
    edition, wanted = edition_of(name, period), request.POST.get("template", "").strip()
    with sentences(request):
        if request.POST.get("act") == "remove":
            templates.name_template(edition, "", by=editor(request))
            messages.success(request, _("It is no longer a template. The letter stays as it is."))
        elif not wanted:
            raise _NoName(_("enter a name for the template"))
        else:
            templates.name_template(edition, wanted, by=editor(request))
            messages.success(request, _("Saved as a template. “New letter” lists it."))
    return redirect("desk:more", name, period)


@require_POST
def duplicate(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Make a letter from an edition, and say how many posts could not be copied."""
    newsletter_of(request, name)
    edition = edition_of(name, period)
    with caught() as problems:
        made = standalone.duplicate(config_of(request), edition, now=timezone.now(), by=editor(request))
    for problem in problems:
        messages.error(request, problem)
    if problems:
        return redirect("desk:more", name, period)
    messages.success(request, _("This is a copy. Change it as you like; nothing is sent until it is approved."))
    left = edition.entries.filter(included=True).count() - made.entries.filter(included=True).count()
    if left > 0:
        sentence = ngettext(
            "%(n)s post was not copied, because a post can only be in one edition.",
            "%(n)s posts were not copied, because a post can only be in one edition.",
            left,
        )
        messages.info(request, sentence % {"n": left})
    return redirect("desk:edition", made.newsletter, made.period)


def blocks(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the blocks of an edition, and a form for one: new, or the one that the address names."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    fields = queries.values(edition, request.GET.get("block", ""))
    problems: dict[str, str] = {}
    if request.method == "POST":
        fields = {key: request.POST.get(key, "") for key in queries.FIELDS}
        try:
            _change_block(request, edition, fields)
        except Impossible as refused:
            problems = {queries.field_of(refused): as_sentence(refused)}
        else:
            return redirect("desk:blocks", name, period)
    edition = edition_of(name, period)
    context = {
        **about(request, edition, newsletter),
        "blocks": block_list.blocks(edition, newsletter),
        "places": block_list.places(edition, newsletter),
        "kinds": block_list.kinds(),
        "given": fields,
        "problems": problems,
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "blocks", context, section="home", status=422 if problems else 200)


def _change_block(request: HttpRequest, edition: Edition, texts: dict[str, str]) -> None:
    by, configuration = editor(request), config_of(request)

    def act(locked: Edition, revision: int) -> Edition:
        if request.POST.get("act") == "remove":
            return composing.remove(configuration, locked, by, revision, texts["id"])
        if not texts["id"] and composing.is_there(locked, texts):
            return locked  # the form was sent again, since its answer was lost
        return composing.save(configuration, locked, by, revision, texts)

    conflicts.on_block(edition, revision_of(request), texts["id"], act)
    removed = request.POST.get("act") == "remove"
    messages.success(request, _("The block has been removed.") if removed else _("The block has been saved."))


def several(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show all posts with a box to tick, and what can be done with those that are ticked."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    chosen = [n for n in map(whole_number, request.POST.getlist("post")) if n is not None]
    problem, day = "", request.POST.get("day", "")
    if request.method == "POST":
        try:
            _change_several(request, edition, chosen, day)
        except Impossible as refused:
            problem = as_sentence(refused)
        else:
            return redirect("desk:several", name, period)
    edition = edition_of(name, period)
    context = {
        **about(request, edition, newsletter),
        "posts": posts(edition, newsletter),
        "chosen": set(chosen),
        "day": day,
        "problem": problem,
        "may_change": edition.state == State.DRAFT,
    }
    return page(request, "several", context, section="home", status=422 if problem else 200)


def _change_several(request: HttpRequest, edition: Edition, chosen: list[int], day: str) -> None:
    by, configuration, wanted = editor(request), config_of(request), request.POST.get("act", "")
    if wanted not in (*CHOICES, "move"):
        raise Http404("posts are included, removed or moved")

    def act(locked: Edition, revision: int) -> Edition:
        if wanted == "move":
            return bulk.move_several(configuration, locked, by, revision, chosen, _day(day))
        return bulk.choose_several(configuration, locked, by, revision, chosen, CHOICES[wanted])

    conflicts.on_posts(edition, revision_of(request), chosen, act)
    sentence = {
        "in": ngettext("%(n)s post has been included.", "%(n)s posts have been included.", len(chosen)),
        "out": ngettext("%(n)s post has been removed.", "%(n)s posts have been removed.", len(chosen)),
        "move": ngettext("%(n)s post has been moved.", "%(n)s posts have been moved.", len(chosen)),
    }[wanted]
    messages.success(request, sentence % {"n": len(chosen)})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _NoDay(_("choose the day to move the posts to")) from None


class _NoName(Impossible):
    """The name of a template is missing."""


class _NoDay(Impossible):
    """The day that posts are moved to is missing or invalid."""
