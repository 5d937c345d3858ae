"""A post that an editor includes again: the draft says how many had it, and only the others get it."""

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import bulk, standalone
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Edition, EditionPost, EditorChoice, Post
from tests.factories import DAY, HOUR, NOW, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db

TWO_OF_THREE = "added by an editor, but 2 of 3 subscribers had it or joined later, and don't get it"


@pytest.fixture
def paper() -> Newsletter:
    """Return a newsletter whose daily subscribers r0 and r1 had post one; r2, who chose daily later, lacks it."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure("week", "week", "day")
    paper.read()
    paper.now = NOW
    for name, cadence in (("r0", "day"), ("r1", "day"), ("r2", "week")):
        paper.subscribe(name, cadence)
    paper.publish("one")
    paper.send("day")
    paper.choose("r2", "day")
    paper.wait(days=1)
    paper.publish("two")
    return paper


def drafted(paper: Newsletter) -> Edition:
    window = RequestedWindow(until=paper.now + HOUR)
    return draft.make(config.current(), kinaforum().at("day"), window, now=paper.now, read_sources=False)


def reason(edition: Edition, title: str = "Post one") -> str:
    return str(EditionPost.objects.get(edition=edition, post__title=title).reason)


def one() -> int:
    return Post.objects.get(title="Post one").pk


def test_the_draft_says_how_many_had_a_post_and_only_the_others_get_it(paper: Newsletter) -> None:
    edition = editing.include(config.current(), drafted(paper), "e@example.org", None, one(), paper.now)
    assert reason(edition) == TWO_OF_THREE
    before = {name: list(paper.mailed[name]) for name in ("r0", "r1", "r2")}
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    assert {name: sorted(paper.mailed[name][len(had) :]) for name, had in before.items()} == {
        "r0": ["two"],
        "r1": ["two"],
        "r2": ["one", "two"],
    }


def test_several_posts_that_are_included_at_once_say_it_too(paper: Newsletter) -> None:
    posts = list(Post.objects.values_list("pk", flat=True))
    edition = bulk.choose_several(
        config.current(), drafted(paper), "e@example.org", None, posts, EditorChoice.IN, paper.now
    )
    assert (reason(edition), reason(edition, "Post two")) == (TWO_OF_THREE, "added by an editor")


def test_nobody_had_what_the_cadence_has_behind_it() -> None:
    """A post of three days before the first reading is due in weekly editions only, until an editor adds it."""
    paper = Newsletter(NOW)
    paper.configure("week", "week", "day")
    paper.publish("one", at=NOW - 3 * DAY)
    for name in ("r0", "r1"):
        paper.subscribe(name, "day")
    paper.publish("two")
    edition = editing.include(config.current(), drafted(paper), "e@example.org", None, one(), paper.now)
    assert reason(edition) == "added by an editor"
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    assert {name: sorted(paper.mailed[name]) for name in ("r0", "r1")} == {"r0": ["one", "two"], "r1": ["one", "two"]}


def test_a_refresh_and_undo_and_redo_keep_it(paper: Newsletter) -> None:
    edition = editing.include(config.current(), drafted(paper), "e@example.org", None, one(), paper.now)
    included = edition.revision
    paper.subscribe("r3", "day")
    assert reason(draft.refresh(config.current(), edition, now=paper.now)) == TWO_OF_THREE
    edition.refresh_from_db()
    assert edition.revision == included
    undone = editing.go_back(config.current(), edition, "e@example.org", None, included - 1, paper.now)
    assert "had it" not in reason(undone)
    redone = editing.go_back(config.current(), undone, "e@example.org", None, included, paper.now)
    assert reason(redone) == TWO_OF_THREE


def test_the_rules_take_it_back(paper: Newsletter) -> None:
    edition = editing.include(config.current(), drafted(paper), "e@example.org", None, one(), paper.now)
    removed = editing.leave_out(config.current(), edition, "e@example.org", None, one(), paper.now)
    assert reason(removed) == "removed by an editor"


def test_a_letter_goes_to_everyone_whatever_they_had(paper: Newsletter) -> None:
    letter = standalone.make(config.current(), kinaforum(), now=paper.now, subject="Hello")
    included = editing.include(config.current(), letter, "e@example.org", None, one(), paper.now)
    assert reason(included) == "added by an editor; 2 of 3 subscribers had it already, or joined later"


def test_the_desk_says_it_beside_the_post(paper: Newsletter, admin_client: Client) -> None:
    edition = drafted(paper)
    page = f"/desk/editions/{edition.name}/"
    answer = admin_client.post(f"{page}post/", {"act": f"in {one()}", "revision": edition.revision})
    for body in (answer, admin_client.get(page)):
        row = body.content.decode().partition(f'id="post-{one()}"')[2].partition("<li")[0]
        assert "2 of 3 subscribers had it or joined later, and don&#x27;t get it" in row
