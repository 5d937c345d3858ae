"""Editors' changes to a draft: texts, posts, their order, and undo.

Each change names the revision that the editor saw; if the draft has changed since, it is refused and nothing is
overwritten. Each change is one revision and one line of the audit log.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

from django.db import transaction

from newsletter.config import Config
from newsletter.editions import history
from newsletter.editions.draft import decide_again
from newsletter.editions.hosting import fetch_images_later
from newsletter.editions.offers.having import reason_of_inclusion
from newsletter.editions.problems import Impossible
from newsletter.editions.selection import ordering
from newsletter.editions.states import state_message
from newsletter.feeds.identity import link_key
from newsletter.messages import Message, MessageType, acts, editions as messages, from_json, posts as posts_messages
from newsletter.models import Act, Edition, EditionPost, EditorChoice, Post, State
from newsletter.models.post import BY_HAND, NOT_LISTED

LONGEST_WORDS, LONGEST_TEXT = 20_000, 200_000
"""Most characters of texts. The longer one is for an introduction, which is the body of a letter, and a post's text."""

REOPENED = (State.APPROVED, State.QUEUED, State.SKIPPED)
"""States from which an edition can be made a draft again."""


class Conflict(Impossible):
    """The draft changed since the editor saw it; `edition` is its current state, `differences` its changes."""

    def __init__(self, edition: Edition, seen: int) -> None:
        self.edition = edition
        self.differences = history.difference(edition, seen, edition.revision)
        sentences = tuple(self.differences[:3]) or (messages.CHECK_AGAIN(),)
        super().__init__(
            messages.CONFLICT(name=edition.name, seen=str(seen), newest=str(edition.revision), differences=sentences)
        )


AUTOMATIC = (acts.REFRESHED.code, acts.SOURCES_CHANGED.code, acts.POSTS_RELEASED.code)
"""Changes of a draft that nobody made by hand."""


def set_words(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    words: Mapping[str, str],
    now: datetime | None = None,
) -> Edition:
    """Set subject, preheader, greeting or closing; an empty subject or preheader is generated from the posts."""
    unknown = set(words) - set(history.WORDS)
    assert not unknown, f"no such words: {unknown}"
    check_lengths(words)
    changed = acts.TEXTS_CHANGED(fields=tuple(history.field(edition, key) for key in history.WORDS if key in words))
    with changing(configuration, edition, by, revision, changed, now) as draft:
        for key, text in words.items():
            setattr(draft, key, " ".join(text.split()) if key in ("subject", "preheader") else text)
    return draft


def check_lengths(words: Mapping[str, str]) -> None:
    """Raise Impossible if a text of an edition is too long; it isn't cut, so that no word is lost unnoticed."""
    for key, text in words.items():
        most = LONGEST_TEXT if key == "greeting" else LONGEST_WORDS
        if len(text) > most:
            raise Impossible(messages.TEXT_TOO_LONG(field=history.FIELDS[key](), length=len(text), most=most))


def leave_out(
    configuration: Config, edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None
) -> Edition:
    """Remove a post; it isn't added again automatically, nor to a later edition."""
    return _on_post(configuration, edition, by, revision, post, acts.POST_REMOVED, now, remove)


def include(
    configuration: Config, edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None
) -> Edition:
    """Add a post, overriding the rules. Subscribers who had it don't get it again; the entry's reason counts them."""
    return _on_post(configuration, edition, by, revision, post, acts.POST_ADDED, now, adder(configuration))


def let_rules_decide(
    configuration: Config, edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None
) -> Edition:
    """Reset an editor's choice, so that the rules decide."""
    now = now or datetime.now(UTC)
    with changing(configuration, edition, by, revision, acts.POST_RESET(title=_title(edition, post)), now) as draft:
        entry = entry_of(draft, post)
        entry.choice = ""
        entry.save()
        decide_again(draft, configuration.edited(draft), now)
    return draft


def pin(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    now: datetime | None = None,
    *,
    pinned: bool = True,
) -> Edition:
    """Pin a post to the top of its day, or unpin it."""

    def set_pinned(entry: EditionPost) -> None:
        entry.pinned = pinned

    return _on_post(
        configuration, edition, by, revision, post, acts.POST_PINNED if pinned else acts.POST_UNPINNED, now, set_pinned
    )


def retitle(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    title: str,
    now: datetime | None = None,
) -> Edition:
    """Set a post's headline in this edition; an empty one restores its own."""

    def set_title(entry: EditionPost) -> None:
        entry.title = " ".join(title.split())[:500]

    return _on_post(configuration, edition, by, revision, post, acts.POST_RETITLED, now, set_title)


