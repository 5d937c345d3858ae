"""Blocks, several posts at once, undo and redo: each is one revision, and all of it comes back."""

from datetime import date
from functools import partial

import pytest
from django.db import transaction
from hypothesis import given, settings, strategies as st

from newsletter import config
from newsletter.editions import editing, history
from newsletter.editions.composing import blocks, bulk
from newsletter.editions.editing import Conflict
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import make_proof
from newsletter.messages import acts
from newsletter.models import Act, Edition, EditorChoice
from tests.examples import examples
from tests.factories import DAY, HOUR, NOW, approved, collected, configured, drafted, found, inside, post

pytestmark = pytest.mark.django_db
SPONSOR = {"kind": "sponsor", "title": "Kaffe", "text": "**Fersk**", "url": "kaffe.example", "button": "Bestill"}


@pytest.fixture
def edition() -> Edition:
    """A draft of three posts: a and b of yesterday, c of the day before."""
    configured()
    collected(found("a"), found("b", NOW - DAY - HOUR), found("c", NOW - 2 * DAY))
    return drafted()


def save(edition: Edition, revision: int | None = None, **values: str) -> Edition:
    return blocks.save(config.current(), edition, "kari@example.org", revision, {**SPONSOR, **values}, NOW)


def undo(edition: Edition) -> Edition:
    step, _ = history.steps(edition)
    assert step is not None
    return editing.go_back(config.current(), edition, "kari@example.org", None, step.to, NOW, what=acts.UNDONE)


def redo(edition: Edition) -> Edition:
    _, step = history.steps(edition)
    assert step is not None
    return editing.go_back(config.current(), edition, "kari@example.org", None, step.to, NOW, what=acts.REDONE)


def test_a_block_is_stored_with_its_revision_and_rendered(edition: Edition) -> None:
    edition = save(edition, after=str(post("a").pk))
    (block,) = edition.blocks
    assert (block["url"], block["after"]) == ("https://kaffe.example", str(post("a").pk))
    assert edition.revisions.get(number=2).snapshot["blocks"] == edition.blocks
    shown = make_proof(edition, config.current())
    assert (
        shown.rendered.text.index("Post a")
        < shown.rendered.text.index("[Annonse]")
        < shown.rendered.text.index("Post b")
    )
    assert shown.findings == ()


def test_a_block_is_changed_and_removed(edition: Edition) -> None:
    edition = save(edition)
    block = edition.blocks[0]["id"]
    edition = save(edition, id=block, title="Te")
    assert [b["title"] for b in edition.blocks] == ["Te"]
    assert [str(m) for m in history.difference(edition, 2, 3)] == ["changed the block “Te”"]
    edition = blocks.remove(config.current(), edition, "kari@example.org", 3, block, NOW)
    assert edition.blocks == []
    assert [str(a.what) for a in Act.objects.order_by("pk")][-1] == "removed the block “Te”"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "poem"}, "'poem' is not a kind of block"),
        ({"title": " "}, "a block needs a heading"),
        ({"url": "javascript:alert(1)"}, "that isn’t a web address"),
        ({"url": "http://"}, "that isn’t a web address"),
        ({"url": "https://a b.example"}, "that isn’t a web address"),
        ({"text": "x" * 20_001}, "the block has 20,001 characters"),
        ({"after": "999999"}, "has no post 999999"),
        ({"id": "unknown"}, "no longer has this block"),
    ],
)
def test_an_invalid_block_is_refused_in_a_sentence(edition: Edition, values: dict[str, str], sentence: str) -> None:
    with pytest.raises(Impossible, match=sentence):
        save(edition, **values)
    edition.refresh_from_db()
    assert (edition.blocks, edition.revision) == ([], 1)


def test_two_editors_add_a_block_and_neither_is_lost(edition: Edition) -> None:
    save(edition, 1, title="Kari's")
    with pytest.raises(Conflict, match="added the block “Kari's"):
        save(edition, 1, title="Ola's")


def test_revisions_of_earlier_versions_have_no_blocks(edition: Edition) -> None:
    first = edition.revisions.get(number=1)
    del first.snapshot["blocks"]
    first.save()
    assert not history.has_changed(edition)
    edition = save(edition)
    assert [str(m) for m in history.difference(edition, 1, 2)] == ["added the block “Kaffe”"]
    assert editing.go_back(config.current(), edition, "k", None, 1, NOW).blocks == []


def test_several_posts_are_removed_and_added_as_one_change(edition: Edition) -> None:
    both = [post("a").pk, post("c").pk]
    edition = bulk.choose_several(config.current(), edition, "k", 1, both, EditorChoice.OUT, NOW)
    assert (inside(edition), edition.revision) == (["Post b"], 2)
    assert str(edition.revisions.get(number=2).what) == "removed 2 posts"
    edition = bulk.choose_several(config.current(), edition, "k", 2, both, EditorChoice.IN, NOW)
    assert (inside(edition), edition.revision) == (["Post a", "Post b", "Post c"], 3)


