"""What editors do to a draft: its words, its posts, their order, and going back.

Promises: each act names the revision that the editor saw; where the draft changed meanwhile it is refused and nothing
is overwritten. Each act is one revision and one line of the audit log.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from newsletter import config
from newsletter.jobs import history, order
from newsletter.jobs.candidates import holding
from newsletter.jobs.draft import decide_again
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.selection import INCLUDED, LEFT_OUT
from newsletter.models import Choice, Edition, EditionPost, Post, State

LONGEST_WORDS = 20_000


class Conflict(JobProblem):
    """The draft changed since the editor saw it; `edition` is as it stands, `differences` a line each."""

    def __init__(self, edition: Edition, seen: int) -> None:
        self.edition = edition
        self.differences = history.difference(edition, seen, edition.revision)
        told = "; ".join(self.differences[:3]) or "look at it again"
        super().__init__(f"{edition.name} changed: revision {seen} was seen and {edition.revision} is newest: {told}")


def set_words(
    edition: Edition, by: str, revision: int | None, words: Mapping[str, str], now: datetime | None = None
) -> Edition:
    """Set subject, preheader, greeting or closing; an empty subject or preheader is made from the posts again."""
    unknown = set(words) - set(history.WORDS)
    assert not unknown, f"no such words: {unknown}"
    for key, text in words.items():
        if len(text) > LONGEST_WORDS:
            raise JobProblem(f"the {key} has {len(text)} characters; at most {LONGEST_WORDS} are taken")
    with changing(edition, by, revision, f"set {', '.join(sorted(words))}", now) as draft:
        for key, text in words.items():
            setattr(draft, key, " ".join(text.split()) if key in ("subject", "preheader") else text)
    return draft


def leave_out(edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None) -> Edition:
    """Take a post out; it does not come back by itself, nor in a later edition."""
    return _on_post(edition, by, revision, post, "left out", now, _choose(Choice.OUT))


def include(edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None) -> Edition:
    """Take a post in, whatever the rules say; refused where another edition holds it."""
    return _on_post(edition, by, revision, post, "included", now, _choose(Choice.IN))


def let_rules_decide(
    edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None
) -> Edition:
    """Take an editor's choice back; the rules decide at once."""
    now = now or datetime.now(UTC)
    with changing(edition, by, revision, f"left to the rules post {post}", now) as draft:
        entry = _entry(draft, post)
        entry.choice = ""
        entry.save()
        decide_again(draft, config.current().newsletters[draft.newsletter], now)
    return draft


def pin(
    edition: Edition, by: str, revision: int | None, post: int, now: datetime | None = None, *, pinned: bool = True
) -> Edition:
    """Put a post first in its day, or let it go back to its place."""

    def set_pinned(entry: EditionPost) -> None:
        entry.pinned = pinned

    return _on_post(edition, by, revision, post, "pinned" if pinned else "unpinned", now, set_pinned)


def retitle(
    edition: Edition, by: str, revision: int | None, post: int, title: str, now: datetime | None = None
) -> Edition:
    """Give a post another headline in this edition; an empty one takes its own again."""

    def set_title(entry: EditionPost) -> None:
        entry.title = " ".join(title.split())[:500]

    return _on_post(edition, by, revision, post, "retitled", now, set_title)


def rewrite(
    edition: Edition, by: str, revision: int | None, post: int, text: str, now: datetime | None = None
) -> Edition:
    """Give a post another text in this edition, in Markdown; an empty one takes its own again."""

    def set_text(entry: EditionPost) -> None:
        entry.text = text[:LONGEST_WORDS]

    return _on_post(edition, by, revision, post, "rewrote", now, set_text)


def move(
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    day: date,
    place: int,
    now: datetime | None = None,
) -> Edition:
    """Put a post under `day` as its `place`-th, counted from 0; the others of that day keep their order."""
    newsletter = config.current().newsletters[edition.newsletter]
    with changing(edition, by, revision, f"moved post {post}", now) as draft:
        entry = _entry(draft, post)
        entry.moved_to = day
        entries = draft.entries.filter(included=True).exclude(pk=entry.pk).select_related("post")
        same_day = [e for e in entries if order.day_of(e, newsletter) == day]
        same_day.insert(max(0, place), entry)
        for rank, each in enumerate(same_day):
            each.moved_rank = float(rank)
            each.save()
    return draft


