"""The pages of users and the audit log; for admins."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.models import Act
from newsletter.web.desk import formatting, users
from newsletter.web.desk.forms import UserForm
from newsletter.web.desk.login import recovery_codes
from newsletter.web.desk.pages import as_sentence, default_zone, editor, page, sentences
from subscribers.requests import config_of


def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and a form for one more; a new person's link is shown once, here."""
    form = UserForm(request.POST or None)
    link = person = ""
    if form.is_valid():
        try:
            role, _space, without = form.cleaned_data["role"].partition(" ")
            user = users.add(form.cleaned_data["email"], role, by=editor(request), sends=not without)
        except users.UserProblem as e:
            form.add_error("email", as_sentence(e))
        else:
            link, person, form = users.invitation(user, config_of(request).site.url), user.username, UserForm()
    with_factor = recovery_codes.switched_on()
    rows = [
        {
            "user": user,
            "name": user.get_full_name(),
            "role": users.role_name(user),
            "sends": sends,
            "factor": user.pk in with_factor,
            "active": formatting.day(user.last_login, default_zone(request)) if user.last_login else "",
        }
        for user, sends in users.with_sending()
    ]
    context = {"form": form, "rows": rows, "link": link, "person": person, "me": editor(request)}
    return page(request, "users", context, section="settings", status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a role, switch a lost second factor off, remove somebody, or make a new link for them."""
    user = get_object_or_404(User, pk=pk)
    wanted, who = request.POST.get("act", ""), user.get_full_name() or user.username
    with sentences(request):
        if wanted in ("admin", "editor"):
            users.change_role(user, "admin" if wanted == "admin" else "editor", by=editor(request))
            messages.success(request, _("The role of %(who)s has been changed.") % {"who": who})
        elif wanted in ("sends", "drafts"):
            users.let_send(user, by=editor(request), sends=wanted == "sends")
            messages.success(request, _("The sending rights of %(who)s have been changed.") % {"who": who})
        elif wanted == "factor":
            recovery_codes.switch_off(user, by=editor(request))
            messages.success(request, _("Two-step login is off for %(who)s.") % {"who": who})
        elif wanted == "remove" and request.POST.get("typed", "").strip().lower() != user.username:
            messages.error(request, _("The address didn’t match, so nobody was removed."))
        elif wanted == "remove":
            users.remove(user, by=editor(request))
            messages.success(request, _("%(who)s has been removed and can no longer log in.") % {"who": who})
        elif wanted == "link":
            values = {"person": who, "link": users.invitation(user, config_of(request).site.url)}
            said = _("Send this link to %(person)s. It works once, for three days, and is only shown now: %(link)s")
            messages.info(request, said % values)
    return redirect("desk:users")


def log(request: HttpRequest) -> HttpResponse:
    """Show who did what, newest first, all or about one thing."""
    about = request.GET.get("about", "").strip()
    acts = Act.objects.filter(about=about) if about else Act.objects.all()
    found = Paginator(acts.order_by("-at", "-pk"), 50).get_page(request.GET.get("page"))
    names = users.names(act.by for act in found)
    titles = formatting.edition_titles(act.what for act in found)
    subjects = formatting.titles_of([about, *(act.about for act in found)])
    lines = [
        {
            "act": act,
            "by": names[act.by],
            "what": formatting.capital(formatting.message(act.what, default_zone(request), titles)),
            "about": subjects.get(act.about, act.about),
            "when": formatting.moment(act.at, default_zone(request)),
            "changed": formatting.difference(act.before, act.after),
        }
        for act in found
    ]
    return page(
        request, "log", {"lines": lines, "found": found, "about": subjects.get(about, about)}, section="settings"
    )
