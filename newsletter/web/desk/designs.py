"""The page of designs, each of which can be chosen, and the preview beside the settings of a design."""

import os
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from newsletter.config import Config, ConfigError, Newsletter, parse
from newsletter.config.document import CannotEdit, edit
from newsletter.config.file import set_by
from newsletter.config.theme import DesignName
from newsletter.editions.previews import sample, sample_digest
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.theme.designs import DESIGNS
from newsletter.web.desk.edition.preview import framed
from newsletter.web.desk.edition.preview_queries import in_scheme
from newsletter.web.desk.pages import as_sentence, page
from newsletter.web.desk.settings.design_page import DESIGN
from newsletter.web.desk.settings.editing import UNREADABLE, read_only_reason, tree_of
from newsletter.web.desk.settings.forms import SettingsForm
from subscribers.requests import config_of


def designs(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show every design in a frame of its own."""
    context = {
        "newsletter": newsletter,
        "designs": DESIGN.fields[0].choices,
        "dark": request.GET.get("dark") == "1",
        "own_template": newsletter.template != "edition",
        "problem": _problem(config_of(request), newsletter),
        "read_only": read_only_reason(config_of(request)),
        "set_by": set_by(("newsletters", newsletter.name, "theme", "design"), os.environ),
    }
    return page(request, "designs", context, section="settings")


@xframe_options_sameorigin
def frame(request: HttpRequest, newsletter: Newsletter, design: str) -> HttpResponse:
    """Show one design's HTML alone, for the sandboxed frame; `dark=1` shows its dark mode."""
    digest = sample_digest(config_of(request), newsletter)
    if design not in DESIGNS or digest is None:
        raise Http404(design)
    email = sample(config_of(request), digest, cast(DesignName, design))
    return framed(in_scheme(email.html, dark=request.GET.get("dark") == "1"))


@xframe_options_sameorigin
def preview(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show the newsletter in its design, for the sandboxed frame; after a POST with what is typed and not saved yet.

    `dark=1` shows its dark mode.
    """
    try:
        config = _as_typed(request, newsletter)
        digest = sample_digest(config, config.newsletters[newsletter.name])
        html = str(escape(_("There are no posts yet to show.")))
        if digest is not None:
            email = sample(config, digest, digest.letterhead.theme.design)
            html = in_scheme(email.html, dark=request.POST.get("dark") == "1")
    except ConfigError as problem:
        html = "<br>".join(escape(as_sentence(part.message)) for part in problem.problems)
    except (CannotEdit, TemplateProblem) as problem:
        html = str(escape(as_sentence(problem)))
    return framed(html)


def _as_typed(request: HttpRequest, newsletter: Newsletter) -> Config:
    """Return the configuration in force with the form's values, if the file can be read.

    Raises ConfigError and CannotEdit.
    """
    configuration = config_of(request)
    if request.method != "POST":
        return configuration
    form = SettingsForm(
        DESIGN, ("newsletters", newsletter.name), tree_of(configuration.file), {}, os.environ, request.POST
    )
    if not form.is_valid():
        return configuration
    try:
        text = edit(configuration.file.read_text(encoding="utf-8-sig"), form.requested().changes)
    except UNREADABLE:
        return configuration  # the form says so
    return parse(text, configuration.file, os.environ)


def _problem(configuration: Config, newsletter: Newsletter) -> str:
    """Return why the designs can't be shown, "" if they can."""
    try:
        digest = sample_digest(configuration, newsletter)
        if digest is None:
            return _("There are no posts yet to show.")
        sample(configuration, digest, newsletter.theme.design)
    except TemplateProblem as problem:
        return as_sentence(problem)
    return ""
