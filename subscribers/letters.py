"""Letters to one person: written down with what they tell of, and put into words only when they are sent.

`write` belongs into the transaction of the act. `compose` looks at how things stand when the letter is about to leave:
it gives None where there is nothing left to say, and says to a stranger's request for a known address nothing new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from newsletter import config
from subscribers import tokens
from subscribers.models import Hits, Letter, Subscriber, Subscription, Suppression
from subscribers.pages import supported
from subscribers.tokens import Purpose

CONFIRM_DAYS, ME_HOURS = 7, 1
LIFT_BOUNCED_EVERY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter ready to be rendered from `letters/<template>.mjml` and `.txt` with `context`.

    The context holds `subject`, `preheader`, `heading`, `paragraphs`, `button`, `link`, `note` (all but the paragraphs
    are text, "" where there is none) and `language`; a welcome's also `preferences`, a link, and `latest`, a subject
    and a url, or None.
    """

    template: str
    newsletter: str
    address: str
    name: str
    language: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest edition of a letter's newsletter that anybody may read: its subject, and its path on the site."""

    subject: str
    path: str


def write(
    kind: Letter.Kind,
    subscriber: Subscriber,
    subscription: Subscription | None,
    newsletter: str,
    at: datetime,
    **payload: Any,
) -> Letter:
    """Write a letter down; it is sent after the transaction."""
    return Letter.objects.create(
        kind=kind,
        subscriber=subscriber,
        subscription=subscription,
        newsletter=newsletter,
        payload=payload,
        created=at,
        due=at,
    )


def compose(letter: Letter, latest: Latest | None = None) -> Composed | None:
    """Put a letter into words, in the reader's language; None where it is not to be sent any more.

    A welcome names the `latest` edition, where there is one.
    """
    known = config.current().newsletters.get(letter.newsletter)
    title = known.title if known else letter.newsletter
    of_newsletter = known.language if known else "en"
    subscriber = letter.subscriber
    kind = Letter.Kind(letter.kind)
    language = _language(kind, subscriber.language, of_newsletter)
    with translation.override(language):
        worded = _welcome(letter, title, latest) if kind is Letter.Kind.WELCOME else _WORDS[kind](letter, title)
    if worded is None:
        return None
    template, context = worded
    return Composed(
        template=template,
        newsletter=letter.newsletter,
        address=letter.payload.get("address") or subscriber.address,
        name="" if letter.kind in (Letter.Kind.CONFIRM, Letter.Kind.CHANGE) else subscriber.name,
        language=language,
        context={"language": language, "title": title, **context},
    )


def _language(kind: Letter.Kind, of_reader: str, of_newsletter: str) -> str:
    """The reader's own; but whoever asks for a newsletter may be somebody else, so that it speaks its own there."""
    wanted = (of_newsletter, of_reader) if kind is Letter.Kind.CONFIRM else (of_reader, of_newsletter)
    return next((found for tag in wanted if (found := supported(tag))), "en")


def _url(path: str) -> str:
    return f"{config.current().site.url}{path}"


def may_be_lifted(key: str, at: datetime) -> bool:
    """Whether confirming lifts what suppresses this address: not complaints, what was done by hand, nor a whole domain,
    and a bounce once in a while only."""
    covering = Suppression.objects.covering(key)
    reasons = set(covering.values_list("reason", flat=True))
    if reasons - set(Suppression.LIFTED_BY_CONFIRMING) or covering.filter(kind=Suppression.Kind.DOMAIN).exists():
        return False
    return Suppression.Reason.BOUNCED not in reasons or Hits.objects.how_many(at, LIFT_BOUNCED_EVERY, lifting(key)) == [
        0
    ]


def lifting(key: str) -> str:
    """Under what name it is counted that a bounce of this address was lifted."""
    return f"lifted {key}"


