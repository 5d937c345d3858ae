"""Topics of a newsletter: what may be configured."""

import pytest

from newsletter import config
from newsletter.config import ConfigError, Newsletter
from tests.config.test_cadences import SMALLEST, SOURCES

FILM = "[newsletters.kinaforum.topics.film]\n"


def parsed(tables: str, keys: str = "") -> Newsletter:
    return config.parse(SMALLEST + keys + SOURCES + tables).newsletters["kinaforum"]


def topics(count: int) -> str:
    return "".join(f'[newsletters.kinaforum.topics.t{n}]\nwords = ["word{n}"]\n' for n in range(count))


def test_a_topic_has_categories_sources_and_words() -> None:
    film = parsed(
        f'{FILM}title = "Film, TV"\ncategories = ["Film"]\nsources = ["https://kinaforum.example/"]\nwords = ["kino"]'
    ).topics["film"]
    assert (film.title, film.categories, film.words) == ("Film, TV", ("Film",), ("kino",))
    assert film.sources == ("https://kinaforum.example/",)


def test_each_cadence_has_the_topics() -> None:
    newsletter = parsed(FILM + 'words = ["kino"]', 'cadences = ["day", "week"]\n')
    assert newsletter.at("day").topics == newsletter.topics


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (FILM, "topics.film: write the categories, sources or words that it has"),
        (FILM + 'sources = ["https://other.example/"]', "https://other.example/ is not the url of a source"),
        (
            '[newsletters.kinaforum.topics."Film, TV"]\nwords = ["kino"]',
            "topics: 'Film, TV' must be 1 to 40 characters",
        ),
        (FILM + 'word = ["kino"]', "no such key; did you mean 'words'?"),
        (FILM + 'words = "kino"', "write a list"),
    ],
)
def test_a_topic_that_can_have_no_posts_is_refused_with_the_remedy(table: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(table)
    assert message in str(refused.value)


def test_six_topics_have_sixty_four_combinations_which_are_as_many_as_there_may_be() -> None:
    assert len(parsed(topics(6)).topics) == 6


def test_more_combinations_than_there_may_be_are_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"from 7 topics in 128 ways.*maximum_variants \(64\): use fewer topics"):
        parsed(topics(7))
    assert len(parsed(topics(12), "maximum_variants = 4096\n").topics) == 12
