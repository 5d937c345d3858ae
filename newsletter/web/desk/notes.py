"""Notes to colleagues about an edition: written, marked as done and deleted; subscribers never see them."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.editions.composing import notes as note_edits
from newsletter.editions.problems import Impossible
from newsletter.messages import acts
from newsletter.models import Act, Edition, Note
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting, users
from newsletter.web.desk.pages import about, caught, editor, page


def notes(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the notes of an edition, newest first, and a form for a new one."""
    entered = {key: request.POST.get(key, "").replace("\r\n", "\n").strip() for key in ("text", "to")}
    problems: list[str] = []
    if request.method == "POST":
        with caught() as problems:
            _change_note(request, edition, entered)
            return redirect("desk:notes", newsletter.name, edition.period)
    context = {
        **about(request, edition, newsletter),
        "notes": _note_lines(edition, newsletter, editor(request)),
        "people": [(user.username, user.get_full_name() or user.username) for user in users.everybody()],
        "typed": entered,
        "problem": "".join(problems),
        "most": note_edits.LONGEST_NOTE,
    }
    return page(request, "notes", context, section="home", status=422 if problems else 200)


def _note_lines(edition: Edition, newsletter: Newsletter, me: str) -> list[dict[str, object]]:
    """Return the notes of an edition: open ones first, newest first; `to` is "" if a note is for everybody."""
    rows = sorted(edition.notes.order_by("-at", "-pk"), key=lambda note: note.done_at is not None)
    names = users.names(address for note in rows for address in (note.by, note.to))
    return [
        {
            "pk": note.pk,
            "by": names[note.by],
            "to": names[note.to] if note.to else "",
            "for_me": note.to == me,
            "mine": note.by == me,
            "when": formatting.moment(note.at, newsletter.zone),
            "text": note.text,
            "done": note.done_at is not None,
        }
        for note in rows
    ]


def _change_note(request: HttpRequest, edition: Edition, entered: dict[str, str]) -> None:
    """Do what was asked. Raises Impossible."""
    act, by = request.POST.get("act", ""), editor(request)
    if act == "write":
        note_edits.write(edition, by, entered["text"], timezone.now(), entered["to"])
        return
    if act not in ("done", "remove"):
        raise Http404("notes are written, marked as done or deleted")
    number = whole_number(request.POST.get("note", "")) or 0
    with transaction.atomic():
        note = Note.objects.select_for_update().filter(edition=edition, pk=number).first()
        if note is None:
            raise Impossible(_("This note has been deleted."))
        # the audit log doesn't repeat a note, which its author may delete
        if act == "done":
            Note.objects.filter(pk=note.pk, done_at=None).update(done_at=timezone.now())
            Act.objects.log(by, acts.NOTE_DONE(), edition.name)
        elif note.by != by:
            raise Impossible(_("Only the person who wrote a note can delete it."))
        else:
            note.delete()
            Act.objects.log(by, acts.NOTE_REMOVED(), edition.name)
            messages.success(request, _("The note has been deleted."))
