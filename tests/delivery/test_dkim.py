"""Signatures that another implementation verifies, and what breaks them."""

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings, strategies as st

from newsletter.config import Dkim
from newsletter.delivery import dkim_keys
from newsletter.delivery.dkim import SIGNED, Signer, canonical_body, signed_headers, signing
from newsletter.delivery.dkim_keys import DkimError, NewKey, new_key
from newsletter.domain.encoded_email import EncodedEmail, Header, Slot, SlotEncoding, SlotValue
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render import message
from newsletter.render.edition import render
from tests.deliverability.setups import RSA
from tests.delivery.samples import NAME_TEXT, TOKEN, encoded, recipient
from tests.render.samples import UNTIL, digest, letterhead

ED = new_key("example.org", "s2", "ed25519")
KEYS = {"s1": RSA, "s2": ED}


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    """What a resolver would say."""
    return next((key.record.encode() for key in KEYS.values() if name.rstrip(b".") == key.name.encode()), None)


def signer(key: NewKey, selector: str, names: tuple[str, ...] = SIGNED) -> Signer:
    return Signer(Dkim(domain="example.org", selector=selector, key=key.pem), names)


BOTH = (signer(RSA, "s1"), signer(ED, "s2"))


def content(mail: EncodedEmail | None = None, signers: tuple[Signer, ...] = BOTH, **values: str) -> bytes:
    return b"".join(MessageBuilder(mail or encoded(), signing(signers)).build(recipient(1, **values)).pieces)


def verified(octets: bytes) -> list[bool]:
    found = dkim.DKIM(octets)
    return [verifies(found, at) for at in range(octets.lower().count(b"dkim-signature:"))]


def verifies(found: dkim.DKIM, at: int) -> bool:
    try:
        return bool(found.verify(idx=at, dnsfunc=dns))
    except dkim.ValidationError:
        return False


def test_no_line_of_a_signature_is_longer_than_recommended() -> None:
    header, _, _ = content().partition(b"\r\nFrom:")
    assert max(map(len, header.split(b"\r\n"))) <= 78, "RFC 5322 2.1.1"


def test_a_new_rsa_key_has_2048_bits() -> None:
    key = load_pem_private_key(RSA.pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 2048


def test_both_keys_sign_and_both_signatures_verify() -> None:
    octets = content()
    assert octets.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert verified(octets) == [True, True]


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=20), text=st.text("ab \t\r\n=.æ", max_size=60), html=st.text("<> \t\nab", max_size=60))
def test_signatures_verify_for_any_text(name: str, text: str, html: str) -> None:
    mail = encoded(text + " {name} {token}\n\n", html + "{name}\n{token} \n\n\n", b"  Uke \t 6  ")
    assert verified(content(mail, (BOTH[1],), name=name)) == [True]


@pytest.mark.parametrize(
    "body",
    [
        (b"a ", Slot(SlotValue.NAME, SlotEncoding.TEXT), b" \r\nb\r\n"),
        (b"a \t", Slot(SlotValue.NAME, SlotEncoding.TEXT), b"\r\n"),
        (Slot(SlotValue.NAME, SlotEncoding.TEXT), b"\r\n\r\n"),
        (b"a", TOKEN),
        (b"\r\n",),
        (),
        (b"\r\n\r\n  \r\n",),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["", "Per"])
def test_blanks_around_an_empty_value_are_canonicalized(body: tuple[bytes | Slot, ...], name: str) -> None:
    mail = EncodedEmail(encoded().headers, body, "brev@example.org", "example.org")
    assert verified(content(mail, (BOTH[1],), name=name)) == [True]


@pytest.mark.parametrize("name", ["", "Åse", "a" * 70])
@pytest.mark.parametrize(
    "greeting", ["Hei, {name}!", "{name}, velkommen", "Takk ({name}).", "Hei\n**{name}**", "{name}"]
)
def test_the_text_around_a_name_is_signed_as_it_is_sent(greeting: str, name: str) -> None:
    mail = message.encoded(render(digest(1, greeting=greeting)), letterhead(), date=UNTIL)
    signed, plain = content(mail, name=name), b"".join(MessageBuilder(mail).build(recipient(1, name=name)).pieces)
    assert verified(signed) == [True, True]
    assert signed.endswith(plain)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Uke 6", b"Subject: Uke 7"),
        (b"Hei=20=", b"Nei=20="),
        (b"/u/token-1>", b"/u/token-2>"),
        (b"\r\nMIME-Version: 1.0", b"\r\nMIME-Version: 1.0\r\nList-Unsubscribe: <https://evil.example/>"),
        (b"\r\nMIME-Version: 1.0", b"\r\nMIME-Version: 1.0\r\nReply-To: x@evil.example"),
        (b"\r\nMIME-Version: 1.0", b"\r\nMIME-Version: 1.0\r\nSubject: another"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"Message-ID: <m.1", b"Message-ID: <m.2"),
    ],
)
def test_a_changed_message_does_not_verify(old: bytes, new: bytes) -> None:
    octets = content()
    assert octets.count(old) >= 1
    assert verified(octets.replace(old, new, 1)) == [False, False]


