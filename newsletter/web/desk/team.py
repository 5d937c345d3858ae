"""The pages of users and the audit log; for admins."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.messages import acts
from newsletter.models import Act
from newsletter.web.desk import formatting, users
from newsletter.web.desk.differences import difference
from newsletter.web.desk.forms import UserForm
from newsletter.web.desk.login import emails, recovery_codes
from newsletter.web.desk.pages import as_sentence, default_zone, editor, page, sentences
from newsletter.web.desk.settings import labels
from subscribers.requests import config_of


def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and a form for one more. An invitation that can't be sent is shown once, here."""
    return _team(request, UserForm(request.POST or None))


def _team(request: HttpRequest, form: UserForm, user: User | None = None) -> HttpResponse:
    """Show the team, after the invitation of the form, or of `user` again."""
    if form.is_valid():
        try:
            role, _space, without = form.cleaned_data["role"].partition(" ")
            user = users.add(form.cleaned_data["email"], role, by=editor(request), sends=not without)
        except users.UserProblem as e:
            form.add_error("email", as_sentence(e))
        else:
            form = UserForm()
    me = editor(request)
    invitation = emails.invite(config_of(request), user, User.objects.get(username=me)) if user else None
    if user and invitation and not invitation.problem:
        messages.success(request, _("An invitation has been sent to %(who)s.") % {"who": user.username})
        return redirect("desk:users")
    with_factor = recovery_codes.switched_on()
    rows = [
        {
            "user": member,
            "name": member.get_full_name(),
            "role": users.role_name(member),
            "sends": sends,
            "factor": member.pk in with_factor,
            "active": formatting.day(member.last_login, default_zone(request)) if member.last_login else "",
            "invited": not member.has_usable_password(),
        }
        for member, sends in users.with_sending()
    ]
    context = {"form": form, "rows": rows, "invitation": invitation, "person": user, "me": me}
    return page(request, "users", context, section="settings", status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a role, switch a lost second factor off, remove somebody, or send them a new link."""
    user = get_object_or_404(User, pk=pk)
    action, who = request.POST.get("act", ""), user.get_full_name() or user.username
    with sentences(request):
        if action in ("admin", "editor"):
            users.change_role(user, "admin" if action == "admin" else "editor", by=editor(request))
            messages.success(request, _("The role of %(who)s has been changed.") % {"who": who})
        elif action in ("sends", "drafts"):
            users.let_send(user, by=editor(request), sends=action == "sends")
            messages.success(request, _("The sending rights of %(who)s have been changed.") % {"who": who})
        elif action == "factor":
            recovery_codes.switch_off(user, by=editor(request))
            messages.success(request, _("Two-step login is off for %(who)s.") % {"who": who})
        elif action == "remove" and request.POST.get("typed", "").strip().lower() != user.username:
            messages.error(request, _("The address didn’t match, so nobody was removed."))
        elif action == "remove":
            users.remove(user, by=editor(request))
            messages.success(request, _("%(who)s has been removed and can no longer log in.") % {"who": who})
        elif action == "link":
            return _team(request, UserForm(), user)
    return redirect("desk:users")


def _about(act: Act, configuration: Config) -> str:
    """Return what an entry is about: a setting, a token or a newsletter by its title, anything else by its name."""
    if acts.SETTINGS_CHANGED.matches(act.what):
        return labels.title_of(act.about)
    if acts.TOKEN_CREATED.matches(act.what) or acts.TOKEN_REVOKED.matches(act.what):
        return _("“%(title)s”") % {"title": act.about.partition(": ")[2]}
    newsletter = configuration.newsletters.get(act.about)
    return newsletter.title if newsletter else act.about


def log(request: HttpRequest) -> HttpResponse:
    """Show who did what, newest first, all or about one thing."""
    about = request.GET.get("about", "").strip()
    entries = Act.objects.filter(about=about) if about else Act.objects.all()
    page_of_entries = Paginator(entries.order_by("-at", "-pk"), 50).get_page(request.GET.get("page"))
    names = users.names(act.by for act in page_of_entries)
    titles = formatting.edition_titles(act.what for act in page_of_entries)
    subjects = formatting.titles_of([about, *(act.about for act in page_of_entries)])
    titles_by_name = {name: newsletter.title for name, newsletter in config_of(request).newsletters.items()}
    lines = [
        {
            "act": act,
            "by": names[act.by],
            "what": formatting.capital(formatting.message(act.what, default_zone(request), titles)),
            "about": subjects.get(act.about) or _about(act, config_of(request)),
            "when": formatting.moment(act.at, default_zone(request)),
            "changed": difference(act.before, act.after, default_zone(request)),
        }
        for act in page_of_entries
    ]
    return page(
        request,
        "log",
        {"lines": lines, "found": page_of_entries, "about": subjects.get(about) or titles_by_name.get(about, about)},
        section="settings",
    )
