"""The pages of users and of the audit log, with what changed as titles and values before and after; for admins."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.editions.history import FIELDS as TEXTS
from newsletter.messages import acts, from_json
from newsletter.models import Act
from newsletter.web.desk import formatting, users
from newsletter.web.desk.formatting import capital, message, moment
from newsletter.web.desk.forms import UserForm
from newsletter.web.desk.login import emails, recovery_codes
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page, sentences, zone_of
from newsletter.web.desk.settings import labels
from subscribers.requests import config_of


def people(request: HttpRequest, user: User | None = None) -> HttpResponse:
    """Show the team, after the invitation of the form, or of `user` again.

    An invitation that can't be sent is shown once, here.
    """
    form = UserForm(None if user else request.POST or None)
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
    if user and invitation and not invitation["problem"]:
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
            "active": formatting.day(member.last_login, zone_of(request)),
            "invited": not member.has_usable_password(),
        }
        for member, sends in users.with_sending()
    ]
    context = {"form": form, "rows": rows, "invitation": invitation, "person": user, "me": me}
    return page(request, "users", context, section="settings", status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, user: User) -> HttpResponse:
    """Change a role, switch a lost second factor off, remove somebody, or send them a new link."""
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
            return people(request, user)
    return redirect("desk:users")


def _about(request: HttpRequest, act: Act) -> str:
    """Return what an entry is about: a setting, a token or a newsletter by its title, anything else by its name."""
    if acts.SETTINGS_CHANGED.matches(act.what):
        return labels.title_of(act.about)
    if acts.TOKEN_CREATED.matches(act.what) or acts.TOKEN_REVOKED.matches(act.what):
        return _("“%(title)s”") % {"title": act.about.partition(": ")[2]}
    return newsletter_title(request, act.about)


def log(request: HttpRequest) -> HttpResponse:
    """Show who did what, newest first, all or about one thing."""
    about = request.GET.get("about", "").strip()
    entries = Act.objects.filter(about=about) if about else Act.objects.all()
    page_of_entries = Paginator(entries.order_by("-at", "-pk"), 50).get_page(request.GET.get("page"))
    names = users.names(act.by for act in page_of_entries)
    titles = formatting.edition_titles(act.what for act in page_of_entries)
    subjects = formatting.titles_of([about, *(act.about for act in page_of_entries)])
    lines = [
        {
            "act": act,
            "by": names[act.by],
            "what": formatting.capital(formatting.message(act.what, zone_of(request), titles)),
            "about": subjects.get(act.about) or _about(request, act),
            "when": formatting.moment(act.at, zone_of(request)),
            "changed": difference(act.before, act.after, zone_of(request)),
        }
        for act in page_of_entries
    ]
    return page(
        request,
        "log",
        {"lines": lines, "page_obj": page_of_entries, "about": subjects.get(about) or newsletter_title(request, about)},
        section="settings",
    )


SILENT = ("content", "position", "moved_rank", "id")
"""What the audit log keeps of a post or a block for the program alone."""
TITLES = {
    "despite": gettext_lazy("Overridden errors"),
    "due": gettext_lazy("Sending time"),
    "days": gettext_lazy("Days after confirming"),
    "replaced by": gettext_lazy("Replaced by"),
    "people": gettext_lazy("Test emails"),
    "count": gettext_lazy("Number"),
    "provider": gettext_lazy("Email service"),
    "scopes": gettext_lazy("Permissions"),
    "left": gettext_lazy("Recovery codes left"),
    "role": gettext_lazy("Role"),
    "sends": gettext_lazy("May send"),
    "tags": gettext_lazy("Tags"),
    "newsletter": gettext_lazy("Newsletter"),
    "included": gettext_lazy("In the edition"),
    "headline_only": gettext_lazy("Headline only"),
    "choice": gettext_lazy("Decision of an editor"),
    "pinned": gettext_lazy("Pinned"),
    "moved_to": gettext_lazy("Moved to"),
    "title": gettext_lazy("Headline"),
    "text": gettext_lazy("Text"),
    "reason": gettext_lazy("Reason"),
    "headline": gettext_lazy("Headline"),
    "since": gettext_lazy("Posts from"),
    "until": gettext_lazy("Posts until"),
    "due_at": gettext_lazy("Sending time"),
    "blocks": gettext_lazy("Blocks"),
    "kind": gettext_lazy("Kind"),
    "url": gettext_lazy("Web address"),
    "button": gettext_lazy("Button text"),
    "when": gettext_lazy("When"),
    "after": gettext_lazy("Place"),
    "revision": gettext_lazy("Revision"),
    "lines": gettext_lazy("Lines"),
    "active": gettext_lazy("Active"),
    "waiting": gettext_lazy("Pending"),
    "suppressed": gettext_lazy("Blocked"),
    "present": gettext_lazy("Already there"),
    "refused": gettext_lazy("Refused"),
    "added": gettext_lazy("Added"),
    "updated": gettext_lazy("Updated"),
    "unchanged": gettext_lazy("Unchanged"),
    "removed": gettext_lazy("Removed"),
    "restored": gettext_lazy("Restored"),
    "kept": gettext_lazy("Kept"),
}
"""The titles of keys that the log and the history store, such as `headline_only`."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def difference(before: Any, after: Any, zone: tzinfo = UTC) -> list[tuple[str, str, str]]:
    """Return the differences between two states: title, before, after; only changed values, at any depth.

    Of a post its headline stands for its number; marks of what it holds, and its place, are no news to anybody.
    """
    return list(_differing("", "", before, after, zone))


def _differing(name: str, key: str, before: Any, after: Any, zone: tzinfo) -> Iterator[tuple[str, str, str]]:
    if not (_is_tree(before) or _is_tree(after)):
        old, new = _plain(key, before, zone), _plain(key, after, zone)
        if old != new:
            yield name, old, new
        return
    was = before if _is_tree(before) else {}
    now = after if _is_tree(after) else {}
    name = str(now.get("headline") or was.get("headline") or name)
    for field in [*was, *(each for each in now if each not in was)]:
        if field not in SILENT:
            title = capital(message(TEXTS[field]())) if field in TEXTS else title_of(str(field))
            inner = f"{name}, {title}" if name and name != "posts" else title
            yield from _differing(inner, str(field), was.get(field), now.get(field), zone)


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping) and not _is_message(value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"code", "params"}


def _plain(key: str, value: Any, zone: tzinfo) -> str:
    """Return a value in words: a time as pages write it, and what has a name by its name."""
    if isinstance(value, str):
        return moment(datetime.fromisoformat(value), zone) if _TIME.match(value) else name_of(key, value)
    if _is_message(value):
        return message(from_json(value))
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(key, v, zone) for v in value)
    return str(value)


def title_of(key: str) -> str:
    """Return the title of a key; the key itself if it is a name already, such as that of a newsletter."""
    return str(TITLES.get(key, key))


def name_of(key: str, value: str) -> str:
    """Return what the pages call a value of a key, such as the role `editor`; the value itself if it has no name."""
    names = {
        "role": {"admin": _("Admin"), "editor": _("Editor")},
        "choice": {"in": _("Included"), "out": _("Removed")},
        "kind": {"sponsor": _("Sponsor"), "event": _("Event"), "action": _("Call to action")},
        "after": {"top": _("Below the introduction"), "end": _("Above the sign-off")},
    }
    return names.get(key, {}).get(value, value)
