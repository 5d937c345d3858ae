"""Email addresses: kept as written, compared case-insensitively, refused with a reason."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, strategies as st

from subscribers.addresses import AddressProblem, read_address


@pytest.mark.parametrize(
    ("given_text", "written", "key"),
    [
        ("Kari.Nordmann@Reader.EXAMPLE", "Kari.Nordmann@reader.example", "kari.nordmann@reader.example"),
        ("  kari+news@reader.example ", "kari+news@reader.example", "kari+news@reader.example"),
        ("kari@blåbær.example", "kari@xn--blbr-roah.example", "kari@xn--blbr-roah.example"),
        ("Åse@reader.example", "Åse@reader.example", "åse@reader.example"),
        ("o'hara@reader.example", "o'hara@reader.example", "o'hara@reader.example"),
        ("Kari Nordmann <kari@reader.example>", "kari@reader.example", "kari@reader.example"),
        ("<kari@reader.example>,", "kari@reader.example", "kari@reader.example"),
        ("mailto:kari@reader.example", "kari@reader.example", "kari@reader.example"),
        ("\u200bkari@reader.example.\xa0", "kari@reader.example", "kari@reader.example"),
        ("\u202akari@reader.example\u202c\u3000\u2028", "kari@reader.example", "kari@reader.example"),
        ("ｋａｒｉ＠ｒｅａｄｅｒ．ｅｘａｍｐｌｅ", "kari@reader.example", "kari@reader.example"),
        ("MAILTO:kari@reader.example", "kari@reader.example", "kari@reader.example"),
        ("kari@reader.example <kari@reader.example>", "kari@reader.example", "kari@reader.example"),
        ("Nordmann, Kari <kari@reader.example>", "kari@reader.example", "kari@reader.example"),
    ],
)
def test_an_address_is_kept_as_written(given_text: str, written: str, key: str) -> None:
    found = read_address(given_text)
    assert (found.written, found.key, found.domain) == (written, key, key.rpartition("@")[2])


@pytest.mark.parametrize(
    "text",
    ["", "kari", "@reader.example", "kari@", "kari@@reader.example", "ka ri@reader.example", "kari@reader",
     "kari@[127.0.0.1]", "kari\r\nBcc: x@y.example", "<kari@reader.example", ".kari@reader.example",
     "kari..n@reader.example", "kari@-reader.example", "k" * 65 + "@reader.example", "kari@" + "a" * 250 + ".example",
     "Kari <kari@reader.example>, Ola <ola@reader.example>", "kari@reader.example; Ola <ola@reader.example>",
     "kari@reader.test", "x" * 1_000_000 + "@reader.example"],
)  # fmt: skip
def test_invalid_addresses_are_refused(text: str) -> None:
    with pytest.raises(AddressProblem):
        read_address(text)


@given(st.from_regex(r"[A-Za-z0-9.+'_-]{1,66}@[A-Za-z0-9.-]{1,20}\.example", fullmatch=True))
def test_the_fast_path_agrees_with_full_validation(text: str) -> None:
    try:
        expected = validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        with pytest.raises(AddressProblem):
            read_address(text)
    else:
        assert read_address(text).written == expected
