"""The account page: password, two-step login and sessions."""

from binascii import unhexlify
from collections.abc import Sequence

from django.contrib import auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.messages import acts
from newsletter.models import Act
from newsletter.web.desk import formatting, users
from newsletter.web.desk.forms import CodeForm, NameForm, PasswordForm, first_error
from newsletter.web.desk.login import recovery_codes, sessions
from newsletter.web.desk.pages import default_zone, page


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def account(request: HttpRequest) -> HttpResponse:
    """Show the page; a two-step login that is being set up shows its QR code until it is confirmed or cancelled."""
    user = _person(request)
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed").first()
    context = {
        "person": user,
        "role": users.role_name(user),
        "name_form": NameForm({"name": user.get_full_name()}),
        "device": device,
        "picture": _picture(device) if device and not device.confirmed else "",
        "secret": _spelled(device) if device and not device.confirmed else "",
        "code_form": CodeForm(),
        "codes_left": recovery_codes.left(user),
        "password_form": PasswordForm(),
        "places": [
            {**place, "began": formatting.moment(place["began"], default_zone(request))}
            for place in sessions.of(user, request.session.session_key)
        ],
    }
    return page(request, "account", context, section="account")


@require_POST
def change_name(request: HttpRequest) -> HttpResponse:
    """Change one's own name."""
    form = NameForm(request.POST)
    if form.is_valid():
        users.rename(_person(request), form.cleaned_data["name"])
        messages.success(request, _("Name saved."))
    else:
        messages.error(request, first_error(form))
    return redirect("desk:account")


@require_POST
@sensitive_post_parameters("password", "old")
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password, which needs the old one; other sessions end."""
    user, form = _person(request), PasswordForm(request.POST)
    if not user.check_password(request.POST.get("old", "")):
        messages.error(request, _("Wrong current password. Nothing was changed."))
    elif not form.is_valid():
        messages.error(request, first_error(form))
    else:
        users.set_password(user, form.cleaned_data["password"], by=user.username)
        auth.update_session_auth_hash(request, user)
        messages.success(request, _("Password changed. You’ve been logged out everywhere else."))
    return redirect("desk:account")


@require_POST
def factor(request: HttpRequest) -> HttpResponse:
    """Begin, confirm or remove the two-step login, or make new recovery codes; new ones are shown at once, and once."""
    acts = {"begin": _begin, "confirm": _confirm, "codes": _new_codes, "remove": _remove}
    act = acts.get(request.POST.get("act", ""))
    codes = act(request, _person(request)) if act is not None else ()
    return page(request, "codes", {"codes": codes}, section="account") if codes else redirect("desk:account")


def _begin(request: HttpRequest, user: User) -> Sequence[str]:
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    TOTPDevice.objects.create(user=user, name="authenticator", confirmed=False)
    return ()


def _confirm(request: HttpRequest, user: User) -> Sequence[str]:
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    code = "".join(request.POST.get("code", "").split())
    if device is None or not device.verify_token(code):
        messages.error(request, _("Wrong code. Wait for the next one and try again."))
        return ()
    device.confirmed = True
    device.save()
    otp_login(request, device)
    Act.objects.log(user.username, acts.TWO_STEP_ON(), user.username)
    messages.success(request, _("Two-step login is on."))
    return recovery_codes.make(user, by=user.username)


def _new_codes(request: HttpRequest, user: User) -> Sequence[str]:
    if not _password_given(request, user) or not TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        return ()
    return recovery_codes.make(user, by=user.username)


def _remove(request: HttpRequest, user: User) -> Sequence[str]:
    if _password_given(request, user):
        recovery_codes.switch_off(user, by=user.username)
        messages.success(request, _("Two-step login is off."))
    return ()


def _password_given(request: HttpRequest, user: User) -> bool:
    if user.check_password(request.POST.get("old", "")):
        return True
    messages.error(request, _("Wrong current password. Nothing was changed."))
    return False


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """Log out another browser."""
    if sessions.end(_person(request), request.POST.get("mark", "")):
        messages.success(request, _("The session has ended."))
    return redirect("desk:account")


def _picture(device: TOTPDevice) -> SafeString:
    """Return the device's key as a QR code; an SVG that the library draws from our own data."""
    import qrcode.image.svg  # loaded for the first code: it takes 5 MB, most of it Pillow's

    image = qrcode.make(device.config_url, image_factory=qrcode.image.svg.SvgPathFillImage, box_size=8)
    return SafeString(image.to_string(encoding="unicode"))


def _spelled(device: TOTPDevice) -> str:
    """Return the key in groups of four letters (base 32), for typing."""
    from base64 import b32encode

    letters = b32encode(unhexlify(device.key)).decode().rstrip("=")
    return " ".join(letters[i : i + 4] for i in range(0, len(letters), 4))
