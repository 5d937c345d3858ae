"""What subscribers pick from topics, and which posts they want."""

from hypothesis import given, strategies as st

from newsletter.domain.picks import ALL, in_force, names_in, picks_of, wants

names = st.sets(st.sampled_from(["film", "books", "music", "long-reads"]))


@given(picked=names)
def test_picks_are_stored_and_read(picked: set[str]) -> None:
    stored = picks_of(picked)
    assert set(names_in(stored)) == picked
    assert picks_of(names_in(stored)) == stored


@given(picked=names, configured=names)
def test_topics_that_are_not_configured_are_ignored(picked: set[str], configured: set[str]) -> None:
    assert set(names_in(in_force(picks_of(picked), configured))) == picked & configured


@given(picked=names, topics=names)
def test_a_post_is_wanted_if_it_is_in_a_picked_topic_or_none_is_picked(picked: set[str], topics: set[str]) -> None:
    assert wants(picks_of(picked), topics) is (not picked or bool(picked & topics))


def test_nothing_picked_means_all_posts() -> None:
    assert picks_of([]) == ALL
    assert wants(ALL, ())
