"""Changing config.toml at the desk: a page for each group of settings, and the sources of a newsletter."""

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter import config
from newsletter.config import Config, ConfigProblem, Newsletter, toml
from newsletter.config.document import (
    AppendTable,
    CannotEdit,
    Change,
    KeyPath,
    RemoveValue,
    SetValue,
    edit,
    value_at,
)
from newsletter.config.file import CannotWrite, EditConflict, save, why_unwritable
from newsletter.config.toml import dotted
from newsletter.editions.titles import subjects
from newsletter.messages import acts
from newsletter.messages.configuration import (
    MOMENT_OF_PERIOD,
    TOO_MANY_TOPICS,
    TOPIC_NAME,
    TOPIC_SOURCE,
    TOPIC_WITHOUT_POSTS,
)
from newsletter.messages.general import ABOUT
from newsletter.models import Act, Edition, Machine, State
from newsletter.scheduling.checks import provider_settings
from newsletter.scheduling.text_checks import problem_of_text
from newsletter.web.desk import formatting
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import as_sentence, editor, page
from newsletter.web.desk.settings import catalogue, overview, usual_mistakes
from newsletter.web.desk.settings.cadences_page import beside_field
from newsletter.web.desk.settings.fields import SettingsPage, defaults_of
from newsletter.web.desk.settings.forms import RequestedChanges, SettingsForm
from newsletter.web.desk.settings.inputs.site_paths import check_paths, without_folder
from newsletter.web.desk.settings.inputs.subject_field import show_examples
from newsletter.web.desk.settings.own_field_page import OWN_FIELD
from newsletter.web.desk.settings.public_address import URL, check_address, tell_what_is_left, with_previous
from subscribers.requests import config_of

_ALIVE = timedelta(minutes=5)
_ABOVE = {
    catalogue.SOURCE.name: ("sources", "sources", gettext_lazy("Sources")),
    OWN_FIELD.name: ("subscribers", "subscribers-fields", gettext_lazy("Fields")),
}
"""The section, the route and the title of the page above, where that is not the settings."""
TOPIC_PROBLEMS = (TOPIC_NAME, TOPIC_WITHOUT_POSTS)
"""What is wrong with one topic; `name` is its own."""


LOCKED_AT_APPROVAL = {
    *("title", "language", "timezone", "from", "reply_to", "address", "topics", "subject", "body", "excerpt"),
    *("excerpt_words", "images", "track", "group_by", "order", "maximum_posts", "maximum_size", "theme", "template"),
}
"""Keys of a newsletter whose values an edition keeps from its approval."""


def read_only_reason(configuration: Config) -> str:
    """Return why settings can't be changed here, or "" if they can."""
    if configuration.web.settings == "read-only":
        return _("Settings can only be read here. Change config.toml where you keep it.")
    try:
        config.load(configuration.file)
    except config.ConfigError as e:
        why = formatting.message(without_folder(e.problems[0].message, configuration.folder))
        return _("config.toml has an error; correct it first: %(problem)s") % {"problem": why}
    if reason := why_unwritable(configuration.file):
        return _("Settings can’t be saved here: %(reason)s.") % {
            "reason": formatting.message(without_folder(reason, configuration.folder))
        }
    if Machine.objects.filter(seen_at__gte=timezone.now() - _ALIVE).count() > 1:
        return _("Several machines send from this database, each with its own config.toml. Change all of them by hand.")
    return ""


def site_settings(request: HttpRequest, section: str) -> HttpResponse:
    """Show settings that apply to every newsletter."""
    settings_page = _named(catalogue.SITE_PAGES, section)
    table = tuple(settings_page.table.split("."))
    return edit_settings(request, settings_page, table, str(settings_page.title))


def newsletter_settings(request: HttpRequest, newsletter: Newsletter, section: str) -> HttpResponse:
    """Show one group of a newsletter's settings."""
    settings_page = _named(catalogue.NEWSLETTER_PAGES, section)
    title = f"{newsletter.title}: {settings_page.title}"
    extra = {"preview": reverse("desk:design-preview", args=(newsletter.name,))} if section == "design" else {}
    return edit_settings(request, settings_page, ("newsletters", newsletter.name), title, extra)


