"""From an edition's posts to its digest and mail."""

import pytest

from newsletter import config
from newsletter.jobs import editing
from newsletter.jobs.rendering import digest_of, proof
from newsletter.models import Edition
from tests.factories import NOW, collected, configured, drafted, found, post

pytestmark = pytest.mark.django_db


def titles(edition: Edition) -> list[str]:
    return [shown.title for shown in digest_of(edition, config.current()).posts]


def test_a_post_without_a_title_gets_a_headline_and_lint_is_content() -> None:
    configured(body="full")
    collected(
        found("a", title="", html="<p>Tea at four.</p>"),
        found(
            "b", title="", html="<p>Something that took longer to tell, and then again a little longer than that.</p>"
        ),
        found("c", title="", html=""),
    )
    edition = drafted()
    assert sorted(titles(edition)) == [
        "Kinaforum, 5. februar 2026",
        "Something that took longer to tell, and then again a…",
        "Tea at four.",
    ]
    made = proof(edition, config.current())
    assert made.errors == ()
    assert made.rendered.text.count("Tea at four.") == 1


def test_an_editors_headline_stands_in_for_a_missing_one() -> None:
    configured()
    collected(found("a", title="", html="<p>Tea at four.</p>"))
    edition = drafted()
    number = post("a").pk
    edition = editing.retitle(edition, "editor", edition.revision, number, "Tea", NOW)
    (shown,) = digest_of(edition, config.current()).posts
    assert (shown.title, shown.html) == ("Tea", "<p>Tea at four.</p>")


def test_headlines_alone_need_no_contents_above_them() -> None:
    collected_posts = [found(str(n)) for n in range(7)]
    configured(body="title")
    collected(*collected_posts)
    edition = drafted()
    assert "I dette brevet" not in proof(edition, config.current()).rendered.html
    configured(body="full")
    assert "I dette brevet" in proof(edition, config.current()).rendered.html