def rewrite(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    text: str,
    now: datetime | None = None,
) -> Edition:
    """Set a post's text in this edition, in Markdown; an empty one restores its own."""
    _check_length(text)

    def set_text(entry: EditionPost) -> None:
        entry.text = text

    return _on_post(configuration, edition, by, revision, post, acts.POST_REWRITTEN, now, set_text)


def move(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    day: date,
    place: int,
    now: datetime | None = None,
) -> Edition:
    """Move a post to position `place` (from 0) of `day`; the other posts of that day keep their order."""
    newsletter = configuration.edited(edition)
    with changing(configuration, edition, by, revision, acts.POST_MOVED(title=_title(edition, post)), now) as draft:
        entry = entry_of(draft, post)
        entry.moved_to = day
        entries = draft.entries.filter(included=True).exclude(pk=entry.pk).select_related("post")
        same_day = [e for e in entries if ordering.day_of(e, newsletter) == day]
        same_day.insert(max(0, place), entry)
        for rank, moved in enumerate(same_day):
            moved.moved_rank = float(rank)
            moved.save()
    return draft


def add_post(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    *,
    title: str,
    url: str,
    text: str,
    day: date | None = None,
    now: datetime | None = None,
    description: str | None = None,
) -> Edition:
    """Add an item that no source lists: a headline, a link and a text in Markdown; `day` None means today.

    With the description of the page at the link, it is that page, and the same post if a source lists it later.
    """
    now = now or datetime.now(UTC)
    if not title.strip():
        raise Impossible(messages.NO_HEADLINE())
    _check_length(text)
    with changing(configuration, edition, by, revision, acts.POST_WRITTEN(title=title.strip()), now) as draft:
        html = f"<p>{escape(description)}</p>" if description else ""
        entry = write_post(draft, title.strip(), url, text, now, html)
        if description is not None:
            Post.objects.filter(pk=entry.post_id).update(link_key=link_key(url))
        entry.moved_to = day
        entry.save()
    return draft


def write_post(draft: Edition, title: str, url: str, text: str, now: datetime, html: str = "") -> EditionPost:
    """Create a post that no source lists, and its entry."""
    post = Post.objects.create(
        newsletter=draft.newsletter,
        url=url,
        link_key=BY_HAND,
        content_hash=NOT_LISTED,
        title=title,
        html=html,
        published=max(draft.since, min(now, draft.until - timedelta(seconds=1))),
        first_seen=now,
        changed_at=now,
        was_there_before=True,
    )
    return EditionPost.objects.create(
        edition=draft, post=post, included=True, reason=posts_messages.INCLUDED(), choice=EditorChoice.IN, text=text
    )


def go_back(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    to: int,
    now: datetime | None = None,
    *,
    what: MessageType = acts.BACK,
) -> Edition:
    """Restore another revision as a new one; posts that it doesn't know stay where the rules put them.

    `what` says in the history whether this is undo, redo or a choice from the history. Texts, blocks and posts that
    were changed after `revision` by the same person, or at their sources, stay as they are. Raises Conflict where
    somebody else has changed the draft since, and Impossible if all stays.
    """
    now = now or datetime.now(UTC)
    earlier = edition.revisions.filter(number=to).first()
    if earlier is None:
        raise Impossible(messages.NO_REVISION(name=edition.name, revision=str(to)))
    seen = edition.revisions.filter(number=revision or 0).first()
    later = edition.revisions.filter(number__gt=revision or 0).exclude(what__code__in=AUTOMATIC)
    by_others = later.exclude(by=by).exists()
    expected = None if seen and not by_others else revision
    with changing(configuration, edition, by, expected, what(number=to), now) as draft:
        newest = history.snapshot(draft)
        seen_snapshot: history.Snapshot = seen.snapshot if seen and seen.number < draft.revision else newest
        for key in history.WORDS:
            if newest[key] == seen_snapshot[key]:
                setattr(draft, key, earlier.snapshot[key])
        if newest["blocks"] == seen_snapshot.get("blocks", []):
            draft.blocks = earlier.snapshot.get("blocks", [])
        _add_missing(draft, earlier.snapshot["posts"])
        for entry in draft.entries.all():
            number = str(entry.post_id)
            if _chosen(newest["posts"].get(number)) == _chosen(seen_snapshot["posts"].get(number)):
                _restore(entry, earlier.snapshot["posts"].get(number, {}))
        decide_again(draft, configuration.edited(draft), now)
        if seen and later.exists() and history.snapshot(draft) == newest:
            raise Impossible(messages.CHANGED_AGAIN())
    return draft


def _chosen(was: history.Snapshot | None) -> history.Snapshot:
    """Return what editors decided about a post in a revision."""
    return {key: (was or {}).get(key) for key in ("choice", "pinned", "moved_to", "moved_rank", "title", "text")}


