"""Users of the desk: editors and admins, added by an admin or from the command line.

Promises: passwords are only ever chosen by those who use them, through a link that works once; the last admin stays;
an editor may send unless an admin left that out.
"""

from collections.abc import Iterable
from typing import Literal

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from newsletter.editions.problems import Impossible
from newsletter.messages import acts, team_accounts as team_accounts_messages
from newsletter.models import Act

RoleName = Literal["admin", "editor"]
SETUP_SALT = "newsletter.desk.setup"
SETUP_SECONDS = 24 * 3600
DRAFTS_ONLY = "drafts only"
"""The group of those editors who may not approve, send or stop an edition."""


class UserProblem(Impossible):
    """A change to the team is not possible; the message is a sentence."""


def address(raw: str) -> str:
    """Return an address as people log in with it, in lower case.

    Raises UserProblem if it is invalid.
    """
    try:
        return validate_email(raw.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as e:
        raise UserProblem(team_accounts_messages.INVALID_EMAIL(text=raw)) from e


def role_name(user: User) -> RoleName:
    """`admin` or `editor`."""
    return "admin" if user.is_superuser else "editor"


def everybody() -> list[User]:
    """Return all who may log in, by address."""
    return list(User.objects.order_by("username"))


def with_sending() -> list[tuple[User, bool]]:
    """Return all who may log in, by address, and whether each may send."""
    without = set(User.objects.filter(groups__name=DRAFTS_ONLY, is_superuser=False).values_list("pk", flat=True))
    return [(user, user.pk not in without) for user in everybody()]


def admins() -> list[str]:
    """Return how pages call each admin: by name, else by address."""
    return [user.get_full_name() or user.username for user in everybody() if user.is_superuser]


def named(email: str) -> User:
    """Return the user with that address.

    Raises UserProblem if nobody has it.
    """
    user = User.objects.filter(username=address(email)).first()
    if user is None:
        raise UserProblem(team_accounts_messages.UNKNOWN(email=email))
    return user


def names(addresses: Iterable[str]) -> dict[str, str]:
    """Return how pages call each of these people: by name, else by address; "" stands for the program."""
    usernames = set(addresses)
    full_names = {user.username: user.get_full_name() for user in User.objects.filter(username__in=usernames)}
    programs = {"": _("automatic"), "the command line": _("command line")}
    return {address: full_names.get(address) or programs.get(address, address) for address in usernames}


def rename(user: User, name: str) -> None:
    """Change the name by which pages call a person; "" for their address."""
    user.first_name, user.last_name = name[:150], ""
    user.save(update_fields=["first_name", "last_name"])


@transaction.atomic
def add(email: str, role: RoleName, by: str = "", *, sends: bool = True) -> User:
    """Return a new user, who can't log in before choosing a password through `invitation`. Admins may always send."""
    name = address(email)
    if User.objects.filter(username=name).exists():
        raise UserProblem(team_accounts_messages.EXISTS(email=name))
    user = User(username=name, email=name, is_superuser=role == "admin")
    user.set_unusable_password()
    user.save()
    _set_sending(user, sends=sends)
    Act.objects.log(by, acts.USER_ADDED(), name, after={"role": role, "sends": may_send(user)})
    return user


def may_send(user: User) -> bool:
    """Return whether a user may approve, send and stop editions: admins always, editors unless it was left out."""
    return user.is_superuser or not user.groups.filter(name=DRAFTS_ONLY).exists()


@transaction.atomic
def let_send(user: User, by: str, *, sends: bool) -> None:
    """Let an editor send, or leave them drafts and proofs only."""
    before = may_send(user)
    _set_sending(user, sends=sends)
    Act.objects.log(by, acts.SENDING_CHANGED(), user.username, {"sends": before}, {"sends": may_send(user)})


def _set_sending(user: User, *, sends: bool) -> None:
    if sends:
        user.groups.remove(*Group.objects.filter(name=DRAFTS_ONLY))
    else:
        user.groups.add(Group.objects.get_or_create(name=DRAFTS_ONLY)[0])


@transaction.atomic
def change_role(user: User, role: RoleName, by: str) -> None:
    """Make somebody admin or editor; the last admin stays one."""
    before = role_name(user)
    if role != "admin":
        _keep_an_admin(user)
    user.is_superuser = role == "admin"
    user.save(update_fields=["is_superuser"])
    Act.objects.log(by, acts.ROLE_CHANGED(), user.username, {"role": before}, {"role": role})


@transaction.atomic
def remove(user: User, by: str) -> None:
    """Let somebody log in no more; the log keeps their name."""
    _keep_an_admin(user)
    Act.objects.log(by, acts.USER_REMOVED(), user.username, before={"role": role_name(user)})
    user.delete()


def set_password(user: User, password: str, by: str) -> None:
    """Give somebody the password that they chose; their other sessions end with it."""
    user.set_password(password)
    user.save(update_fields=["password"])
    Act.objects.log(by, acts.PASSWORD_SET(), user.username)


def weakness(password: str) -> str:
    """Return why a password is too weak, in a sentence; "" if it is not."""
    try:
        validate_password(password)
    except ValidationError as e:
        return " ".join(e.messages)
    return ""


def invitation(user: User, base: str) -> str:
    """Return a link through which this person chooses a password; it works once, for three days."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return base + reverse("desk:password", args=(key, default_token_generator.make_token(user)))


def invited(key: str, token: str) -> User | None:
    """Return the user of such a link; None if it is used up, too old or forged."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(key)), is_active=True).first()
    except ValueError:
        return None
    return user if user is not None and default_token_generator.check_token(user, token) else None


def setup_link(base: str) -> str | None:
    """Return the link that creates the first admin, valid for a day; None if somebody may log in already."""
    if User.objects.exists():
        return None
    # Written out, because reverse() would load every page, which a server that nobody visits does without.
    return f"{base}/desk/setup/{signing.dumps('first', salt=SETUP_SALT)}/"


def setup_allowed(token: str) -> bool:
    """Return whether a set-up link is valid: signed by us within a day, and nobody has used one."""
    try:
        signing.loads(token, salt=SETUP_SALT, max_age=SETUP_SECONDS)
    except signing.BadSignature:
        return False
    return not User.objects.exists()


@transaction.atomic
def set_up(email: str, password: str) -> User:
    """Return the first admin.

    Raises UserProblem where somebody else was faster.
    """
    if User.objects.exists():
        raise UserProblem(team_accounts_messages.SET_UP())
    user = add(email, "admin")
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def _keep_an_admin(user: User) -> None:
    other_admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not other_admins.exists():
        raise UserProblem(team_accounts_messages.LAST_ADMIN(email=user.username))