def add_post(
    edition: Edition, by: str, revision: int | None, *, title: str, url: str, text: str, now: datetime | None = None
) -> Edition:
    """Put something into the edition that no source listed: a headline, an address, a text in Markdown."""
    now = now or datetime.now(UTC)
    if not title.strip():
        raise JobProblem("a post needs a headline")
    with changing(edition, by, revision, f"added “{title}”", now) as draft:
        post = Post.objects.create(
            newsletter=draft.newsletter,
            url=url,
            link_key=f"by hand {draft.pk}.{draft.revision}",
            content_hash="",
            title=title.strip(),
            published=max(draft.since, min(now, draft.until - timedelta(seconds=1))),
            first_seen=now,
            changed_at=now,
            was_there_before=True,
        )
        EditionPost.objects.create(
            edition=draft, post=post, included=True, reason=INCLUDED, choice=Choice.IN, text=text[:LONGEST_WORDS]
        )
    return draft


def go_back(edition: Edition, by: str, revision: int | None, to: int, now: datetime | None = None) -> Edition:
    """Make the draft what it was at an earlier revision, as a new one; posts that came since keep the rules' place."""
    now = now or datetime.now(UTC)
    earlier = edition.revisions.filter(number=to).first()
    if earlier is None:
        raise JobProblem(f"{edition.name} has no revision {to}")
    with changing(edition, by, revision, f"back to revision {to}", now) as draft:
        for key in history.WORDS:
            setattr(draft, key, earlier.snapshot[key])
        for entry in draft.entries.all():
            _restore(entry, earlier.snapshot["posts"].get(str(entry.post_id), {}))
        decide_again(draft, config.current().newsletters[draft.newsletter], now)
    return draft


@contextmanager
def changing(
    edition: Edition, by: str, revision: int | None, what: str, now: datetime | None = None
) -> Iterator[Edition]:
    """A draft to be changed, its row held; on leaving it has a new revision. `revision` None takes it as it stands.

    Raises Conflict where it changed since `revision`, JobProblem where it is no draft.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if draft.state != State.DRAFT:
            raise JobProblem(
                f"{draft.name} is {draft.state}: only a draft can be changed; 'newsletter reopen' makes it one"
            )
        if revision is not None and revision != draft.revision:
            raise Conflict(draft, revision)
        before = history.snapshot(draft)
        yield draft
        order.arrange(draft, config.current().newsletters[draft.newsletter])
        history.record(draft, by, what, now)
        history.log(by, what, draft.name, now, *_changed(before, history.snapshot(draft)))


def _on_post(
    edition: Edition,
    by: str,
    revision: int | None,
    post: int,
    what: str,
    now: datetime | None,
    act: Callable[[EditionPost], None],
) -> Edition:
    with changing(edition, by, revision, f"{what} post {post}", now) as draft:
        entry = _entry(draft, post)
        act(entry)
        entry.save()
    return draft


def _entry(draft: Edition, post: int) -> EditionPost:
    """The post's place in the draft; one that the newsletter knows but the draft does not list is listed now."""
    entry = draft.entries.select_related("post").filter(post_id=post).first()
    if entry is not None:
        return entry
    found = Post.objects.filter(pk=post, newsletter=draft.newsletter).first()
    if found is None:
        raise JobProblem(f"{draft.name} has no post {post}; 'newsletter show {draft.name}' lists them")
    return EditionPost(edition=draft, post=found, included=False, reason="")


def _choose(choice: Choice) -> Callable[[EditionPost], None]:
    def choose(entry: EditionPost) -> None:
        if choice == Choice.IN and (other := _holder(entry)):
            raise JobProblem(f"“{entry.post.title}” is already in {other}; a post is in one edition only")
        entry.choice, entry.included = choice, choice == Choice.IN
        entry.reason = INCLUDED if choice == Choice.IN else LEFT_OUT

    return choose


def _holder(entry: EditionPost) -> str:
    others = holding(entry.edition.newsletter).exclude(pk=entry.edition_id)
    held = EditionPost.objects.filter(edition__in=others, post_id=entry.post_id, included=True)
    found = held.select_related("edition").first()
    return found.edition.name if found else ""


def _restore(entry: EditionPost, was: dict[str, Any]) -> None:
    entry.choice, entry.pinned = was.get("choice", ""), was.get("pinned", False)
    entry.title, entry.text = was.get("title", ""), was.get("text", "")
    entry.moved_rank = was.get("moved_rank")
    entry.moved_to = date.fromisoformat(was["moved_to"]) if was.get("moved_to") else None
    entry.save()


def _changed(before: history.Snapshot, after: history.Snapshot) -> tuple[history.Snapshot, history.Snapshot]:
    """Only what differs, so that the log stays readable."""
    keys = [key for key in before if key != "posts" and before[key] != after[key]]
    posts = [p for p in {**before["posts"], **after["posts"]} if before["posts"].get(p) != after["posts"].get(p)]
    old = {**{k: before[k] for k in keys}, "posts": {p: before["posts"].get(p) for p in posts}}
    return old, {**{k: after[k] for k in keys}, "posts": {p: after["posts"].get(p) for p in posts}}