def test_all_posts_are_added_or_none(edition: Edition) -> None:
    approved()
    configured(send="sat 18:00")
    collected(found("d", NOW + HOUR), now=NOW + 2 * HOUR)
    later = drafted(NOW + 5 * HOUR)
    later = editing.leave_out(config.current(), later, "k", None, post("d").pk, NOW)
    with pytest.raises(Impossible, match="has no post 99999"):
        bulk.choose_several(config.current(), later, "k", None, [post("d").pk, 99_999], EditorChoice.IN, NOW)
    assert inside(later) == []
    later = bulk.choose_several(config.current(), later, "k", None, [post("d").pk, post("a").pk], EditorChoice.IN, NOW)
    assert sorted(inside(later)) == ["Post a", "Post d"]


def test_several_posts_move_to_the_end_of_a_day_in_their_order(edition: Edition) -> None:
    day = (NOW - 2 * DAY).date()
    edition = bulk.move_several(config.current(), edition, "k", 1, [post("b").pk, post("a").pk], day, NOW)
    assert inside(edition) == ["Post c", "Post a", "Post b"]
    assert set(edition.entries.exclude(moved_to=None).values_list("moved_to", flat=True)) == {day}


def test_something_must_be_selected(edition: Edition) -> None:
    with pytest.raises(Impossible, match="select at least one post"):
        bulk.move_several(config.current(), edition, "k", 1, [], NOW.date(), NOW)


def test_a_post_is_moved_to_another_day_once(edition: Edition) -> None:
    day = date(2026, 2, 1)
    edition = bulk.move_to_day(config.current(), edition, "k", None, post("a").pk, day)
    assert inside(edition) == ["Post b", "Post c", "Post a"]
    again = bulk.move_to_day(config.current(), edition, "k", None, post("a").pk, day)
    assert again.revision == edition.revision


def test_a_post_written_by_hand_has_the_day_that_was_chosen(edition: Edition) -> None:
    edition = editing.add_post(
        config.current(), edition, "k", None, title="By hand", url="", text="", day=date(2026, 2, 1), now=NOW
    )
    assert inside(edition)[-1] == "By hand"


def test_redo_makes_again_what_undo_took_back(edition: Edition) -> None:
    edition = editing.leave_out(config.current(), edition, "k", None, post("a").pk, NOW)
    edition = save(edition)
    edition = editing.add_post(config.current(), edition, "k", None, title="By hand", url="", text="Text", now=NOW)
    edition = undo(undo(undo(edition)))
    assert (inside(edition), edition.blocks) == (["Post a", "Post b", "Post c"], [])
    assert history.steps(edition)[0] is None
    edition = redo(redo(redo(edition)))
    assert (set(inside(edition)), len(edition.blocks)) == ({"Post b", "Post c", "By hand"}, 1)
    assert edition.entries.get(post__title="By hand").text == "Text"
    assert history.steps(edition)[1] is None


def test_a_change_after_undo_ends_what_could_be_redone(edition: Edition) -> None:
    edition = undo(editing.leave_out(config.current(), edition, "k", None, post("a").pk, NOW))
    edition = editing.leave_out(config.current(), edition, "k", None, post("b").pk, NOW)
    step, following = history.steps(edition)
    assert following is None
    assert step is not None
    assert str(step.what) == "removed “Post b”"


def test_restoring_from_the_history_is_undone_as_a_change(edition: Edition) -> None:
    for uid in ("a", "b"):
        edition = editing.leave_out(config.current(), edition, "k", None, post(uid).pk, NOW)
    edition = editing.go_back(config.current(), edition, "k", None, 1, NOW)
    assert inside(undo(edition)) == ["Post c"]


@settings(max_examples=examples(16))
@given(acts_=st.lists(st.sampled_from(["out", "in", "block", "title", "hand", "undo", "redo"]), max_size=12))
def test_undo_and_redo_lead_along_the_contents_that_were(acts_: list[str]) -> None:
    """A model keeps the list of contents and the place in it; the draft always equals the content at that place."""
    with transaction.atomic():
        configured()
        collected(found("a"), found("b", NOW - DAY - HOUR))
        edition = drafted()
        known, place = [content(edition)], 0
        changes = {
            "out": partial(editing.leave_out, post=post("a").pk),
            "in": partial(editing.include, post=post("a").pk),
            "block": partial(blocks.save, values=SPONSOR),
            "title": partial(editing.retitle, post=post("b").pk, title="Another"),
            "hand": partial(editing.add_post, title="By hand", url="", text="Text"),
        }
        for act in acts_:
            back, forth = history.steps(edition)
            assert (back is not None, forth is not None) == (place > 0, place < len(known) - 1)
            if act in changes:
                edition = changes[act](config.current(), edition, "k", None, now=NOW)
                known, place = [*known[: place + 1], content(edition)], place + 1
            elif act == "undo" and back:
                edition, place = undo(edition), place - 1
            elif act == "redo" and forth:
                edition, place = redo(edition), place + 1
            assert content(edition) == known[place]
        transaction.set_rollback(True)


def content(edition: Edition) -> tuple[object, ...]:
    """What subscribers get of a draft."""
    entries = edition.entries.filter(included=True).order_by("position").values_list("post__title", "title", "text")
    return list(entries), edition.blocks
