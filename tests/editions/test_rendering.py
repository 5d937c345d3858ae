"""From an edition's posts to its digest and mail."""

import pytest

from newsletter import config
from newsletter.editions import editing
from newsletter.editions.letterheads import sender_id
from newsletter.editions.rendering import digest_of, make_proof
from newsletter.models import Edition
from tests.factories import NOW, collected, collected_before, configured, drafted, found, post

pytestmark = pytest.mark.django_db


def titles(edition: Edition) -> list[str]:
    return [shown.title for shown in digest_of(edition, config.current()).posts]


def test_a_post_without_a_title_gets_a_headline_and_lint_is_content() -> None:
    configured(body="full")
    collected(
        found("a", title="", html="<p>Tea at four.</p>"),
        found(
            "b",
            title="",
            html=f"<p>Something that took longer to tell, and then again a little longer{' and longer' * 5}.</p>",
        ),
        found("c", title="", html=""),
    )
    edition = drafted()
    assert sorted(titles(edition)) == [
        "Kinaforum, 5. februar 2026",
        "Something that took longer to tell, and then again…",
        "Tea at four.",
    ]
    made = make_proof(edition, config.current())
    assert made.errors == ()
    assert made.rendered.text.count("Tea at four.") == 1


def test_an_editors_headline_stands_in_for_a_missing_one() -> None:
    configured()
    collected(found("a", title="", html="<p>Tea at four.</p>"))
    edition = drafted()
    number = post("a").pk
    edition = editing.retitle(config.current(), edition, "editor", edition.revision, number, "Tea", NOW)
    (shown,) = digest_of(edition, config.current()).posts
    assert (shown.title, shown.html) == ("Tea", "<p>Tea at four.</p>")


def test_headlines_alone_need_no_contents_above_them() -> None:
    collected_posts = [found(str(n)) for n in range(7)]
    configured(body="title")
    collected(*collected_posts)
    edition = drafted()
    assert "I denne utgaven" not in make_proof(edition, config.current()).rendered.html
    configured(body="full")
    assert "I denne utgaven" in make_proof(edition, config.current()).rendered.html


def test_a_post_of_which_the_source_has_the_beginning_is_partial_unless_an_editor_writes_it() -> None:
    configuration = configured(body="full")
    collected_before()
    collected(found("one", partial=True))
    edition = drafted()
    (post,) = digest_of(edition, configuration).posts
    assert (post.partial, post.whole, post.minutes) == (True, True, 0)
    edition.entries.update(text="All of it.")
    (post,) = digest_of(edition, configuration).posts
    assert (post.partial, post.minutes) == (False, 1)


def test_a_post_in_the_newsletters_language_has_its_script_and_region() -> None:
    configuration = configured(language="zh-TW")
    collected(found("one", language="zh"), found("two", language="en"))
    assert {post.language for post in digest_of(drafted(), configuration).posts} == {"zh-TW", "en"}


def test_an_excerpt_can_be_the_summary_of_the_source() -> None:
    configuration = configured(excerpt="summary")
    collected_before()
    collected(found("one", summary="What it says in short."), found("two"))
    by_title = {post.title: post.html for post in digest_of(drafted(), configuration).posts}
    assert by_title["Post one"] == "<p>What it says in short.</p>"
    assert by_title["Post two"].startswith("<p>This is the text of two")


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("brev.example.org", "brevexampleorg"),
        ("letters.kinaforum.example", "letters"),
        ("a.no", "ano"),
        ("localhost", "localhost"),
        ("::1", "1"),
    ],
)
def test_the_last_part_of_a_feedback_id_has_5_to_15_characters(host: str, wanted: str) -> None:
    found = sender_id(host)
    assert found.startswith(wanted[:7])
    assert 5 <= len(found) <= 15
    assert found.isalnum()
    assert found == sender_id(host)
