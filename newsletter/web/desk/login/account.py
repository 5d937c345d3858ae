"""The account page: name, password, two-step login and sessions."""

from binascii import unhexlify
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.contrib import auth, messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
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
from newsletter.web.desk.login import recovery_codes
from newsletter.web.desk.pages import page, zone_of

BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Windows", "Windows"),
    ("Linux", "Linux"),
)
"""What stands in a User-Agent, and what people call it; the first one that is there counts."""
BEGAN, AGENT, ADDRESS = "began", "agent", "address"


def begin_session(request: HttpRequest) -> None:
    """Remember when, with what and from where this session began."""
    request.session[BEGAN] = timezone.now().isoformat()
    request.session[AGENT] = request.headers.get("User-Agent", "")[:200]
    request.session[ADDRESS] = request.META.get("REMOTE_ADDR", "")


def sessions_of(user: User, here: str | None) -> list[dict[str, Any]]:
    """Return the browsers in which a person is logged in, the one with the session `here` first.

    `mark` names the session on a page, and opens nothing.
    """
    places = [
        {
            "mark": _session_mark(session.session_key),
            "began": datetime.fromisoformat(data[BEGAN]) if data.get(BEGAN) else None,
            "agent": _browser(data.get(AGENT, "")),
            "address": data.get(ADDRESS, ""),
            "here": session.session_key == here,
        }
        for session, data in _sessions(user)
    ]
    return sorted(places, key=lambda place: not place["here"])


def end_session_of(user: User, mark: str) -> bool:
    """End one session of this person; says whether there was one."""
    session = next((session for session, _data in _sessions(user) if _session_mark(session.session_key) == mark), None)
    if session is not None:
        session.delete()
    return session is not None


def _sessions(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    """Yield the sessions of a person that have not run out, with what they hold."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user.pk):
            yield session, data


def _session_mark(key: str) -> str:
    return blake2b(key.encode(), digest_size=12).hexdigest()


def _browser(agent: str) -> str:
    """Return the browser and system in a User-Agent, as people name them."""
    names = (next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS))
    return " · ".join(filter(None, names)) or agent[:40]


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
            {**place, "began": formatting.moment(place["began"], zone_of(request))}
            for place in sessions_of(user, request.session.session_key)
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


def _begin(_request: HttpRequest, user: User) -> Sequence[str]:
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
    if end_session_of(_person(request), request.POST.get("mark", "")):
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
