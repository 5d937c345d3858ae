"""A recipient's mail, spliced, says what an `EmailMessage` would have said."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.domain.encoded_email import EncodedEmail, Header, Recipient, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.mime.message_builder import InvalidRecipientValue, MessageBuilder
from tests.delivery.samples import NAME_TEXT, encoded, recipient

PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp", "Cf"))
NAMES = st.text(PRINTABLE, max_size=120)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="{}\x85"), max_size=200)
ATOMS = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`|~-]{1,20}(\.[a-z0-9-]{1,10}){0,2}", fullmatch=True)
TOKENS = st.from_regex(r"[A-Za-z0-9_-]{1,120}", fullmatch=True)


def octets(mail_segments: EncodedEmail, who: Recipient) -> bytes:
    return b"".join(MessageBuilder(mail_segments).build(who).pieces)


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def words(part: EmailMessage) -> str:
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def display_name(content: bytes) -> str:
    """By RFC 2047: the newer parser of the standard library puts blanks between encoded words of a phrase."""
    field = message_from_bytes(content)["To"]
    return str(make_header(decode_header(parseaddr(field.replace("\r\n", ""))[0])))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, html=TEXTS, name=NAMES, local=ATOMS, token=TOKENS, subject=st.text("abc æøå!?", max_size=60))
def test_the_spliced_mail_says_what_an_email_message_would_have_said(
    text: str, html: str, name: str, local: str, token: str, subject: str
) -> None:
    who = recipient(3, f"{local}@reader.example", name=name, token=token)
    shown = " ".join(name.split())
    text, html = text + " {name}\n{token}\n", html + " {name} {token}\n"
    wanted = EmailMessage(policy=policy.default)
    wanted["To"] = Address(shown, local, "reader.example")
    wanted["Message-ID"] = "<m.3@example.org>"
    wanted["List-Unsubscribe"] = f"<https://brev.example/u/{token}>"
    body = text.replace("{name}", shown or "leser").replace("{token}", token)
    wanted.set_content(body, cte="quoted-printable")

    content = octets(encoded(text, html), who)
    got = parsed(content)
    for header in ("Message-ID", "List-Unsubscribe"):
        assert got[header] == wanted[header]
    assert got["To"].addresses[0].addr_spec == wanted["To"].addresses[0].addr_spec
    assert display_name(content) == shown
    plain, rich = got.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(rich, EmailMessage)
    assert words(plain) == words(parsed(wanted.as_bytes()))
    assert words(rich) == html.replace("{name}", escape(shown) or "leser").replace("{token}", token)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?m)^\.", content)
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.endswith(b"\r\n")


@given(name=NAMES)
@settings(deadline=None)
def test_html_shows_the_name_and_never_marks_up_with_it(name: str) -> None:
    _, rich = parsed(octets(encoded(html="<p>{name}</p>\n"), recipient(1, name=name))).iter_parts()
    assert isinstance(rich, EmailMessage)
    inside = words(rich).removeprefix("<p>").removesuffix("</p>\n")
    assert "<" not in inside
    assert '"' not in inside


@given(st.text(max_size=40))
@settings(deadline=None)
def test_no_name_adds_a_header_or_a_line(name: str) -> None:
    got = parsed(octets(encoded(), recipient(1, name=name)))
    assert got.keys() == parsed(octets(encoded(), recipient(1, name=""))).keys()
    assert not got.defects


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),  # ZWNJ, Persian
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),  # ZWJ, Devanagari
        ("\U0001f469\u200d\U0001f680 Ada", "\U0001f469\u200d\U0001f680 Ada"),
        ("Ada \U0001faef", "Ada \U0001faef"),  # an emoji younger than some Unicode tables
        ("Ada\u202eLovelace\u202c", "AdaLovelace"),
        ("\u2066Ada\u2069", "Ada"),
        ("Ada\u2028Love\x85lace\x00\x1b\ud800", "Ada Love lace"),
        ("\u200d\u200c", ""),
        ("Ada\r\nBcc: x@x.example", "Ada Bcc: x@x.example"),
    ],
)
def test_a_name_keeps_the_joiners_that_its_script_needs_and_nothing_that_could_break_a_line(
    name: str, shown: str
) -> None:
    content = octets(encoded(), recipient(1, name=name))
    plain, _ = parsed(content).iter_parts()
    assert isinstance(plain, EmailMessage)
    assert display_name(content) == shown
    assert words(plain).startswith(f"Hei {shown or 'leser'}\n")


def test_the_size_is_that_of_the_pieces() -> None:
    mail = MessageBuilder(encoded()).build(recipient(1, name="Åse"))
    assert mail.size == len(b"".join(mail.pieces))
    assert (mail.utf8, mail.eight_bit) == (False, False)


def test_without_a_name_the_fallback_stands_there_and_the_address_is_bare() -> None:
    got = octets(encoded(), recipient(1, name="  "))
    assert b"\r\nTo: r1@reader.example\r\n" in got
    assert b"Hei=20=\r\nleser=\r\n" in got


def test_the_envelope_takes_the_recipients_return_path_or_the_newsletters() -> None:
    builder = MessageBuilder(encoded())
    assert builder.build(recipient(1)).sender == b"brev@example.org"
    assert builder.build(recipient(1, return_path="bounce+1@example.org")).sender == b"bounce+1@example.org"
    empty = EncodedEmail(encoded().headers, (b"x",), "", "example.org")
    assert MessageBuilder(empty).build(recipient(1)).sender == b""


@pytest.mark.parametrize(
    ("address", "encoded_address", "utf8"),
    [
        ("per@blåbær.example", b"per@xn--blbr-roah.example", False),
        ("pål@reader.example", "pål@reader.example".encode(), True),
        ("pål@blåbær.example", "pål@xn--blbr-roah.example".encode(), True),
        ('"a.b"@reader.example', b'"a.b"@reader.example', False),
        ("a@[192.0.2.1]", b"a@[192.0.2.1]", False),
    ],
)
def test_addresses_beyond_ascii(address: str, encoded_address: bytes, utf8: bool) -> None:
    mail = MessageBuilder(encoded()).build(recipient(1, address))
    assert (mail.recipient, mail.utf8, mail.eight_bit) == (encoded_address, utf8, utf8)


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@b.example", "a@", "a b@c.example", "a\r\nRCPT TO:<x@y.example>@c.example", "<a@b.example>",
        "a@b@c.example", "a>@b.example", "a,b@c.example", "a@b.example\n", "a\x00@b.example", ".a@b.example",
        "a..b@c.example", "a@b..example", "å å@b.example", "å@-æ-.example", "a@b.example> NOTIFY=NEVER",
        f"{'a' * 320}@b.example", "a@b\u2028.example", "\ud800@b.example",
    ],
)  # fmt: skip
def test_an_address_that_is_none_never_reaches_the_server(address: str) -> None:
    with pytest.raises(InvalidRecipientValue) as caught:
        MessageBuilder(encoded()).build(Recipient(1, address, "token", "id"))
    assert caught.value.status == "5.1.3"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"token": "a/b"}, "5.6.0"),
        ({"token": ""}, "5.6.0"),
        ({"token": "a" * 121}, "5.6.0"),
        ({"message_id": "a b"}, "5.6.0"),
        ({"message_id": ">"}, "5.6.0"),
        ({"message_id": "a" * 400}, "5.6.0"),
        ({"return_path": "a b@c.example"}, "5.1.7"),
    ],
)
def test_other_values_that_could_break_out_are_refused(values: dict[str, str], status: str) -> None:
    with pytest.raises(InvalidRecipientValue) as caught:
        MessageBuilder(encoded()).build(recipient(1, **values))
    assert caught.value.status == status


def mail_with(*pieces: bytes | Slot, name: str = "X-Test") -> EncodedEmail:
    return encoded(extra=(Header(name, pieces),))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Per", "Hei Per!"), ("Åse", "Hei Åse!"), ("", "Hei du!"), ("Per " * 30, "Hei " + ("Per " * 30).strip() + "!")],
)
def test_a_name_in_a_header(name: str, wanted: str) -> None:
    line = SlottedText(("Hei ", Slot(SlotValue.NAME, SlotEncoding.HEADER, "du"), "!"))
    mail = encoded(extra=(Header("X-Test", (line,)),))
    got = parsed(octets(mail, recipient(1, name=name)))
    assert str(got["X-Test"]) == wanted
    assert max(map(len, octets(mail, recipient(1, name=name)).split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize("form", [SlotEncoding.ASCII, SlotEncoding.TEXT, SlotEncoding.HTML])
def test_an_address_in_each_form(form: SlotEncoding) -> None:
    assert b"X-Test: r1@reader.example\r\n" in octets(mail_with(Slot(SlotValue.TO, form)), recipient(1))


@pytest.mark.parametrize(
    "slot",
    [
        Slot(SlotValue.UNSUBSCRIBE, SlotEncoding.ASCII),
        Slot(SlotValue.PREFERENCES, SlotEncoding.HTML),
        Slot(SlotValue.NAME, SlotEncoding.ASCII),
    ],
)
def test_a_placeholder_without_a_value_for_recipients_is_refused(slot: Slot) -> None:
    with pytest.raises(ValueError, match=f"{slot.value.value}' in the form '{slot.form.value}'"):
        MessageBuilder(mail_with(slot))


@pytest.mark.parametrize("body", [(), (b"x",), (b"x\r\n",), (NAME_TEXT,)])
def test_the_mail_ends_with_crlf(body: tuple[bytes | Slot, ...]) -> None:
    given_ = encoded()
    assert octets(EncodedEmail(given_.headers, body, given_.sender, "example.org"), recipient(1)).endswith(b"\r\n")


def test_eight_bit_bodies_are_recognized() -> None:
    given_ = encoded()
    mail = MessageBuilder(EncodedEmail(given_.headers, ("blåbær\r\n".encode(),), given_.sender, "example.org")).build(
        recipient(1)
    )
    assert (mail.utf8, mail.eight_bit) == (False, True)


def test_a_long_name_and_address_are_folded() -> None:
    who = recipient(1, f"{'a' * 60}@{'b' * 60}.example", name='Per "Pelle" Olsen')
    content = octets(encoded(), who)
    assert b'To: "Per \\"Pelle\\" Olsen"\r\n <aaa' in content