@pytest.mark.parametrize(
    "name",
    [
        "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe",
        "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    ],
)  # fmt: skip
def test_no_field_that_a_receiver_relies_on_can_be_added(name: str) -> None:
    octets = content()
    assert verified(octets.replace(b"\r\nFrom:", f"\r\n{name}: added\r\nFrom:".encode(), 1)) == [False, False]


def test_a_header_that_occurs_twice_is_signed_twice() -> None:
    mail = encoded(extra=(Header("Cc", (b"a@b.example",)), Header("Cc", (b"c@d.example",))))
    assert verified(content(mail)) == [True, True]
    assert verified(content(mail).replace(b"Cc: a@b.example", b"Cc: e@b.example")) == [False, False]


@pytest.mark.parametrize("host", ["email-smtp.eu-west-1.amazonaws.com", "EMAIL-SMTP.cn-north-1.amazonaws.com.cn"])
def test_fields_that_amazon_rewrites_are_not_signed(host: str) -> None:
    names = signed_headers("smtp", host)
    assert names == signed_headers("amazon_ses")
    octets = content(signers=(signer(RSA, "s1", names),))
    changed = octets.replace(b"Message-ID: <m.1", b"Message-ID: <ses").replace(b"Date: Fri, 06", b"Date: Fri, 13")
    assert changed != octets
    assert verified(changed) == [True]


def test_all_fields_are_signed_for_other_providers() -> None:
    assert signed_headers("smtp", "mail.example.org") == SIGNED


@pytest.mark.parametrize("pem", ["", "no key", RSA.record])
def test_an_invalid_key_is_refused(pem: str) -> None:
    with pytest.raises(DkimError, match=r"s9\._domainkey\.example\.org is not a private key"):
        Signer(Dkim(domain="example.org", selector="s9", key=pem or "-"))


def test_a_key_of_another_kind_is_refused() -> None:
    pem = generate_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(DkimError, match="RSA or Ed25519"):
        Signer(Dkim(domain="example.org", selector="s1", key=pem))


def test_a_key_that_is_too_small_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dkim_keys, "SMALLEST_RSA", 4096)
    with pytest.raises(DkimError, match="2,048 bits is too small"):
        signer(RSA, "s1")


def test_a_new_keys_record_is_what_a_zone_file_takes() -> None:
    assert RSA.name == "s1._domainkey.example.org"
    assert RSA.record.startswith("v=DKIM1; k=rsa; p=MIIB")
    assert ED.record.startswith("v=DKIM1; k=ed25519; p=")
    strings = RSA.zone_line.split('"')[1::2]
    assert "".join(strings) == RSA.record
    assert max(map(len, strings)) <= 255
    assert RSA.zone_line.startswith("s1._domainkey.example.org. IN TXT ( ")


def test_the_relaxed_body_of_the_standards_example() -> None:
    assert canonical_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert canonical_body(b"\r\n\r\n") == b""


def test_a_slot_at_the_front_shares_nothing_and_still_verifies() -> None:
    mail = EncodedEmail(encoded().headers, (NAME_TEXT, b"\r\nx\r\n"), "brev@example.org", "example.org")
    assert verified(content(mail)) == [True, True]
