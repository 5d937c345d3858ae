"""Letters outside the schedule: new ones, copies of other editions as new ones, and templates for new ones.

A letter is named after its day (`letter-2026-02-06`), which no period can be. It has no posts but those that an editor
adds, moves no window of the scheduled editions, and decides about no post that it does not include.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.editions import history
from newsletter.editions.composing import blocks
from newsletter.editions.draft import decide_again, free_name
from newsletter.editions.editing import check_lengths, write_post
from newsletter.editions.hosting import fetch_images_later
from newsletter.editions.problems import Impossible, refuse_inactive
from newsletter.editions.selection import ordering
from newsletter.editions.selection.series import frozen_untils, holding
from newsletter.editions.selection.windows import one_period_before
from newsletter.editions.titles import LETTER, WELCOME
from newsletter.messages import Message, acts, editions as messages, posts as posts_messages
from newsletter.models import Act, ApprovedContent, Edition, EditionPost, EditorChoice, Numbering, State, WelcomeLetter
from newsletter.models.post import BY_HAND


def make(
    configuration: Config,
    newsletter: config.Newsletter,
    *,
    now: datetime,
    subject: str = "",
    preheader: str = "",
    greeting: str = "",
    with_posts: bool = False,
    welcome: WelcomeLetter | None = None,
    by: str = "",
) -> Edition:
    """Create a letter with these texts, of which the introduction is the body.

    `with_posts` adds the posts that the next scheduled edition would have by its rules. With `welcome` it is that
    letter of the welcome series.
    """
    refuse_inactive(newsletter)
    check_lengths({"subject": subject, "preheader": preheader, "greeting": greeting})
    with transaction.atomic():
        letter = _create(newsletter, now, welcome)
        letter.subject, letter.preheader = " ".join(subject.split()), " ".join(preheader.split())
        letter.greeting = greeting
        decide_again(letter, newsletter, now)
        if with_posts:
            letter.entries.filter(reason__code=posts_messages.NOT_CHOSEN.code).update(
                included=True, choice=EditorChoice.IN, reason=posts_messages.INCLUDED()
            )
        _finish(letter, newsletter, by, acts.LETTER_MADE(), now)
        fetch_images_later(configuration, letter)
    return letter


def untouched(
    newsletter: config.Newsletter, *, by: str, with_posts: bool = False, days: int | None = None
) -> Edition | None:
    """Return the newest letter that this person has begun and nobody has changed, None for none.

    So a form that is sent twice makes one letter. With `days` it is the one of the welcome series that is sent so long
    after the confirmation.
    """
    letters = Edition.objects.filter(newsletter=newsletter.name, standalone=True, state=State.DRAFT, revision=1)
    letters = letters.filter(revisions__by=by, revisions__what__code=acts.LETTER_MADE.code)
    letters = letters.filter(subject="", preheader="", greeting="")
    letters = (
        letters.filter(welcome=None) if days is None else letters.filter(welcome__days=days, welcome__removed_at=None)
    )
    letters = letters.filter(entries__included=True) if with_posts else letters.exclude(entries__included=True)
    return letters.order_by("-pk").first()


def duplicate(
    configuration: Config,
    edition: Edition,
    *,
    now: datetime,
    welcome: WelcomeLetter | None = None,
    by: str = "",
    with_subject: bool = True,
) -> Edition:
    """Create a letter with the texts, blocks, recipients and posts of an edition; without subject and preview text, if
    they are written anew.

    Posts written by hand are copied. Others are added if no other edition has them: a post is in one edition, not
    counting letters of the welcome series. With `welcome` it is that letter of the series.
    """
    newsletter = configuration.newsletters[edition.newsletter]
    refuse_inactive(newsletter)
    with transaction.atomic():
        letter = _create(newsletter, now, welcome)
        for key in history.WORDS:
            setattr(letter, key, getattr(edition, key))
        approved = ApprovedContent.objects.filter(edition=edition).values_list("subject", flat=True).first()
        letter.subject = letter.subject or approved or ""
        if not with_subject:
            letter.subject, letter.preheader = "", ""
        letter.segment, letter.segment_where = edition.segment, edition.segment_where
        copied = _copy_posts(edition, letter, now)
        letter.blocks = blocks.moved(edition.blocks, copied)
        decide_again(letter, newsletter, now)
        _finish(letter, newsletter, by, acts.COPIED(edition=edition.name), now)
        fetch_images_later(configuration, letter)
    return letter


def _create(newsletter: config.Newsletter, now: datetime, welcome: WelcomeLetter | None) -> Edition:
    Numbering.locked(newsletter.name)
    earlier = [until for until in frozen_untils(newsletter) if until < now]
    day = now.astimezone(newsletter.zone).date()
    return Edition.objects.create(
        newsletter=newsletter.name,
        period=free_name(newsletter.name, f"{WELCOME}{welcome.number}" if welcome else f"{LETTER}{day.isoformat()}"),
        standalone=True,
        welcome=welcome,
        since=max(earlier) if earlier else one_period_before(now, newsletter.period, newsletter.zone),
        until=now,
        fixed_window=True,
        created_at=now,
        refreshed_at=now,
        revision=0,
    )


def _finish(letter: Edition, newsletter: config.Newsletter, by: str, what: Message, now: datetime) -> None:
    ordering.arrange(letter, newsletter)
    history.record(letter, by, what, now)
    Act.objects.log(by, what, letter.name, now=datetime.now(UTC))


def _copy_posts(edition: Edition, letter: Edition, now: datetime) -> Mapping[int, int]:
    """Add the posts that the letter may have, and return the number of each copy by that of its original."""
    copied: dict[int, int] = {}
    elsewhere = EditionPost.objects.filter(edition__in=holding(letter.newsletter), included=True)
    taken = set(elsewhere.values_list("post_id", flat=True))
    for entry in edition.entries.filter(included=True).select_related("post"):
        if entry.post.link_key.startswith(BY_HAND):
            post = entry.post  # one with HTML was copied from a page, by earlier versions
            copy = write_post(letter, post.title, post.url, entry.text, now, post.html)
        elif letter.welcome_id or entry.post_id not in taken:
            copy = EditionPost(edition=letter, post=entry.post, included=True, text=entry.text)
        else:
            continue
        copy.choice, copy.reason = EditorChoice.IN, posts_messages.INCLUDED()
        copy.title, copy.pinned = entry.title, entry.pinned
        copy.moved_to, copy.moved_rank = entry.moved_to, entry.moved_rank
        copy.save()
        copied[entry.post_id] = copy.post_id
    return copied


LONGEST_NAME = 100


def templates(newsletter: str) -> QuerySet[Edition]:
    """Return the templates of a newsletter, by name."""
    return Edition.objects.filter(newsletter=newsletter, standalone=True).exclude(template="").order_by("template")


def name_template(edition: Edition, name: str, *, by: str = "") -> None:
    """Make a letter a template under a name, or with "" no template any more.

    Raises Impossible for an edition that is no letter, and for a name that is too long or that another one has.
    """
    name = " ".join(name.split())
    if not edition.standalone:
        raise Impossible(messages.TEMPLATE_OF_LETTERS())
    if len(name) > LONGEST_NAME:
        raise Impossible(messages.TEMPLATE_NAME_LONG(most=LONGEST_NAME))
    with transaction.atomic():
        letters = templates(edition.newsletter).select_for_update().exclude(pk=edition.pk)
        if name and any(other.template.casefold() == name.casefold() for other in letters):
            raise Impossible(messages.TEMPLATE_NAME_TAKEN(name=name))
        Edition.objects.filter(pk=edition.pk).update(template=name)
        what = acts.TEMPLATE_SAVED(name=name) if name else acts.TEMPLATE_REMOVED(name=edition.template)
        Act.objects.log(by, what, edition.name, now=datetime.now(UTC))
