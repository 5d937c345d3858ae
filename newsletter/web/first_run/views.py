"""The three steps: the blog, the newsletter with a preview, and sending; and the addresses of all pages."""

import hmac
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsletter import config
from newsletter.domain.check import Check
from newsletter.editions.selection.windows import of_first_draft
from newsletter.images.names import PATH
from newsletter.messages import Message
from newsletter.messages.general import ABOUT
from newsletter.messages.sources import PRIVATE_ADDRESS
from newsletter.render.html.loader import TemplateProblem
from newsletter.scheduling.checks import provider_checks
from newsletter.setup.blog_profile import BlogProfile
from newsletter.setup.site_page import language_tag
from newsletter.setup.starter import sending_times
from newsletter.web import health
from newsletter.web.desk import browser_copies, formatting
from newsletter.web.desk.edition.preview import FRAME_POLICY
from newsletter.web.desk.edition.preview_queries import in_scheme
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.settings.blog_problems import blog_problem
from newsletter.web.desk.users import SETUP_SALT
from newsletter.web.first_run import logos
from newsletter.web.first_run.forms import BlogForm, NewsletterForm, SendingForm
from newsletter.web.first_run.logos import UPLOADS, with_logos
from newsletter.web.first_run.progress import BlogSearch, SetUp, current
from newsletter.web.first_run.sample import sample_html

Step = Callable[..., HttpResponse]


def _with_token(step: Step) -> Step:
    """Let in only whoever has the printed link."""

    @wraps(step)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        if not hmac.compare_digest(token.encode(), current().token.encode()):
            raise Http404
        return step(request, current())

    return guarded


def elsewhere(request: HttpRequest, path: str = "") -> HttpResponse:
    """Say where the set-up is; the link itself is known only to the person who started the program."""
    if current().finished.is_set() and path.startswith("desk/setup/"):
        return _starting(request)
    return render(request, "first_run/elsewhere.html", status=404 if path else 200)


@never_cache
@require_safe
def not_ready(_request: HttpRequest) -> HttpResponse:
    """Answer 503: nothing can be sent before the site is set up."""
    return HttpResponse("the site is not set up yet\n", content_type="text/plain; charset=utf-8", status=503)


