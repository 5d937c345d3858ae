"""What a draft's page asks for every few seconds: who else is writing in it, and what others changed."""

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from newsletter.editions import leases
from newsletter.models import Edition
from newsletter.web.desk import users
from newsletter.web.desk.edition import texts
from newsletter.web.desk.edition.views import revision_of
from newsletter.web.desk.pages import edition_of, editor

SHOWN = "shown-"


@require_POST
def writers(request: HttpRequest, name: str, period: str) -> JsonResponse:
    """Renew this editor's leases, or take one over; return the others', and the texts that differ from the page's."""
    edition, by, now = edition_of(name, period), editor(request), timezone.now()
    marks = {key.removeprefix(SHOWN): mark for key, mark in request.POST.items() if key.startswith(SHOWN)}
    marks = {key: mark for key, mark in marks.items() if texts.is_key(key)}
    writing, taken = ([key for key in request.POST.getlist(field) if key in marks] for field in ("writing", "take"))
    draft = edition
    if writing or taken:  # a page on which nobody writes only reads
        with transaction.atomic():
            draft = Edition.objects.select_for_update().get(pk=edition.pk)
            leases.renew(draft, writing, by, now)
            leases.take(draft, taken, by, now)
    others = leases.of_others(draft, by, now)
    present = texts.read(draft, marks) if draft.revision != revision_of(request) else {}
    called = users.names(others.values())
    return JsonResponse(
        {
            "revision": draft.revision,
            "writers": {key: called[who] for key, who in others.items()},
            "texts": {k: {"text": t.value, "shown": t.mark} for k, t in present.items() if t.mark != marks[k]},
        }
    )
