"""The pages to log in: password, two-step login, first account, forgotten passwords."""

import logging
from typing import Any, cast

from django.contrib import auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as otp_login, verify_token
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.logs import log_event
from newsletter.web.desk import users
from newsletter.web.desk.forms import CodeForm, EmailForm, LoginForm, PasswordForm, RecoveryForm, SetupForm
from newsletter.web.desk.login import emails, recovery_codes
from newsletter.web.desk.login.account import begin_session
from newsletter.web.desk.login.limits import FAILED_LOGINS, PASSWORD_MAILS
from newsletter.web.desk.pages import as_sentence, page
from newsletter.web.desk.permissions import CODE_WANTED, Role, role
from newsletter.web.middleware import desk_language
from subscribers.requests import config_of

log = logging.getLogger("newsletter.desk")

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Address and password; six wrong ones from one address lock the name for it for a quarter of an hour.

    Failures count for the client's networks too; over the limit no password is looked at.
    """
    if role(request) is not Role.ANYONE:
        return redirect("desk:home")
    form = LoginForm(request.POST or None)
    status = 200
    if form.is_valid():
        if FAILED_LOGINS.reached(_client(request), timezone.now()):
            form.add_error(None, _("Too many failed logins from your network. Try again later."))
            return page(request, "login", {"form": form, "next": _back(request)}, status=429)
        entered = form.cleaned_data
        user = auth.authenticate(request, username=entered["email"].lower(), password=entered["password"])
        if isinstance(user, User):
            return _enter(request, user)
        FAILED_LOGINS.count(_client(request), timezone.now())
        log_event(log, "login-failed", "login failed at the desk", level=logging.WARNING)
        log.debug("login failed from %s", _client(request))
        status = _say_why_not(request, form)
    return page(request, "login", {"form": form, "next": _back(request)}, status=status)


def _client(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _say_why_not(request: HttpRequest, form: LoginForm) -> int:
    """Put the reason into the form and give the status; the page of our own stands in for the lock's."""
    if getattr(request, "axes_locked_out", False):
        cast(Any, request).axes_locked_out = False
        form.add_error(None, _("Too many wrong passwords. Wait 15 minutes, or reset your password."))
        return 429
    form.add_error(None, _("Wrong email or password."))
    return 401


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    auth.login(request, user, backend=BACKEND)
    begin_session(request)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        request.session[CODE_WANTED] = True
        return redirect(reverse("desk:code") + (f"?next={_back(request)}" if _back(request) else ""))
    return HttpResponseRedirect(_back(request) or reverse("desk:home"))


def _back(request: HttpRequest) -> str:
    """Return where to go afterwards: a page of this desk, or nowhere."""
    address = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe and address.startswith("/desk/") else ""


def code(request: HttpRequest) -> HttpResponse:
    """Show the two-step login, for whoever switched it on; the device itself slows down guessing."""
    user = request.user
    if not isinstance(user, User) or not request.session.get(CODE_WANTED):
        return redirect("desk:home")
    by_code = "recovery" in request.POST
    form = CodeForm(None if by_code else request.POST or None)
    spare = RecoveryForm(request.POST if by_code else None)
    device: Device | None = None
    if form.is_valid():
        device = _authenticated(user, "".join(form.cleaned_data["code"].split()))
        if device is None:
            form.add_error("code", _("Wrong code. Wait for the next one and try again."))
    elif spare.is_valid():
        device = recovery_codes.use(user, spare.cleaned_data["recovery"])
        if device is None:
            spare.add_error(
                "recovery", _("That isn’t one of your codes, or it has been used. Wait a moment and try again.")
            )
        else:
            messages.warning(request, _("Recovery codes left: %(n)s.") % {"n": recovery_codes.left(user)})
    if device is not None:
        otp_login(request, device)
        del request.session[CODE_WANTED]
        return HttpResponseRedirect(_back(request) or reverse("desk:home"))
    wrong = bool(form.errors or spare.errors)
    if wrong:
        FAILED_LOGINS.count(_client(request), timezone.now())
    return page(request, "code", {"form": form, "spare": spare, "next": _back(request)}, status=401 if wrong else 200)


def _authenticated(user: User, code: str) -> Device | None:
    """Return the authenticator that shows this code now."""
    devices = TOTPDevice.objects.filter(user=user, confirmed=True)
    return next((d for device in devices if (d := verify_token(user, device.persistent_id, code))), None)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End this session."""
    auth.logout(request)
    return redirect("desk:login")


@sensitive_post_parameters("password")
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Create the first admin, through the link that the program printed when it started."""
    if not users.setup_allowed(token):
        return page(request, "link_over", {"setup": True}, status=410)
    editors = [address for newsletter in config_of(request).newsletters.values() for address in newsletter.editors]
    form = SetupForm(request.POST or None, initial={"email": editors[0] if editors else ""})
    if form.is_valid():
        try:
            user = users.set_up(form.cleaned_data["email"], form.cleaned_data["password"])
        except users.UserProblem as e:
            form.add_error(None, as_sentence(e))
        else:
            return _enter(request, user)
    return page(request, "setup", {"form": form}, status=422 if form.errors else 200)


def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer is the same whether the address is known or not.

    The same work is done too: whatever depends on the address is done in the background.
    """
    form = EmailForm(request.POST or None)
    if not form.is_valid():
        return page(request, "forgotten", {"form": form})
    if PASSWORD_MAILS.reached(_client(request), timezone.now()):
        form.add_error(None, _("Too many requests from your network. Try again in an hour."))
        return page(request, "forgotten", {"form": form}, status=429)
    PASSWORD_MAILS.count(_client(request), timezone.now())
    emails.send_later(form.cleaned_data["email"].lower(), get_language() or "en")
    return page(request, "forgotten", {"form": form, "asked": True})


@sensitive_post_parameters("password")
def password(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Choose a password through a link; every other session of this person ends."""
    user = users.invited(key, token)
    if user is None:
        return page(request, "link_over", {"setup": False}, status=410)
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        users.set_password(user, form.cleaned_data["password"], by=user.username)
        messages.success(request, _("Password changed."))
        return _enter(request, user)
    return page(request, "password", {"form": form, "person": user.username})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the desk's language in this browser."""
    response = HttpResponseRedirect(_back(request) or reverse("desk:home"))
    chosen = desk_language(request.POST.get("language"))
    secure = config_of(request).site.url.startswith("https://")
    response.set_cookie("django_language", chosen, max_age=365 * 86400, samesite="Lax", httponly=True, secure=secure)
    return response
