"""Entries of tables and lists in config.toml that are moved, changed, added and removed with their comments."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.config.document import KeyPath, SetEntries, edit, value_at

N = "newsletters.brev"
SECTIONS: KeyPath = ("newsletters", "brev", "theme", "sections")
TOPICS: KeyPath = ("newsletters", "brev", "topics")
LISTS = {
    "sections": f"""\
[{N}]
title = "Brev"

# the films
[[{N}.theme.sections]]   # film: most read
name = 'film'

# the books
[[{N}.theme.sections]]
name = "books"           # books: new

[[{N}.theme.sections]]
name = "art"             # art: old

# how it is sent
[delivery]
rate = "10/s"            # slow
""",
    "lines between brackets": f"""\
[{N}]
theme.sections = [       # in this order
    # the films
    {{ name = 'film' }},   # film: most read
    # the books, too
    {{ name = "books" }},  # books: new
    {{ name = "art" }}     # art: old
]
[delivery]
rate = "10/s"            # slow
""",
    "one line": f"""\
[{N}]
theme = {{ sections = [{{ name = 'film' }}, {{ name = "books" }}, {{ name = "art" }}], accent = "#b3261e" }}  # red
[delivery]
rate = "10/s"            # slow
""",
}
TABLES = {
    "sections": f"""\
[{N}.topics.film]        # film: most read
words = ["film", "[x]"]
# the books
[{N}.topics.books]
words = [
    "novel",             # books: new
]

[{N}.topics.art]
# art: old
words = ["art"]

# how it is sent
[delivery]
rate = "10/s"            # slow
""",
    "lines of a section": f"""\
[{N}.topics]
film = {{ words = ["film", "[x]"] }}  # film: most read
# the books
books = {{ words = ["novel"] }}       # books: new
art.words = ["art"]                 # art: old

[delivery]
rate = "10/s"            # slow
""",
    "dotted keys": f"""\
[{N}]
title = "Brev"
topics.film = {{ words = ["film", "[x]"] }}  # film: most read
topics.books.words = ["novel"]             # books: new
topics.art.words = ["art"]                 # art: old
status = "active"

[delivery]
rate = "10/s"            # slow
""",
    "one line": f"""\
[{N}]
topics = {{ film = {{ words = ["film", "[x]"] }}, "books" = {{ words = ["novel"] }}, art.words = ["art"] }}  # all
""",
}
ARRANGED = st.tuples(st.permutations([0, 1, 2, None]), st.integers(1, 4), st.sets(st.integers(0, 2)))
"""The order of old entries and a new one, how many of them are kept, and which of the old ones are changed."""


def marks(text: str) -> dict[str, str]:
    """The line of each entry's own comment."""
    lines = text.splitlines()
    return {name: next((each for each in lines if f"# {name}:" in each), "") for name in ("film", "books", "art")}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
@settings(max_examples=30)
@given(ARRANGED)
def test_a_list_is_arranged_and_keeps_its_comments(text: str, arranged: tuple[list[int | None], int, set[int]]) -> None:
    origins, changed = tuple(arranged[0][: arranged[1]]), arranged[2]
    old = value_at(tomllib.loads(text), SECTIONS)
    wanted = [
        {"name": "new"} if o is None else {**old[o], **({"heading": "H"} if o in changed else {})} for o in origins
    ]
    after = edit(text, [SetEntries(SECTIONS, wanted, origins)])
    assert value_at(tomllib.loads(after), SECTIONS) == wanted
    for number, entry in enumerate(old):
        assert (marks(text)[entry["name"]] == "") or (marks(after)[entry["name"]] != "") == (number in origins)
    assert ("# the films" in after) == ("# the films" in text and 0 in origins)
    assert [line for line in text.splitlines() if "slow" in line or "sent" in line] == [
        line for line in after.splitlines() if "slow" in line or "sent" in line
    ]


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES.keys())
@settings(max_examples=30)
@given(ARRANGED)
def test_a_table_is_arranged_and_keeps_its_comments(
    text: str, arranged: tuple[list[int | None], int, set[int]]
) -> None:
    old = value_at(tomllib.loads(text), TOPICS)
    names = ["new" if o is None else list(old)[o] for o in arranged[0][: arranged[1]]]
    changed = {list(old)[number] for number in arranged[2]}
    new = {"words": ["new"]}
    wanted: dict[str, Any] = {
        name: {**old.get(name, new), **({"title": "T"} if name in changed else {})} for name in names
    }
    after = edit(text, [SetEntries(TOPICS, wanted, tuple(name if name in old else None for name in names))])
    found = value_at(tomllib.loads(after), TOPICS)
    assert (found, list(found)) == (wanted, names)
    assert {name for name, line in marks(after).items() if line} == {n for n, line in marks(text).items() if line} & {
        *names
    }
    assert ("# the books" in after) == ("# the books" in text and "books" in names)
    assert after.count("# slow") == text.count("# slow")


@pytest.mark.parametrize(
    ("layout", "order", "expected"),
    [
        ("lines between brackets", (1, 0, 2), ["# the books, too", '{ name = "books" },  # books: new', "# the films"]),
        ("sections", (1, 0, 2), ["# the books", f"[[{N}.theme.sections]]", 'name = "books"           # books: new']),
    ],
)
def test_moved_entries_look_as_before(layout: str, order: tuple[int, ...], expected: list[str]) -> None:
    text = LISTS[layout]
    old = value_at(tomllib.loads(text), SECTIONS)
    after = edit(text, [SetEntries(SECTIONS, [old[number] for number in order], order)])
    assert sorted(after.splitlines()) == sorted(text.splitlines())
    lines = [line.strip() for line in after.splitlines()]
    begin = lines.index(expected[0])
    assert lines[begin : begin + 3] == expected


def test_a_new_entry_comes_before_the_comments_of_what_follows() -> None:
    text = LISTS["sections"]
    old = value_at(tomllib.loads(text), SECTIONS)
    after = edit(text, [SetEntries(SECTIONS, [*old, {"name": "new"}], (0, 1, 2, None))])
    assert after == text.replace("# how it is", f'[[{N}.theme.sections]]\nname = "new"\n\n# how it is')


def test_the_same_entries_in_the_same_order_change_nothing() -> None:
    for text in LISTS.values():
        old = value_at(tomllib.loads(text), SECTIONS)
        assert edit(text, [SetEntries(SECTIONS, old, (0, 1, 2))]) == text


@pytest.mark.parametrize("value", ["'''\n[topics.z]\n'''", '[\n["a"]\n]'])
def test_values_that_look_like_headers_do_not_break_the_file(value: str) -> None:
    text = f"[topics.film]\nnote = {value}\n[topics.books]\nwords = 1\n"
    topics = tomllib.loads(text)["topics"]
    turned = {"books": topics["books"], "film": topics["film"]}
    after = edit(text, (SetEntries(("topics",), turned, ("books", "film")),))
    assert list(tomllib.loads(after)["topics"].items()) == list(turned.items())
