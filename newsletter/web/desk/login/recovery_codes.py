"""Recovery codes for users who lost their authenticator: ten, shown once, each valid for one login.

Promises: only a keyed hash of a code is stored, so that the database alone opens nothing; a used code is gone; wrong
ones slow down further tries (django-otp's own brake). The marks stay good under a new secret key while the old one is
among `secret_key_previous`.
"""

import secrets
from base64 import b32encode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.messages import acts
from newsletter.models import Act
from subscribers import tokens

COUNT, LENGTH, GROUP = 10, 12, 4
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for one another; twelve of them are 59 bits."""


@transaction.atomic
def make(user: User, by: str) -> list[str]:
    """Return ten new codes, which replace the previous ones."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(COUNT)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_mark(user, code, settings.SECRET_KEY)) for code in codes
    )
    Act.objects.log(by, acts.CODES_MADE(), user.username)
    return ["-".join(code[i : i + GROUP] for i in range(0, LENGTH, GROUP)) for code in codes]


def left(user: User) -> int:
    """Return how many of the codes were not used yet."""
    return int(StaticToken.objects.filter(device__user=user).count())


def use(user: User, typed: str) -> StaticDevice | None:
    """Return the device of a recovery code, which is used up by this; None if the code isn't theirs."""
    code = "".join(letter for letter in typed.lower() if letter in LETTERS)
    device = StaticDevice.objects.filter(user=user).first()
    if device is None or len(code) != LENGTH:
        return None
    marks = [_mark(user, code, secret) for secret in tokens.secrets()]
    mark = StaticToken.objects.filter(device=device, token__in=marks).values_list("token", flat=True).first()
    opened = verify_token(user, device.persistent_id, mark or marks[0])
    if opened is not None:
        Act.objects.log(user.username, acts.CODE_USED(), user.username, after={"left": left(user)})
    return opened


def switched_on() -> set[int]:
    """Return the numbers of those who log in with a two-step login."""
    return set(TOTPDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))


@transaction.atomic
def switch_off(user: User, by: str) -> None:
    """No two-step login any more, nor codes for it."""
    StaticDevice.objects.filter(user=user).delete()
    TOTPDevice.objects.filter(user=user).delete()
    Act.objects.log(by, acts.TWO_STEP_OFF(), user.username)


def _mark(user: User, code: str, secret: str) -> str:
    """Return the hash of a code that is stored in the database: 80 bits."""
    digest = salted_hmac("newsletter.desk.recovery", f"{user.pk} {code}", secret=secret, algorithm="sha256")
    return b32encode(digest.digest()[:10]).decode("ascii")
