"""Front matter that is hostile or odd: one file costs one sentence."""

import contextlib
import os
import string
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st

from newsletter.feeds.formats.frontmatter import MAXIMUM_LENGTH, FrontMatterProblem, moment, split
from newsletter.feeds.model import Page
from newsletter.feeds.sources.folder import Folder, read_folder

OSLO = ZoneInfo("Europe/Oslo")
GOOD = "---\ntitle: A good one\ndate: 2026-02-04\n---\nText.\n"
LEVELS = zip(string.ascii_lowercase, string.ascii_lowercase[1:9], strict=False)
BOMB = "a: &a [x, x, x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in LEVELS) + "tags: *i\n"


def page(path: Path) -> Page:
    return read_folder(Folder(path, "https://blog.example", "/:slug/", OSLO, 1_000_000))


@pytest.mark.parametrize(
    "yaml",
    [
        pytest.param("tags: &t [a, *t]", id="a list that contains itself"),
        pytest.param(BOMB, id="aliases that expand"),
        pytest.param("a: &a {<<: *a}", id="a merge with itself"),
        pytest.param("[" * 3_000, id="nesting without end"),
        pytest.param(f"title: {'1' * 5_000}", id="a number that Python refuses to read"),
        pytest.param("title: 9" + ":59" * 4_000, id="a number that Python refuses to write"),
        pytest.param("date: 2026-02-30", id="a day that does not exist"),
        pytest.param("date: 2026-02-01 10:00:00 +99:00", id="an offset that does not exist"),
        pytest.param("title: !!python/object/apply:os.getcwd []", id="a Python object"),
        pytest.param("title: " + "x" * MAXIMUM_LENGTH, id="front matter that is too long"),
    ],
)
def test_a_hostile_file_is_named_and_the_others_are_read(tmp_path: Path, yaml: str) -> None:
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / "bad.md").write_text(f"---\n{yaml}\n---\nText.\n")
    found = page(tmp_path)
    assert [p.title for p in found.posts] == ["A good one"]
    (problem,) = map(str, found.problems)
    assert problem.startswith("its file bad.md was left out: ")
    assert len(problem) < 300
    assert not found.whole  # or its earlier post would count as gone from the source


@pytest.mark.parametrize("written", ["0001-01-01", "9999-12-31", "0001-01-01 00:00:00 +14:00", "'0001-01-01'"])
def test_a_date_that_not_every_time_zone_can_hold_is_no_date(tmp_path: Path, written: str) -> None:
    (tmp_path / "old.md").write_text(f"---\ntitle: Old\ndate: {written}\nlastmod: {written}\n---\nText.\n")
    found = page(tmp_path)
    assert [(p.published, p.updated) for p in found.posts] == [(None, None)]
    assert "its post 'Old' has a date that can't be read" in str(found.problems[0])


def test_a_failure_of_our_own_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> str:
        raise ZeroDivisionError if "broken" in text else ValueError

    (tmp_path / "bad.md").write_text(GOOD.replace("Text", "broken"))
    monkeypatch.setattr("newsletter.feeds.sources.folder.without_site_tags", broken)
    assert tuple(map(str, page(tmp_path).problems)) == (
        "its file bad.md was left out: newsletter failed to read it (ZeroDivisionError); please report this",
    )


def test_a_symbolic_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "posts", tmp_path / "secret"
    inside.mkdir()
    outside.mkdir()
    (outside / "diary.md").write_text(GOOD)
    (inside / "good.md").write_text(GOOD)
    (inside / "same.md").symlink_to("good.md")
    (inside / "diary.md").symlink_to(outside / "diary.md")
    (inside / "more").symlink_to(outside)
    found = page(inside)
    assert {p.url for p in found.posts} == {"https://blog.example/good/", "https://blog.example/same/"}
    assert tuple(map(str, found.problems)) == (
        "its file diary.md was left out: it is a symbolic link that leads out of the folder",
    )
    (tmp_path / "link").symlink_to(inside)
    assert len(page(tmp_path / "link").posts) == 2  # the folder itself may be one


def test_a_file_name_that_is_not_utf_8_can_be_stored(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text(GOOD)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/th\xe9.md")).write_text("---\n[\n---\n")
    found = page(tmp_path)
    assert "".join(p.uid + p.url for p in found.posts).encode()
    assert "".join(map(str, found.problems)).encode()


@given(st.datetimes() | st.datetimes(timezones=st.timezones()) | st.dates(), st.timezones())
@example(date(1, 1, 1), OSLO)
def test_every_date_that_is_taken_exists_in_every_time_zone(value: date, zone: ZoneInfo) -> None:
    if found := moment(value, zone):
        for other in (OSLO, UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12")):
            assert isinstance(found.astimezone(other), datetime)


KEYS = st.sampled_from(["title", "date", "tags", "author", "draft", "slug", "url", "image", "<<", "lastmod", "guid"])
VALUES = st.sampled_from([
    "&a [x]", "*a", "{{ x }}", "0001-01-01", "2026-02-04T10:00:00+99:99", "[[[[", "!!binary zz", "!!set {a}", "1e999",
    ".nan", "0x" + "f" * 5000, "~", "- a", "|\n  text", "'\ud7ff", "http://[", "//", "%00", "\\ud800", "1979-05-27",
])  # fmt: skip
LINES = st.tuples(KEYS, st.sampled_from([": ", " = ", ":", "\n"]), VALUES | st.text(max_size=20)).map("".join)


@given(st.sampled_from(["---", "+++"]), st.lists(LINES | st.text(max_size=40), max_size=6))
def test_front_matter_of_any_kind_is_read_or_refused_in_a_sentence(fence: str, lines: list[str]) -> None:
    text = "\n".join([fence, *lines, fence, "Text."])
    with contextlib.suppress(FrontMatterProblem):
        found = split(text)
        assert found is None or all(key == key.lower() for key in found[0])
