"""A letter with posts goes to everyone whole, or only to those who had none; its page says how many had which."""

import re

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import approval, editing, segments
from newsletter.editions.composing import standalone
from newsletter.models import WITHOUT_POSTS, Edition, Post, Segment
from tests.factories import DAY, NOW, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper() -> Newsletter:
    """Return a newsletter of which the daily reader had post one, and the weekly one nothing yet."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure("week", "week", "day")
    paper.read()
    paper.now = NOW
    paper.subscribe("daily", "day")
    paper.subscribe("weekly", "week")
    paper.publish("one")
    paper.send("day")
    return paper


def letter_with(paper: Newsletter, *titles: str) -> Edition:
    letter = standalone.make(config.current(), kinaforum(), now=paper.now, subject="Hello")
    for title in titles:
        letter = editing.include(config.current(), letter, "", None, Post.objects.get(title=title).pk, paper.now)
    return letter


def only_to_those_without(letter: Edition, paper: Newsletter) -> Edition:
    chosen = Segment(name="Had none of its posts", where=WITHOUT_POSTS)
    return segments.choose(letter, chosen, by="", now=paper.now)


def sent(letter: Edition, paper: Newsletter) -> None:
    paper.deliver(approval.approve(config.current(), letter, now=paper.now))


def test_it_goes_to_those_only_who_had_none_of_its_posts(paper: Newsletter) -> None:
    sent(only_to_those_without(letter_with(paper, "Post one"), paper), paper)
    assert dict(paper.mailed) == {"daily": ["one"], "weekly": ["one"]}
    paper.publish("two")
    paper.wait(days=7)
    paper.send("week")
    assert paper.mailed["weekly"] == ["one", "two"]


def test_posts_that_are_added_after_the_choice_count_and_those_who_had_another_get_them_later(
    paper: Newsletter,
) -> None:
    letter = only_to_those_without(letter_with(paper), paper)
    paper.publish("two")
    for title in ("Post one", "Post two"):
        editing.include(config.current(), letter, "", None, Post.objects.get(title=title).pk, paper.now)
    sent(letter, paper)
    assert dict(paper.mailed) == {"daily": ["one"], "weekly": ["two", "one"]}
    paper.wait(days=1)
    paper.send("day")
    assert paper.mailed["daily"] == ["one", "two"]


def test_the_desk_says_how_many_had_which_post_and_offers_the_choice(paper: Newsletter, admin_client: Client) -> None:
    paper.publish("two")
    letter = letter_with(paper, "Post one", "Post two")
    pages = f"/desk/editions/{letter.name}/"

    def shown(page: str) -> str:
        return " ".join(re.sub(r"<[^>]*>", " ", admin_client.get(f"{pages}{page}").content.decode()).split())

    assert "Had it before, or joined later Post one: 1 subscriber" in shown("send/")
    assert "Everyone 2 subscribers" in shown("recipients/")
    assert "Only those who had none of its posts 1 subscriber" in shown("recipients/")
    admin_client.post(f"{pages}recipients/", {"segment": "lacking"})
    assert "Goes to 1 subscriber now. What has been sent can’t be recalled. Had none of its posts" in shown("send/")
    assert "1 had one of its posts, or joined after it was sent" in shown("send/")
    assert "Had it before" not in shown("send/")


def test_it_is_not_offered_for_editions_that_give_nobody_a_post_again(paper: Newsletter, admin_client: Client) -> None:
    paper.publish("two")
    edition = paper.send("week")
    assert edition
    Edition.objects.filter(pk=edition.pk).update(state="draft", began_at=None, audience=None)
    pages = f"/desk/editions/{edition.name}/recipients/"
    assert b"had none" not in admin_client.get(pages).content
    admin_client.post(pages, {"segment": "lacking"})
    edition.refresh_from_db()
    assert edition.segment_where == ""
