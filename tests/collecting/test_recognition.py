"""Which posts are the same: in one direction nothing is lost, in the other nothing is sent twice."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings as hypothesis_settings, strategies as st

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.identity import are_similar
from newsletter.models import Post
from tests.collecting.found_posts import LINKS, NEW, OLD, OLDER, A, count, edited, long_text, made, then
from tests.factories import DAY, HOUR, NAME, NOW, SOURCE, collected, configured

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_source() -> None:
    configured((SOURCE,))


@pytest.mark.parametrize(
    "changed",
    [
        replace(A, url="http://old.example/a.html"),
        replace(A, url="https://old.example/a.html/"),
        replace(A, url="https://www.old.example/a.html?utm_source=rss&utm_medium=feed"),
        replace(A, url="https://new.example/2026/other-address"),
        replace(A, title="Another title"),
        replace(A, html=long_text("rewritten"), title="Rewritten"),
        replace(A, published=NOW - 5 * DAY),
        replace(A, published=NOW - 5 * DAY, title="Another title", url="https://old.example/b.html"),
        replace(A, uid="renumbered"),
        replace(A, uid="renumbered", title="Another title"),
        replace(A, uid="renumbered", published=NOW - 5 * DAY),
        replace(A, uid="renumbered", html=long_text("rewritten")),
        replace(A, uid="https://new.example/a", url="https://new.example/a"),
        replace(A, uid="https://new.example/a", url="https://new.example/a", published=NOW - DAY - HOUR),
    ],
    ids=(
        "http", "slash", "tracking", "link", "title", "rewritten", "date", "date-title-link", "id", "id-title",
        "id-date", "id-text", "engine", "engine-and-zone",
    ),
)  # fmt: skip
@pytest.mark.parametrize("gone", [True, False], ids=("listing-goes-on", "one-post-feed"))
def test_an_edited_or_moved_post_is_the_same(changed: FoundPost, gone: bool) -> None:
    assert then(A, changed, gone=gone) == 1


MOVED = replace(A, uid="new", url="https://new.example/x", title="Another title")
A_DAY_AGO = NOW - DAY
NEW_ENGINE = replace(
    A,
    uid="new",
    url="https://old.example/2026/a",
    title="“Title of a” …",
    html=edited(A.html),
    published=A_DAY_AGO.replace(hour=0, minute=0),
)
"""With other punctuation, a footer and a date without a time."""


@pytest.mark.parametrize("moved", [MOVED, NEW_ENGINE, replace(NEW_ENGINE, published=A_DAY_AGO)])
def test_a_post_with_new_id_link_and_title_is_the_same_if_the_old_one_is_gone(moved: FoundPost) -> None:
    assert then(A, moved, gone=True) == 1


def test_a_post_whose_address_is_gone_is_known_by_its_text_though_its_source_lists_it() -> None:
    configured((OLD, NEW))
    collected(A, source=OLD)
    Post.objects.update(gone_at=NOW)
    collected(MOVED, now=NOW + HOUR, source=NEW)
    assert count() == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(NEW_ENGINE, published=A_DAY_AGO + 23 * HOUR),
        replace(NEW_ENGINE, html=long_text("other")),
        replace(NEW_ENGINE, title="Title of b"),
        replace(MOVED, title="Title of a++", html=long_text("other")),
        replace(MOVED, html=long_text("other")),
        replace(MOVED, html="<p>short</p>"),
        replace(MOVED, published=NOW - 3 * DAY),
        replace(MOVED, published=None),
    ],
    ids=("next-day", "engine-text", "engine-title", "other-signs", "text", "short", "date", "undated"),
)
def test_or_else_it_is_another(other: FoundPost) -> None:
    assert then(A, other, gone=True) == 2


def test_while_the_old_one_may_still_be_there_it_is_another() -> None:
    assert then(A, MOVED) == 2


def test_two_entries_that_are_listed_together_are_two_posts() -> None:
    twins = (replace(A, uid=str(n), url=f"https://old.example/{n}") for n in range(4))
    collected(*twins)
    assert count() == 4


def test_each_of_two_issues_of_a_day_is_itself_where_a_blog_moved() -> None:
    title, later = "Market update", NOW - DAY + 3 * HOUR
    morning = made("morning", NOW - DAY, title=title)
    evening = made("evening", later, title=title, html=edited(morning.html))
    configured((OLD,))
    collected(morning, OLDER, source=OLD)
    configured((NEW,))
    moved = [replace(post, uid=f"new {post.uid}", url=f"https://new.example/{post.uid}") for post in (evening, morning)]
    collected(*moved, source=NEW, now=NOW + HOUR)
    issues = Post.objects.filter(title=title).order_by("pk")
    assert list(issues.values_list("published", flat=True)) == [NOW - DAY, later]


def test_an_entry_that_is_listed_twice_is_one_post() -> None:
    """Also under each of its categories, and with other tracking."""
    again = replace(A, uid="b", url=f"{A.url}?utm_source=film", categories=("film",))
    for order in (1, -1):
        collected(*[replace(A, categories=("books",)), again, OLDER][::order])
        assert count() == 2
        assert sorted(Post.objects.latest("published").categories) == ["books", "film"]


def test_short_posts_without_titles_are_known_by_text_and_date_where_a_blog_moved() -> None:
    notes = [made(f"{n}", NOW - n * HOUR, title="", html=f"<p>Lunch {n}!</p>") for n in range(1, 4)]
    moved = [replace(note, uid=f"new {note.uid}", url=f"https://new.example/{note.uid}") for note in notes]
    configured((OLD,))
    collected(*notes, source=OLD)
    configured((NEW,))
    collected(*moved, source=NEW, now=NOW + HOUR)
    assert count() == 3


def test_an_entry_beside_the_known_one_is_another() -> None:
    collected(A)
    collected(A, replace(MOVED, title=A.title), now=NOW + HOUR)
    assert count() == 2


REDATED = replace(A, published=NOW - 5 * DAY)
EDITED = edited(A.html)
ELSEWHERE = replace(REDATED, uid="new", url="https://new.example/x")


def redated_then(first: FoundPost, moved: FoundPost) -> int:
    """The number of posts after a post got another date, and its blog moved, where another post is listed."""
    configured((OLD,))
    collected(first, source=OLD)
    collected(replace(first, published=REDATED.published), source=OLD, now=NOW + HOUR)
    configured((NEW,))
    collected(moved, source=NEW, now=NOW + 2 * HOUR)
    return count()


@pytest.mark.parametrize(
    ("first", "moved"),
    [
        (A, replace(ELSEWHERE, html=EDITED)),
        (A, replace(ELSEWHERE, html=EDITED, title="Another title", uid="a")),
        (A, replace(ELSEWHERE, title="Another title")),
        (replace(A, html=LINKS), replace(ELSEWHERE, html=LINKS)),
        (replace(A, html=""), replace(ELSEWHERE, html="")),
        (replace(A, published=None), replace(ELSEWHERE, html=EDITED)),
    ],
    ids=("title", "id", "text", "short", "without-text", "undated"),
)
def test_a_moved_post_is_known_by_the_date_that_its_source_gave_last(first: FoundPost, moved: FoundPost) -> None:
    assert redated_then(first, moved) == 1


@pytest.mark.parametrize(
    "moved",
    [
        replace(ELSEWHERE, html=EDITED, published=NOW - 5 * DAY + HOUR),
        replace(ELSEWHERE, html=EDITED, published=None),
        replace(ELSEWHERE, html=long_text("other")),
        replace(ELSEWHERE, html=EDITED, title="Another title"),
    ],
    ids=("hour", "undated", "text", "title"),
)
def test_or_else_it_is_another_one(moved: FoundPost) -> None:
    assert redated_then(A, moved) == 2


def test_an_id_that_is_used_again_is_another_post_though_it_has_the_last_date_of_the_first() -> None:
    """As of a source that dates what it lists with the present day."""
    collected(A)
    collected(REDATED, now=NOW + HOUR)
    collected(replace(made("other", REDATED.published), uid="a"), now=NOW + 2 * HOUR, reached=REDATED.published)
    assert count() == 2


def test_posts_of_one_title_whose_dates_were_swapped_stay_apart() -> None:
    """Their texts are edited before their blog moves, and a third post has the date that one of them had first."""
    first, second = (made(uid, NOW - days * DAY, title="News") for uid, days in (("a", 9), ("b", 2)))
    swapped = replace(second, published=first.published), replace(first, published=second.published)
    moved = [replace(p, uid=f"new {p.uid}", url=f"https://new.example/{p.uid}", html=edited(p.html)) for p in swapped]
    third = made("c", first.published, title="News", url="https://new.example/c")
    configured((OLD,))
    collected(first, second, source=OLD)
    collected(*swapped, source=OLD, now=NOW + HOUR)
    configured((NEW,))
    collected(*moved, third, source=NEW, now=NOW + 2 * HOUR)
    texts = list(Post.objects.order_by("pk").values_list("html", flat=True))
    assert texts == [edited(first.html), edited(second.html), third.html]


@dataclass
class Move:
    """What a blog changes when it moves; the ledger must know each of its posts again."""

    https: bool = False
    host: bool = False
    ids: bool = False
    paths: bool = False
    tracking: bool = False
    configured: bool = False
    hours: int = 0
    markup: bool = False
    posts: int = field(default=5)

    def moved(self, post: FoundPost) -> FoundPost:
        slug = post.url.rpartition("/")[2]
        host = "new.example" if self.host else "old.example"
        path = f"2026/02/{slug.removesuffix('.html')}/" if self.paths else slug
        url = f"{'https' if self.https else 'http'}://{host}/{path}" + ("?utm_source=rss" if self.tracking else "")
        return replace(
            post,
            url=url,
            uid=url if self.ids else post.uid,
            published=post.published + timedelta(hours=self.hours) if post.published else None,
            html=post.html.replace("<p>", "<div><p>").replace("</p>", "</p></div>") if self.markup else post.html,
        )


moves = st.builds(
    Move,
    https=st.booleans(),
    host=st.booleans(),
    ids=st.booleans(),
    paths=st.booleans(),
    tracking=st.booleans(),
    configured=st.booleans(),
    hours=st.sampled_from([0, -1, 2]),
    markup=st.booleans(),
    posts=st.integers(1, 8),
)


@given(moves, st.booleans())
@hypothesis_settings(max_examples=25, deadline=None)
def test_a_blog_that_moves_sends_nothing_twice_and_loses_nothing(move: Move, with_new_post: bool) -> None:
    """Whatever changes at once: scheme, host, paths, ids, zone and markup; in config.toml, or behind its address."""
    with transaction.atomic():
        configured((OLD,))
        posts = [made(f"post-{n}", NOW - (n + 1) * 7 * HOUR) for n in range(move.posts)]
        posts = [replace(p, url=p.url.replace("https", "http")) for p in posts]
        collected(*posts, source=OLD)
        later = [made("later", NOW + HOUR)] if with_new_post else []
        listed = [*later, *map(move.moved, posts)]
        source = NEW if move.configured else OLD
        configured((source,))
        collected(*listed, now=NOW + DAY, source=source, reached=listed[-1].published)
        assert Post.objects.filter(newsletter=NAME).count() == len(listed)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("first", "second", "similar"),
    [
        ("One two three", "one, two – three!", True),
        ("", "", False),
        (long_text("a"), long_text("b"), False),
        (long_text("a"), long_text("a").replace("harbour", "haven"), True),
        (long_text("a"), long_text("a")[:120], True),
        ("This is post number 5 of a series.", "This is post number 6 of a series.", False),
    ],
)
def test_texts_are_similar_if_one_was_made_of_the_other(first: str, second: str, similar: bool) -> None:
    assert are_similar(first, second) is similar