def _confirm(letter: Letter, title: str) -> tuple[str, dict[str, Any]] | None:
    subscription = letter.subscription
    consent = letter.payload["consent"]
    if subscription is None or not may_be_lifted(letter.subscriber.key, timezone.now()):
        return None
    if subscription.state == Subscription.State.ACTIVE:
        return "already", _already(subscription, title)
    if not subscription.consents.filter(pk=consent, confirmed_at=None).exists():
        return None
    token = tokens.timed_token(Purpose.CONFIRM, consent, CONFIRM_DAYS * 86_400)
    return "confirm", {
        "subject": _("Please confirm: %(title)s by mail") % {"title": title},
        "preheader": _("One click, and the next edition comes to you."),
        "heading": _("Do you want to get %(title)s?") % {"title": title},
        "paragraphs": [
            _("Somebody, hopefully you, asked for %(title)s to be sent to this address.") % {"title": title},
            _("Press the button and confirm on the page that opens. Until then, we send nothing."),
        ],
        "button": _("Yes, confirm"),
        "link": _url(f"/confirm/{token}"),
        "note": _("The link is good for 7 days. If it was not you, do nothing: you will not hear from us again."),
    }


def _already(subscription: Subscription, title: str) -> dict[str, Any]:
    return {
        "subject": _("You already get %(title)s") % {"title": title},
        "preheader": _("There is nothing to do."),
        "heading": _("You already get %(title)s") % {"title": title},
        "paragraphs": [
            _("Somebody, hopefully you, asked for %(title)s to be sent to this address.") % {"title": title},
            _("It is sent to you already, so there is nothing to do. If it does not arrive, look among the spam."),
        ],
        "button": _("See what you get"),
        "link": _url(f"/p/{tokens.link_token(subscription.pk)}"),
        "note": "",
    }


def _welcome(letter: Letter, title: str, latest: Latest | None) -> tuple[str, dict[str, Any]] | None:
    subscription = letter.subscription
    if subscription is None or subscription.state != Subscription.State.ACTIVE:
        return None
    preferences = _url(f"/p/{tokens.link_token(subscription.pk)}")
    paragraphs, button, link = [_("From now on it comes to you.")], _("See what you get"), preferences
    if latest:
        paragraphs = [
            _("From now on it comes to you. All earlier editions are there to be read."),
            f"{_('Latest:')} {latest.subject}",
        ]
        button, link = _("Read the latest edition"), _url(latest.path)
    return "welcome", {
        "subject": _("Welcome to %(title)s") % {"title": title},
        "preheader": _("From now on it comes to you."),
        "heading": _("Welcome to %(title)s") % {"title": title},
        "paragraphs": paragraphs,
        "button": button,
        "link": link,
        "note": _("You can pause or leave at any time:"),
        "preferences": preferences,
        "latest": {"subject": latest.subject, "url": _url(latest.path)} if latest else None,
    }


def _me(letter: Letter, title: str) -> tuple[str, dict[str, Any]] | None:
    token = tokens.timed_token(Purpose.ME, letter.subscriber.pk, ME_HOURS * 3_600)
    return "me", {
        "subject": _("Your link to your data at %(title)s") % {"title": title},
        "preheader": _("It is good for an hour."),
        "heading": _("Your own page"),
        "paragraphs": [
            _("Here you can change your name, language and address, get your data, or have everything erased."),
        ],
        "button": _("Open my page"),
        "link": _url(f"/me/{token}"),
        "note": _("The link is good for an hour. Do not forward this mail. If you did not ask for it, do nothing."),
    }


def _change(letter: Letter, title: str) -> tuple[str, dict[str, Any]] | None:
    token = tokens.timed_token(Purpose.CHANGE, letter.pk, CONFIRM_DAYS * 86_400)
    return "change", {
        "subject": _("Please confirm your new address for %(title)s") % {"title": title},
        "preheader": _("One click, and your mail comes here."),
        "heading": _("Shall your mail come to this address?"),
        "paragraphs": [
            _("Somebody, hopefully you, asked for mail from %(title)s to be sent to this address from now on.")
            % {"title": title},
            _("Press the button and confirm on the page that opens. Until then, nothing changes."),
        ],
        "button": _("Yes, use this address"),
        "link": _url(f"/confirm/{token}"),
        "note": _("The link is good for 7 days. If it was not you, do nothing: you will not hear from us again."),
    }


_WORDS = {
    Letter.Kind.CONFIRM: _confirm,
    Letter.Kind.ME: _me,
    Letter.Kind.CHANGE: _change,
}
