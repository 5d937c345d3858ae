"""Emails to one subscriber: stored with the event that causes them, and composed when they are sent.

Call `write` in the transaction of the event. `compose` uses the state when it is sent: it returns None if there is
nothing left to say, and reveals nothing to a stranger who requests a known address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from subscribers import cadences, tokens
from subscribers.models import EmailKind, Hits, Subscriber, Subscription, Suppression, TransactionalEmail
from subscribers.models.inserts import unsaved
from subscribers.pages import listed, supported
from subscribers.tokens import Purpose

CONFIRM_DAYS, ME_HOURS = 7, 1
UNBLOCK_BOUNCED_EVERY = timedelta(days=30)

_Worded = tuple[str, str, dict[str, Any]]
"""A template's name, the token in the links, and the context."""


@dataclass(frozen=True, slots=True)
class Composed:
    """An email to render from `letters/<template>.mjml` and `.txt` with `context`.

    The context has the texts `subject`, `preheader`, `heading`, `button`, `link` and `note` ("" if there is none), the
    list `paragraphs`, and `language`; for a welcome and a question also the link `preferences`, and for a welcome
    `latest`: a subject and a url, or None. `token` is the part of the links that differs from subscriber to subscriber.
    """

    template: str
    newsletter: str
    address: str
    name: str
    language: str
    token: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest public edition of a newsletter: its subject and its path on the site."""

    subject: str
    path: str


def write(
    kind: EmailKind,
    subscriber: Subscriber,
    subscription: Subscription | None,
    newsletter: str,
    at: datetime,
    **payload: Any,
) -> TransactionalEmail:
    """Store an email, which is sent after the transaction."""
    of_subscription = None if subscription is None else subscription.pk
    email = unwritten(kind, subscriber.pk, of_subscription, newsletter, at, **payload)
    email.save(force_insert=True)
    return email


def unwritten(
    kind: EmailKind,
    subscriber: int,
    subscription: int | None,
    newsletter: str,
    at: datetime,
    *,
    is_delayed: bool = False,
    **payload: Any,
) -> TransactionalEmail:
    """Return an email for `insert_all`; the subscriber and the subscription are primary keys."""
    return unsaved(
        TransactionalEmail,
        kind=kind,
        subscriber_id=subscriber,
        subscription_id=subscription,
        newsletter=newsletter,
        payload=payload,
        created=at,
        due=at,
        delayed_at=at if is_delayed else None,
    )


def compose(
    configuration: Config, email: TransactionalEmail, latest: Latest | None = None, *, may_be_blocked: bool = True
) -> Composed | None:
    """Compose an email in the language of the page on which it was asked for, else in the subscriber's, else in the
    newsletter's; return None if it should no longer be sent.

    A welcome mentions the `latest` edition, if there is one. `may_be_blocked` is False for an address that is known not
    to be blocked, which saves looking.
    """
    newsletter = configuration.newsletters.get(email.newsletter)
    title = newsletter.title if newsletter else email.newsletter
    site = configuration.site.url
    of_newsletter = newsletter.language if newsletter else "en"
    subscriber = email.subscriber
    kind = EmailKind(email.kind)
    spoken = (_language_of_page(email), subscriber.language, of_newsletter)
    language = next((code for tag in spoken if (code := supported(tag))), "en")
    with translation.override(language):
        match kind:
            case EmailKind.WELCOME:
                worded = _welcome(email, title, site, latest, newsletter)
            case EmailKind.CONFIRM:
                worded = _confirm(email, _titles(configuration, email), site, may_be_blocked=may_be_blocked)
            case EmailKind.ME:
                worded = _me(email, title, site)
            case EmailKind.ASK:
                worded = _ask(email, title, site)
            case EmailKind.CHANGE:
                worded = _change(email, title, site)
    if worded is None:
        return None
    template, token, context = worded
    return Composed(
        template=template,
        newsletter=email.newsletter,
        address=email.payload.get("address") or subscriber.address,
        name="" if email.kind in (EmailKind.CONFIRM, EmailKind.CHANGE) else subscriber.name,
        language=language,
        token=token,
        context={"language": language, "title": title, **context},
    )


def _titles(configuration: Config, email: TransactionalEmail) -> str:
    """Return the titles of the newsletters that a confirmation asks for: one, or several that waited together."""
    names = [email.newsletter]
    if email.payload.get("more"):
        subscriptions = Subscription.objects.filter(consents__in=email.payload["more"]).order_by("newsletter")
        names += subscriptions.values_list("newsletter", flat=True)
    newsletters = configuration.newsletters
    titles = [newsletters[name].title if name in newsletters else name for name in dict.fromkeys(names)]
    return titles[0] if len(titles) == 1 else listed(titles)


def _language_of_page(email: TransactionalEmail) -> str:
    """Return the language of the page on which the email was asked for; "" if it was asked for on none."""
    consent = email.payload.get("consent")
    if consent is None or email.subscription is None:
        return str(email.payload.get("language", ""))
    return next((row.language for row in email.subscription.consents.all() if row.pk == consent), "")


def can_be_unblocked(key: str, at: datetime) -> bool:
    """Return whether confirming unblocks this address.

    Complaints, an editor's blocks and blocked domains remain; bounces are unblocked once in 30 days.
    """
    covering = Suppression.objects.covering(key)
    reasons = set(covering.values_list("reason", flat=True))
    if reasons - set(Suppression.UNBLOCKED_BY_CONFIRMING) or covering.filter(kind=Suppression.Kind.DOMAIN).exists():
        return False
    return Suppression.Reason.BOUNCED not in reasons or Hits.objects.counts(
        at, UNBLOCK_BOUNCED_EVERY, unblocked_counter(key)
    ) == [0]


def unblocked_counter(key: str) -> str:
    """Return the name of the counter of unblocked bounces of this address."""
    return f"lifted {key}"


def _confirm(email: TransactionalEmail, title: str, site: str, *, may_be_blocked: bool) -> _Worded | None:
    subscription = email.subscription
    consent = email.payload["consent"]
    if subscription is None:
        return None
    if may_be_blocked and not can_be_unblocked(email.subscriber.key, timezone.now()):
        return None
    if subscription.state == Subscription.State.ACTIVE:
        return _already(subscription, title, site)
    if not any(row.pk == consent and row.confirmed_at is None for row in subscription.consents.all()):
        return None
    token = tokens.timed_token(Purpose.CONFIRM, consent, CONFIRM_DAYS * 86_400)
    return (
        "confirm",
        token,
        {
            "subject": _("Confirm your subscription to %(title)s") % {"title": title},
            "preheader": _("Confirm your address to start receiving it."),
            "heading": _("Confirm your subscription to %(title)s") % {"title": title},
            "paragraphs": [
                _("Someone, hopefully you, asked for %(title)s to be sent to this address.") % {"title": title},
                _("Open the link below, then confirm on the page that opens. We won't send you anything until you do."),
            ],
            "button": _("Confirm subscription"),
            "link": f"{site}/confirm/{token}",
            "note": _(
                "The link works for 7 days. If this wasn't you, ignore this email, and you won't hear from us again."
            ),
        },
    )


def _already(subscription: Subscription, title: str, site: str) -> _Worded:
    token = tokens.link_token(subscription.pk)
    return (
        "already",
        token,
        {
            "subject": _("You're already subscribed to %(title)s") % {"title": title},
            "preheader": _("There's nothing to do."),
            "heading": _("You're already subscribed to %(title)s") % {"title": title},
            "paragraphs": [
                _("Someone, hopefully you, asked for %(title)s to be sent to this address.") % {"title": title},
                _(
                    "You're already subscribed, so there's nothing to do. "
                    "If you don't receive it, check your spam folder."
                ),
            ],
            "button": _("Manage your subscriptions"),
            "link": f"{site}/p/{token}",
            "note": "",
        },
    )


def _welcome(
    email: TransactionalEmail, title: str, site: str, latest: Latest | None, newsletter: Newsletter | None
) -> _Worded | None:
    subscription = email.subscription
    if subscription is None or subscription.state != Subscription.State.ACTIVE:
        return None
    token = tokens.link_token(subscription.pk)
    preferences = f"{site}/p/{token}"
    paragraphs, button, link = [_("You're subscribed.")], _("Manage your subscriptions"), preferences
    if latest:
        paragraphs = [
            _("You're subscribed. You can read all earlier editions on our website."),
            _("Latest edition:") + f" {latest.subject}",
        ]
        button, link = _("Read the latest edition"), f"{site}{latest.path}"
    if newsletter:
        paragraphs.insert(1, cadences.what_comes(newsletter, subscription.cadence, email.created))
    return (
        "welcome",
        token,
        {
            "subject": _("Welcome to %(title)s") % {"title": title},
            "preheader": _("You're subscribed."),
            "heading": _("Welcome to %(title)s") % {"title": title},
            "paragraphs": paragraphs,
            "button": button,
            "link": link,
            "note": _("You can pause or unsubscribe at any time:"),
            "preferences": preferences,
            "latest": {"subject": latest.subject, "url": f"{site}{latest.path}"} if latest else None,
        },
    )


def _ask(email: TransactionalEmail, title: str, site: str) -> _Worded | None:
    subscription = email.subscription
    if subscription is None or subscription.state != Subscription.State.ACTIVE:
        return None
    if subscription.heard_at is not None and subscription.heard_at >= email.created:
        return None
    if Suppression.objects.suppressed([email.subscriber.key]):
        return None
    token = tokens.link_token(subscription.pk)
    return (
        "ask",
        token,
        {
            "subject": _("Do you still want %(title)s?") % {"title": title},
            "preheader": _("One click keeps it coming."),
            "heading": _("Do you still want %(title)s?") % {"title": title},
            "paragraphs": [
                _("You've received %(title)s for a long time, and we haven't heard from you since.") % {"title": title},
                _("If you'd like to keep getting it, open the link below, then press the button on the page."),
            ],
            "button": _("I still want it"),
            "link": f"{site}/still/{token}",
            "note": _("You can pause or unsubscribe at any time:"),
            "preferences": f"{site}/p/{token}",
        },
    )


def _me(email: TransactionalEmail, title: str, site: str) -> _Worded:
    token = tokens.timed_token(Purpose.ME, email.subscriber.pk, ME_HOURS * 3_600)
    return (
        "me",
        token,
        {
            "subject": _("Your profile link for %(title)s") % {"title": title},
            "preheader": _("The link works for one hour."),
            "heading": _("Your profile"),
            "paragraphs": [
                _("Use this link to change your name, language or email address, and to download or delete your data."),
            ],
            "button": _("Open my profile"),
            "link": f"{site}/me/{token}",
            "note": _("The link works for one hour. Don't forward this email. If you didn't ask for it, ignore it."),
        },
    )


def _change(email: TransactionalEmail, title: str, site: str) -> _Worded:
    token = tokens.timed_token(Purpose.CHANGE, email.pk, CONFIRM_DAYS * 86_400)
    return (
        "change",
        token,
        {
            "subject": _("Confirm your new address for %(title)s") % {"title": title},
            "preheader": _("Confirm this address to receive your newsletters here."),
            "heading": _("Receive your newsletters at this address?"),
            "paragraphs": [
                _("Someone, hopefully you, asked to receive emails from %(title)s at this address from now on.")
                % {"title": title},
                _("Open the link below, then confirm on the page that opens. Nothing changes until you do."),
            ],
            "button": _("Use this address"),
            "link": f"{site}/confirm/{token}",
            "note": _(
                "The link works for 7 days. If this wasn't you, ignore this email, and you won't hear from us again."
            ),
        },
    )
