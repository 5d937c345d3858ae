"""What is wrong with an address is said in the reader's language, and names the fault."""

from contextlib import suppress

import pytest
from django.utils import translation
from hypothesis import given, strategies as st

from newsletter.config.email_addresses import fault
from newsletter.messages import subscriptions as messages
from newsletter.messages.message import MessageType
from subscribers.addresses import AddressProblem, read_address

FAULTS = [
    ("nobody", messages.NO_AT),
    ("@example.org", messages.NO_LOCAL),
    ("kari@", messages.NO_DOMAIN),
    ("kari@example.org, ola@example.org", messages.SEVERAL),
    ("kari nordmann@example.org", messages.HAS_SPACE),
    ("kari@exam ple.org", messages.HAS_SPACE),
    ("kari..n@example.org", messages.PERIODS),
    (".kari@example.org", messages.PERIODS),
    ("kari@example..org", messages.PERIODS),
    ("kari@example", messages.NO_PERIOD),
    ("kari@" + "a." * 130 + "org", messages.TOO_LONG),
    ("kari@-example.org", messages.DOMAIN),
    ("kari@127.0.0.1", messages.DOMAIN),
    ("kari@site.invalid", messages.DOMAIN),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_the_fault_is_named(text: str, message: MessageType) -> None:
    with pytest.raises(AddressProblem) as refused:
        read_address(text)
    assert refused.value.message == fault(text) == message()


@pytest.mark.parametrize(
    ("text", "message"), [("Kari <kari@example.org>", messages.NOT_ALONE), ("kari@example.org.", messages.PERIODS)]
)
def test_what_people_paste_with_an_address_is_a_fault_in_the_configuration_alone(
    text: str, message: MessageType
) -> None:
    assert fault(text) == message()
    assert read_address(text).written == "kari@example.org"


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("kari(home)@example.org", "( )"),
        ("kari@exa_mple.org", "_"),
        ("kari@[127.0.0.1]", "[ ]"),
        ("kari,ola@example.org", ","),
        ("kari\u202e@example.org", "U+202E"),
    ],
)
def test_characters_are_named(text: str, characters: str) -> None:
    with pytest.raises(AddressProblem) as refused:
        read_address(text)
    assert refused.value.message == messages.CHARACTERS(characters=characters)


def test_a_fault_is_described_in_the_language_of_the_desk() -> None:
    with translation.override("nb"):
        said = translation.gettext(str(fault("kari@example")))
    assert said == "delen etter @ har ikke noe punktum"


@given(st.text() | st.tuples(st.text(), st.text()).map("@".join))
def test_every_refused_address_has_a_sentence_on_one_line(text: str) -> None:
    with suppress(AddressProblem):
        read_address(text)
    assert str(fault(text)).isprintable()
