"""Changes to config.toml that leave comments, order and formatting alone."""

import re
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from newsletter.config.document import AppendTable, CannotEdit, Change, RemoveValue, SetValue, edit, value_at
from newsletter.config.toml import dotted

TEXT = """\
# Our newsletter; ask the editors before you change it.

[site]
url = "https://brev.example.org"   # behind nginx
# alert_url = ""                   # gets a POST

[newsletters.kinaforum]
title = 'Kinaforum'                # as on the site
from = "Kinaforum <brev@example.org>"
address = \"\"\"Postboks 1,
[not a header]
0001 Oslo\"\"\"
skip = [2026-12-25, 2026-12-26]    # Christmas
# body = "excerpt"                 # full, excerpt or title
theme = { accent = "#b3261e", logo = "" }  # red

[[newsletters.kinaforum.sources]]
url = "https://kinaforum.example/"
# language = "en"

[[newsletters.kinaforum.sources]]
url = "https://other.example/"     # the other one

# How messages are sent
[delivery]
provider = "file"
"""
N = ("newsletters", "kinaforum")


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_a_changed_value_keeps_its_comment_and_column() -> None:
    after = edit(TEXT, [SetValue((*N, "title"), "Kina")])
    assert line_with(after, "as on the site") == 'title = "Kina"'.ljust(35) + "# as on the site"
    assert after.count("\n") == TEXT.count("\n")


def test_a_commented_default_is_uncommented_in_its_place() -> None:
    after = edit(TEXT, [SetValue((*N, "body"), "full")])
    assert line_with(after, "full, excerpt or title") == 'body = "full"'.ljust(35) + "# full, excerpt or title"


def test_a_commented_default_of_another_table_is_left_alone() -> None:
    after = edit(TEXT, [SetValue((*N, "sources", 1, "language"), "de")])
    assert '# language = "en"' in after
    assert tomllib.loads(after)["newsletters"]["kinaforum"]["sources"][1]["language"] == "de"


def test_a_new_key_is_written_below_the_last_one_of_its_table() -> None:
    after = edit(TEXT, [SetValue((*N, "period"), "week")])
    assert 'theme = { accent = "#b3261e", logo = "" }  # red\nperiod = "week"\n\n[[' in after


def test_a_key_of_an_inline_table_is_set() -> None:
    after = edit(TEXT, [SetValue((*N, "theme", "accent"), "#00aa77"), SetValue((*N, "theme", "font"), "Arial")])
    assert line_with(after, "# red") == 'theme = { accent = "#00aa77", logo = "", font = "Arial" }  # red'


def test_items_of_a_list_are_removed_and_added_where_it_is() -> None:
    text = "skip = [\n    2026-12-24,  # Christmas\n    # New Year\n    2026-12-31,\n]  # days off\n"
    after = edit(text, [SetValue(("skip",), [date(2026, 12, 31), date(2027, 1, 1)])])
    assert after == "skip = [\n    # New Year\n    2026-12-31,\n    2027-01-01,\n]  # days off\n"
    assert tomllib.loads(edit(text, [SetValue(("skip",), [date(2027, 1, 1)])]))["skip"] == [date(2027, 1, 1)]
    swapped = [date(2026, 12, 31), date(2026, 12, 24)]
    assert tomllib.loads(edit(text, [SetValue(("skip",), swapped)]))["skip"] == swapped


def test_missing_tables_are_made() -> None:
    after = edit(
        TEXT, [SetValue(("bounces", "return_path"), "b@example.org"), SetValue(("delivery", "smtp", "port"), 587)]
    )
    assert after.endswith('provider = "file"\nsmtp = { port = 587 }\n\n[bounces]\nreturn_path = "b@example.org"\n')


def test_a_source_is_added_behind_the_others() -> None:
    after = edit(TEXT, [AppendTable((*N, "sources"), {"url": "https://third.example/", "language": "de"})])
    assert (
        'url = "https://other.example/"     # the other one\n\n[[newsletters.kinaforum.sources]]\n'
        'url = "https://third.example/"\nlanguage = "de"\n\n# How messages are sent\n[delivery]' in after
    ) or '# How messages are sent\n\n[[newsletters.kinaforum.sources]]\nurl = "https://third' in after


