"""Notes to colleagues about an edition: written, answered, marked as done and deleted; readers never see them."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.editions.composing import notes as writing
from newsletter.editions.problems import Impossible
from newsletter.messages import MessageType
from newsletter.messages import history as acts
from newsletter.models import Edition, Note
from newsletter.web.converters import whole_number
from newsletter.web.desk import audit, users
from newsletter.web.desk.notes import queries
from newsletter.web.desk.pages import about, as_sentence, edition_of, editor, newsletter_of, page


def notes(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the notes of an edition, newest first, and a form for a new one."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    entered = {"text": "", "to": ""}
    problem = ""
    if request.method == "POST":
        entered = {key: request.POST.get(key, "").replace("\r\n", "\n").strip() for key in entered}
        problem = _act(request, edition, entered)
        if not problem:
            return redirect("desk:notes", name, period)
    context = {
        **about(request, edition, newsletter),
        "notes": queries.notes(edition, newsletter, editor(request)),
        "people": [(user.username, user.get_full_name() or user.username) for user in users.everybody()],
        "given": entered,
        "problem": problem,
        "most": writing.LONGEST_NOTE,
    }
    return page(request, "notes", context, section="home", status=422 if problem else 200)


def _act(request: HttpRequest, edition: Edition, entered: dict[str, str]) -> str:
    """Do what was asked, and return why it could not be done; "" if it was."""
    act = request.POST.get("act", "")
    if act == "write":
        return _write(request, edition, entered)
    if act not in ("done", "remove"):
        raise Http404("notes are written, marked as done or deleted")
    number = whole_number(request.POST.get("note", "")) or 0
    with transaction.atomic():
        note = Note.objects.select_for_update().filter(edition=edition, pk=number).first()
        if note is None:
            return _("This note has been deleted.")
        if act == "done":
            Note.objects.filter(pk=note.pk, done_at=None).update(done_at=timezone.now())
            _log(request, acts.NOTE_DONE, note)
        elif note.by != editor(request):
            return _("Only the person who wrote a note can delete it.")
        else:
            note.delete()
            _log(request, acts.NOTE_REMOVED, note)
            messages.success(request, _("The note has been deleted."))
    return ""


def _write(request: HttpRequest, edition: Edition, entered: dict[str, str]) -> str:
    try:
        writing.write(edition, editor(request), entered["text"], timezone.now(), entered["to"])
    except Impossible as problem:
        return as_sentence(problem)
    return ""


def _log(request: HttpRequest, what: MessageType, note: Note) -> None:
    """Write a line of the audit log; it doesn't repeat the note, which its author may delete."""
    audit.note(editor(request), what(), note.edition.name)