@_with_token
def blog(request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Ask for the blog's address, and start to read it. If that failed, say why beside what was typed.

    Without a blog, the newsletter has letters only.
    """
    without = "without" in request.POST
    initial = setup.search.typed if setup.search else {"site_url": f"{request.scheme}://{request.get_host()}"}
    form = BlogForm(request.POST if request.method == "POST" else None, initial=initial, without=without)
    if form.is_valid() and without:
        title = _("My newsletter")
        alone = replace(setup, site_url=form.cleaned_data["site_url"], private=False, blog=BlogProfile("", title))
        if _is_valid(form, alone):
            setup.search, setup.site_url, setup.private, setup.blog = None, alone.site_url, False, alone.blog
            return _accepted(request, "newsletter", setup)
    elif form.is_valid():
        search = _search(form)
        unread = BlogProfile(url=search.url, title="newsletter")
        trial = replace(setup, site_url=search.typed["site_url"], private=search.private, blog=unread)
        if _is_valid(form, trial):
            setup.search = search  # instead of any that still goes on
            search.begin()
            return _accepted(request, "reading", setup)
    failed = setup.search
    if request.method == "GET" and failed and failed.problem:
        form = BlogForm(failed.typed)
        form.add_error("blog", _sentence(failed.problem))
    return render(request, "first_run/blog.html", {"form": form, "step": 1})


def _search(form: BlogForm) -> BlogSearch:
    entered = form.cleaned_data
    url = entered["blog"] if "://" in entered["blog"] else f"https://{entered['blog']}"
    typed = {
        "blog": entered["blog"],
        "site_url": entered["site_url"],
        **({"private": "on"} if entered["private"] else {}),
    }
    return BlogSearch(url, typed, entered["private"])


@_with_token
def reading(request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Show how far reading the blog is. The browser asks again each second, without a script."""
    search = setup.search
    if search is None or search.problem:
        return redirect("blog", token=setup.token)
    if not search.ended.is_set():
        steps = [_("Finding the feed and reading its posts"), _("Reading the home page")]
        context = {"step": 1, "search": search, "steps": steps, "percent": 100 * (search.step + 1) // (len(steps) + 1)}
        response = render(request, "first_run/reading.html", context)
        response["Refresh"] = "1"
        return response
    setup.blog, setup.site_url, setup.private = search.blog, search.typed["site_url"], search.private
    return redirect("newsletter", token=setup.token)


def _sentence(problem: Message) -> str:
    """Return what went wrong, with the remedy that this page has."""
    message = problem.param("message") if ABOUT.matches(problem) else problem
    if isinstance(message, Message) and PRIVATE_ADDRESS.matches(message):
        return _(
            "This address is on this machine or on a private network. If that is intended, tick “The blog is on this "
            "machine or on a private network” below."
        )
    return blog_problem(problem)


def _accepted(request: HttpRequest, step: str, setup: SetUp) -> HttpResponse:
    """Go on to a step, and tell the browser that what was typed has been accepted."""
    response = redirect(step, token=setup.token)
    browser_copies.confirm(request, response, "/setup/")
    return response


@_with_token
def newsletter(request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Show what was found, with a preview of the email, and let it be corrected."""
    if setup.blog is None:
        return redirect("blog", token=setup.token)
    names = ("title", "description", "language", "timezone", "period", "logo", "logo_dark", "accent")
    settings = setup.configuration().newsletters[setup.blog.name]
    if request.method == "GET":
        setup.correct(language=_proposed_language(request, setup.blog, settings.language))  # the preview has it, too
    initial = {name: getattr(setup.blog, name) for name in names} | {"timezone": settings.timezone}
    data, refused = with_logos(request, setup) if request.method == "POST" else (None, {})
    form = NewsletterForm(data, initial=initial)
    for field, why in refused.items():
        form.add_error(field, why)
    if not setup.blog.url:
        del form.fields["period"]
    is_accepted = False
    if form.is_valid():
        previous_blog = setup.blog
        setup.correct(**{name: value for name, value in form.cleaned_data.items() if name not in UPLOADS})
        is_accepted = _is_valid(form, setup)
        if not is_accepted:
            setup.blog = previous_blog
        elif "preview" not in request.POST:
            return _accepted(request, "sending", setup)
    current = next(iter(setup.configuration().newsletters.values()))
    context = {
        "form": form,
        "step": 2,
        "preview": reverse("preview", args=(setup.token,)),
        "blog": setup.blog,
        "count": len(of_first_draft(setup.blog.posts, current, timezone.now())),
        "without": not setup.blog.url,
    }
    if not setup.blog.timezone and not form.is_bound:  # what was typed stays where something else is refused
        form.fields["timezone"].widget.attrs["data-ask-browser"] = ""
    response = render(request, "first_run/newsletter.html", context)
    if is_accepted:
        browser_copies.confirm(request, response, "/setup/")
    return response


def _proposed_language(request: HttpRequest, blog: BlogProfile, found: str) -> str:
    """Return the blog's language, in the browser's variant if the blog names none; the browser's for no language."""
    of_browser = language_tag(request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0])
    if not blog.language:
        return of_browser or found
    return of_browser if of_browser.startswith(f"{blog.language}-") else found


@_with_token
def preview(_request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Show the email with the blog's newest posts, for the sandboxed frame."""
    if setup.blog is None:
        raise Http404
    try:
        sample = sample_html(setup.configuration(), setup.blog, timezone.now())
        # Uploaded images come from this server: the public address may not lead to it yet.
        html = in_scheme(sample, dark=False).replace(setup.site_url + PATH, PATH)
    except TemplateProblem as e:
        html = escape(formatting.message(e.message))
    policy = FRAME_POLICY.format(images="https: http: data:")
    return HttpResponse(html, headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"})


@_with_token
def sending(request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Ask who sends, when and through what; then write the configuration."""
    if setup.blog is None:
        return redirect("blog", token=setup.token)
    draft, send = sending_times(setup.blog.period)
    data = request.POST if request.method == "POST" else None
    initial = {"draft": draft, "send": send, "sender_name": setup.blog.title}
    form = SendingForm(data, initial=initial, cadence=setup.blog.period, scheduled=bool(setup.blog.url))
    checks: list[Check] = []
    if form.is_valid():
        setup.sending = form.values()
        if _is_valid(form, setup):
            if "test" in request.POST:
                checks = list(provider_checks(setup.configuration()))
            elif _finish(form, setup):
                response = _starting(request)
                browser_copies.confirm(request, response, "/setup/")
                return response
    return render(request, "first_run/sending.html", {"form": form, "step": 3, "checks": checks})


def _finish(form: SendingForm, setup: SetUp) -> bool:
    try:
        setup.write()
    except OSError as e:
        sentence = _("%(file)s can’t be written: %(why)s") % {"file": setup.file, "why": e.strerror}
        form.add_error(None, sentence)
        return False
    setup.finished.set()
    return True


def _starting(request: HttpRequest) -> HttpResponse:
    """Wait for the running program, which answers at the same address in a few seconds."""
    response = render(request, "first_run/starting.html", {"next": _account_link()})
    response["Connection"] = "close"
    response["Refresh"] = f"2; url={_account_link()}"
    return response


def _account_link() -> str:
    """Return the page of the running program on which the first account is made."""
    return f"/desk/setup/{signing.dumps('first', salt=SETUP_SALT)}/"


def _is_valid(form: DeskForm, setup: SetUp) -> bool:
    """Check the configuration as it would be, and show each problem beside its field."""
    try:
        setup.configuration()
    except config.ConfigError as e:
        for problem in e.problems:
            of_url = "site_url" if problem.key == "site.url" else "blog"
            form.show_problem(problem, {"from": "sender_address", "url": of_url, "editors": "editor"})
        return False
    return True


urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", not_ready, name="readyz"),
    path("", elsewhere, name="elsewhere"),
    path("images/<str:name>", logos.image, name="image"),
    path("setup/<str:token>/", blog, name="blog"),
    path("setup/<str:token>/reading/", reading, name="reading"),
    path("setup/<str:token>/newsletter/", newsletter, name="newsletter"),
    path("setup/<str:token>/preview/", preview, name="preview"),
    path("setup/<str:token>/sending/", sending, name="sending"),
    re_path(r"^(?P<path>.+)$", elsewhere),
]
