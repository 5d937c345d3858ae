"""Who may log in, and the audit log; for admins."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.models import Act
from newsletter.web.desk import recovery, users, words
from newsletter.web.desk.forms import UserForm
from newsletter.web.desk.pages import editor, page, sentences, settings, zone
from newsletter.web.desk.queries.edition import headlines, what


def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and a form for one more; a new person's link is shown once, here."""
    form = UserForm(request.POST or None)
    link = person = ""
    if form.is_valid():
        try:
            role, _space, without = form.cleaned_data["role"].partition(" ")
            user = users.add(form.cleaned_data["email"], role, by=editor(request), sends=not without)
        except users.UserProblem as e:
            form.add_error("email", str(e))
        else:
            link, person, form = users.invitation(user, settings().site.url), user.username, UserForm()
    with_factor = recovery.switched_on()
    rows = [
        {"user": user, "role": users.role_name(user), "sends": sends, "factor": user.pk in with_factor}
        for user, sends in users.with_sending()
    ]
    context = {"form": form, "rows": rows, "link": link, "person": person, "me": editor(request)}
    return page(request, "users", context, section="settings")


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a role, switch a lost second factor off, remove somebody, or make a new link for them."""
    user = get_object_or_404(User, pk=pk)
    wanted = request.POST.get("act", "")
    with sentences(request):
        if wanted in ("admin", "editor"):
            users.change_role(user, "admin" if wanted == "admin" else "editor", by=editor(request))
            messages.success(request, _("%(who)s has a new role.") % {"who": user.username})
        elif wanted in ("sends", "drafts"):
            users.let_send(user, by=editor(request), sends=wanted == "sends")
            messages.success(request, _("%(who)s has a new role.") % {"who": user.username})
        elif wanted == "factor":
            recovery.switch_off(user, by=editor(request))
            messages.success(request, _("%(who)s logs in with the password only.") % {"who": user.username})
        elif wanted == "remove" and request.POST.get("typed", "").strip().lower() != user.username:
            messages.error(request, _("Type the address to be sure; nobody was removed."))
        elif wanted == "remove":
            users.remove(user, by=editor(request))
            messages.success(request, _("%(who)s can't log in any more.") % {"who": user.username})
        elif wanted == "link":
            messages.info(request, users.invitation(user, settings().site.url))
    return redirect("desk:users")


def log(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first, all or about one thing."""
    about = request.GET.get("about", "").strip()
    acts = Act.objects.filter(about=about) if about else Act.objects.all()
    found = Paginator(acts.order_by("-at", "-pk"), 50).get_page(request.GET.get("page"))
    titles = headlines(act.what for act in found)
    lines = [
        {
            "act": act,
            "what": what(act.what, titles),
            "when": words.moment(act.at, zone()),
            "changed": words.difference(act.before, act.after),
        }
        for act in found
    ]
    return page(request, "log", {"lines": lines, "found": found, "about": about}, section="settings")