def _add_missing(draft: Edition, posts: history.Snapshot) -> None:
    """Create the entries of a revision's chosen posts that the draft no longer has, such as one written by hand."""
    there = set(draft.entries.values_list("post_id", flat=True))
    keys = {int(number) for number, was in posts.items() if was.get("choice")} - there
    for post in Post.objects.filter(newsletter=draft.newsletter, pk__in=keys):
        EditionPost.objects.create(edition=draft, post=post, included=False)


@contextmanager
def changing(
    configuration: Config, edition: Edition, by: str, revision: int | None, what: Message, now: datetime | None = None
) -> Iterator[Edition]:
    """Yield a draft for changing, with its row locked; a new revision is created at the end. `revision` None means any.

    Raises Conflict if it changed since `revision`, and Impossible if it is not a draft.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if draft.state != State.DRAFT:
            refusal = messages.ONLY_DRAFTS_CHANGE if draft.state in REOPENED else messages.NO_LONGER_CHANGED
            raise Impossible(refusal(name=draft.name, state=state_message(draft.state)))
        if revision is not None and revision != draft.revision:
            raise Conflict(draft, revision)
        snapshot = history.snapshot(draft)
        yield draft
        ordering.arrange(draft, configuration.edited(draft))
        history.record(draft, by, what, now)
        Act.objects.log(by, what, draft.name, *_changed(snapshot, history.snapshot(draft)), now=now)
        fetch_images_later(configuration, draft)


def _check_length(text: str) -> None:
    """Raise Impossible if a post's text is too long; it isn't cut, so that no word is lost unnoticed."""
    if len(text) > LONGEST_TEXT:
        raise Impossible(messages.TEXT_TOO_LONG(field=acts.POST_TEXT(), length=len(text), most=LONGEST_TEXT))


def _on_post(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    what: MessageType,
    now: datetime | None,
    change: Callable[[EditionPost], None],
) -> Edition:
    with changing(configuration, edition, by, revision, what(title=_title(edition, post)), now) as draft:
        entry = entry_of(draft, post)
        change(entry)
        entry.save()
    return draft


def entry_of(draft: Edition, post: int) -> EditionPost:
    """Return the draft's entry of a post, created if the newsletter has the post but the draft doesn't."""
    entry = draft.entries.select_related("post").filter(post_id=post).first()
    if entry is not None:
        return entry
    row = Post.objects.filter(pk=post, newsletter=draft.newsletter).first()
    if row is None:
        raise Impossible(messages.NO_POST(name=draft.name, post=str(post)))
    return EditionPost(edition=draft, post=row, included=False)


def _title(edition: Edition, post: int) -> str:
    """Return the headline of a post in a draft, by which the history names it."""
    headline = edition.entries.filter(post_id=post).values_list("title", flat=True).first()
    row = Post.objects.filter(pk=post).values_list("title", "url").first()
    return headline or (row[0] or row[1] if row else str(post))


def adder(configuration: Config) -> Callable[[EditionPost], None]:
    """Return what adds an entry."""

    def add(entry: EditionPost) -> None:
        entry.choice, entry.included = EditorChoice.IN, True
        entry.reason = reason_of_inclusion(entry, configuration.edited(entry.edition))

    return add


def remove(entry: EditionPost) -> None:
    """Remove an entry."""
    entry.choice, entry.included, entry.reason = EditorChoice.OUT, False, posts_messages.LEFT_OUT()


def _restore(entry: EditionPost, was: dict[str, Any]) -> None:
    entry.choice, entry.pinned = was.get("choice", ""), was.get("pinned", False)
    entry.title, entry.text = was.get("title", ""), was.get("text", "")
    entry.moved_rank = was.get("moved_rank")
    entry.moved_to = date.fromisoformat(was["moved_to"]) if was.get("moved_to") else None
    entry.reason = from_json(was["reason"]) if was.get("reason") else entry.reason
    entry.save()


def _changed(before: history.Snapshot, after: history.Snapshot) -> tuple[history.Snapshot, history.Snapshot]:
    """Return only what differs, so that the log stays readable."""
    before, after = ({**snapshot, "blocks": _by_id(snapshot["blocks"])} for snapshot in (before, after))
    lists = ("posts", "blocks")
    old: history.Snapshot = {key: before[key] for key in before if key not in lists and before[key] != after[key]}
    new: history.Snapshot = {key: after[key] for key in old}
    for name in lists:
        was, now = before[name], after[name]
        changed = [key for key in {**was, **now} if was.get(key) != now.get(key)]
        if changed or name == "posts":
            old[name], new[name] = ({key: snapshot.get(key) for key in changed} for snapshot in (was, now))
    return old, new


def _by_id(blocks: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return blocks as the log tells of them, by their ids."""
    silent = ("id", "title")
    return {b["id"]: {"headline": b["title"], **{k: v for k, v in b.items() if k not in silent}} for b in blocks}
