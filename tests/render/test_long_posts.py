"""Editions above the maximum size, whose longest posts are shortened step by step."""

import pytest

from newsletter.render.content.excerpt import count_words
from newsletter.render.edition import render, size
from tests.render.samples import digest, letterhead, post


@pytest.mark.parametrize(
    "sentence", ["The boats come in at dawn. ", "小船清晨离港，渔民数鱼。", "เรือออกจากท่าตอนเช้า ลูกเรือนับปลา "]
)
def test_a_long_post_loses_no_more_than_it_must(sentence: str) -> None:
    edition = digest([post(0, html=f"<p>{sentence * 2_000}</p>"), post(1)])
    rendered = render(edition, maximum_size=60_000, excerpt_words=80)
    assert rendered.shortened == ("p0",)
    assert size(rendered, letterhead()) <= 60_000
    assert count_words(rendered.text) > 1_000
