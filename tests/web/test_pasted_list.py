"""Lists of addresses that are pasted into one field."""

import csv
import io

import pytest
from hypothesis import given, strategies as st

from newsletter.web.desk.subscribers.pasted_list import AT, ListedPerson, as_csv, read

NAMES = st.text("abcÅø -.'", min_size=1, max_size=20).map(str.strip).filter(lambda name: name.strip("'"))
ADDRESSES = st.from_regex(r"[a-z][a-z0-9.+-]{0,8}@[a-z]{1,8}\.example", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("", []),
        (" ; ,\n", []),
        ("a@b.example", [("a@b.example", "")]),
        ("a@b.example, c@d.example;e@f.example", [("a@b.example", ""), ("c@d.example", ""), ("e@f.example", "")]),
        (
            '"Berg, Kari" <kari@b.example>\r\nOla <ola@b.example>,',
            [("kari@b.example", "Berg, Kari"), ("ola@b.example", "Ola")],
        ),
        ("nobody\nmailto:a@b.example", [("nobody", ""), ("a@b.example", "")]),
    ],
)
def test_a_list_is_read(text: str, people: list[tuple[str, str]]) -> None:
    assert read(text) == people


@given(st.lists(st.tuples(ADDRESSES, NAMES), max_size=8), st.sampled_from(["\n", "\r\n", "\n\n", "; ", ", "]))
def test_every_person_of_a_list_is_found(people: list[tuple[str, str]], between: str) -> None:
    text = between.join(f"{name} <{address}>" for address, name in people)
    found = read(text)
    assert [person.address for person in found] == [address for address, _name in people]
    rows = list(csv.reader(io.StringIO(as_csv(found).decode())))
    assert rows == [["email", "name"], *(list(person) for person in found)]


@given(st.text('a@<>,; \n"\u200b.\uff20', max_size=40) | st.text(max_size=200))
def test_no_text_is_an_error_and_nothing_with_an_address_is_left_out(text: str) -> None:
    found = read(text)
    assert all(isinstance(person, ListedPerson) for person in found)
    kept = "".join(person.address + person.name for person in found)
    assert sum(map(kept.count, AT)) == sum(map(text.count, AT))
