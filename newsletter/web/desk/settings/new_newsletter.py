"""Adding a newsletter: a blog's address, from which the rest is found, and what can't be found."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from babel import Locale
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _, gettext_lazy

from newsletter import config
from newsletter.config import Config
from newsletter.config.document import AppendTable, Change, SetValue
from newsletter.domain.found_post import FoundPost
from newsletter.editions.selection.windows import of_first_draft
from newsletter.models import Job, JobState
from newsletter.setup.blog_profile import BlogProfile, ReadingStep, find_profile, newsletter_name
from newsletter.setup.machine import machine_timezone
from newsletter.setup.starter import mailbox, sending_times
from newsletter.web.converters import whole_number
from newsletter.web.desk import jobs
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import editor, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.settings import usual_mistakes
from newsletter.web.desk.settings.blog_problems import blog_problem
from newsletter.web.desk.settings.editing import paste, read_only_reason, save_into
from newsletter.web.desk.settings.forms import RequestedChanges
from subscribers.requests import config_of

PROFILE = (
    *("url", "title", "description", "author", "cover"),
    *("language", "post_language", "timezone", "logo", "accent", "period"),
)
"""What is stored of a blog."""
LATEST = 3
_FIELDS = {"from": "sender_address", "url": "blog", "sources": "blog"}
"""The fields of keys whose name differs."""


class NewNewsletterForm(DeskForm):
    """The blog of a new newsletter, and who sends it."""

    blog = forms.CharField(
        label=gettext_lazy("The blog’s address"),
        help_text=gettext_lazy("The address of the website or its feed. We’ll find the rest."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none"}),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"), help_text=gettext_lazy("If blank, the blog’s own title."), required=False
    )
    name = forms.CharField(
        label=gettext_lazy("Name in addresses"),
        help_text=gettext_lazy(
            "Letters a–z, digits and hyphens, such as film-news. If blank, it is made from the title. "
            "It can’t be changed later."
        ),
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    sender_name = forms.CharField(
        label=gettext_lazy("Sender’s name"),
        help_text=gettext_lazy("Subscribers see it in their inbox. If blank, the newsletter’s title."),
        required=False,
        max_length=100,
    )
    sender_address = forms.EmailField(
        label=gettext_lazy("Sender’s email address"),
        help_text=gettext_lazy("Editions are sent from it. Its domain must be yours."),
    )
    address = forms.CharField(
        label=gettext_lazy("Postal address"),
        help_text=gettext_lazy("Shown in the footer. Many countries require it."),
        widget=forms.Textarea({"rows": "3"}),
    )


def add_newsletter(request: HttpRequest) -> HttpResponse:
    """Ask for a blog and read it in the background; then write the newsletter's table into config.toml."""
    configuration = config_of(request)
    newsletter = next(iter(configuration.newsletters.values()))
    initial = {"sender_address": newsletter.sender.address, "address": newsletter.address}
    form = NewNewsletterForm(request.POST if request.method == "POST" else None, initial=initial)
    if "without" in request.POST:
        return _add_without_blog(request, form)
    if not form.is_valid() or not _is_free(form.cleaned_data["name"], form, configuration):
        return _form_page(request, form)
    order = {**form.cleaned_data, "blog": _address(form)}
    number = whole_number(request.POST.get("job", "")) or 0
    job = Job.objects.filter(pk=number, kind=FIND.name, state=JobState.DONE).first()
    if job is None or job.order["blog"] != order["blog"]:
        return redirect("desk:job", jobs.start(FIND, configuration, "", editor(request), order).pk)
    blog = _blog(job.result)
    name = order["name"] or newsletter_name(order["title"]) or blog.name
    if refused := _add(request, form, name, blog, job):
        return refused
    messages.success(request, _("Newsletter added. Check its settings, then create the first draft."))
    return redirect("desk:settings-newsletter", name, "general")


def _add_without_blog(request: HttpRequest, form: NewNewsletterForm) -> HttpResponse:
    """Write a newsletter without a source: its letters are written at the desk."""
    form.fields["blog"].required, form.fields["title"].required = False, True
    form.fields["title"].error_messages["required"] = _("Enter a title, since there is no blog to take it from.")
    if not form.is_valid():
        return _form_page(request, form)
    title = form.cleaned_data["title"]
    name = form.cleaned_data["name"] or newsletter_name(title) or "newsletter"
    if refused := _add(request, form, name, BlogProfile("", title)):
        return refused
    messages.success(request, _("Newsletter added. Write its first letter."))
    return redirect("desk:letter", name)