def test_a_source_is_removed_and_the_others_stay() -> None:
    after = edit(TEXT, [RemoveValue((*N, "sources", 0))])
    assert [s["url"] for s in tomllib.loads(after)["newsletters"]["kinaforum"]["sources"]] == ["https://other.example/"]
    assert "# the other one" in after


def test_a_second_newsletter_is_added() -> None:
    two = ("newsletters", "two")
    changes = [SetValue((*two, "title"), "Two"), AppendTable((*two, "sources"), {"url": "https://two.example/"})]
    after = edit(TEXT, changes)
    assert after.startswith(TEXT.rstrip())
    assert after.endswith(
        '[newsletters.two]\ntitle = "Two"\n\n[[newsletters.two.sources]]\nurl = "https://two.example/"\n'
    )


def test_an_edit_that_changes_nothing_keeps_the_text() -> None:
    changes: list[Change] = [
        SetValue((*N, "title"), "Kinaforum"),
        RemoveValue((*N, "reply_to")),
        RemoveValue(("web", "port")),
    ]
    assert edit(TEXT, changes) == TEXT


def test_an_impossible_change_names_its_place() -> None:
    with pytest.raises(CannotEdit, match=r"site\.url\.port: can't be changed"):
        edit(TEXT, [SetValue(("site", "url", "port"), 1)])


def test_paths_are_written_as_messages_have_them() -> None:
    assert dotted((*N, "sources", 0, "url")) == "newsletters.kinaforum.sources[1].url"


KEYS = st.sampled_from(["title", "body", "period", "reply_to", "provider", "where", "description"])
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.lists(st.text("abc#\"'[]= ", max_size=8), max_size=3),
)
PATHS = st.one_of(
    KEYS.map(lambda key: (*N, key)),
    KEYS.map(lambda key: ("delivery", key)),
    KEYS.map(lambda key: ("bounces", key)),
    st.tuples(st.integers(0, 1), KEYS).map(lambda pair: (*N, "sources", *pair)),
    KEYS.map(lambda key: (*N, "theme", key)),
    KEYS.map(lambda key: ("newsletters", "second", key)),
)
CHANGES = st.one_of(
    st.builds(SetValue, PATHS, VALUES),
    st.builds(RemoveValue, PATHS),
    st.builds(AppendTable, st.just((*N, "sources")), st.fixed_dictionaries({"url": st.text("abc/:#", min_size=1)})),
)
OWN_LINES = [line for line in TEXT.splitlines() if re.match(r"#(?! (?:body|alert_url|language) =)", line)]


def expected(tree: dict[str, Any], change: Change) -> None:
    *above, last = change.path
    if isinstance(change, RemoveValue):
        holder = value_at(tree, tuple(above))
        if isinstance(holder, dict):
            holder.pop(last, None)
        return
    holder = tree
    for part in above:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else holder[part]
    if isinstance(change, AppendTable):
        holder[last].append(dict(change.value))
    else:
        holder[last] = change.value


@given(st.lists(CHANGES, max_size=8))
def test_random_changes_mean_what_they_say_and_keep_every_comment_line(changes: list[Change]) -> None:
    tree = tomllib.loads(TEXT)
    for change in changes:
        expected(tree, change)
    after = edit(TEXT, changes)
    assert tomllib.loads(after) == tree
    assert [line for line in after.splitlines() if line in OWN_LINES] == OWN_LINES
    for untouched in ("# behind nginx", "# the other one"):
        assert after.count(untouched) >= 1


def test_the_last_source_is_removed_without_the_comment_on_what_follows() -> None:
    after = edit(TEXT, [RemoveValue((*N, "sources", 1))])
    assert after == TEXT.replace(
        '[[newsletters.kinaforum.sources]]\nurl = "https://other.example/"     # the other one\n\n', ""
    )


def test_a_section_is_written_apart_from_a_header_that_follows_at_once() -> None:
    text = "[[newsletters.a.sources]]\nurl = 'u'\n# language = 'en'\n[delivery]\n"
    after = edit(text, [AppendTable(("newsletters", "a", "sources"), {"url": "v"})])
    added = '\n[[newsletters.a.sources]]\nurl = "v"\n\n[delivery]'
    assert after == text.replace("[delivery]", added.lstrip("\n")).replace("'en'\n", "'en'\n\n")
