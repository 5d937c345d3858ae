"""Return paths: genuine ones are read in any case, and no other address is."""

from hypothesis import given, strategies as st

from newsletter.sending.return_path import read, return_path

BARE = "bounce@example.org"
GENUINE = return_path(BARE, 46, 12)


@given(st.integers(1, 2**31), st.integers(1, 2**31))
def test_a_return_path_names_its_delivery_in_any_case(edition: int, number: int) -> None:
    made = return_path(BARE, edition, number)
    assert read(BARE, made) == read(BARE, made.upper()) == (edition, number)


@given(st.integers(0, len(GENUINE)), st.integers(0, 3), st.text(max_size=3))
def test_an_edited_return_path_is_forged(at: int, left_out: int, put_in: str) -> None:
    edited = GENUINE[:at] + put_in + GENUINE[at + left_out :]
    assert edited.lower() == GENUINE or read(BARE, edited) is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_return_path(text: str) -> None:
    assert read(BARE, text) is None
    assert read(BARE, f"bounce+{text}@example.org") is None


@given(st.text("0123456789abcdef-", max_size=40))
def test_a_guessed_check_is_forged(text: str) -> None:
    assert read(BARE, f"bounce+1-1-{text}@example.org") is None
