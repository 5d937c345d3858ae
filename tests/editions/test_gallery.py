"""Every design with a newsletter's own posts."""

import pytest

from newsletter import config
from newsletter.editions.previews import sample_digest, samples
from newsletter.render.theme.designs import DESIGNS
from tests.factories import collected, configured, drafted, found

pytestmark = pytest.mark.django_db


def shown() -> list[str]:
    """The titles of the posts that the gallery shows."""
    digest = sample_digest(config.current(), config.current().newsletters["kinaforum"])
    return [] if digest is None else [post.title for post in digest.posts]


def test_without_posts_there_is_nothing_to_show() -> None:
    configured()
    assert shown() == []


def test_posts_are_shown_before_there_is_an_edition() -> None:
    configured()
    collected(found("a", title="Tea"), found("b", title="Coffee"))
    assert sorted(shown()) == ["Coffee", "Tea"]


def test_the_newest_edition_is_shown() -> None:
    configured()
    collected(found("a", title="Tea"))
    drafted()
    collected(found("a", title="Tea"), found("b", title="Coffee"))
    assert shown() == ["Tea"]


def test_every_design_has_html_and_text() -> None:
    configured()
    collected(found("a", title="Tea"))
    digest = sample_digest(config.current(), config.current().newsletters["kinaforum"])
    assert digest is not None
    made = samples(config.current(), digest)
    assert [sample.design for sample in made] == list(DESIGNS)
    assert all("Tea" in sample.html and "Tea" in sample.text for sample in made)
