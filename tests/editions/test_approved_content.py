"""A frozen mail comes out of the database as it went in."""

import zlib

import pytest
from hypothesis import given, strategies as st

from newsletter.domain.encoded_email import EncodedEmail, Header, Slot, SlotEncoding, SlotValue
from newsletter.editions.approved_content import Unreadable, pack, unpack

SLOTS = st.builds(
    Slot,
    st.sampled_from(SlotValue),
    st.sampled_from(SlotEncoding),
    st.text(max_size=8),
    st.none() | st.tuples(st.text(max_size=8), st.text(max_size=8)),
)
PIECES = st.lists(st.binary(max_size=40) | SLOTS, max_size=5).map(tuple)
MAILS = st.builds(
    EncodedEmail,
    headers=st.lists(st.builds(Header, st.text(max_size=10), PIECES), max_size=4).map(tuple),
    body=PIECES,
    sender=st.text(max_size=20),
    message_id_domain=st.text(max_size=20),
)


@given(MAILS)
def test_a_mail_comes_back_to_the_octet(mail: EncodedEmail) -> None:
    assert unpack(pack(mail)) == mail


@pytest.mark.parametrize(
    "packed",
    [b"", b"no zlib", zlib.compress(b"no json"), zlib.compress(b"{}"), zlib.compress(b"[1]")],
)
def test_anything_else_is_refused(packed: bytes) -> None:
    with pytest.raises(Unreadable, match="can't be read"):
        unpack(packed)


def test_a_newer_form_is_refused_by_name() -> None:
    with pytest.raises(Unreadable, match="newer than this program"):
        unpack(zlib.compress(b'{"version": 99}'))
