"""Addresses that are accepted without email-validator are those that it accepts as they are."""

from email_validator import validate_email
from hypothesis import given, strategies as st

from newsletter.config import values

LOCAL = st.from_regex(r"[A-Za-z0-9._+-]{1,70}", fullmatch=True)
DOMAIN = st.from_regex(r"([a-z0-9-]{1,35}\.){1,5}(arpa|invalid|local|localhost|onion|test|[a-z]{1,22})", fullmatch=True)


@given(LOCAL, DOMAIN)
def test_plain_addresses_are_valid_and_already_normalized(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    if values._PLAIN_ADDRESS.fullmatch(address):
        assert validate_email(address, check_deliverability=False, test_environment=True).normalized == address


def test_most_addresses_are_plain() -> None:
    addresses = ("brev@example.org", "kari.nordmann@uio.no", "a+b@mail.example.co.uk", "me@news-of-oslo.example")
    assert all(map(values._PLAIN_ADDRESS.fullmatch, addresses))