def _named(pages: Sequence[SettingsPage], name: str) -> SettingsPage:
    """Return the page of that name, or 404."""
    page = next((page for page in pages if page.name == name), None)
    if page is None:
        raise Http404(name)
    return page


def source_settings(request: HttpRequest, newsletter: Newsletter, number: int) -> HttpResponse:
    """Show one source of a newsletter, counted from 1."""
    if not 1 <= number <= len(newsletter.sources):
        raise Http404(number)
    source = newsletter.sources[number - 1]
    table = ("newsletters", newsletter.name, "sources", number - 1)
    extra = {"removable": True, "url": source.url, "number": number}
    return edit_settings(request, catalogue.SOURCE, table, source.name or source.url, extra)


@require_POST
def add_source(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Add an address to a newsletter's sources."""
    url = request.POST.get("url", "").strip()
    change = AppendTable(("newsletters", newsletter.name, "sources"), {"url": url})
    if reason := read_only_reason(config_of(request)):
        return only_shown(request, reason, (change,))
    if save_or_tell(request, RequestedChanges((change,), {})):
        messages.success(request, _("Added to %(newsletter)s: %(url)s") % {"newsletter": newsletter.title, "url": url})
    return redirect("desk:sources")


@require_POST
def use_design(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Choose the design of a newsletter."""
    design = request.POST.get("design", "")
    change = SetValue(("newsletters", newsletter.name, "theme", "design"), design)
    if save_or_tell(request, RequestedChanges((change,), {})):
        messages.success(request, _("%(newsletter)s has a new design.") % {"newsletter": newsletter.title})
        tell_approved(request, (change,))
    return redirect("desk:designs", newsletter.name)


@require_POST
def remove_source(request: HttpRequest, newsletter: Newsletter, number: int) -> HttpResponse:
    """Remove a source; its posts stay in the editions that have them."""
    path: KeyPath = ("newsletters", newsletter.name, "sources", number - 1)
    seen: dict[KeyPath, Any] = {(*path, "url"): request.POST.get("url", "")}
    if reason := read_only_reason(config_of(request)):
        return only_shown(request, reason, (RemoveValue(path),))
    if save_or_tell(request, RequestedChanges((RemoveValue(path),), seen)):
        messages.success(request, _("Removed: %(url)s") % {"url": request.POST.get("url", "")})
    return redirect("desk:sources")


def only_shown(
    request: HttpRequest, reason: str, changes: tuple[Change, ...], section: str = "sources"
) -> HttpResponse:
    """Show what to change in config.toml by hand, and why it can't be done here."""
    context = {"read_only": reason, "paste": paste(config_of(request).file, changes)}
    return page(request, "settings_paste", context, section=section, status=409)


def edit_settings(
    request: HttpRequest,
    settings_page: SettingsPage,
    table: KeyPath,
    title: str,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show a page of settings, and save what was typed into it; `table` is the one that it edits."""
    reason = read_only_reason(config_of(request))
    tree = tree_of(config_of(request).file)
    data = request.POST if request.method == "POST" else None
    newsletter = _newsletter_of(config_of(request), table)
    form = SettingsForm(
        settings_page,
        table,
        tree,
        defaults_of(settings_page),
        dict(os.environ),
        data,
        config_of(request).folder,
        newsletters=[newsletter] if newsletter else [],
    )
    if newsletter:
        show_examples(form, config_of(request), newsletter)
        usual_mistakes.show_beside(form, config_of(request), newsletter)
    if data is not None and "move" in data:
        form.move(data["move"])
    elif data is not None and "part" in data:
        form.insert(data["part"])
    elif form.is_valid():
        requested = with_previous(form.requested(), tree)
        if reason:
            return _page(request, form, title, reason, extra, lines=paste(config_of(request).file, requested.changes))
        if not requested.changes:
            messages.info(request, _("Nothing was changed."))
            return redirect(f"{request.path}#top")  # and not to the field that a search found, past what is said above
        if save_into(request, form, requested, partial(_show_problem, form)):
            messages.success(request, _("Saved."))
            _tell_missing(request, requested.changes)
            tell_approved(request, requested.changes)
            tell_what_is_left(request, requested.changes, config.refresh())
            return redirect(f"{request.path}#top")
    return _page(request, form, title, reason, extra)


def _tell_missing(request: HttpRequest, changes: tuple[Change, ...]) -> None:
    """After a change of how emails are sent, show what `newsletter check` says of the services' settings."""
    if any(change.path[0] == "delivery" or change.path[-1] == "provider" for change in changes):
        for check in provider_settings(config.refresh().config):
            messages.warning(request, as_sentence(check.message))


def tell_approved(request: HttpRequest, changes: tuple[Change, ...]) -> None:
    """Name the editions that are already approved, if the changes would be in their emails."""
    names = {change.path[1] for change in changes if LOCKED_AT_APPROVAL.intersection(map(str, change.path[2:]))}
    if any(change.path == URL for change in changes):
        names.update(config_of(request).newsletters)
    waiting = Edition.objects.filter(state__in=(State.APPROVED, State.QUEUED), began_at=None, welcome=None)
    if titles := subjects(waiting.filter(newsletter__in=names).order_by("pk"), config_of(request)).values():
        named = ", ".join(_("“%(title)s”") % {"title": title} for title in titles)
        sentence = _(
            "Already approved, with the earlier settings: %(titles)s. Take an edition back to draft to give it the new "
            "ones."
        )
        messages.warning(request, sentence % {"titles": named})


def _page(
    request: HttpRequest,
    form: SettingsForm,
    title: str,
    reason: str,
    extra: Mapping[str, Any] | None,
    lines: str = "",
) -> HttpResponse:
    configuration = config_of(request)
    context = {"form": form, "title": title, "read_only": reason, "paste": lines}
    newsletter = _newsletter_of(configuration, form.table)
    context["beside"] = overview.beside(configuration, newsletter)
    context["related"] = [_named(catalogue.SITE_PAGES, name) for name in form.page.related]
    context["groups"] = form.groups(_groups_in_use(configuration, form.table))
    section, route, above = _ABOVE.get(form.page.name, ("settings", "settings", gettext_lazy("Settings")))
    context |= {"above": reverse(f"desk:{route}"), "above_title": above}
    return page(request, "settings_edit", {**context, **(extra or {})}, section=section)


def _newsletter_of(configuration: Config, table: KeyPath) -> Newsletter | None:
    """Return the newsletter whose table it is, or is in."""
    return configuration.newsletters.get(str(table[1])) if table[0] == "newsletters" else None


def _groups_in_use(configuration: Config, table: KeyPath) -> set[str]:
    """Return the tables of the page's groups that are in use: the provider's, or those of the cadences offered."""
    newsletter = configuration.newsletters.get(str(table[-1])) if table[0] == "newsletters" else None
    if newsletter is None:
        return {configuration.delivery.provider}
    return {f"cadence.{cadence}" for cadence in newsletter.offered if cadence != newsletter.default_cadence}


def _show_problem(form: SettingsForm, problem: ConfigProblem) -> None:
    """Show what the configuration says of a value beside its field, or above the form."""
    if field_problem := beside_field(problem.problem, form):
        form.add_error(*field_problem)
        return
    below = _key_in(form, problem)
    ours = below.partition(".")[0].partition("[")[0] in {field.path[0] for field in form.page.fields}
    form.add_problem(below, formatting.message(problem.problem if ours else problem.message))


def _key_in(form: SettingsForm, problem: ConfigProblem) -> str:
    """Return the key of a problem below the form's table; those of several keys name theirs in the sentence."""
    if TOPIC_SOURCE.matches(problem.problem):
        return f"topics.{problem.problem.param('name')}.sources"
    if any(code.matches(problem.problem) for code in TOPIC_PROBLEMS):
        return f"topics.{problem.problem.param('name')}"
    if TOO_MANY_TOPICS.matches(problem.problem):
        return "maximum_variants"
    if MOMENT_OF_PERIOD.matches(problem.problem):
        return str(problem.problem.param("key"))
    below = problem.key.removeprefix(dotted(form.table) + ".")
    return f"{below}.{problem.problem.param('subject')}" if ABOUT.matches(problem.problem) else below


def save_into(
    request: HttpRequest, form: DeskForm, requested: RequestedChanges, show_problem: Callable[[ConfigProblem], None]
) -> bool:
    """Save the changes; on failure say why in the form, which keeps what was typed."""
    try:
        _write(request, requested)
    except config.ConfigError as e:
        for problem in e.problems:
            show_problem(problem)
    except EditConflict as e:
        if isinstance(form, SettingsForm):
            form.show_present(tree_of(config_of(request).file))
        keys = ", ".join(dotted(path) for path in e.paths)
        form.add_error(
            None, _("Changed by someone else meanwhile: %(keys)s. Save again to overwrite.") % {"keys": keys}
        )
    except (CannotEdit, CannotWrite) as e:
        form.add_error(None, formatting.message(without_folder(e.message, config_of(request).folder)))
    else:
        return True
    return False


def save_or_tell(request: HttpRequest, requested: RequestedChanges) -> bool:
    """Save changes that come from a button; on failure tell why on the next page."""
    try:
        _write(request, requested)
    except config.ConfigError as e:
        messages.error(request, "; ".join(formatting.message(problem.message) for problem in e.problems))
    except EditConflict:
        messages.error(request, _("The configuration was changed by someone else meanwhile. Check it and try again."))
    except (CannotEdit, CannotWrite) as e:
        messages.error(request, formatting.message(without_folder(e.message, config_of(request).folder)))
    else:
        return True
    return False


def _write(request: HttpRequest, requested: RequestedChanges) -> None:
    before = tree_of(config_of(request).file)
    save(
        config_of(request).file,
        requested.changes,
        requested.seen,
        check=partial(_check, requested.changes, config_of(request)),
    )
    config.refresh()
    after = tree_of(config_of(request).file)
    for change in requested.changes:
        old, new = (_logged(change.path, value_at(tree, change.path)) for tree in (before, after))
        Act.objects.log(editor(request), acts.SETTINGS_CHANGED(), dotted(change.path), old, new)


def _check(changes: tuple[Change, ...], before: Config, after: Config) -> None:
    """Raise ConfigError if the program can't change to this configuration, a changed template or filter is wrong, or a
    path leads out of the site's folder.
    """
    config.check_change(after)
    check_paths(before, after)
    check_address(before, after)
    of_texts = (problem_of_text(after, change.path) for change in changes if isinstance(change, SetValue))
    if problems := [problem for problem in of_texts if problem]:
        raise config.ConfigError(*problems)


def _logged(path: KeyPath, value: Any) -> Any:
    """Return a value for the audit log, as JSON can hold it; secrets are left out."""
    if value is not None and catalogue.is_secret(path):
        return "••••••"
    return json.loads(json.dumps(value, default=str))


UNREADABLE = (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError)
"""What reading config.toml raises, if it was removed or damaged since it was read last."""


def tree_of(file: Path) -> dict[str, Any]:
    """Return the parsed config.toml, empty if it can't be read."""
    try:
        return toml.loads(file.read_text(encoding="utf-8-sig"))
    except UNREADABLE:
        return {}


def paste(file: Path, changes: tuple[Change, ...]) -> str:
    """Return the lines of config.toml that the changes would make different, for a person to put in.

    Where lines are only added they are TOML as it is; otherwise each begins with `+`, `-` or a space.
    """
    try:
        before = file.read_text(encoding="utf-8-sig")
        after = edit(before, changes)
    except (CannotEdit, *UNREADABLE) as e:
        return str(e)
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm=""))[2:]
    if len([line for line in lines if line.startswith("@@")]) == 1 and not any(line[0] == "-" for line in lines):
        return "\n".join(line[1:] for line in lines if line[0] == "+").strip()
    return "\n".join(lines)
