"""What filters may take for hidden text."""

import re

import pytest

from newsletter.render.edition import render
from newsletter.render.theme.designs import DESIGNS
from tests.render.samples import digest, letterhead


@pytest.mark.parametrize("design", DESIGNS)
def test_no_rule_that_hides_something_comes_before_a_white_colour(design: str) -> None:
    html = render(digest(12, letterhead=letterhead(design=design, contents="flat"))).html
    assert not re.search(r"display:\s*none[^\"]*color:\s*#fff", html)
