"""How long a chunk may be used under its lease."""

import math

import pytest

from newsletter.delivery.active_chunk import ActiveChunk
from newsletter.domain.batch import Batch
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.samples import encoded, recipient


@pytest.fixture
def chunk() -> ActiveChunk:
    mail = encoded()
    return ActiveChunk(Batch("kinaforum/2026-W06", 1, mail, (recipient(1),)), MessageBuilder(mail), 0.0)


@pytest.mark.parametrize(("until", "usable"), [(190.0, 160.0), (0.0, math.inf), (math.inf, math.inf)])
def test_a_third_of_a_lease_is_left_unused(chunk: ActiveChunk, until: float, usable: float) -> None:
    chunk.lease(until, 100.0)
    assert chunk.usable_until == usable


def test_a_renewal_does_not_shorten_a_lease(chunk: ActiveChunk) -> None:
    chunk.lease(190.0, 100.0)
    chunk.lease(170.0, 101.0)
    assert chunk.usable_until == 160.0