def _add(
    request: HttpRequest, form: NewNewsletterForm, name: str, blog: BlogProfile, job: Job | None = None
) -> HttpResponse | None:
    """Write the newsletter into config.toml; if that is impossible, return the page that says why."""
    configuration = config_of(request)
    if not _is_free(name, form, configuration):
        return _form_page(request, form, job)
    requested = _requested(name, blog, form.cleaned_data, configuration)
    if read_only_reason(configuration):
        return _form_page(request, form, job, paste(configuration.file, requested.changes))
    if not save_into(request, form, requested, partial(form.show_problem, names=_FIELDS)):
        return _form_page(request, form, job)
    present = config.refresh().config
    for sentence in usual_mistakes.of_newsletter(present, present.newsletters[name]).values():
        messages.warning(request, sentence)
    return None


def _address(form: NewNewsletterForm) -> str:
    typed: str = form.cleaned_data["blog"]
    return typed if "://" in typed else f"https://{typed}"


def _is_free(name: str, form: NewNewsletterForm, configuration: Config) -> bool:
    """Say in the form that a name is taken."""
    if name not in configuration.newsletters:
        return True
    form.add_error("name", _("There is already a newsletter “%(name)s”. Enter another name.") % {"name": name})
    return False


def _form_page(request: HttpRequest, form: NewNewsletterForm, job: Job | None = None, lines: str = "") -> HttpResponse:
    """Show the form; with what was found once the blog has been read."""
    context = {"form": form, "read_only": read_only_reason(config_of(request)), "paste": lines}
    context["elsewhere"] = job is not None
    if job is not None and not job.problem:
        blog = _blog(job.result)
        tag = blog.language.replace("-", "_")
        language = Locale.parse(tag).get_display_name(get_language()) if tag else ""
        periods = {"day": _("Daily"), "week": _("Weekly"), "month": _("Monthly")}
        context |= {"read": job, "blog": blog, "language": language, "period": periods[blog.period]}
    return page(request, "newsletter_add", context, section="settings", status=422 if form.errors else 200)


def _find(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    blog = find_profile(
        job.order["blog"],
        configuration.collect,
        now=timezone.now(),
        machine_timezone=machine_timezone(),
        step=lambda step: progress(step, len(ReadingStep)),
    )
    draft_posts = _of_first_draft(blog, configuration)
    return {
        "blog": {key: getattr(blog, key) for key in PROFILE},
        "posts": len(blog.posts),
        "first_draft": len(draft_posts),
        "latest": [post.title or post.url for post in (draft_posts or blog.posts)[:LATEST]],
    }


def _of_first_draft(blog: BlogProfile, configuration: Config) -> list[FoundPost]:
    """Return the posts that the first draft will have with the blog's own period and time zone."""
    newsletter = next(iter(configuration.newsletters.values()))
    planned = replace(
        newsletter,
        period=blog.period,
        send=None,
        timezone=blog.timezone or newsletter.timezone,
        maximum_posts=max(1, len(blog.posts)),
    )
    return of_first_draft(blog.posts, planned, timezone.now())


def _blog(result: jobs.Json) -> BlogProfile:
    return BlogProfile(**result["blog"])


def _found(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the form as it was filled in, with what was found, or why nothing was."""
    form = NewNewsletterForm(job.order)
    if form.is_valid() and job.problem:
        form.add_error("blog", blog_problem(job.problem))
    return _form_page(request, form, job)


FIND = jobs.JobKind(
    "find-blog", gettext_lazy("Reading the blog"), "settings", Role.ADMIN, _find, _found, jobs.always_resumable
)


def _requested(name: str, blog: BlogProfile, entered: Mapping[str, Any], configuration: Config) -> RequestedChanges:
    """Return what is written into config.toml."""
    table = ("newsletters", name)
    changes: tuple[Change, ...] = tuple(
        SetValue((*table, key), value) for key, value in _values(blog, entered, configuration).items()
    )
    if blog.url:
        changes = (*changes, AppendTable((*table, "sources"), {"url": blog.url}))
    return RequestedChanges(changes, {(*table, "title"): None})


def _values(blog: BlogProfile, entered: Mapping[str, Any], configuration: Config) -> dict[str, Any]:
    """Return the keys of the new table in their usual order, with their values."""
    newsletter = next(iter(configuration.newsletters.values()))
    draft, send = sending_times(blog.period)
    title, theme = entered["title"] or blog.title, {"accent": blog.accent, "logo": blog.logo}
    values = {
        "title": title,
        "description": blog.description,
        "author": blog.author,
        "cover": blog.cover,
        "from": mailbox(entered["sender_name"] or title, entered["sender_address"]),
        "address": entered["address"].replace("\r\n", "\n"),
        "language": blog.language or newsletter.language,
        "timezone": blog.timezone or newsletter.timezone,
        "subject": "{{ news }}",
        "period": blog.period,
        "draft": draft,
        "send": send,
        "theme": {key: value for key, value in theme.items() if value},
    }
    return {key: value for key, value in values.items() if value}
