"""Numbers and nouns in the log and on the command line agree."""

import pytest

from newsletter.domain.english import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 posts"), (1, "1 post"), (2, "2 posts")])
def test_a_number_and_its_noun_agree(count: int, text: str) -> None:
    assert counted(count, "post") == text
