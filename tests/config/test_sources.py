"""Sources of a newsletter: what may be configured."""

import pytest

from newsletter import config
from newsletter.config import ConfigError
from tests.config.test_cadences import SMALLEST, SOURCES


def test_a_source_of_thousands_of_characters_is_refused_and_is_no_folder() -> None:
    text = SMALLEST + SOURCES.replace("https://kinaforum.example/", "x" * 5_000)
    with pytest.raises(ConfigError, match="has 5,000 characters, more than 2,000; write the address of the blog") as e:
        config.parse(text)
    assert len(str(e.value)) < 500
