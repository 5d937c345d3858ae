"""Lines of a zone are read back as they were written, whatever the record contains."""

from hypothesis import example, given, strategies as st

from newsletter.deliverability.records import LONGEST_STRING, fields, txt

PARTS = st.sampled_from(['"', " ", "\\", "\n", '" "', "a", "ø" * 40, "v=spf1 ", "b" * (LONGEST_STRING - 1)])


@given(st.lists(PARTS, max_size=30).map("".join))
@example("x" * (LONGEST_STRING - 2) + '" ' + "y")
def test_a_record_is_read_back_as_it_was_written(text: str) -> None:
    assert fields(txt("example.org", text)) | {"line": ""} == {
        "name": "example.org", "type": "TXT", "value": text, "line": ""
    }  # fmt: skip
