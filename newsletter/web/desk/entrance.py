"""The way in: log in, second factor, first set-up, forgotten passwords."""

from django.contrib import auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as otp_login
from django_otp import verify_token
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.web.desk import audit, recovery, reset_mail, sessions, users
from newsletter.web.desk.access import CODE_WANTED, Role, desk_language, role
from newsletter.web.desk.forms import CodeForm, EmailForm, LoginForm, PasswordForm, RecoveryForm, SetupForm
from newsletter.web.desk.pages import page, settings

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Address and password; six wrong ones from one network address lock it for a quarter of an hour."""
    if role(request) is not Role.ANYONE and not request.session.get(CODE_WANTED):
        return redirect("desk:home")
    form = LoginForm(request.POST or None)
    status = 200
    if form.is_valid():
        given = form.cleaned_data
        user = auth.authenticate(request, username=given["email"].lower(), password=given["password"])
        if isinstance(user, User):
            return _enter(request, user)
        status = _say_why_not(request, form)
    return page(request, "login", {"form": form, "next": _back(request)}, status=status)


def _say_why_not(request: HttpRequest, form: LoginForm) -> int:
    """Put the reason into the form and give the status; the page of our own stands in for the lock's."""
    if getattr(request, "axes_locked_out", False):
        request.axes_locked_out = False  # type: ignore[attr-defined]
        form.add_error(None, _("Too many wrong passwords. Wait a quarter of an hour, or choose a new password."))
        return 429
    form.add_error(None, _("That address and password don't fit together."))
    return 401


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    auth.login(request, user, backend=BACKEND)
    sessions.begin(request)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        request.session[CODE_WANTED] = True
        return redirect(reverse("desk:code") + (f"?next={_back(request)}" if _back(request) else ""))
    return HttpResponseRedirect(_back(request) or reverse("desk:home"))


def _back(request: HttpRequest) -> str:
    """Where to go afterwards: a page of this desk, or nowhere."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if safe and asked.startswith("/desk/") else ""


def code(request: HttpRequest) -> HttpResponse:
    """The second factor, for whoever switched it on; the device itself slows down guessing."""
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
            form.add_error("code", _("That is not the present code. Wait for the next one and try again."))
    elif spare.is_valid():
        device = recovery.use(user, spare.cleaned_data["recovery"])
        if device is None:
            spare.add_error("recovery", _("That is none of your codes, or it was used. Wait a moment and try again."))
        else:
            messages.warning(request, _("Recovery codes that are left: %(n)s.") % {"n": recovery.left(user)})
    if device is not None:
        otp_login(request, device)
        del request.session[CODE_WANTED]
        return HttpResponseRedirect(_back(request) or reverse("desk:home"))
    context = {"form": form, "spare": spare, "next": _back(request)}
    return page(request, "code", context, status=401 if form.errors or spare.errors else 200)


def _authenticated(user: User, code: str) -> Device | None:
    """The authenticator that shows this code now."""
    devices = TOTPDevice.objects.filter(user=user, confirmed=True)
    return next((d for device in devices if (d := verify_token(user, device.persistent_id, code))), None)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End this session."""
    auth.logout(request)
    return redirect("desk:login")


@sensitive_post_parameters("password")
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The first admin, through the link that the program printed when it started."""
    if not users.setup_allowed(token):
        return page(request, "link_over", {"setup": True}, status=410)
    form = SetupForm(request.POST or None)
    if form.is_valid():
        try:
            user = users.set_up(form.cleaned_data["email"], form.cleaned_data["password"])
        except users.UserProblem as e:
            form.add_error(None, str(e))
        else:
            return _enter(request, user)
    return page(request, "setup", {"form": form})


def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer is the same whether the address is known or not."""
    form = EmailForm(request.POST or None)
    if not form.is_valid():
        return page(request, "forgotten", {"form": form})
    user = User.objects.filter(username=form.cleaned_data["email"].lower(), is_active=True).first()
    if user is not None:
        reset_mail.send(settings(), user, users.invitation(user, settings().site.url))
        audit.note(user.username, "password link asked for", user.username)
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
        messages.success(request, _("Your new password works now."))
        return _enter(request, user)
    return page(request, "password", {"form": form, "person": user.username})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the desk's language in this browser."""
    response = HttpResponseRedirect(_back(request) or reverse("desk:home"))
    chosen = desk_language(request.POST.get("language"))
    response.set_cookie("django_language", chosen, max_age=365 * 86400, samesite="Lax", httponly=True)
    return response
