"""How the numbers of an edition with several variants are divided into chunks: each chunk has one variant."""

from dataclasses import replace

import pytest

from newsletter.domain.batch import Batch
from newsletter.editions.approved_content import pack
from newsletter.models import Edition, Variant
from newsletter.sending.outbox import Outbox
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


def sending(*sizes: int) -> Edition:
    """Return an edition that is being sent, with variants for so many subscribers; each has its number in the body."""
    edition, last = samples.sending(sum(sizes)), 0
    for position, size in enumerate(sizes):
        mail = replace(samples.MAIL, body=(b"%d" % position,))
        numbers = {"first": last + 1, "last": last + size}
        Variant.objects.create(edition=edition, position=position, posts=[1], segments=pack(mail), **numbers)
        last += size
    return edition


def claims(box: Outbox, limit: int) -> list[Batch]:
    return list(iter(lambda: box.next(limit), None))


def sizes(box: Outbox, limit: int = 500) -> list[int]:
    return [len(batch.attempts) for batch in claims(box, limit)]


def test_a_chunk_has_the_email_of_its_variant() -> None:
    sending(2, 3, 1)
    found = claims(samples.outbox(), 500)
    assert [list(batch.attempts) for batch in found] == [[1, 2], [3, 4, 5], [6]]
    assert [batch.email.body for batch in found[1:]] == [(b"1",), (b"2",)]
    assert found[0].email == samples.MAIL  # the approved content


def test_a_full_chunk_takes_the_rest_of_its_variant_if_it_is_less_than_another_one() -> None:
    """A chunk costs as much as many emails, so one of a few subscribers would make a variant dear."""
    sending(501, 999, 1000, 1400, 499)
    assert sizes(samples.outbox()) == [501, 999, 500, 500, 500, 900, 499]


def test_a_chunk_that_a_rate_limits_has_no_more_than_that() -> None:
    sending(501)
    assert sizes(samples.outbox(), 300) == [300, 201]


def test_a_chunk_never_exceeds_what_a_new_address_may_send() -> None:
    sending(900)
    assert sizes(samples.outbox(warm_up={"first_day": 700})) == [500, 200]
